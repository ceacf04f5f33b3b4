"""A signed workbook from its mail to the approver's desk, and what people see of its signature on the way."""

import os
from ctypes.util import find_library
from typing import Any

import pytest
from django.test import Client

from accounts.models import Role
from core import audit, outbox, records
from submissions import report, selectors
from submissions.models import Receipt, Submission
from submissions.services import deciding, receiving
from tests.builders import mails
from tests.flows import steps
from tests.people import person, sign_in
from tests.trusting import EVIDENCE, authority, signed_workbook, trusted, with_image

pytestmark = pytest.mark.django_db(transaction=True)
VALUES = with_image(steps.MAKER.name, 201, **{"Device_Model.manufacturer_identifier": steps.MAKER.identifier}, **steps.RED)


@pytest.fixture
def maker() -> Any:
    """The maker with a certificate of its own, under an authority that the site trusts."""
    steps.people()
    steps.take_over_list()
    trusted()
    return authority().signer("Robin Winter", (steps.MAKER.name,))


def arrive(data: bytes) -> Submission:
    raw = mails.mail([("meter.xlsm", data), *steps.papers(VALUES)], sender=steps.SENDER, subject="A signed meter")
    receiving.receive_mail(raw, Receipt.Source.COMMAND)
    outbox.drain(strict=True)
    return decided(Submission.objects.get())


def decided(case: Submission) -> Submission:
    """After an analyst has compared the creator, who is new on the list, with the certificate; that is asked of a person."""
    waiting = [view.finding for gate in selectors.gates_of(case) for view in gate.open_findings]
    if [finding.rule for finding in waiting] == ["D8"]:
        deciding.decide(person(Role.ANALYST), case, waiting[0], "accepted", "As in the certificate")
    return Submission.objects.get()


def test_signed_by_its_maker_it_passes_every_gate_and_is_published(maker: Any) -> None:
    case = arrive(signed_workbook(VALUES, maker))
    assert case.state == "duplicate_checked"
    assert [run.gate for run in case.runs.order_by("id")] == ["form", "signature", "certificates", "duplicates"]
    assert [run.result for run in case.runs.order_by("id")] == ["pass", "pass", "pass", "decide"]
    steps.agree(case.reference)
    steps.publish()
    outbox.drain(strict=True)
    case = Submission.objects.get()
    assert case.state == "published"
    assert audit.verify_chains() == []
    assert records.run() == []


def test_the_case_page_and_the_report_say_who_signed_and_what_is_covered(maker: Any) -> None:
    case = arrive(signed_workbook(VALUES, maker))
    client = sign_in(Client(), person(Role.ANALYST))
    pages = [client.get(f"/cases/{case.reference}/{end}").content.decode() for end in ("", "report/")]
    for page in pages:
        for words in (
            "Creator in the workbook",
            "Organisation in the certificate",
            "Robin Winter",
            "CN=Test Issuing CA",
            "CN=Test Root CA",
            "Not revoked, by current lists",
            "xl/workbook.xml",
            "docProps/app.xml",
        ):
            assert words in page
        assert page.count(steps.MAKER.name) >= 2
        assert steps.CANARY_VENDOR not in page
        assert steps.CANARY_VERSION not in page
    reader = person(Role.AUDITOR)
    if os.environ.get("CI") != "true" and find_library("pango-1.0") is None:
        pytest.skip("Pango is not installed")
    assert report.pdf(report.content(case, reader)).startswith(b"%PDF")


def test_an_unsigned_one_goes_back_and_the_signed_one_takes_its_place(maker: Any) -> None:
    from tests.builders.workbooks import form_workbook

    case = arrive(form_workbook(VALUES))
    assert case.state == "validated"
    draft = deciding.question_draft(case)
    assert "Add a Digital Signature" in draft
    steps.ask(case.reference)
    outbox.drain(strict=True)
    [question] = steps.outline()["questions"]
    answer = mails.mail(
        [("meter signed.xlsm", signed_workbook(VALUES, maker))],
        sender=steps.SENDER,
        subject="Re: your question",
        in_reply_to=question,
    )
    receiving.receive_mail(answer, Receipt.Source.COMMAND)
    outbox.drain(strict=True)
    case = decided(Submission.objects.get())
    assert (case.revision_number, case.state) == (2, "duplicate_checked")


def test_what_the_maker_sees_of_an_authorisation_is_not_why_it_was_given(maker: Any) -> None:
    from accounts.models import Organisation
    from submissions.services import trust
    from tests.trusting import administrators

    first, second = administrators()
    trust.approve(second, trust.propose_authorisation(first, steps.MAKER.name, "Alder Signing Services", EVIDENCE))
    case = arrive(signed_workbook(VALUES, authority().signer("Sam Carter", ("Alder Signing Services",))))
    assert case.state == "duplicate_checked"
    own = person(Role.SEC_PARTY, organisation=Organisation.objects.get(name=steps.MAKER.name))
    theirs = sign_in(Client(), own).get(f"/cases/{case.reference}/").content.decode()
    ours = sign_in(Client(), person(Role.ANALYST)).get(f"/cases/{case.reference}/").content.decode()
    for page in (theirs, ours):
        assert "Signed by an organisation that is authorised" in page
        assert "Alder Signing Services" in page
    evidence = EVIDENCE.replace("'", "&#x27;")
    assert evidence in ours
    assert evidence not in theirs
    assert first.name not in theirs
