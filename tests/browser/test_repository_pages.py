"""FIR, DZIR, certificates, mail log and mailing list in a real browser: accessible by light and dark, and on a small screen."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Role
from core import outbox
from notifications.models import Message, Subscription
from repositories import services
from tests.builders.releases import added, changed, release
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)

PATHS = [
    "/repositories/fir/",
    "/repositories/fir/?q=no+such+maker",
    "/repositories/dzir/",
    "/certificates/",
    "/certificates/?due=expired",
    "/subscribe/mail-log/",
    "/subscribe/",
    "/subscribe/asked/",
]
NARROW = {"width": 320, "height": 640}  # 1280 pixels wide at 400 % (WCAG 2.2, 1.4.10)


@pytest.fixture
def everybody(settings: Any) -> Any:
    """Somebody who may see all these pages, and something to see: sixty entries, one Removed, mails sent and given up."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Subscription.objects.create(email="sam@maker.example")
    changes = [added(n) for n in range(1, 61)]
    for change in changes:
        services.hold_stack(change["origin"], "Invented Radio Labs", f"R{change['number']}")
    release(*changes)
    release(changed("remove", 3), changed("amend", 4, **{"CPA_Certificate.expiry_date": "01/02/2026"}))
    outbox.drain(strict=True)
    last = Message.objects.order_by("-pk").first()
    assert last is not None
    Message.objects.filter(pk=last.pk).update(state=Message.State.FAILED, failure="550 no such mailbox")
    return person(Role.ANALYST, Role.SSC_MEMBER, name="Robin Winter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(
    page: Page, come_in: Any, live_server: Any, accessible: Any, everybody: Any, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    come_in(everybody, "/")
    token = Subscription.objects.get().token
    links = [reverse(f"notifications:{name}", args=[token]) for name in ("confirm", "unsubscribe")]
    for path in [*PATHS, *links]:
        page.goto(live_server.url + path)
        for summary in page.locator("summary").all()[:2]:
            summary.click()
        accessible(page)


def test_a_small_screen(page: Page, come_in: Callable[..., Page], live_server: Any, everybody: Any) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    come_in(everybody, "/")
    for path in PATHS:
        page.goto(live_server.url + path)
        fits = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert fits, path


def test_a_member_finds_the_devices_with_a_stack_and_no_address_tells_of_it(
    page: Page, come_in: Any, accessible: Any, everybody: Any
) -> None:
    come_in(everybody, "/repositories/dzir/")
    page.get_by_label("Stack vendor contains").fill("invented")
    page.get_by_label("Stack version contains").fill("R00001")
    page.get_by_role("button", name="Find the devices").click()
    expect(page.get_by_text("10 entries with such a stack")).to_be_visible()
    expect(page.get_by_text("Copy of Robin Winter")).to_have_count(2)
    assert "invented" not in page.url.lower()
    accessible(page)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download version 3.001").click()
    assert waiting.value.suggested_filename == "DZIR_v3.001_RED.xlsx"


def test_a_stranger_joins_and_leaves_the_mailing_list_without_scripts(browser: Any, live_server: Any, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(live_server.url + "/subscribe/")
    page.get_by_label("E-mail address").fill("not an address")
    page.get_by_role("button", name="Send me a confirmation").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    page.get_by_label("E-mail address").fill("sam@maker.example")
    page.get_by_role("button", name="Send me a confirmation").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    token = Subscription.objects.get().token
    page.goto(live_server.url + reverse("notifications:confirm", args=[token]))
    page.get_by_role("button", name="Yes, write to me").click()
    expect(page.get_by_role("heading", name="You are on the mailing list")).to_be_visible()
    page.goto(live_server.url + reverse("notifications:unsubscribe", args=[token]))
    page.get_by_role("button", name="Stop writing to me").click()
    expect(page.get_by_role("heading", name="You are off the mailing list")).to_be_visible()
    page.context.close()
