"""The pages of supplied templates in a real browser: accessible by light and by dark, and usable on a small screen."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.apps.test_cpl_supplied import DATA, pair, uploaded
from tests.browser.test_cpl_pages import NARROW, complaints, fits
from tests.builders.listing import small_list, two_people
from tests.builders.templates import LIST, supplied_template

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_templates_pages(page: Page, come_in: Callable[..., Page], live_server: Any, accessible: Any, scheme: Any) -> None:
    small_list(20)
    record = uploaded(pair()[0])
    page.emulate_media(color_scheme=scheme)
    heard = complaints(page)
    come_in(two_people()[1], "/publications/templates/")
    for path in ("/publications/templates/", f"/publications/templates/{record.pk}/"):
        page.goto(live_server.url + path)
        accessible(page)
    page.set_viewport_size(NARROW)
    for path in ("/publications/templates/", f"/publications/templates/{record.pk}/"):
        page.goto(live_server.url + path)
        assert fits(page)
    assert heard == []


def test_a_template_is_refused_then_taken(page: Page, come_in: Callable[..., Page], accessible: Any) -> None:
    come_in(two_people()[1], "/publications/templates/")
    wrong = supplied_template(lambda sheets, book: sheets[LIST].write_string("C2", "state"))
    for data, words in ((wrong, f"{LIST}!C2"), (DATA, "Another person must approve it.")):
        page.get_by_label("Template (.xlsm)").set_input_files({"name": "new.xlsm", "mimeType": "", "buffer": data})
        page.get_by_label("What is new").fill("New colours")
        page.get_by_role("button", name="Upload and check").click()
        expect(page.get_by_text(words).first).to_be_visible()
        accessible(page)
