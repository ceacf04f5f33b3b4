"""The public self-check: the same answers as a submission would get, and nothing left behind."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core.models import AuditEntry, OutboxEvent
from submissions.models import Receipt, Submission
from tests.builders.workbooks import form_workbook
from tests.case_files import VENDOR, VERSION, device, filed, papers_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_brake() -> None:
    cache.clear()


def checked(data: bytes, papers: list[tuple[str, bytes]] | None = None, **said: Any) -> Any:
    files = [SimpleUploadedFile(name, content) for name, content in papers or []]
    return Client().post("/check/", {"workbook": SimpleUploadedFile("My form.xlsm", data), "papers": files, **said})


def kept() -> list[str]:
    """Everything that lies in the data folder."""
    from django.conf import settings

    folders = (settings.CPL_VAULT_DIR, settings.CPL_RED_DIR, settings.CPL_INBOX_DIR)
    return sorted(str(path) for folder in folders for path in folder.rglob("*") if path.is_file())


def test_everybody_may_check_and_nothing_is_kept() -> None:
    values = device()
    before = kept()
    page = checked(form_workbook(values), papers_for(values)).content.decode()
    assert "This was not a submission." in page
    assert "No errors, but a person at SECAS will have to decide" in page
    assert VENDOR not in page
    assert VERSION not in page
    assert "filled in (RED, not shown)" in page
    assert (Submission.objects.count(), Receipt.objects.count(), OutboxEvent.objects.count(), AuditEntry.objects.count()) == (
        0,
        0,
        0,
        0,
    )
    assert kept() == before


def test_errors_are_said_with_their_cell_and_at_their_data_item() -> None:
    values = device(1, **{"Device_Model.firmware_version": "03:0G"})
    page = checked(form_workbook(values), papers_for(values)).content.decode()
    assert "SECAS would have to send this back" in page
    assert page.count("(cell G14)") == 2  # among the checks, and beside the data item
    assert "See guidance 7.2.2." in page
    assert "Put the errors right first." in page


def test_of_what_could_not_be_read_nothing_is_called_right() -> None:
    page = checked(b"%PDF-1.7 no workbook").content.decode()
    assert "Not checked" in page
    assert "Guidance 8" in page
    assert "Not needed" not in page
    assert ">OK<" not in page
    assert "Data items" not in page


def test_of_an_empty_form_every_item_is_judged() -> None:
    page = checked(form_workbook({})).content.decode()
    assert "Data items" in page
    assert "The cell is empty." in page


def test_missing_papers_are_said() -> None:
    page = checked(form_workbook(device())).content.decode()
    assert "The DLMS certificate" in page
    assert "is missing" in page


def test_what_others_have_submitted_is_not_told() -> None:
    case = filed(1)
    page = checked(form_workbook(device(1)), papers_for(device(1))).content.decode()
    assert case.reference not in page


@pytest.mark.parametrize("data", [b"", b"not a workbook", b"PK\x03\x04 broken"])
def test_what_is_no_workbook_gets_a_plain_answer(data: bytes) -> None:
    answer = checked(data)
    assert answer.status_code == (422 if not data else 200)
    assert "problem" in answer.content.decode() or "SECAS would have to send this back" in answer.content.decode()


def test_a_name_of_a_file_is_shown_as_text() -> None:
    named = SimpleUploadedFile("<img src=x>.xlsm", b"no workbook")
    page = Client().post("/check/", {"workbook": named}).content.decode()
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;.xlsm" in page


def test_the_result_as_json_has_the_shape_of_the_command() -> None:
    values = device()
    answer = checked(form_workbook(values), papers_for(values), format="json")
    assert answer["Content-Disposition"].startswith("attachment")
    said = json.loads(answer.content)
    assert [gate["gate"] for gate in said["gates"]] == ["form", "signature", "certificates", "duplicates"]
    assert said["verdict"] == "decide"
    assert said["entry"]["Device_ZigBee_Information_Repository.Stack_Vendor"] == "[RED]"
    assert VENDOR not in answer.content.decode()
    assert VERSION not in answer.content.decode()


def test_a_workbook_has_to_be_chosen_and_may_not_be_too_large(settings: Any) -> None:
    none = Client().post("/check/", {})
    assert (none.status_code, "Workbook: Choose a file." in none.content.decode()) == (422, True)
    settings.CPL_UPLOAD_LIMIT = 1000
    assert checked(b"x" * 2000).status_code == 422
    assert checked(b"x" * (2 << 20)).status_code == 413


def test_the_token_of_the_form_is_asked_for() -> None:
    assert Client(enforce_csrf_checks=True).post("/check/", {}).status_code == 403


def test_too_many_checks_from_one_address_have_to_wait() -> None:
    client = Client()
    for _ in range(30):
        assert client.post("/check/", {}).status_code == 422
    assert client.post("/check/", {}).status_code == 429
    assert client.get("/check/").status_code == 200
