"""Papers of a case: attaching, classifying and opening them. Opening RED is on record before the first byte is read."""

import hashlib
from collections.abc import Sequence

from django.db import transaction

from accounts import access
from accounts.access import Action
from accounts.models import User
from certificates.domain.requirements import DocumentKind
from core import audit, vault
from repositories.services import ReasonNeeded, reveal
from submissions.domain.attachments import container
from submissions.domain.intake import Attachment, is_form, read_mail
from submissions.models import Document, Receipt, Revision, Submission
from submissions.services import door, revising
from submissions.services.door import MoveRefused

LONGEST_NAME = 200


def attach(actor: User, case: Submission, files: Sequence[tuple[str, bytes, str]]) -> list[Document]:
    """Add files (name, bytes, kind) to an open case and have it checked again. A New Entry workbook is not a paper: it is RED."""
    access.require(actor, Action.WORK_CASES, case)
    _require_papers(files)
    for _, data, _ in files:
        vault.put(data)
    with transaction.atomic(durable=True):
        case = door.locked(case)
        door.require_open(case)
        added = [document for name, data, kind in files if (document := _add(actor, case, name, data, DocumentKind(kind)))]
        if added:
            audit.record(actor, "case.papers_added", case, documents=[document.sha256 for document in added])
            revising.check_again(case, actor, "papers were attached")
    return added


def classify(actor: User, document: Document, kind: str) -> None:
    """Say what a paper is; the case is checked again."""
    access.require(actor, Action.WORK_CASES, document.submission)
    with transaction.atomic(durable=True):
        case = door.locked(document.submission)
        door.require_open(case)
        before = Document.objects.get(pk=document.pk)
        Document.objects.filter(pk=document.pk).update(kind=DocumentKind(kind).value, classified_by=actor)
        audit.record(actor, "case.paper_classified", case, document=document.sha256, before=before.kind, after=kind)
        if before.kind != kind:
            revising.check_again(case, actor, "a paper was classified")


def read(actor: User, document: Document) -> bytes:
    """The bytes of a paper, for whoever may read the case."""
    access.require(actor, Action.READ_CASE, document.submission)
    return vault.read(document.sha256, known_as=document.filename)


def open_workbook(actor: User, revision: Revision, reason: str) -> bytes:
    """A submitted workbook exactly as it came (RED); who and why are on record before it is opened."""
    access.require(actor, Action.OPEN_RAW, revision.submission)
    if not reason.strip():
        raise ReasonNeeded("Say why you need the workbook itself; the reason is kept with your name.")
    with transaction.atomic(durable=True):
        audit.record(actor, "red.opened", revision, workbook=revision.workbook_sha256, reason=reason.strip())
    return vault.read(revision.workbook_sha256, red=True, known_as=revision.filename)


def open_receipt(actor: User, receipt: Receipt, reason: str) -> bytes:
    """A mail or upload exactly as it came (RED: it carries the forms); who and why are on record before it is opened."""
    access.require(actor, Action.OPEN_RAW, receipt.case)
    if not reason.strip():
        raise ReasonNeeded("Say why you need the mail itself; the reason is kept with your name.")
    with transaction.atomic(durable=True):
        audit.record(actor, "red.opened", receipt, raw=receipt.raw_sha256, reason=reason.strip())
    return vault.read(receipt.raw_sha256, red=True, known_as=f"receipt-{receipt.pk}.eml")


def reveal_stack(actor: User, revision: Revision, reason: str) -> tuple[str, str]:
    """ZigBee stack vendor and version of a revision (RED), with a reason on record."""
    if revision.stack is None:
        access.require(actor, Action.REVEAL_RED)
        return "", ""
    return reveal(actor, revision.stack, reason)


def _require_papers(files: Sequence[tuple[str, bytes, str]]) -> None:
    if not files:
        raise MoveRefused("Choose at least one file.")
    for name, data, _ in files:
        if not data:
            raise MoveRefused(f"The file {name} is empty.")
        if is_form(name, data):
            raise MoveRefused(
                f"{name} looks like a workbook. A corrected New Entry workbook is taken in as a new revision of the case; it "
                "holds RED values and cannot be a paper."
            )
        if _may_hold_a_form(name, data):
            raise MoveRefused(
                f"{name} is an archive or a mail with a workbook in it, and a New Entry workbook holds RED values. Attach the "
                "papers one by one; take a workbook in as a new revision."
            )


def _may_hold_a_form(name: str, data: bytes) -> bool:
    """Archives, and mails that bring a workbook along: what is in them would be kept outside the RED area."""
    if container(name, "", data) or b"xl/workbook" in data and not name.lower().endswith(".pdf"):
        return True
    return name.lower().endswith(".eml") and any(is_form(file.name, file.data) for file in read_mail(data).attachments)


def _add(actor: User, case: Submission, name: str, data: bytes, kind: DocumentKind) -> Document | None:
    file = Attachment(name=name[:LONGEST_NAME], content_type="", data=data, sha256=hashlib.sha256(data).hexdigest())
    if case.documents.filter(sha256=file.sha256).exists():
        return None
    return Document.objects.create(
        submission=case,
        kind=kind.value,
        filename=file.name,
        content_type=file.content_type,
        sha256=file.sha256,
        size=len(data),
        added_by=actor,
        classified_by=actor,
    )
