"""What the pages have in common: nothing inline, vendored files unchanged, refusals without detail."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.context import PLACES
from accounts.models import Organisation, Role
from tests.people import person, sign_in

TEMPLATES = [
    file for folder in settings.BASE_DIR.glob("**/templates") if ".venv" not in folder.parts for file in folder.rglob("*.html")
]
INLINE = re.compile(
    r"""<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:|https?://(?!www\.w3\.org)""", re.IGNORECASE
)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: str(file.relative_to(settings.BASE_DIR)))
def test_no_page_carries_styles_scripts_or_foreign_files(file: Path) -> None:
    assert INLINE.findall(file.read_text(encoding="utf-8")) == []


def test_bootstrap_is_the_file_its_readme_names() -> None:
    folder = settings.BASE_DIR / "static/vendor/bootstrap"
    digest = base64.b64encode(hashlib.sha384((folder / "bootstrap.min.css").read_bytes()).digest()).decode()
    assert f"sha384-{digest}" in (folder / "README.md").read_text()
    assert "The MIT License" in (folder / "LICENSE").read_text()


def test_every_building_block_is_described() -> None:
    folder = settings.BASE_DIR / "templates/components"
    described = (folder / "README.md").read_text()
    assert [file.name for file in folder.glob("*.html") if f"`{file.name}`" not in described] == []


def test_every_class_a_page_of_this_house_uses_exists() -> None:
    known = "".join(
        (settings.BASE_DIR / "static" / name).read_text()
        for name in ("app.css", "cases.css", "vendor/bootstrap/bootstrap.min.css")
    )
    used = set()
    for file in (settings.BASE_DIR / "templates").rglob("*.html"):
        if file.parent.name != "admin":
            for value in re.findall(r'class="([^"]*)"', file.read_text()):
                used |= set(re.sub(r"\{[%{].*?[%}]\}", " ", value).split())
    complete = {name for name in used if not name.endswith("-")}
    assert {name for name in complete if f".{name}" not in known} - {"is-info", "is-", "check-text"} == set()


@pytest.mark.django_db
def test_a_page_that_does_not_exist_says_so_without_detail(client: Client) -> None:
    answer = client.get("/accounts/no/such/page/")
    assert answer.status_code == 404
    assert b"Page not found" in answer.content
    assert b"urlpatterns" not in answer.content


@pytest.mark.django_db
def test_the_address_of_a_deed_opened_by_itself_says_so(client: Client) -> None:
    sign_in(client, person(Role.APPROVER))
    answer = client.get("/publications/publish/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "Nothing was done." in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_the_page_for_our_own_faults_needs_nothing_that_may_be_broken() -> None:
    assert "Something went wrong" in render_to_string("500.html")


@pytest.mark.django_db
def test_every_answer_is_guarded_by_the_same_headers(client: Client) -> None:
    for page in ("/accounts/login/", "/accounts/no/such/page/", "/healthz"):
        headers = client.get(page).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"


def test_every_place_of_the_header_exists() -> None:
    mounted = get_resolver().namespace_dict
    for place in PLACES:
        if place.page.split(":")[0] in mounted:
            assert reverse(place.page).startswith("/")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "there", "not_there"),
    [
        (Role.SEC_PARTY, {"/cases/own/"}, {"/publications/templates/", "/cases/"}),
        (Role.ADMINISTRATOR, {"/publications/templates/"}, {"/cases/own/", "/cases/"}),
        (Role.ANALYST, {"/publications/templates/", "/cases/"}, {"/cases/own/"}),
        (Role.APPROVER, {"/publications/"}, {"/publications/templates/", "/cases/own/"}),
    ],
)
def test_the_header_leads_to_every_room_of_its_reader(client: Client, role: Role, there: set[str], not_there: set[str]) -> None:
    organisation = Organisation.objects.create(name="Alder Metering Ltd")
    page = sign_in(client, person(role, organisation=organisation)).get("/accounts/")
    shown = {item.url for item in page.context["nav"]}
    assert there <= shown
    assert not not_there & shown


@pytest.mark.django_db
def test_nobody_without_an_organisation_is_led_to_its_submissions(client: Client) -> None:
    page = sign_in(client, person(Role.SEC_PARTY)).get("/accounts/")
    assert "/cases/own/" not in {item.url for item in page.context["nav"]}


@pytest.mark.django_db
def test_a_role_is_called_what_it_is_called_everywhere(client: Client) -> None:
    page = sign_in(client, person(Role.SEC_PARTY, Role.DCC)).get("/accounts/").content.decode()
    assert ">SEC Party<" in page
    assert ">DCC<" in page


@pytest.mark.django_db
def test_records_are_linked_for_staff_only(client: Client) -> None:
    sign_in(client, person(Role.SEC_PARTY))
    assert b'href="/admin/"' not in client.get("/accounts/").content
    sign_in(client, person(Role.ANALYST))
    assert b'href="/admin/"' in client.get("/accounts/").content


@pytest.mark.django_db
@pytest.mark.parametrize("shown", [True, False])
def test_a_demonstration_says_so_on_every_page(client: Client, settings: object, shown: bool) -> None:
    settings.CPL_DEMO = shown  # type: ignore[attr-defined]
    for page in ("/accounts/login/", "/accounts/no/such/page/"):
        assert (b"Demonstration." in client.get(page).content) is shown
