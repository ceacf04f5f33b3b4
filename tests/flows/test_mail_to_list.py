"""One mail with two workbooks becomes version 3.000 with FIR, DZIR and mails: in this process, looked at from all sides."""

import csv
import email
import io
from email import policy
from typing import Any

import environ
import openpyxl
import pytest

from accounts.models import User
from core import audit, outbox, records, vault
from cpl.models import EntryRow, Release
from notifications.models import Message
from repositories.models import Export, FirEntry, StackRecord
from submissions import selectors
from submissions.models import Receipt, Revision, Submission
from submissions.services import deciding, receiving
from submissions.services.door import MoveRefused
from tests.flows import steps
from tests.services import Post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def post(smtp: Post, settings: Any) -> Post:
    for name, value in environ.Env.email_url_config(smtp.url).items():
        setattr(settings, name, value)
    return smtp


@pytest.fixture
def cases(post: Post) -> tuple[Submission, Submission]:
    """The two cases of the mail, after the gates have run."""
    steps.people()
    steps.take_over_list()
    receiving.receive_mail(steps.submission(), Receipt.Source.COMMAND)
    outbox.drain(strict=True)
    good, broken = Submission.objects.order_by("id")
    return good, broken


def user(name: str) -> User:
    return User.objects.get(email=f"{name}@secas.example")


def mails_to(post: Post, address: str) -> list[Any]:
    return [email.message_from_bytes(raw, policy=policy.default) for _, to, raw in post.mails if address in to]


def published(cases: tuple[Submission, Submission]) -> Release:
    """Ask, take the correction, agree, publish."""
    good, broken = cases
    steps.ask(broken.reference)
    outbox.drain(strict=True)
    question = Message.objects.get(kind="submission_question")
    receiving.receive_mail(steps.correction(question.message_id), Receipt.Source.COMMAND)
    outbox.drain(strict=True)
    for case in cases:
        steps.agree(case.reference)
    steps.publish()
    outbox.drain(strict=True)
    return Release.objects.first()


def test_good_form_passes_every_gate_by_itself_and_the_other_stops_at_three_errors(cases: tuple[Submission, Submission]) -> None:
    good, broken = cases
    assert good.state == "duplicate_checked"
    assert broken.state == "received"
    errors = selectors.gates_of(broken)[0].open_findings
    assert [(view.finding.rule, view.finding.cell.rpartition("!")[2]) for view in errors] == [
        ("F3", "G14"), ("F5", "G16"), ("F9", "G19"),
    ]  # fmt: skip
    assert all("guidance" in view.finding.message for view in errors)


def test_acknowledgement_lists_what_was_read(cases: tuple[Submission, Submission], post: Post) -> None:
    (mail,) = mails_to(post, f"certification@{steps.MAKER.domain}")
    text = mail.get_content()
    for case in cases:
        assert case.reference in text
    for name, _ in steps.papers(steps.GOOD):
        assert name in text
    assert "3 errors" in text
    assert mail["In-Reply-To"] == Receipt.objects.get().message_id


def test_the_same_mail_again_is_a_repeat(cases: tuple[Submission, Submission]) -> None:
    again = receiving.receive_mail(steps.submission(), Receipt.Source.MAILBOX)
    assert again.repeat
    assert [case.pk for case in again.submissions] == [case.pk for case in cases]
    assert Submission.objects.count() == 2
    assert Receipt.objects.count() == 1


def test_correction_by_reply_is_a_new_revision_of_its_case(cases: tuple[Submission, Submission]) -> None:
    _, broken = cases
    steps.ask(broken.reference)
    assert selectors.open_hold(broken) is not None
    question = Message.objects.get(kind="submission_question")
    assert all(cell in question.body for cell in ("G14", "G16", "G19"))
    received = receiving.receive_mail(steps.correction(question.message_id), Receipt.Source.COMMAND)
    outbox.drain(strict=True)
    assert [case.pk for case in received.submissions] or received.receipt.case == broken
    broken = Submission.objects.get(pk=broken.pk)
    assert (broken.revision_number, broken.state) == (2, "duplicate_checked")
    assert selectors.open_hold(broken) is None
    assert Submission.objects.count() == 2


def test_a_stranger_cannot_answer_for_the_submitter(cases: tuple[Submission, Submission]) -> None:
    _, broken = cases
    steps.ask(broken.reference)
    question = Message.objects.get(kind="submission_question")
    forged = steps.correction(question.message_id).replace(steps.SENDER.encode(), b"Mallory <mallory@elsewhere.example>")
    receiving.receive_mail(forged, Receipt.Source.COMMAND)
    assert Submission.objects.get(pk=broken.pk).revision_number == 1
    assert Submission.objects.count() == 3  # a case of its own, for a person to look at


def test_publication_gives_list_csv_fir_dzir_and_mails(cases: tuple[Submission, Submission], post: Post) -> None:
    release = published(cases)
    assert str(release.version) == "3.000"
    assert set(Submission.objects.values_list("state", flat=True)) == {"published"}
    numbers = list(EntryRow.objects.filter(from_serial=release.serial).values_list("number", flat=True))
    assert numbers == ["000059", "000060"]
    book = openpyxl.load_workbook(io.BytesIO(vault.read(release.workbook_sha256)))
    assert book.sheetnames[:4] == ["Version Control", "CPL - New Entry", "Central Products List", "CPL - saveable in CSV"]
    rows = list(csv.reader(io.StringIO(vault.read(release.csv_sha256).decode("utf-8-sig"))))
    assert [row[1] for row in rows[1:] if row[1] in numbers] == numbers
    exports = {export.kind: export for export in Export.objects.filter(release=release)}
    assert set(exports) == {"FIR", "DZIR"}
    dzir = openpyxl.load_workbook(io.BytesIO(vault.read(exports["DZIR"].sha256, red=True)))
    cells = [str(cell) for sheet in dzir for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert cells.count(steps.CANARY_VENDOR) == 2
    assert FirEntry.objects.filter(number__in=numbers).count() == 2
    assert set(StackRecord.objects.exclude(number="").values_list("number", flat=True)) == set(numbers)


def test_everybody_concerned_is_told(cases: tuple[Submission, Submission], post: Post, settings: Any) -> None:
    release = published(cases)
    submitter = [mail["Subject"] for mail in mails_to(post, f"certification@{steps.MAKER.domain}")]
    assert sum("is on the Central Products List" in subject for subject in submitter) == 2
    (notice,) = mails_to(post, "reader@elsewhere.example")
    assert "3.000" in notice["Subject"]
    (delivery,) = mails_to(post, settings.CPL_DCC_ADDRESS)
    attached = {part.get_filename(): part.get_payload(decode=True) for part in delivery.iter_attachments()}
    assert attached == {"CPL_v3.000.csv": vault.read(release.csv_sha256)}


def test_records_hold_after_everything(cases: tuple[Submission, Submission]) -> None:
    published(cases)
    assert audit.verify_chains() == []
    assert records.run() == []


def test_red_values_are_nowhere_but_sealed_and_in_the_dzir(cases: tuple[Submission, Submission], post: Post) -> None:
    published(cases)
    for revision in Revision.objects.all():
        assert "[RED]" in revision.values.values()
    for _, _, raw in post.mails:
        text = b"".join(part.get_payload(decode=True) or b"" for part in email.message_from_bytes(raw).walk())
        assert steps.CANARY_VENDOR.encode() not in text
        assert steps.CANARY_VERSION.encode() not in text


def test_who_worked_on_a_case_cannot_approve_it(cases: tuple[Submission, Submission]) -> None:
    good, _ = cases
    approver = user("approver")
    with pytest.raises(MoveRefused, match="Nobody has looked"):
        deciding.approve(approver, good)
    deciding.recommend(approver, good)
    with pytest.raises(MoveRefused, match="another person"):
        deciding.approve(approver, good)
    assert Submission.objects.get(pk=good.pk).change is None
