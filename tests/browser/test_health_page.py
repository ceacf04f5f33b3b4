"""The health of the site in a real browser: accessible by light and by dark, in order and not, on a small screen too."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Role
from core import health
from tests.browser.test_cpl_pages import NARROW, complaints, fits
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page(
    page: Page, come_in: Callable[..., Page], accessible: Any, monkeypatch: pytest.MonkeyPatch, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    heard = complaints(page)
    monkeypatch.setattr(health, "LEAST_FREE", 1 << 60)
    come_in(person(Role.ADMINISTRATOR), "/accounts/")
    page.get_by_role("link", name="Health").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody has to look.")
    expect(page.get_by_role("row", name="Disk")).to_contain_text("Make room")
    accessible(page)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert fits(page)
    assert heard == []
