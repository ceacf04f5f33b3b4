"""Whatever arrives: a clear message, a case or a receipt for a person to look at, and every byte kept."""

import hashlib
from typing import Any

import pytest

from core import outbox, vault
from notifications.models import Message
from submissions import selectors
from submissions.models import Receipt, Submission
from submissions.services import receiving
from tests.builders import mails, pdfs
from tests.builders.values import HUB, valid_values
from tests.builders.workbooks import NEW_ENTRY, form_workbook, password_protected, truncated, with_bomb

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = valid_values(HUB, number=301)
SENDER = "Robin Winter <robin.winter@alder-metering.example>"


def receive(*files: tuple[str, bytes], **more: Any) -> Receipt:
    raw = mails.mail(files, sender=SENDER, **more)
    receipt = receiving.receive_mail(raw, Receipt.Source.COMMAND).receipt
    outbox.drain(strict=True)
    assert vault.read(hashlib.sha256(raw).hexdigest(), red=True) == raw
    return receipt


WORKBOOKS = {
    "truncated": (truncated(form_workbook(GOOD)), "damaged"),
    "bomb": (with_bomb(form_workbook(GOOD)), "unpack"),
    "password": (password_protected(), "password"),
    "two forms": (form_workbook(GOOD, second_form="CPL \N{EN DASH} New Entry"), "more than one tab"),
    "renamed tab": (form_workbook(GOOD, sheet_name="CPL New Entry"), "renamed"),
    "not a zip": (b"PK but no zip at all" * 50, ""),
    "plain xlsx": (form_workbook(GOOD, macro_type=False), ".xlsm"),
    "old form": (form_workbook({}, (2, 51), label_in_a2=True), "3.000"),
}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_broken_workbook_becomes_a_case_that_says_what_is_wrong(name: str) -> None:
    data, word = WORKBOOKS[name]
    receive(("form.xlsm", data), ("letter.pdf", pdfs.ncsc_letter(GOOD)))
    case = Submission.objects.get()
    assert case.state == "received"
    (form, *_) = selectors.gates_of(case)
    assert form.status == "fail"
    message = " ".join(view.finding.message for view in form.open_findings)
    assert word in message
    assert len(message) > 40
    assert vault.read(case.revisions.get().workbook_sha256, red=True) == data
    assert case.documents.get().filename == "letter.pdf"
    acknowledgement = Message.objects.get()
    assert case.reference in acknowledgement.subject
    assert "form.xlsm" in acknowledgement.body


def test_empty_mail_waits_for_a_person() -> None:
    receipt = receive(subject="", body="\n")
    assert receipt.outcome == Receipt.Outcome.NO_WORKBOOK
    assert list(selectors.unhandled_receipts()) == [receipt]
    assert "no New Entry workbook" in Message.objects.get().body


def test_workbook_without_a_byte_is_no_form_and_its_mail_waits_for_a_person() -> None:
    receipt = receive(("form.xlsm", b""))
    assert list(selectors.unhandled_receipts()) == [receipt]
    assert "no New Entry workbook" in Message.objects.get().body


def test_no_bytes_at_all_and_garbage_are_kept() -> None:
    for raw in (b"", b"\0" * 1000, b"\xff\xfe nonsense"):
        receipt = receiving.receive_mail(raw, Receipt.Source.FOLDER).receipt
        assert receipt.outcome in {Receipt.Outcome.NO_WORKBOOK, Receipt.Outcome.UNREADABLE}
        assert vault.read(receipt.raw_sha256, red=True) == raw
    outbox.drain(strict=True)
    assert not Message.objects.exists()  # nobody to answer


def test_thirty_megabytes_of_paper_come_through() -> None:
    scan = pdfs.ncsc_letter(GOOD) + b"\n%" + bytes(range(256)) * (30 * 4096)
    receive(("form.xlsm", form_workbook(GOOD)), ("scan.pdf", scan))
    case = Submission.objects.get()
    document = case.documents.get()
    assert document.size == len(scan) > 30 * 1024 * 1024
    assert vault.read(document.sha256) == scan
    assert case.state != "received"


def test_a_mail_beyond_every_limit_is_kept_and_said_so() -> None:
    raw = mails.mail([("huge.bin", b"x" * (50 * 1024 * 1024))], sender=SENDER)
    receipt = receiving.receive_mail(raw, Receipt.Source.COMMAND).receipt
    assert receipt.outcome in {Receipt.Outcome.UNREADABLE, Receipt.Outcome.NO_WORKBOOK}
    assert receipt.problems
    assert vault.exists(receipt.raw_sha256, red=True)


def test_a_machine_is_not_answered() -> None:
    receive(("form.xlsm", form_workbook(GOOD)), headers=[("Auto-Submitted", "auto-replied")])
    assert Submission.objects.count() == 1
    assert not Message.objects.exists()


def test_the_form_with_another_tab_next_to_it_is_fine() -> None:
    receive(("form.xlsm", form_workbook(GOOD, extra_sheets=["Notes"], sheet_name=NEW_ENTRY)))
    assert Submission.objects.get().state != "received"
