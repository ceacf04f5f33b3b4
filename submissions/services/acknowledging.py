"""The mail that tells a sender what was read from what they sent (guidance 7.8). Never RED, never to a machine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from core import audit
from cpl.domain.findings import Severity
from notifications import services as notifications
from submissions.domain.intake import Attachment, MailReading, suggest_kind
from submissions.models import Receipt, Submission
from submissions.services.opening import ReadForm


@dataclass(frozen=True, slots=True)
class _FormLine:
    """What the mail says of one workbook."""

    filename: str
    reference: str
    device: str
    sha256: str
    errors: int
    warnings: int
    signed: bool


def acknowledge(
    receipt: Receipt, mail: MailReading, cases: Sequence[Submission], forms: Sequence[ReadForm], papers: Iterable[Attachment]
) -> None:
    """Queue the acknowledgement in the caller's transaction; a sender that cannot be answered is noted, not an error."""
    if mail.automatic or not receipt.sender:
        return
    references = {case.revisions.get(number=case.revision_number).workbook_sha256: case.reference for case in cases}
    subject, body = notifications.render(
        "submission_received",
        receipt=receipt,
        forms=[_form_line(form, references.get(form.file.sha256, "")) for form in forms],
        papers=[(file.name, suggest_kind(file.name, file.data).label, file.sha256) for file in papers],
        problems=receipt.problems,
        reply=receipt.outcome == Receipt.Outcome.REPLY,
        case=cases[0] if cases else None,
    )
    try:
        notifications.queue(
            "submission_received",
            receipt.sender,
            subject,
            body,
            dedupe_key=f"submission_received:{receipt.raw_sha256}",
            regarding=cases[0].audit_name if len(cases) == 1 else receipt.audit_name,
            in_reply_to=mail.message_id,
        )
    except ValidationError:
        audit.record(None, "receipt.unanswerable", receipt, sender=receipt.sender)


def _form_line(form: ReadForm, reference: str) -> _FormLine:
    read = form.read
    severities = [finding.severity for finding in read.findings]
    names = ("Device_Type.name", "Device_Model.manufacturer_identifier", "Device_Model.model_identifier")
    firmware = read.values.get("Device_Model.firmware_version", "")
    device = " ".join(filter(None, (read.values.get(name, "") for name in names)))
    return _FormLine(
        filename=form.file.name,
        reference=reference,
        device=f"{device}, firmware {firmware}" if firmware else device,
        sha256=form.file.sha256,
        errors=severities.count(Severity.ERROR),
        warnings=severities.count(Severity.WARNING),
        signed=read.reading.signed,
    )
