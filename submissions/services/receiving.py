"""What arrives: a mail or an upload becomes a receipt, its workbooks cases, its papers documents. Nothing is lost."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import access
from accounts.models import Organisation, User
from core import audit, isolation, vault
from cpl.domain.findings import Finding, Severity
from notifications.models import Message
from submissions.domain.intake import Attachment, MailReading, is_form, read_mail
from submissions.models import Receipt, Submission
from submissions.services import acknowledging, door, opening, revising
from submissions.services.opening import ReadForm

ATTEMPTS = 5
READ_IN_CHILD = "submissions.domain.intake:vet"


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one mail or upload. `repeat`: it had arrived before, and nothing was added."""

    receipt: Receipt
    repeat: bool
    submissions: tuple[Submission, ...]


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Everything known of an arrival before the database is touched."""

    raw_sha256: str
    mail: MailReading
    forms: tuple[ReadForm, ...]
    papers: tuple[Attachment, ...]
    source: str
    received_at: datetime
    received_by: User | None
    problems: tuple[Finding, ...]


def receive_mail(raw: bytes, source: str, *, received_by: User | None = None, received_at: datetime | None = None) -> Received:
    """Take in one message as it came (RFC 5322 bytes). Same Message-ID or same bytes: a repeat. Raises nothing for bad mail."""
    sha256 = hashlib.sha256(raw).hexdigest()
    if known := Receipt.objects.filter(raw_sha256=sha256).first():
        return _repeat(known, sha256)
    vault.put(raw, red=True)
    mail, problems = _read(raw)
    if mail.message_id and (known := Receipt.objects.filter(message_id=mail.message_id[:250]).first()):
        return _repeat(known, sha256)
    at = received_at or timezone.now()
    forms = tuple(opening.read_form(file, at) for file in mail.attachments if is_form(file.name, file.data))
    papers = tuple(file for file in mail.attachments if not is_form(file.name, file.data))
    for file in papers:
        vault.put(file.data)
    return _enter(_Arrival(sha256, mail, forms, papers, source, at, received_by, problems))


def receive_upload(
    actor: User, submitter: str, files: Sequence[tuple[str, bytes]], *, submitter_name: str = "", subject: str = ""
) -> Received:
    """Take in files that reached SECAS some other way, as if SUBMITTER had mailed them. The same files again are a repeat."""
    access.require(actor, access.Action.WORK_CASES)
    raw = _as_mail(submitter, submitter_name, subject, files)
    return receive_mail(raw, Receipt.Source.UPLOAD, received_by=actor)


def receive_corrected(actor: User, case: Submission, name: str, data: bytes) -> Submission:
    """Take in a corrected workbook that reached SECAS some other way as the next revision of an open case.

    It gets a receipt of its own, as if the submitter had mailed it. Raises MoveRefused for what is no workbook or nothing new.
    """
    access.require(actor, access.Action.WORK_CASES, case)
    door.require_open(case)
    if not is_form(name, data):
        raise door.MoveRefused(f"{name} is not an Excel workbook. Papers are attached to the case instead.")
    arrival = _corrected(actor, case, name, data)
    with transaction.atomic(durable=True):
        case = door.locked(case)
        if case.revisions.get(number=case.revision_number).workbook_sha256 == arrival.forms[0].file.sha256:
            raise door.MoveRefused(f"{name} is the workbook that the case has already, byte for byte.")
        receipt = _receipt(arrival)
        receipt.outcome, receipt.case = Receipt.Outcome.REPLY, case
        receipt.save(update_fields=["outcome", "case"])
        audit.record(actor, "receipt.received", receipt, outcome=receipt.outcome, case=case.reference)
        revising.end_hold(case, actor, "a corrected workbook was uploaded")
        revising.new_revision(case, receipt, arrival.forms[0], actor)
    return case


def _corrected(actor: User, case: Submission, name: str, data: bytes) -> _Arrival:
    """Read before the database is touched. The number of revisions in the subject tells a second upload of old bytes apart."""
    subject = f"Corrected workbook {case.revisions.count() + 1} for {case.reference}"
    raw = _as_mail(case.submitter, case.submitter_name, subject, [(name, data)])
    sha256, mail, at = vault.put(raw, red=True), read_mail(raw), timezone.now()
    forms = tuple(opening.read_form(file, at) for file in mail.attachments)
    return _Arrival(sha256, mail, forms, (), Receipt.Source.UPLOAD, at, actor, mail.problems)


def handle(actor: User, receipt: Receipt, remark: str) -> None:
    """Note that somebody dealt with what no case took over."""
    access.require(actor, access.Action.WORK_CASES)
    if not remark.strip():
        raise door.MoveRefused("Write down what you did about it; it is kept with the receipt.")
    with transaction.atomic(durable=True):
        Receipt.objects.filter(pk=receipt.pk, handled_at__isnull=True).update(handled_at=timezone.now())
        audit.record(actor, "receipt.handled", receipt, remark=remark.strip())


def _read(raw: bytes) -> tuple[MailReading, tuple[Finding, ...]]:
    """Read a mail here only after a child process with limits has got through it."""
    trial = isolation.run(READ_IN_CHILD, raw)
    if trial.ok:
        mail = read_mail(raw)
        return mail, mail.problems
    text = f"The mail could not be read. {trial.reason} It is kept as it came; ask the sender to send it again."
    return MailReading(unreadable=True), (Finding("M1", Severity.ERROR, text, guidance="7.8"),)


def _enter(arrival: _Arrival) -> Received:
    """Receipt, cases, documents, audit and events in one transaction; again from the start when somebody took our number."""
    for _ in range(ATTEMPTS):
        with suppress(IntegrityError), transaction.atomic(durable=True):
            return _write(arrival)
        if known := Receipt.objects.filter(raw_sha256=arrival.raw_sha256).first():
            return _repeat(known, arrival.raw_sha256)
    with transaction.atomic(durable=True):
        return _write(arrival)


def _write(arrival: _Arrival) -> Received:
    receipt = _receipt(arrival)
    answered = _answered_case(arrival.mail, receipt.sender)
    if answered is not None:
        return Received(receipt, False, tuple(_add_reply(arrival, receipt, answered)))
    cases = [_open(receipt, form, arrival.papers, arrival.received_by) for form in arrival.forms]
    receipt.outcome = _outcome(arrival, cases)
    receipt.save(update_fields=["outcome"])
    audit.record(arrival.received_by, "receipt.received", receipt, outcome=receipt.outcome, sha256=receipt.raw_sha256)
    acknowledging.acknowledge(receipt, arrival.mail, cases, arrival.forms, arrival.papers)
    return Received(receipt, False, tuple(cases))


def _receipt(arrival: _Arrival) -> Receipt:
    mail = arrival.mail
    return Receipt.objects.create(
        source=arrival.source,
        outcome=Receipt.Outcome.UNREADABLE,
        raw_sha256=arrival.raw_sha256,
        message_id=mail.message_id[:250] or None,
        sender=mail.sender[:254],
        sender_name=mail.sender_name[:200],
        subject=mail.subject[:300],
        body=mail.body,
        problems=[
            {"rule": problem.rule, "severity": problem.severity.value, "message": problem.message} for problem in arrival.problems
        ],
        received_at=arrival.received_at,
        received_by=arrival.received_by,
    )


def _open(receipt: Receipt, form: ReadForm, papers: Iterable[Attachment], actor: User | None) -> Submission:
    case = opening.open_case(receipt, form)
    added = opening.add_documents(case, receipt, list(papers))
    entry = audit.record(
        actor, "case.received", case, workbook=form.file.sha256, documents=[document.sha256 for document in added]
    )
    door.announce(case, entry)
    return case


def _add_reply(arrival: _Arrival, receipt: Receipt, case: Submission) -> list[Submission]:
    """A reply to one of our mails: its papers and its workbook belong to that case; further workbooks are new cases."""
    case = door.locked(case)
    receipt.outcome, receipt.case = Receipt.Outcome.REPLY, case
    receipt.save(update_fields=["outcome", "case"])
    audit.record(arrival.received_by, "receipt.received", receipt, outcome=receipt.outcome, case=case.reference)
    first, further = arrival.forms[:1], arrival.forms[1:]
    revising.take_reply(case, receipt, first[0] if first else None, list(arrival.papers))
    cases = [case, *(_open(receipt, form, arrival.papers, arrival.received_by) for form in further)]
    acknowledging.acknowledge(receipt, arrival.mail, cases, arrival.forms, arrival.papers)
    return cases


def _answered_case(mail: MailReading, sender: str) -> Submission | None:
    """The open case that a mail answers: by our own mail's Message-ID or by the reference, from the submitter's side only."""
    names = Message.objects.filter(message_id__in=mail.references, regarding__startswith="submission:")
    wanted = {name.removeprefix("submission:") for name in names.values_list("regarding", flat=True)}
    if not wanted and mail.reference:
        wanted = {mail.reference}
    for case in Submission.objects.filter(reference__in=wanted).order_by("-id"):
        organisation = Organisation.objects.of_address(sender)
        same_side = sender.lower() == case.submitter.lower() or (organisation is not None and organisation == case.organisation)
        if case.is_open and same_side:
            return case
    return None


def _outcome(arrival: _Arrival, cases: list[Submission]) -> str:
    if cases:
        return Receipt.Outcome.CASES
    return Receipt.Outcome.UNREADABLE if arrival.mail.unreadable else Receipt.Outcome.NO_WORKBOOK


def _repeat(receipt: Receipt, sha256: str) -> Received:
    """Say so and add nothing; the name of the bytes is kept, for they may be others under the same Message-ID."""
    with transaction.atomic():
        audit.record(None, "receipt.repeated", receipt, sha256=sha256)
    return Received(receipt, True, tuple(receipt.submissions.order_by("id")))


def _as_mail(submitter: str, name: str, subject: str, files: Sequence[tuple[str, bytes]]) -> bytes:
    """One message that holds the files, without date and with a fixed boundary: the same files make the same bytes."""
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((name, submitter))
    message["Subject"] = subject or "Upload"
    message.set_content("Uploaded by SECAS.\n")
    for filename, data in files:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=filename)
    digest = hashlib.sha256("".join(hashlib.sha256(data).hexdigest() for _, data in files).encode()).hexdigest()
    if files:
        message.set_boundary(f"upload-{digest[:40]}")
    return message.as_bytes()
