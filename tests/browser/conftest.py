"""A real Chromium against a real server: launch settings, accessibility by axe, and coming in as somebody."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page

from tests import services
from tests.people import sign_in

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def database_beside_the_browser() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the tests still ask the database directly."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Chromium of the machine, quiet and without a sandbox (tests also run as root in containers)."""
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
    return browser_type_launch_args | {"executable_path": str(services.need("Chromium")), "args": quiet}


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """Call with a page: fails with the rule and the element for every breach of WCAG 2.2 A and AA that axe finds."""

    def check(page: Page) -> None:
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(each["id"], each["help"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []

    return check


@pytest.fixture
def come_in(page: Page, live_server: Any) -> Callable[..., Page]:
    """Call with a person (and a path): the page as they see it, with password and second factor proved."""

    def enter(user: Any, path: str = "/accounts/", **how: Any) -> Page:
        key = sign_in(Client(), user, **how).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
        page.goto(live_server.url + path)
        return page

    return enter
