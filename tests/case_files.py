"""Cases as they come about: a mail with workbook and papers is received, and the site does what follows by itself."""

from typing import Any

from core import outbox
from tests.builders import mails, pdfs
from tests.builders.values import valid_values
from tests.builders.workbooks import form_workbook

VENDOR, VERSION = "Canary Radio Works", "CANARY-77.1"
RED = {
    "Device_ZigBee_Information_Repository.Stack_Vendor": VENDOR,
    "Device_ZigBee_Information_Repository.Stack_Version": VERSION,
}


def device(number: int = 1, **overrides: str) -> dict[str, str]:
    """Values of a form that passes, with RED values that are easy to look for."""
    return valid_values(number=number, **RED, **overrides)


def papers_for(values: dict[str, str]) -> list[tuple[str, bytes]]:
    """Every paper that the device needs."""
    return [
        ("CPA certificate.pdf", pdfs.cpa_certificate(values)),
        ("NCSC letter risk review.pdf", pdfs.ncsc_letter(values)),
        ("ZigBee certificate.pdf", pdfs.zse_certificate(values)),
        ("DLMS certificate.pdf", pdfs.dlms_certificate(values)),
        ("Release notes.pdf", pdfs.release_notes(values)),
    ]


def filed(
    number: int = 1, *, without: tuple[str, ...] = (), run: bool = True, values: dict[str, str] | None = None, **mail: Any
) -> Any:
    """A case that arrived by mail. `without`: file names of papers left out; `run`: deliver what waits, so gates have run."""
    from submissions.services import receiving

    values = values or device(number)
    papers = [paper for paper in papers_for(values) if paper[0] not in without]
    raw = mails.mail([(f"Submission {number}.xlsm", form_workbook(values)), *papers], seed=f"filed {number}", **mail)
    received = receiving.receive_mail(raw, "mailbox")
    if run:
        outbox.drain(strict=True)
    [case] = received.submissions
    return again(case)


def again(case: Any) -> Any:
    """The case as the database has it now."""
    from submissions.models import Submission

    return Submission.objects.get(pk=case.pk)
