"""The panel of a signature in a real browser: for everybody, by light and dark, small, and without breaking the page's rules."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Role
from core import outbox
from submissions.models import Submission
from submissions.services import receiving, trust
from tests.builders.mails import mail
from tests.builders.pki import ORGANISATION
from tests.case_files import papers_for
from tests.people import person
from tests.trusting import EVIDENCE, authority, signed_workbook, trusted, with_image

pytestmark = pytest.mark.django_db(transaction=True)
NARROW = {"width": 320, "height": 256}  # 1280 x 1024 at 400 % (WCAG 2.2, 1.4.10)


@pytest.fixture
def addresses() -> list[str]:
    """A good signature, one by authorisation, one that is not trusted, and a report."""
    first, second = trusted()
    trust.approve(second, trust.propose_authorisation(first, ORGANISATION, "Example Meters Limited", EVIDENCE))
    pki = authority()
    for number, holder in enumerate((pki.good, pki.other_organisation, pki.revoked), 1):
        values = with_image(ORGANISATION, number)
        receiving.receive_mail(mail([("meter.xlsm", signed_workbook(values, holder)), *papers_for(values)]), "mailbox")
    outbox.drain(strict=True)
    cases = [f"/cases/{case.reference}/" for case in Submission.objects.order_by("id")]
    return [*cases, f"{cases[1]}report/"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_the_panel(
    addresses: list[str], scheme: Any, accessible: Callable[[Page], None], come_in: Callable[..., Page], live_server: Any
) -> None:
    page = come_in(person(Role.ANALYST))
    page.emulate_media(color_scheme=scheme)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    for address in addresses:
        page.goto(live_server.url + address)
        for details in page.locator("details:not([open]) > summary", has_text="parts of the workbook").all():
            details.click()
        expect(page.get_by_text("Organisation in the certificate", exact=True)).to_be_visible()
        expect(page.get_by_text("xl/workbook.xml", exact=True)).to_be_visible()
        accessible(page)
    assert heard == []


def test_the_panel_fits_a_small_window(addresses: list[str], come_in: Callable[..., Page], live_server: Any) -> None:
    page = come_in(person(Role.ANALYST))
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    for address in addresses:
        page.goto(live_server.url + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], address
