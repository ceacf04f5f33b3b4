"""The staff pages and the self-check in a real browser: usable by everybody, by light and dark, small, and without scripts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import MailDomain, Organisation, Role
from core import outbox
from submissions.services import deciding, receiving
from tests.builders.mails import mail
from tests.builders.workbooks import form_workbook
from tests.case_files import again, device, filed, papers_for
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)
NARROW = {"width": 320, "height": 256}  # 1280 x 1024 at 400 % (WCAG 2.2, 1.4.10)


@pytest.fixture(autouse=True)
def no_brake() -> None:
    from django.core.cache import cache

    cache.clear()


def watch(page: Page) -> list[str]:
    """What the browser complains about, above all what the Content Security Policy stopped."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def every_page() -> list[str]:
    """Cases in different states, and the address of every page about them."""
    analyst = person(Role.ANALYST, name="Ben Adeyemi")
    ready, failed = filed(1), filed(2, without=("ZigBee certificate.pdf",))
    broken = filed(3, values=device(3, **{"Device_Model.firmware_version": "03:0G"}))
    deciding.ask(analyst, broken, "Please put the firmware version right.")
    receiving.receive_corrected(analyst, failed, "Corrected.xlsm", form_workbook(device(7)))
    waiting = receiving.receive_mail(mail(subject="A question"), "mailbox").receipt
    outbox.drain()
    one = f"/cases/{ready.reference}/"
    return [
        "/cases/",
        "/cases/?state=published&search=nothing",
        one,
        f"{one}?paper={ready.documents.first().pk}",
        f"/cases/{failed.reference}/",
        f"/cases/{broken.reference}/",
        f"{one}report/",
        f"{one}revise/",
        f"{one}revisions/1/workbook/",
        f"{one}revisions/1/stack/",
        "/cases/receive/",
        "/cases/receipts/",
        f"/cases/receipts/{waiting.pk}/",
        f"/cases/receipts/{ready.receipt_id}/",
        f"/cases/receipts/{waiting.pk}/raw/",
        "/check/",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(
    page: Page, come_in: Callable[..., Page], accessible: Callable[[Page], None], scheme: Any
) -> None:
    user = person(Role.ANALYST, Role.APPROVER)
    page.emulate_media(color_scheme=scheme)
    for path in every_page():
        heard = watch(page)
        come_in(user, path)
        assert heard == [], path  # before axe, which writes styles of its own
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.removeAttribute('name'); each.open = true })")
        accessible(page)


def test_nothing_has_to_be_scrolled_sideways_at_four_hundred_per_cent(page: Page, come_in: Callable[..., Page]) -> None:
    page.set_viewport_size(NARROW)
    user = person(Role.ANALYST, Role.APPROVER)
    for path in every_page():
        come_in(user, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path


def test_the_pages_of_the_submitter_are_accessible(
    page: Page, come_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    own = Organisation.objects.create(name="Alder Metering Ltd")
    MailDomain.objects.create(organisation=own, name="alder-metering.example")
    case = filed(1, without=("ZigBee certificate.pdf",))
    user = person(Role.SEC_PARTY, organisation=own)
    for path in ("/cases/own/", f"/cases/{case.reference}/"):
        come_in(user, path)
        accessible(page)


def test_a_case_is_decided_recommended_and_approved_without_scripts(browser: Browser, live_server: Any) -> None:
    from django.test import Client

    from tests.people import sign_in

    case = filed(1)
    analyst, approver = person(Role.ANALYST), person(Role.APPROVER)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    def enter(user: Any) -> None:
        key = sign_in(Client(), user).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
        page.goto(f"{live_server.url}/cases/{case.reference}/")

    enter(analyst)
    page.locator(".check-line summary").click()
    page.get_by_label("Accept it", exact=True).check()
    page.locator(".check-line textarea").fill("The registrar confirms it")
    page.get_by_role("button", name="Keep this decision").click()
    expect(page.get_by_role("status").first).to_contain_text("Your decision is kept.")
    enter(approver)
    page.locator("summary", has_text="Approve").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").first).to_contain_text("Approved.")
    assert again(case).state == "approved"
    context.close()


def test_what_is_missing_is_said_at_the_field(
    page: Page, come_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    case = filed(1)
    come_in(person(Role.ANALYST), f"/cases/{case.reference}/")
    page.locator("summary", has_text="Reject").click()
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("alert").get_by_role("link").click()
    assert page.evaluate("document.activeElement.id") == "reject_reason"
    accessible(page)


def test_a_workbook_is_checked_by_anybody(
    page: Page, live_server: Any, accessible: Callable[[Page], None], tmp_path: Path
) -> None:
    values = device(1, **{"Device_Model.firmware_version": "03:0G"})
    (tmp_path / "My form.xlsm").write_bytes(form_workbook(values))
    for name, data in papers_for(values):
        (tmp_path / name).write_bytes(data)
    page.goto(f"{live_server.url}/check/")
    page.set_input_files("#id_workbook", tmp_path / "My form.xlsm")
    page.set_input_files("#id_papers", sorted(tmp_path.glob("*.pdf")))
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Result for My form.xlsm")
    expect(page.get_by_role("alert")).to_contain_text("SECAS would have to send this back")
    accessible(page)
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
