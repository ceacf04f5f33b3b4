"""Signing in as a person does it, with the keyboard, by light and by dark, on a small screen, without scripts."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from accounts.models import Role
from accounts.services import enrol_totp
from tests.people import PASSWORD, SECRET, person, totp

pytestmark = pytest.mark.django_db(transaction=True)

OPEN_PAGES = ["/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/no/such/page/"]
OWN_PAGES = [
    "/accounts/",
    "/accounts/declaration/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/recovery-codes/",
]
NARROW = {"width": 320, "height": 256}  # 1280 x 1024 at 400 % (WCAG 2.2, 1.4.10)


def watch(page: Page) -> list[str]:
    """What the browser complains about, above all what the Content Security Policy stopped; axe's own doing has no address."""
    heard: list[str] = []
    page.on(
        "console", lambda message: heard.append(message.text) if message.type == "error" and "404" not in message.text else None
    )
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def send(page: Page) -> None:
    """Send the form with the Enter key and wait for the answer."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_way_in_by_keyboard_is_accessible_at_every_step(
    page: Page, live_server: Any, accessible: Callable[[Page], None], scheme: Any
) -> None:
    user = person(Role.ANALYST)
    enrol_totp(user, SECRET)
    page.emulate_media(color_scheme=scheme)
    heard = watch(page)
    page.goto(live_server.url + "/accounts/login/")
    accessible(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    page.focus("#id_login")
    page.keyboard.type(user.email)
    page.keyboard.press("Tab")
    page.keyboard.type("not this one at all")
    send(page)
    assert page.get_by_role("alert").get_by_role("heading").inner_text() == "There is a problem"
    assert page.title().startswith("Error: ")
    accessible(page)
    page.fill("#id_login", user.email)
    page.fill("#id_password", PASSWORD)
    send(page)
    accessible(page)
    page.fill("#id_code", totp())
    send(page)
    page.goto(live_server.url + "/accounts/")
    assert page.get_by_role("heading", level=1).inner_text() == user.name
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("link", name="Sign in").is_visible()
    assert heard == []


def test_setting_up_the_second_factor_with_what_the_page_shows(
    page: Page, live_server: Any, accessible: Callable[[Page], None]
) -> None:
    user = person(Role.SSC_MEMBER, declared=False)
    page.goto(live_server.url + "/accounts/login/?next=/accounts/declaration/")
    page.fill("#id_login", user.email)
    page.fill("#id_password", PASSWORD)
    send(page)
    accessible(page)
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 0
    page.fill("#id_code", totp(page.locator("#totp-key").inner_text()))
    send(page)
    assert page.locator(".codes li").count() == 10
    accessible(page)
    page.goto(live_server.url + "/accounts/declaration/")
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("alert").get_by_role("link").click()
    assert page.evaluate("document.activeElement.id") == "id_accept"
    page.keyboard.press("Space")
    page.get_by_role("button", name="Accept").click()
    assert page.get_by_role("status").inner_text() == "Thank you. Your declaration is on record."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_about_accounts_is_accessible(
    page: Page, live_server: Any, come_in: Callable[..., Page], accessible: Callable[[Page], None], scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    heard = watch(page)
    for path in OPEN_PAGES:
        page.goto(live_server.url + path)
        accessible(page)
    member = person(Role.SSC_MEMBER)
    enrol_totp(member, SECRET)
    for path in OWN_PAGES:
        come_in(member, path)
        accessible(page)
    assert heard == []


@pytest.mark.parametrize("path", ["/admin/", *(f"/admin/accounts/{rest}/" for rest in ("user", "user/add", "organisation/add"))])
def test_the_records_pages_work_under_the_content_security_policy(
    page: Page, come_in: Callable[..., Page], accessible: Callable[[Page], None], path: str
) -> None:
    heard = watch(page)
    come_in(person(Role.ADMINISTRATOR), path)
    assert page.locator("#site-name").inner_text() == "Central Products List · records"
    assert heard == []  # before axe, which writes styles of its own
    accessible(page)


def test_nothing_has_to_be_scrolled_sideways_at_four_hundred_per_cent(
    page: Page, live_server: Any, come_in: Callable[..., Page]
) -> None:
    page.set_viewport_size(NARROW)
    member = person(Role.SSC_MEMBER)
    enrol_totp(member, SECRET)
    for path in OPEN_PAGES:
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path
    for path in OWN_PAGES:
        come_in(member, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path


def test_signing_in_needs_no_script(browser: Browser, live_server: Any) -> None:
    user = person(Role.SEC_PARTY)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server.url + "/accounts/login/?next=/accounts/")
    page.fill("#id_login", user.email)
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("heading", level=1).inner_text() == user.name
    context.close()
