"""The pages of the list in a real browser: accessible by light and by dark, readable on a small screen, quiet in the console."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Role
from core import outbox
from cpl import selectors
from tests.apps.test_core_vault import stored_file
from tests.builders.listing import FIRMWARE, amended, approved, proposed, published, small_list, two_people
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC = [
    "/",
    "/cpl/",
    "/cpl/?q=nothing+has+this",
    "/cpl/entries/000002/",
    "/cpl/versions/",
    "/cpl/versions/3.000/",
    "/cpl/versions/3.002/",
    "/cpl/versions/3.001/differences/3.002/",
]
NARROW = {"width": 320, "height": 640}  # 1280 pixels wide at 400 % (WCAG 2.2, 1.4.10)


@pytest.fixture
def site() -> dict[str, str]:
    """Two versions, one change that waits for approval and two for publication; answers the staff pages."""
    small_list(60)
    approved("add", model=901, designation="Alder meter 1.2")
    approved("amend", "000002", values=amended("000002", **{FIRMWARE: "0A:0B:0C:0D"}))
    approved("remove", "000003", reason="asked for by its manufacturer")
    published()
    new = approved("add", model=902, designation="Brookfield meter 2.0")
    approved("reinstate", "000020", reason="Certificate renewed")
    change = proposed("amend", "000005", values=amended("000005", **{FIRMWARE: "0A:0B:0C:0E"}), reason="New firmware")
    return {
        "workbench": "/publications/",
        "published": "/publications/versions/3.002/",
        "change": f"/publications/changes/{change.pk}/",
        "new": f"/publications/changes/{new.pk}/",
        "amend": "/cpl/entries/000007/amend/",
        "entry": "/cpl/entries/000007/",
    }


def complaints(page: Page) -> list[str]:
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def fits(page: Page) -> bool:
    """Only tables scroll sideways, never the page."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_public_pages(page: Page, live_server: Any, accessible: Callable[[Page], None], site: dict, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    heard = complaints(page)
    for path in PUBLIC:
        page.goto(live_server.url + path)
        accessible(page)
    assert heard == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_file_that_is_lost(page: Page, live_server: Any, accessible: Callable[[Page], None], site: dict, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    head = selectors.head()
    assert head is not None
    stored_file(head.csv_sha256, red=False).unlink()
    page.goto(live_server.url + "/cpl/latest.csv")
    expect(page.get_by_role("heading", name="This file cannot be given out")).to_be_visible()
    expect(page.get_by_text("CPL_v3.002.csv")).to_be_visible()
    accessible(page)
    assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_pages(
    page: Page, come_in: Callable[..., Page], live_server: Any, accessible: Any, site: dict, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    heard = complaints(page)
    come_in(two_people()[1], "/publications/")
    for path in site.values():
        page.goto(live_server.url + path)
        accessible(page)
    assert heard == []


def test_a_small_screen(page: Page, come_in: Callable[..., Page], live_server: Any, site: dict) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    come_in(two_people()[1], "/")
    for path in [*PUBLIC, *site.values()]:
        page.goto(live_server.url + path)
        assert fits(page), path


def test_from_proposal_to_publication(page: Page, come_in: Callable[..., Page], live_server: Any, site: dict) -> None:
    """An analyst amends an entry, an approver approves it, and both see the next version."""
    come_in(two_people()[0], "/cpl/entries/000007/")
    page.get_by_role("link", name="Amend").click()
    page.get_by_label("Firmware version").fill("0A:0B")
    page.get_by_label("Reason").fill("New firmware")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    page.get_by_label("Firmware version").fill("0a:0b:0c:0f")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_text("The change is proposed")).to_be_visible()
    address = page.url.removeprefix(live_server.url)

    page.context.clear_cookies()
    come_in(two_people()[1], address)
    page.get_by_role("button", name="Approve this change").click()
    page.get_by_role("link", name="Publications").first.click()
    page.get_by_label("Changes incorporated").fill("Several device models changed.")
    page.get_by_role("button", name="Publish version 3.003").click()
    expect(page.get_by_text("Being published.")).to_be_visible()
    outbox.drain(strict=True)  # what a worker does
    expect(page.get_by_role("heading", name="Version 3.003 is published")).to_be_visible()
    head = selectors.head()
    assert head is not None
    assert (str(head.version), head.changes_text) == ("3.003", "Several device models changed.")
    page.context.clear_cookies()
    page.goto(live_server.url + "/cpl/?q=0a:0b:0c:0f")
    expect(page.get_by_role("link", name="000007")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_import_pages(page: Page, come_in: Callable[..., Page], accessible: Any, tmp_path: Any, scheme: Any) -> None:
    from tests.builders.workbooks import list_workbook, sample_entries

    page.emulate_media(color_scheme=scheme)
    (tmp_path / "list.xlsm").write_bytes(list_workbook(sample_entries(9)))
    come_in(person(Role.ADMINISTRATOR), "/publications/import/")
    accessible(page)
    page.get_by_label("CPL workbook").set_input_files(tmp_path / "list.xlsm")
    page.get_by_role("button", name="Examine").click()
    accessible(page)
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_text("are taken over")).to_be_visible()
    accessible(page)
