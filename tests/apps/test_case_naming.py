"""The plain-English name of a Device Model: given on the case, kept with its entry, and spoken in the Version Control text."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.test import Client

from accounts.models import Role, User
from core import outbox
from cpl.models import EntryRow
from cpl.services import planning, publishing
from submissions.models import Submission
from submissions.services import deciding
from submissions.services.door import MoveRefused
from tests.builders.workbooks import form_workbook
from tests.case_files import again, device, filed
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
FIRMWARE, MODEL = "Device_Model.firmware_version", "Device_Model.model_identifier"
NAME = "Alder Metering Twin Meter 2.0"


def settled(analyst: User) -> Submission:
    case = filed(1)
    for run in case.runs.all():
        for finding in run.findings.filter(severity="warning"):
            deciding.decide(analyst, case, finding, "accepted", "Looked up with the registrar")
    return again(case)


def published(case: Submission, approver: User) -> EntryRow:
    deciding.approve(approver, case)
    release = publishing.publish(approver)
    outbox.drain(strict=True)
    return EntryRow.objects.at(release.serial).latest("number")


def test_the_version_control_text_names_the_entry_so() -> None:
    analyst, approver = person(Role.ANALYST), person(Role.APPROVER)
    case = settled(analyst)
    deciding.name(analyst, case, f"  {NAME.replace(' ', '  ')}\n")
    deciding.approve(approver, again(case))
    assert planning.preview().draft_text.splitlines()[-1] == f"000001 - {NAME} {case.firmware}"


def test_the_next_firmware_of_the_model_has_its_name_and_another_model_has_not() -> None:
    analyst, approver = person(Role.ANALYST), person(Role.APPROVER)
    case = settled(analyst)
    deciding.name(analyst, case, NAME)
    entry = published(again(case), approver)
    assert (entry.plain_name, entry.designation) == (NAME, NAME)
    assert filed(2, values=device(1, **{FIRMWARE: "0A:0B:0C:0D"})).plain_name == NAME
    assert filed(3, values=device(1, **{FIRMWARE: "0A:0B:0C:0E", MODEL: "77:77"})).plain_name == ""


def test_a_corrected_workbook_keeps_the_name_of_the_model_and_takes_that_of_another_away(client: Client) -> None:
    analyst = person(Role.ANALYST)
    case = filed(1)
    deciding.name(analyst, case, NAME)
    sign_in(client, analyst)
    for key, value, name in ((FIRMWARE, "0A:0B:0C:0D", NAME), (MODEL, "77:77", "")):
        workbook = SimpleUploadedFile("Corrected.xlsm", form_workbook(device(1, **{key: value})))
        assert client.post(f"/cases/{case.reference}/revise/", {"workbook": workbook}).status_code == 302
        assert again(case).plain_name == name


def test_who_named_it_does_not_approve_it_and_an_empty_name_takes_it_away() -> None:
    analyst, approver = person(Role.ANALYST), person(Role.APPROVER)
    case = settled(analyst)
    deciding.name(approver, case, NAME)
    with pytest.raises(MoveRefused, match="You were the last to work on this case"):
        deciding.approve(approver, again(case))
    deciding.name(analyst, again(case), " ")
    assert (again(case).plain_name, again(case).designation) == ("", f"{case.device_type} {case.manufacturer} {case.model}")


def test_an_approved_or_closed_case_is_not_named() -> None:
    analyst, approver = person(Role.ANALYST), person(Role.APPROVER)
    case = settled(analyst)
    deciding.approve(approver, case)
    with pytest.raises(MoveRefused, match="Take the approval back"):
        deciding.name(analyst, case, NAME)
    deciding.take_back(approver, case, "Named wrongly")
    deciding.withdraw(analyst, again(case), "As the maker wishes")
    with pytest.raises(MoveRefused, match="nothing about it can change"):
        deciding.name(analyst, case, NAME)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SECURITY_EXPERT, Role.ADMINISTRATOR, Role.SEC_PARTY])
def test_others_do_not_name(role: Role) -> None:
    case = filed(1)
    with pytest.raises(Http404):
        deciding.name(person(role), case, NAME)
    assert again(case).plain_name == ""


def test_the_page_asks_for_it_and_shows_it(client: Client) -> None:
    case = filed(1)
    sign_in(client, person(Role.ANALYST))
    page: Any = client.post(f"/cases/{case.reference}/do/name/", {"name": "x" * 201})
    assert (page.status_code, "at most 200 characters" in page.content.decode()) == (422, True)
    assert client.post(f"/cases/{case.reference}/do/name/", {"name": NAME}).status_code == 302
    text = client.get(f"/cases/{case.reference}/").content.decode()
    assert f'value="{NAME}"' in text
    assert "Device Model named" in text
    assert text.count(NAME) >= 3  # in the heading, the form and what happened
