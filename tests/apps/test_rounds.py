"""A round of the gates: what they said in an earlier one counts for nothing, whoever decides or works at that moment."""

import pytest

from accounts.models import Role
from core import audit, outbox
from submissions import gates, selectors
from submissions.domain.lifecycle import Gate
from submissions.models import CheckRun, Receipt
from submissions.services import checking, deciding, papers, receiving, revising
from tests.builders import mails
from tests.builders.values import SINGLE_ELEMENT, Maker, valid_values
from tests.builders.workbooks import form_workbook
from tests.case_files import again, device, filed, papers_for
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_decision_does_not_let_a_gate_pass_on_what_it_said_in_an_earlier_round() -> None:
    analyst = person(Role.ANALYST)
    case = filed(1)
    (warning,) = case.runs.get(gate="duplicates").findings.filter(severity="warning")
    filed(2, values=device(1))  # the same Device Model once more: an error now, but not when the gate ran
    revising.run_again(analyst, case)
    for _ in (Gate.FORM, Gate.SIGNATURE, Gate.CERTIFICATES):  # the first events of the new round have been carried out …
        checking.run_due(case)
    assert again(case).state == "certificates_matched"
    assert selectors.run_of(again(case), Gate.DUPLICATES) is None
    deciding.decide(analyst, case, warning, "accepted", "Known to the maker.")  # … and somebody decides on an old page
    assert again(case).state == "certificates_matched"
    outbox.drain(strict=True)
    assert again(case).state == "certificates_matched"
    assert [view.finding.rule for view in selectors.gates_of(again(case))[3].open_findings] == ["D1"]


def test_a_worker_that_computed_in_an_earlier_round_notes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    analyst = person(Role.ANALYST)
    case = filed(1, run=False)
    real = gates.form

    def interrupted(read: gates.FormRead) -> gates.GateAnswer:
        monkeypatch.setattr(gates, "form", real)
        papers.classify(analyst, case.documents.get(filename="CPA certificate.pdf"), "other")
        return real(read)

    monkeypatch.setattr(gates, "form", interrupted)
    checking.run_due(case)
    assert (again(case).round, again(case).state) == (2, "received")
    assert not CheckRun.objects.filter(submission=case).exists()


def test_a_message_id_used_twice_leaves_a_trace_of_the_second_mail() -> None:
    values = valid_values(SINGLE_ELEMENT, number=5, maker=Maker("Alder Metering Ltd", "7A:01", "alder-metering.example", ""))
    first = mails.mail([("form.xlsm", form_workbook(values)), *papers_for(values)])
    other = first.replace(b"Kind regards", b"With regards")
    receipt = receiving.receive_mail(first, Receipt.Source.FOLDER).receipt
    repeat = receiving.receive_mail(other, Receipt.Source.FOLDER)
    assert repeat.repeat
    entry = audit.trail(receipt).get(verb="receipt.repeated")
    assert entry.detail["sha256"] != receipt.raw_sha256
