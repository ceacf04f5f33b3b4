"""Cases in the records pages: who sees them, what may be done there, and that it goes through the services."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Role
from core import audit, outbox
from submissions.models import Submission
from tests.builders import pdfs
from tests.builders.workbooks import form_workbook
from tests.case_files import VENDOR, VERSION, again, device, filed
from tests.people import person, sign_in

MODELS = ("submission", "revision", "receipt", "checkrun", "decision")
pytestmark = pytest.mark.django_db(transaction=True)  # the services refuse to be wrapped in a transaction


def pages(case: Submission) -> list[str]:
    rows = {
        "submission": case.pk,
        "revision": case.revisions.get().pk,
        "receipt": case.receipt_id,
        "checkrun": case.runs.first().pk,
    }
    lists = [f"/admin/submissions/{name}/" for name in MODELS]
    return [*lists, *(f"/admin/submissions/{name}/{key}/change/" for name, key in rows.items())]


def sent(case: Submission, **more: Any) -> dict[str, Any]:
    """The form of a case as the browser sends it, with room for one more paper."""
    documents = list(case.documents.all())
    said: dict[str, Any] = {
        "documents-TOTAL_FORMS": len(documents),
        "documents-INITIAL_FORMS": len(documents),
        "documents-2-TOTAL_FORMS": 1,
        "documents-2-INITIAL_FORMS": 0,
        "documents-2-0-submission": case.pk,
        "revisions-TOTAL_FORMS": 0,
        "revisions-INITIAL_FORMS": 0,
    }
    for place, document in enumerate(documents):
        said |= {f"documents-{place}-id": document.pk, f"documents-{place}-submission": case.pk}
        said[f"documents-{place}-kind"] = document.kind
    return said | more


def test_whoever_may_not_read_cases_does_not_find_them_here_either() -> None:
    case = filed()
    people = [person(Role.ADMINISTRATOR), person(is_superuser=True, is_staff=True), person(is_staff=True)]
    for user in people:
        client = sign_in(Client(), user)
        for path in pages(case):
            assert client.get(path).status_code in {403, 404}, path
        index = client.get("/admin/").content.decode()
        assert [name for name in MODELS if f"/admin/submissions/{name}/" in index] == []
    for user in (person(Role.SEC_PARTY), person(Role.DCC), person(Role.SSC_MEMBER)):
        client = sign_in(Client(), user)
        assert {client.get(path, follow=True).status_code for path in pages(case)} == {404}


@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.AUDITOR])
def test_red_is_on_none_of_the_records_pages(role: Role) -> None:
    case = filed()
    client = sign_in(Client(), person(role))
    for path in pages(case):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert VENDOR not in answer.content.decode(), path
        assert VERSION not in answer.content.decode(), path
    assert client.get("/admin/repositories/stackrecord/").status_code == 404


@pytest.mark.parametrize("role", [Role.SECURITY_EXPERT, Role.AUDITOR])
def test_readers_change_nothing(role: Role) -> None:
    case = filed()
    client = sign_in(Client(), person(role))
    answer = client.post(f"/admin/submissions/submission/{case.pk}/change/", sent(case, **{"documents-0-kind": "other"}))
    assert answer.status_code == 403
    assert not case.documents.filter(kind="other").exists()


def test_nothing_is_added_edited_or_deleted_by_saving_rows() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST, Role.APPROVER))
    for name in MODELS:
        assert client.get(f"/admin/submissions/{name}/add/").status_code == 403
    said = sent(case, state="published", reference="SUB-1", submitter="me@x.example")
    client.post(f"/admin/submissions/submission/{case.pk}/change/", said)
    assert (again(case).state, again(case).reference, again(case).submitter) == (case.state, case.reference, case.submitter)
    assert client.post(f"/admin/submissions/submission/{case.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/submissions/revision/{case.revisions.get().pk}/change/", {}).status_code == 403


def test_an_analyst_attaches_a_paper_and_the_checks_run_again() -> None:
    case = filed(without=("DLMS certificate.pdf",))
    analyst = person(Role.ANALYST)
    client = sign_in(Client(), analyst)
    paper = SimpleUploadedFile("DLMS.pdf", pdfs.dlms_certificate(device(1)))
    said = sent(case, **{"documents-2-0-file": paper, "documents-2-0-kind": ""})
    assert client.post(f"/admin/submissions/submission/{case.pk}/change/", said).status_code == 302
    added = case.documents.get(filename="DLMS.pdf")
    assert (added.kind, added.added_by) == ("dlms_certificate", analyst)
    assert audit.trail(case).filter(verb="case.papers_added").exists()
    outbox.drain(strict=True)
    assert again(case).state == "certificates_matched"


def test_an_analyst_classifies_a_paper_and_the_checks_run_again() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    said = sent(case)
    place = [document.kind for document in case.documents.all()].index("dlms_certificate")
    said[f"documents-{place}-kind"] = "other"
    assert client.post(f"/admin/submissions/submission/{case.pk}/change/", said).status_code == 302
    assert audit.trail(case).filter(verb="case.paper_classified").count() == 1
    outbox.drain(strict=True)
    assert again(case).state == "signature_checked"


def test_a_workbook_is_no_paper_here_either() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    count = case.documents.count()
    book = SimpleUploadedFile("form.xlsm", form_workbook(device(1)))
    said = sent(case, **{"documents-2-0-file": book, "documents-2-0-kind": "other"})
    answer = client.post(f"/admin/submissions/submission/{case.pk}/change/", said, follow=True)
    assert "cannot be a paper" in answer.content.decode()
    assert case.documents.count() == count


def test_a_closed_case_takes_no_more_papers() -> None:
    from submissions.services import deciding

    case = filed()
    analyst = person(Role.ANALYST)
    deciding.reject(analyst, case, "Sent twice")
    client = sign_in(Client(), analyst)
    page = client.get(f"/admin/submissions/submission/{case.pk}/change/").content.decode()
    assert 'type="file"' not in page
    said = sent(case, **{"documents-0-kind": "other"})
    client.post(f"/admin/submissions/submission/{case.pk}/change/", said)
    assert not case.documents.filter(kind="other").exists()


def test_the_buttons_call_the_services() -> None:
    case = filed()
    analyst = person(Role.ANALYST)
    client = sign_in(Client(), analyst)
    for action in ("take", "run_again"):
        client.post("/admin/submissions/submission/", {"action": action, "_selected_action": [case.pk]})
    assert (again(case).assigned_to, again(case).state) == (analyst, "received")
    assert audit.trail(case).filter(verb="case.assigned").exists()
    assert Client().post("/admin/submissions/submission/", {"action": "take", "_selected_action": [case.pk]}).status_code == 302
    auditor = sign_in(Client(), person(Role.AUDITOR))
    auditor.post("/admin/submissions/submission/", {"action": "take", "_selected_action": [case.pk]})
    assert again(case).assigned_to == analyst
