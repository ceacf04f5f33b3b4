"""The pages of the templates that SECAS supplies: what each role may do there, and what a person reads."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from core import vault
from cpl.models import SuppliedTemplate
from cpl.workbook.read_list import read_cpl
from tests.apps.test_core_vault import stored_file
from tests.apps.test_cpl_supplied import DATA, agreed, pair, uploaded
from tests.builders.listing import approved, published, small_list, two_people
from tests.builders.templates import FORM, LIST, Sheets, supplied_template
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db
INDEX = "/publications/templates/"
STAFF = {Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.ADMINISTRATOR, Role.AUDITOR}
MANAGERS = {Role.ADMINISTRATOR, Role.APPROVER}
PAGES = [
    ("get", "", STAFF),
    ("post", "", MANAGERS),
    ("get", "{pk}/", STAFF),
    ("get", "{pk}/file/", STAFF),
    ("get", "{pk}/trial/", STAFF),
    ("post", "{pk}/approve/", MANAGERS),
    ("post", "{pk}/withdraw/", MANAGERS),
]


@pytest.fixture
def administrator() -> Client:
    return sign_in(Client(), person(Role.ADMINISTRATOR))


@pytest.fixture
def approver() -> Client:
    return sign_in(Client(), two_people()[1])


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.status_code
    return unescape(response.content.decode())


def send(client: Client, data: bytes = DATA, **more: str) -> str:
    """Upload a template; what the page says then."""
    given = {"principal": "3", "valid_from": timezone.localdate().isoformat(), "note": "New colours", **more}
    file = SimpleUploadedFile("CPL template.xlsm", data)
    return unescape(client.post(INDEX, {**given, "file": file}, follow=True).content.decode())


def record_page() -> str:
    return f"{INDEX}{SuppliedTemplate.objects.get().pk}/"


# --- Who may ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", Role)
def test_a_refusal_looks_like_a_page_that_does_not_exist(client: Client, role: Role) -> None:
    small_list(2)
    record = uploaded(pair()[0])
    sign_in(client, person(role))
    for method, path, roles in PAGES:
        response = getattr(client, method)(INDEX + path.format(pk=record.pk))
        assert (response.status_code != 404) == (role in roles), (method, path, response.status_code)


def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    record = uploaded(pair()[0])
    for method, path, _ in PAGES:
        response = getattr(client, method)(INDEX + path.format(pk=record.pk))
        assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("account_login"))
    assert SuppliedTemplate.objects.get().status == "proposed"


def test_approving_asks_for_the_password_again_after_a_while() -> None:
    record = uploaded(pair()[0])
    client = sign_in(Client(), person(Role.APPROVER), ago=24 * 3600)
    assert client.post(f"{INDEX}{record.pk}/approve/").status_code == 302
    assert SuppliedTemplate.objects.get().status == "proposed"


def test_who_only_reads_sees_no_buttons() -> None:
    record = uploaded(pair()[0])
    client = sign_in(Client(), person(Role.AUDITOR))
    assert "Upload and check" not in text_of(client, INDEX)
    page = text_of(client, f"{INDEX}{record.pk}/")
    assert "Approve this template" not in page
    assert "Withdraw this template" not in page


# --- From upload to publication ----------------------------------------------------------------------------------------------
def test_from_upload_to_publication(administrator: Client, approver: Client) -> None:
    small_list()
    assert "written with the template that this site makes itself" in text_of(administrator, INDEX)
    said = send(administrator)
    assert "Another person must approve it" in said
    assert "You uploaded this template; another person must approve it." in said
    assert "Approve this template" not in said
    assert "read back without a difference" in said
    page = text_of(approver, record_page())
    assert "New colours" in page
    assert SuppliedTemplate.objects.get().sha256 in page
    approver.post(f"{record_page()}approve/")
    assert "It is in use." in text_of(approver, record_page())
    assert "now written with CPL template.xlsm" in re.sub(r"<[^>]*>", "", text_of(administrator, INDEX))
    approved(model=901)
    assert "CPL template.xlsm" in text_of(approver, "/publications/")
    release = published()
    assert str(release.version) in text_of(approver, record_page())
    trail = text_of(approver, record_page())
    assert re.search(r"Proposed by person\d+@demo\.test", trail)
    assert "Approved by approver@secas.example" in trail


def test_its_file_and_a_trial_can_be_looked_at(approver: Client) -> None:
    small_list(30)
    record = uploaded(pair()[0])
    kept = approver.get(f"{INDEX}{record.pk}/file/")
    assert kept.content == DATA
    assert "attachment" in kept["Content-Disposition"]
    tried = approver.get(f"{INDEX}{record.pk}/trial/").content
    assert len(read_cpl(tried).entries) == 30
    assert vault.read(record.sha256) == DATA


def test_without_a_list_there_is_nothing_to_try(approver: Client) -> None:
    record = uploaded(pair()[0])
    assert approver.get(f"{INDEX}{record.pk}/trial/").status_code == 404
    assert "written with it</a>" not in text_of(approver, f"{INDEX}{record.pk}/")


def test_a_template_is_withdrawn_with_a_reason(approver: Client) -> None:
    record = agreed()
    page = f"{INDEX}{record.pk}/"
    assert "This field is required" in unescape(approver.post(f"{page}withdraw/", {"reason": ""}).content.decode())
    assert SuppliedTemplate.objects.get().status == "approved"
    said = unescape(approver.post(f"{page}withdraw/", {"reason": "The macro is wrong."}, follow=True).content.decode())
    assert "The template is withdrawn." in said
    assert "The macro is wrong." in said
    assert "already withdrawn" in unescape(approver.post(f"{page}withdraw/", {"reason": "again"}, follow=True).content.decode())
    assert "already withdrawn" in unescape(approver.post(f"{page}approve/", follow=True).content.decode())


def test_the_uploader_cannot_approve(administrator: Client) -> None:
    send(administrator)
    said = unescape(administrator.post(f"{record_page()}approve/", follow=True).content.decode())
    assert "another person must approve it" in said
    assert SuppliedTemplate.objects.get().status == "proposed"


# --- What is wrong -----------------------------------------------------------------------------------------------------------
def test_a_refusal_says_what_where_and_what_to_do(administrator: Client) -> None:
    def spoil(sheets: Sheets, book: Any) -> None:
        sheets[LIST].write_string("C2", "state")
        sheets[FORM].write_string("A2", "Version 3")

    said = send(administrator, supplied_template(spoil))
    assert "No version can be written with this template, for the reasons on this page." in said
    for words in (f"{LIST}!C2", "must say 'status', not 'state'", f"{FORM}!A2", "CPL guidance 5.3", "upload the template again"):
        assert words in said
    assert not SuppliedTemplate.objects.exists()


@pytest.mark.parametrize("data", [b"", b"no workbook", DATA[:5000]], ids=["empty", "text", "cut off"])
def test_any_other_file_is_refused(administrator: Client, data: bytes) -> None:
    assert "There is a problem" in send(administrator, data)
    assert not SuppliedTemplate.objects.exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"valid_from": "2020-01-01"}, "This day is over"),
        ({"valid_from": "someday"}, "valid date"),
        ({"principal": "4"}, "valid choice"),
        ({"note": ""}, "required"),
    ],
)
def test_the_form_says_what_is_missing(administrator: Client, more: dict[str, str], words: str) -> None:
    assert words in send(administrator, **more)
    assert not SuppliedTemplate.objects.exists()


def test_one_that_the_vault_has_lost_can_still_be_withdrawn(administrator: Client) -> None:
    small_list()
    record = agreed()
    stored_file(record.sha256, red=False).unlink()
    said = text_of(administrator, f"{INDEX}{record.pk}/")
    assert "The vault has no" in said
    assert "Withdraw this template" in said
    assert administrator.get(f"{INDEX}{record.pk}/trial/").status_code == 404


def test_a_long_name_is_cut() -> None:
    record = uploaded(pair()[0], name="n" * 300 + ".xlsm")
    assert SuppliedTemplate.objects.get(pk=record.pk).filename == "n" * 200


def test_a_broken_seal_is_shown(approver: Client) -> None:
    record = uploaded(pair()[0])
    SuppliedTemplate.objects.filter(pk=record.pk).update(principal=2)
    assert "The seal is broken." in text_of(approver, f"{INDEX}{record.pk}/")


def test_the_records_pages_lead_to_them(administrator: Client) -> None:
    record = uploaded(pair()[0])
    rows, add = "/admin/cpl/suppliedtemplate/", "/admin/cpl/suppliedtemplate/add/"
    assert f"{INDEX}{record.pk}/" in text_of(administrator, rows)
    assert add in text_of(administrator, rows)
    assert administrator.get(add)["Location"] == INDEX
    auditor = sign_in(Client(), person(Role.AUDITOR))
    assert add not in text_of(auditor, rows)
    for client in (administrator, auditor):
        path = f"/admin/cpl/suppliedtemplate/{record.pk}/"
        assert client.get(f"{path}change/").status_code == 200
        assert client.post(f"{path}change/", {"status": "approved"}).status_code == 403
        assert client.post(f"{path}delete/", {"post": "yes"}).status_code == 403
