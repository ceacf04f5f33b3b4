"""What the pages of a case say to whoever stands before them: what is wrong, what comes next, and each thing once."""

import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import MailDomain, Organisation, Role
from core import outbox
from cpl.services.publishing import publish
from submissions.models import Submission
from submissions.presenting import clock_of
from submissions.selectors import QueueRow
from submissions.services import deciding, receiving
from tests.builders.mails import mail
from tests.case_files import again, device, filed
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db
APPROVE, RECOMMEND = ">Approve</summary>", ">Recommend for approval</summary>"
ASK_FIRST = '<summary class="btn btn-primary">Request information</summary>'


def read(user: Any, case: Submission) -> str:
    """The page of the case as this person sees it."""
    return sign_in(Client(), user).get(f"/cases/{case.reference}/").content.decode()


def settled(analyst: Any, number: int = 1) -> Submission:
    """A case whose checks are all settled; ANALYST was the last to work on it."""
    case = filed(number)
    [finding] = case.runs.get(gate="duplicates").findings.all()
    deciding.decide(analyst, case, finding, "accepted", "Looked up with the registrar")
    return again(case)


def test_whoever_works_on_a_case_that_is_ready_reads_who_approves_it() -> None:
    analyst = person(Role.ANALYST, Role.APPROVER)
    case = settled(analyst)
    assert "You were the last to work on this case; another person approves it." in read(analyst, case)
    assert "An approver may approve this case now." in read(person(Role.ANALYST), case)
    assert "An approver may" not in read(person(Role.AUDITOR), case)


def test_an_approver_is_offered_one_next_step() -> None:
    case = settled(person(Role.ANALYST))
    page = read(person(Role.APPROVER), case)
    assert APPROVE in page
    assert RECOMMEND not in page


def test_asking_the_submitter_stands_out_only_where_something_is_wrong() -> None:
    analyst = person(Role.ANALYST)
    assert ASK_FIRST in read(analyst, filed(1, without=("ZigBee certificate.pdf",)))
    assert ASK_FIRST not in read(analyst, filed(2))  # waits for a decision of ours
    assert ASK_FIRST not in read(analyst, settled(analyst, 3))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("decide/{finding}/", "Reason: Write a reason."),
        ("do/reject/", "Reason: Write a reason."),
        ("do/ask/", "Your question: Write your question."),
        ("do/remark/", "Remark: Write a remark."),
        ("papers/", "Files: Choose a file."),
    ],
)
def test_what_is_missing_is_said_at_the_top_and_in_the_title(path: str, said: str) -> None:
    case = filed()
    finding = case.runs.get(gate="duplicates").findings.get()
    client = sign_in(Client(), person(Role.ANALYST))
    answer = client.post(f"/cases/{case.reference}/{path.format(finding=finding.pk)}", {})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"<title>Error: {case.reference}" in page
    assert "There is a problem" in page
    assert said in page
    assert "This field is required" not in page


def test_a_link_of_the_summary_leads_to_the_first_choice_of_a_question_with_choices() -> None:
    case = filed()
    finding = case.runs.get(gate="duplicates").findings.get()
    client = sign_in(Client(), person(Role.ANALYST))
    page = client.post(f"/cases/{case.reference}/decide/{finding.pk}/", {"reason": "x"}).content.decode()
    assert f'<a href="#decide{finding.pk}_verdict_0">Decision: Choose one of the two.</a>' in page
    assert f'id="decide{finding.pk}_verdict_0"' in page


def test_the_place_of_a_finding_is_named_once() -> None:
    broken = filed(1, values=device(1, **{"Device_Model.firmware_version": "03:0G"}))
    page = read(person(Role.ANALYST), broken)
    assert page.count("Device_Model.firmware_version") - page.count("* Device_Model.firmware_version") == 1
    missing = filed(2, without=("ZigBee certificate.pdf",))
    assert "ZSE_Certificate.identification_number" in read(person(Role.ANALYST), missing)


def test_a_due_time_has_its_year() -> None:
    due = datetime.datetime(2026, 11, 26, 17, tzinfo=datetime.UTC)
    clock = clock_of(QueueRow(filed(run=False), due, False, False, ""), due)
    assert clock is not None
    assert clock.due.endswith("Thu 26/11/2026, 17:00")


def test_the_submitter_reads_under_which_number_the_device_is_listed() -> None:
    own = Organisation.objects.create(name="Alder Metering Ltd")
    MailDomain.objects.create(organisation=own, name="alder-metering.example")
    case = settled(person(Role.ANALYST))
    approver = person(Role.APPROVER)
    deciding.approve(approver, case)
    publish(approver)
    outbox.drain(strict=True)
    page = read(person(Role.SEC_PARTY, organisation=own), case)
    assert '<a href="/cpl/entries/000001/">entry 000001</a>' in page


def test_the_page_of_everything_that_arrived_is_called_that() -> None:
    client = sign_in(Client(), person(Role.ANALYST))
    assert "<title>Everything that arrived" in client.get("/cases/receipts/?all=yes").content.decode()
    assert "<title>Mails without a case" in client.get("/cases/receipts/").content.decode()


def test_a_workbook_that_was_not_chosen_is_asked_for_in_words() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    assert "Corrected workbook: Choose a file." in client.post(f"/cases/{case.reference}/revise/", {}).content.decode()
    page = client.post("/cases/receive/", {}).content.decode()
    assert "E-mail address of the submitter: Write the address." in page


def test_a_step_that_comes_too_late_is_told_that_the_submitter_was_asked_meanwhile() -> None:
    case = filed(without=("ZigBee certificate.pdf",))
    client = sign_in(Client(), person(Role.ANALYST))
    seen = f"{case.state}:1:"
    deciding.ask(person(Role.ANALYST), case, "Where is the ZigBee certificate?")
    page = client.post(f"/cases/{case.reference}/do/reject/", {"stand": seen, "reason": "No certificate"}).content.decode()
    assert "it is signature checked now, with workbook 1, and waits for the submitter. Nothing was done." in page


def test_a_mail_without_a_case_can_be_answered() -> None:
    arrived = receiving.receive_mail(mail(subject="A question"), "mailbox").receipt
    page = sign_in(Client(), person(Role.ANALYST)).get(f"/cases/receipts/{arrived.pk}/").content.decode()
    assert f'href="mailto:{arrived.sender}"' in page
