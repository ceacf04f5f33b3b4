"""Who sees which page of the cases, what is on it, and that RED is on none."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import MailDomain, Organisation, Role
from core import audit
from submissions.services import deciding, receiving
from tests.builders.mails import mail
from tests.case_files import VENDOR, VERSION, again, device, filed
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db
STAFF_PAGES = ["/cases/", "/cases/receipts/", "/cases/receipts/?all=yes"]
WORKING_PAGES = ["/cases/receive/"]


def of_case(case: Any) -> list[str]:
    """Every page about one case that can be asked for."""
    paper = case.documents.first().pk
    own = f"/cases/{case.reference}/"
    rest = ["", f"?paper={paper}", f"papers/{paper}/", "report/", "report.pdf", "revise/"]
    red = ["revisions/1/workbook/", "revisions/1/stack/"]
    return [own + each for each in rest + red] + [
        f"/cases/receipts/{case.receipt_id}/",
        f"/cases/receipts/{case.receipt_id}/raw/",
    ]


def organisation(domain: str = "alder-metering.example", name: str = "Alder Metering Ltd") -> Any:
    made = Organisation.objects.create(name=name)
    MailDomain.objects.create(organisation=made, name=domain)
    return made


def outsiders() -> list[Any]:
    """People who are signed in and have no business with the case."""
    other = organisation("elsewhere.example", "Elsewhere Ltd")
    superuser = person(is_superuser=True, is_staff=True)
    return [
        person(Role.SEC_PARTY, organisation=other),
        person(Role.DCC),
        person(Role.SSC_MEMBER),
        person(Role.ADMINISTRATOR),
        superuser,
        person(),
    ]


def test_a_stranger_is_asked_to_sign_in_and_sees_nothing() -> None:
    case = filed()
    for path in [*STAFF_PAGES, *WORKING_PAGES, "/cases/own/", *of_case(case)]:
        answer = Client().get(path)
        assert answer.status_code == 302, path
        assert answer["Location"].startswith("/accounts/login/"), path


def test_whoever_has_no_business_with_a_case_finds_nothing() -> None:
    organisation()
    case = filed()
    for user in outsiders():
        client = sign_in(Client(), user)
        for path in [*STAFF_PAGES, *WORKING_PAGES, *of_case(case)]:
            assert client.get(path).status_code == 404, (user.roles if hasattr(user, "roles") else user, path)
        for path in ("do/reject/", "papers/", "decide/1/", f"papers/{case.documents.first().pk}/kind/"):
            assert client.post(f"/cases/{case.reference}/{path}", {"reason": "because"}).status_code == 404, path
    assert again(case).state == case.state


def told(answer: Any, reference: str) -> str:
    """A page without what differs by itself: the reference asked for, and the token of its forms."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode()).replace(reference, "")


def test_the_pages_look_the_same_for_a_case_that_does_not_exist() -> None:
    client = sign_in(Client(), person(Role.SEC_PARTY))
    case = filed()
    missing, refused = client.get("/cases/SUB-2099-0001/"), client.get(f"/cases/{case.reference}/")
    assert (missing.status_code, refused.status_code) == (404, 404)
    assert told(missing, "SUB-2099-0001") == told(refused, case.reference)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SECURITY_EXPERT])
def test_readers_read_and_do_not_act(role: Role) -> None:
    case = filed()
    client = sign_in(Client(), person(role))
    page = client.get(f"/cases/{case.reference}/")
    assert page.status_code == 200
    assert b'<form method="post" action="/cases/' not in page.content
    for path in ("revise/", "revisions/1/workbook/", "revisions/1/stack/"):
        assert client.get(f"/cases/{case.reference}/{path}").status_code == 404
    for name in ("reject", "approve", "ask", "remark", "take"):
        assert client.post(f"/cases/{case.reference}/do/{name}/", {"reason": "x", "question": "x"}).status_code == 404
    assert again(case).state == case.state


def test_an_organisation_reads_its_own_case_and_not_what_concerns_others() -> None:
    own = organisation()
    first, case = filed(1, sender="Jo <jo@elsewhere.example>"), filed(2, values=device(1))
    analyst = person(Role.ANALYST, name="Asha Patel")
    deciding.remark(analyst, case, "Looks like a copy.")
    client = sign_in(Client(), person(Role.SEC_PARTY, organisation=own))
    page = client.get(f"/cases/{case.reference}/").content.decode()
    assert 'href="/cases/own/"' in client.get("/accounts/").content.decode()
    assert case.reference in client.get("/cases/own/").content.decode()
    assert "CPA certificate.pdf" in page
    assert "7A:02" in page
    for secret in (first.reference, "Asha Patel", "Looks like a copy", "Reveal", VENDOR, VERSION):
        assert secret not in page
    assert client.get(f"/cases/{first.reference}/").status_code == 404
    assert client.get(f"/cases/{case.reference}/report/").status_code == 404
    paper = case.documents.first()
    assert client.get(f"/cases/{case.reference}/papers/{paper.pk}/").status_code == 200
    assert client.get(f"/cases/{case.reference}/papers/{first.documents.first().pk}/").status_code == 404


def test_red_values_are_on_no_page_no_report_and_in_no_story() -> None:
    case = filed()
    user = person(Role.ANALYST, Role.APPROVER, Role.AUDITOR)
    client = sign_in(Client(), user)
    pages = [*STAFF_PAGES, *WORKING_PAGES, *(path for path in of_case(case) if not path.endswith("report.pdf"))]
    for path in pages:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert VENDOR.encode() not in answer.content, path
        assert VERSION.encode() not in answer.content, path
    assert "RED, masked" in client.get(f"/cases/{case.reference}/").content.decode()


def test_red_values_are_not_in_the_report_as_pdf() -> None:
    import io

    from pypdf import PdfReader

    case = filed()
    answer = sign_in(Client(), person(Role.ANALYST)).get(f"/cases/{case.reference}/report.pdf")
    assert answer["Content-Disposition"] == f'attachment; filename="{case.reference}.pdf"'
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    flat = "".join(text.split())
    assert case.reference in text
    assert "7A:02" in text
    assert case.receipt.raw_sha256 in flat
    assert "".join(VENDOR.split()) not in flat
    assert VERSION not in flat


def test_revealing_the_stack_values_needs_a_reason_and_is_on_record() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    address = f"/cases/{case.reference}/revisions/1/stack/"
    refused = client.post(address, {"reason": " "})
    assert refused.status_code == 422
    assert VENDOR not in refused.content.decode()
    assert not audit.trail(case).filter(verb="red.revealed").exists()
    shown = client.post(address, {"reason": "Comparing with the certificate"})
    assert VENDOR in shown.content.decode()
    assert VERSION in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert audit.trail(case).get(verb="red.revealed").detail["reason"] == "Comparing with the certificate"


def test_red_is_closed_without_the_second_factor_in_this_session() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST), second_factor=False)
    for path in ("stack/", "workbook/"):
        answer = client.post(f"/cases/{case.reference}/revisions/1/{path}", {"reason": "please"})
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/2fa/")
    assert not audit.trail(case).filter(verb__startswith="red.").exists()


def test_the_workbook_itself_comes_with_a_reason_as_a_file_that_no_browser_runs() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.APPROVER))
    address = f"/cases/{case.reference}/revisions/1/workbook/"
    assert client.post(address, {"reason": ""}).status_code == 422
    answer = client.post(address, {"reason": "Signature looks odd"})
    assert answer.content.startswith(b"PK")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert audit.trail(case).filter(verb="red.opened").count() == 1


def test_a_mail_as_it_came_needs_a_reason_too() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    address = f"/cases/receipts/{case.receipt_id}/raw/"
    assert client.post(address, {"reason": ""}).status_code == 422
    answer = client.post(address, {"reason": "The sender says something else"})
    assert b"Message-ID:" in answer.content
    assert "sandbox" in answer["Content-Security-Policy"]
    assert audit.trail(case.receipt).filter(verb="red.opened").count() == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [("page.html", "application/octet-stream"), ("drawing.svg", "application/octet-stream"), ("x.pdf", "application/pdf")],
)
def test_papers_come_as_files_to_keep(name: str, kind: str) -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    from django.core.files.uploadedfile import SimpleUploadedFile

    script = b"<script>alert(1)</script>"
    client.post(f"/cases/{case.reference}/papers/", {"uploads": [SimpleUploadedFile(name, script)], "kind": "other"})
    paper = case.documents.get(filename=name)
    answer = client.get(f"/cases/{case.reference}/papers/{paper.pk}/")
    assert answer.content == script
    assert answer["Content-Type"] == kind
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_the_queue_filters_and_sorts_by_what_is_due() -> None:
    from datetime import UTC, datetime

    analyst = person(Role.ANALYST)
    client = sign_in(Client(), analyst)
    late, early = filed(1), filed(2, without=("DLMS certificate.pdf",))
    early.received_at = datetime(2026, 11, 2, 10, tzinfo=UTC)
    type(early).objects.filter(pk=early.pk).update(received_at=early.received_at)
    deciding.assign(analyst, late, analyst)
    page = client.get("/cases/").content.decode()
    assert page.index(early.reference) < page.index(late.reference)
    assert "Decision needed" in page
    assert "Errors found" in page
    assert " late" in page
    for query, seen, unseen in [
        ("state=signature_checked", early, late),
        ("who=me", late, early),
        ("who=nobody", early, late),
        ("search=" + late.reference, late, early),
        ("search=00:02", early, late),
    ]:
        page = client.get(f"/cases/?{query}").content.decode()
        assert seen.reference in page, query
        assert unseen.reference not in page, query
    deciding.reject(analyst, late, "Sent twice")
    assert late.reference not in client.get("/cases/").content.decode()
    assert late.reference in client.get("/cases/?state=rejected").content.decode()
    assert "No case matches" in client.get("/cases/?device_type=Gas+Smart+Meter&state=nonsense&search=zzz").content.decode()


def test_pages_ask_the_database_as_often_for_many_as_for_few(django_assert_max_num_queries: Any) -> None:
    client = sign_in(Client(), person(Role.ANALYST))
    case = filed(1)
    client.get("/cases/")  # content types and the like are read once

    def asked(path: str) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    queue, page, report = asked("/cases/"), asked(f"/cases/{case.reference}/"), asked(f"/cases/{case.reference}/report/")
    for number in range(2, 6):
        filed(number, without=("DLMS certificate.pdf",))
    analyst = person(Role.ANALYST)
    for number in range(4):
        deciding.remark(analyst, case, f"Remark {number}")
    receiving.receive_mail(mail([("more.pdf", b"%PDF-1.4 more")], subject=f"Re: [{case.reference}]"), "mailbox")
    assert asked("/cases/") == queue
    assert asked(f"/cases/{case.reference}/") <= page + 1
    assert asked(f"/cases/{case.reference}/report/") <= report + 1
    assert (queue <= 20, page <= 45) == (True, True), (queue, page)


def test_a_paper_is_shown_as_a_picture_with_what_was_submitted_marked() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    paper = case.documents.get(kind="cpa_certificate")
    page = client.get(f"/cases/{case.reference}/?paper={paper.pk}&page=99").content.decode()
    assert 'href="data:image/png;base64,' in page
    assert page.count('<rect class="hit"') >= 5
    assert "Commercial Product Assurance Certificate" in page
    assert "Page 1 of 1" in page


def test_a_paper_that_is_no_pdf_inside_says_so() -> None:
    case = filed()
    client = sign_in(Client(), person(Role.ANALYST))
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.post(f"/cases/{case.reference}/papers/", {"uploads": [SimpleUploadedFile("broken.pdf", b"not a pdf")], "kind": ""})
    paper = case.documents.get(filename="broken.pdf")
    page = client.get(f"/cases/{case.reference}/?paper={paper.pk}")
    assert page.status_code == 200
    assert "It is not a PDF that can be opened" in page.content.decode()


def test_a_page_says_that_a_check_is_running_and_loads_itself_again() -> None:
    case = filed(run=False)
    client = sign_in(Client(), person(Role.ANALYST))
    running = client.get(f"/cases/{case.reference}/").content.decode()
    assert "A check is running." in running
    assert 'http-equiv="refresh"' in running
    from core import outbox

    outbox.drain(strict=True)
    assert 'http-equiv="refresh"' not in client.get(f"/cases/{case.reference}/").content.decode()
