"""Every step on a case as a person takes it on the page, and what comes back when it cannot be taken."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Role
from core import audit, outbox
from notifications.models import Message
from submissions.models import Receipt, Submission
from submissions.services import deciding, receiving
from tests.builders import pdfs
from tests.builders.mails import mail
from tests.builders.workbooks import form_workbook
from tests.case_files import VENDOR, again, device, filed
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db


def settled(analyst: Any, number: int = 1) -> Submission:
    """A case whose checks are all settled; ANALYST decided on its warnings."""
    case = filed(number)
    for run in case.runs.all():
        for finding in run.findings.filter(severity="warning"):
            deciding.decide(analyst, case, finding, "accepted", "Looked up with the registrar")
    assert again(case).state == "duplicate_checked"
    return again(case)


def stand(client: Client, case: Submission) -> str:
    """What the page remembers of the case for the next step."""
    page = client.get(f"/cases/{case.reference}/").content.decode()
    found = re.search(r'name="stand" value="([^"]*)"', page)
    assert found
    return found[1]


def do(client: Client, case: Submission, name: str, **said: Any) -> Any:
    return client.post(f"/cases/{case.reference}/do/{name}/", said)


def file(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_a_warning_is_accepted_with_a_reason_and_the_case_goes_on() -> None:
    case = filed()
    analyst = person(Role.ANALYST, name="Asha Patel")
    client = sign_in(Client(), analyst)
    finding = case.runs.get(gate="duplicates").findings.get()
    address = f"/cases/{case.reference}/decide/{finding.pk}/"
    refused = client.post(address, {"verdict": "accepted", "reason": "", "before": ""})
    assert refused.status_code == 422
    assert again(case).state == "certificates_matched"
    assert client.post(address, {"verdict": "accepted", "reason": "New maker, checked", "before": ""}).status_code == 302
    assert again(case).state == "duplicate_checked"
    page = client.get(f"/cases/{case.reference}/").content.decode()
    assert "Accepted by Asha Patel" in page
    assert "New maker, checked" in page
    assert "You were the last to work on this case" not in page  # an analyst approves nothing anyway


def test_an_answer_to_a_warning_does_not_silently_replace_another_persons() -> None:
    case = filed()
    finding = case.runs.get(gate="duplicates").findings.get()
    deciding.decide(person(Role.ANALYST, name="Ben Adeyemi"), case, finding, "refused", "Not a maker we know")
    client = sign_in(Client(), person(Role.ANALYST))
    answer = client.post(f"/cases/{case.reference}/decide/{finding.pk}/", {"verdict": "accepted", "reason": "Fine", "before": ""})
    assert answer.status_code == 409
    assert "Ben Adeyemi decided on this warning after you loaded the page" in answer.content.decode()
    assert case.decisions.count() == 1


def test_an_error_cannot_be_accepted() -> None:
    case = filed(without=("DLMS certificate.pdf",))
    finding = case.runs.get(gate="certificates").findings.get(severity="error")
    client = sign_in(Client(), person(Role.ANALYST))
    answer = client.post(
        f"/cases/{case.reference}/decide/{finding.pk}/", {"verdict": "accepted", "reason": "Never mind", "before": ""}
    )
    assert answer.status_code == 409
    assert "An error cannot be overridden" in answer.content.decode()
    assert not case.decisions.exists()


def test_a_finding_of_another_case_is_not_found() -> None:
    case, other = filed(1), filed(2)
    finding = other.runs.get(gate="duplicates").findings.first()
    client = sign_in(Client(), person(Role.ANALYST))
    answer = client.post(f"/cases/{case.reference}/decide/{finding.pk}/", {"verdict": "accepted", "reason": "x", "before": ""})
    assert answer.status_code == 404


def test_two_people_approve_and_one_may_take_it_back() -> None:
    analyst, approver = person(Role.ANALYST), person(Role.APPROVER)
    case = settled(analyst)
    client = sign_in(Client(), approver)
    assert do(client, case, "approve", stand=stand(client, case)).status_code == 302
    assert again(case).state == "approved"
    assert "Ready to publish" in client.get("/cases/").content.decode()
    assert do(client, case, "take_back", stand=stand(client, case), reason="").status_code == 422
    assert do(client, case, "take_back", stand=stand(client, case), reason="Wait for the SSC").status_code == 302
    assert again(case).state == "duplicate_checked"


def test_nobody_approves_what_they_worked_on_last() -> None:
    approver = person(Role.APPROVER)
    case = settled(approver)
    client = sign_in(Client(), approver)
    page = client.get(f"/cases/{case.reference}/").content.decode()
    assert "another person approves it" in page
    assert "/do/approve/" not in page
    answer = do(client, case, "approve", stand=stand(client, case))
    assert answer.status_code == 409
    assert "another person must approve it" in answer.content.decode()
    assert again(case).state == "duplicate_checked"


def test_an_analyst_recommends_and_does_not_approve() -> None:
    case = settled(person(Role.APPROVER))
    client = sign_in(Client(), person(Role.ANALYST))
    assert do(client, case, "approve", stand=stand(client, case)).status_code == 404
    assert do(client, case, "recommend", stand=stand(client, case), remark="Compared all papers").status_code == 302
    assert "Compared all papers" in client.get(f"/cases/{case.reference}/").content.decode()


def test_a_step_on_what_changed_meanwhile_is_not_taken() -> None:
    analyst, approver = person(Role.ANALYST), person(Role.APPROVER)
    case = settled(analyst)
    client = sign_in(Client(), approver)
    seen = stand(client, case)
    receiving.receive_corrected(analyst, case, "Corrected.xlsm", form_workbook(device(9)))
    answer = do(client, case, "reject", stand=seen, reason="Too late, I think")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "has changed since you loaded the page" in page
    assert "Too late, I think" in page  # what was typed is still there
    assert again(case).state == "received"
    assert do(client, case, "reject", stand=stand(client, case), reason="Too late, I think").status_code == 302


def test_a_question_is_drafted_sent_and_ended() -> None:
    case = filed(without=("DLMS certificate.pdf",))
    client = sign_in(Client(), person(Role.ANALYST))
    page = client.get(f"/cases/{case.reference}/").content.decode()
    assert "The DLMS certificate" in page.split('name="question"')[1].split("</textarea>")[0]
    assert do(client, case, "ask", stand=stand(client, case), question=" ").status_code == 422
    seen = stand(client, case)
    assert do(client, case, "ask", stand=seen, question="Where is the DLMS certificate?").status_code == 302
    outbox.drain(strict=True)
    sent = Message.objects.get(kind="submission_question")
    assert "Where is the DLMS certificate?" in sent.body
    page = client.get(f"/cases/{case.reference}/").content.decode()
    assert "Clock stopped" in page
    assert sent.subject in page
    again_asked = do(client, case, "ask", stand=stand(client, case), question="And the other one?")
    assert again_asked.status_code == 409
    assert "And the other one?" in again_asked.content.decode()
    assert do(client, case, "resume", stand=stand(client, case), reason="They rang").status_code == 302
    assert "Clock stopped" not in client.get(f"/cases/{case.reference}/").content.decode()


def test_the_draft_of_a_question_does_not_tell_what_others_have_submitted() -> None:
    other, case = filed(1, sender="Jo <jo@elsewhere.example>"), filed(2, values=device(1))
    client = sign_in(Client(), person(Role.ANALYST))
    page = client.get(f"/cases/{case.reference}/").content.decode()
    draft = page.split('name="question"')[1].split("</textarea>")[0]
    assert other.reference in page  # the analyst knows
    assert other.reference not in draft
    assert "another" in draft


@pytest.mark.parametrize(("name", "state"), [("reject", "rejected"), ("withdraw", "withdrawn")])
def test_a_case_is_closed_with_a_reason_and_nothing_is_offered_any_more(name: str, state: str) -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    assert do(client, case, name, stand=stand(client, case), reason="").status_code == 422
    assert do(client, case, name, stand=stand(client, case), reason="It was sent twice").status_code == 302
    assert again(case).state == state
    page = client.get(f"/cases/{case.reference}/").content.decode()
    assert "It was sent twice" in page
    assert re.findall(r"/do/(\w+)/", page) == ["remark"]
    answer = do(client, case, name, reason="Once more")
    assert answer.status_code == 409
    assert "nothing about it can change any more" in answer.content.decode()
    assert client.get(f"/cases/{case.reference}/revise/").status_code == 404


def test_a_case_is_taken_handed_over_and_put_back() -> None:
    case = filed()
    analyst, other, outsider = person(Role.ANALYST), person(Role.APPROVER, name="Ben Adeyemi"), person(Role.AUDITOR)
    client = sign_in(Client(), analyst)
    do(client, case, "take", stand=stand(client, case))
    assert again(case).assigned_to == analyst
    do(client, case, "assign", stand=stand(client, case), person=other.pk)
    assert again(case).assigned_to == other
    assert do(client, case, "assign", stand=stand(client, case), person=outsider.pk).status_code == 422
    do(client, case, "assign", stand=stand(client, case), person="")
    assert again(case).assigned_to is None


def test_remarks_are_kept_and_the_checks_run_again() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    assert do(client, case, "remark", text="").status_code == 422
    do(client, case, "remark", text="Rang <b>Robin</b>")
    assert "Rang &lt;b&gt;Robin&lt;/b&gt;" in client.get(f"/cases/{case.reference}/").content.decode()
    do(client, case, "run_again", stand=stand(client, case))
    assert again(case).state == "received"
    outbox.drain(strict=True)
    assert again(case).state == "certificates_matched"


def test_there_are_no_other_steps() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST, Role.APPROVER))
    assert do(client, case, "publish", reason="x").status_code == 404
    assert client.get(f"/cases/{case.reference}/do/take/")["Location"] == f"/cases/{case.reference}/"
    assert again(case).assigned_to is None


def test_a_missing_paper_is_attached_and_the_check_passes() -> None:
    values = device(1)
    case = filed(without=("DLMS certificate.pdf", "ZigBee certificate.pdf"))
    client = sign_in(Client(), person(Role.ANALYST))
    address = f"/cases/{case.reference}/papers/"
    assert client.post(address, {"kind": ""}).status_code == 422
    files = [file("DLMS.pdf", pdfs.dlms_certificate(values)), file("ZigBee.pdf", pdfs.zse_certificate(values))]
    assert client.post(address, {"uploads": files, "kind": ""}).status_code == 302
    outbox.drain(strict=True)
    assert again(case).state == "certificates_matched"
    assert set(case.documents.values_list("kind", flat=True)) >= {"dlms_certificate", "zse_certificate"}


def test_a_workbook_or_an_archive_is_no_paper() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    book = form_workbook(device(1))
    wrapped = mail([("form.xlsm", book)])
    for name, data in (("form.xlsm", book), ("papers.zip", b"PK\x03\x04 something"), ("forwarded.eml", wrapped)):
        answer = client.post(f"/cases/{case.reference}/papers/", {"uploads": [file(name, data)], "kind": "other"})
        assert answer.status_code == 409, name
        assert "RED" in answer.content.decode(), name
        assert not case.documents.filter(filename=name).exists()


def test_a_paper_is_classified() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    paper = case.documents.get(kind="dlms_certificate")
    address = f"/cases/{case.reference}/papers/{paper.pk}/kind/"
    assert client.post(address, {"kind": "no such kind"}).status_code == 422
    assert client.post(address, {"kind": "other"}).status_code == 302
    outbox.drain(strict=True)
    paper.refresh_from_db()
    assert paper.kind == "other"
    assert again(case).state == "signature_checked"
    assert audit.trail(case).filter(verb="case.paper_classified").exists()


def test_a_corrected_workbook_starts_the_checks_anew_and_shows_what_it_changed() -> None:
    values = device(1)
    broken = {**values, "Device_Model.firmware_version": "03:0G"}
    case = filed(values=broken)
    client = sign_in(Client(), person(Role.ANALYST))
    address = f"/cases/{case.reference}/revise/"
    assert client.post(address, {}).status_code == 422
    same = client.post(address, {"workbook": file("Same.xlsm", form_workbook(broken))})
    assert same.status_code == 409
    assert "byte for byte" in same.content.decode()
    assert client.post(address, {"workbook": file("letter.pdf", b"%PDF-1.4")}).status_code == 409
    assert client.post(address, {"workbook": file("Corrected.xlsm", form_workbook(values))}).status_code == 302
    outbox.drain(strict=True)
    case = again(case)
    assert (case.revision_number, case.state) == (2, "certificates_matched")
    page = client.get(f"/cases/{case.reference}/").content.decode()
    assert '<del class="value">03:0G</del>' in page
    assert '<ins class="value">03:00:01:10</ins>' in page
    assert VENDOR not in page
    assert audit.verify_chains() == []


def test_an_older_workbook_can_come_back() -> None:
    values, other = device(1), device(1, **{"Device_Model.firmware_version": "03:00:01:11"})
    case = filed(values=values)
    client = sign_in(Client(), person(Role.ANALYST))
    for number, workbook in enumerate((other, values, other), 2):
        answer = client.post(f"/cases/{case.reference}/revise/", {"workbook": file("Again.xlsm", form_workbook(workbook))})
        assert answer.status_code == 302
        assert again(case).revision_number == number


def test_an_upload_becomes_a_case_and_the_same_again_a_repeat() -> None:
    values = device(4)
    client = sign_in(Client(), person(Role.ANALYST))
    assert client.post("/cases/receive/", {}).status_code == 422
    said = {"submitter": "sam@copperline.example", "submitter_name": "Sam", "subject": "By hand"}

    def files() -> list[SimpleUploadedFile]:
        return [file("Form.xlsm", form_workbook(values)), file("CPA.pdf", pdfs.cpa_certificate(values))]

    page = client.post("/cases/receive/", {**said, "uploads": files()}, follow=True).content.decode()
    case = Submission.objects.get(submitter="sam@copperline.example")
    assert case.reference in page
    assert "CPA.pdf" in page
    page = client.post("/cases/receive/", {**said, "uploads": files()}, follow=True).content.decode()
    assert "This arrived before" in page
    assert Submission.objects.count() == 1


def test_a_saved_mail_is_taken_in_as_that_mail() -> None:
    client = sign_in(Client(), person(Role.ANALYST))
    raw = mail([("Form.xlsm", form_workbook(device(5)))])
    client.post("/cases/receive/", {"submitter": "someone@secas.example", "uploads": [file("saved.eml", raw)]})
    assert Submission.objects.get().submitter == "robin.winter@alder-metering.example"


def test_a_mail_without_a_form_waits_until_somebody_deals_with_it() -> None:
    received = receiving.receive_mail(mail(subject="A question", body="When is <b>lunch</b>?"), "mailbox")
    client = sign_in(Client(), person(Role.ANALYST))
    assert "A question" in client.get("/cases/receipts/").content.decode()
    assert "(1)" in client.get("/cases/").content.decode()
    address = f"/cases/receipts/{received.receipt.pk}/"
    assert "When is &lt;b&gt;lunch&lt;/b&gt;?" in client.get(address).content.decode()
    assert client.post(f"{address}handle/", {"remark": " "}).status_code == 422
    assert client.post(f"{address}handle/", {"remark": "Answered by telephone"}).status_code == 302
    assert "A question" not in client.get("/cases/receipts/").content.decode()
    assert "Dealt with" in client.get("/cases/receipts/?all=yes").content.decode()
    assert Receipt.objects.get().handled_at is not None


def test_a_step_needs_the_token_of_the_form() -> None:
    case = filed()
    client = sign_in(Client(enforce_csrf_checks=True), person(Role.ANALYST))
    for path in ("do/take/", "papers/", "revise/", "revisions/1/workbook/"):
        assert client.post(f"/cases/{case.reference}/{path}", {"reason": "x"}).status_code == 403, path
    assert client.post("/cases/receive/", {}).status_code == 403


def test_too_much_is_refused_before_it_is_read(settings: Any) -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    settings.CPL_UPLOAD_LIMIT = 2000
    answer = client.post(f"/cases/{case.reference}/papers/", {"uploads": [file("a.txt", b"a" * 3000)], "kind": ""})
    assert answer.status_code == 422
    answer = client.post(f"/cases/{case.reference}/papers/", {"uploads": [file("a.txt", b"a" * (2 << 20))], "kind": ""})
    assert answer.status_code == 413
    assert not case.documents.filter(filename="a.txt").exists()
