"""Making cases and revisions from workbooks. RED is split off here: the two stack values go to the repositories, sealed."""

import datetime
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import Organisation
from core import vault
from cpl import selectors as cpl
from cpl.domain.entry import device_key, formal_name
from cpl.domain.form import CellKind
from repositories.services import hold_stack
from submissions import gates
from submissions.domain.intake import Attachment, suggest_kind
from submissions.gates import FormRead
from submissions.models import Document, Receipt, Revision, Submission

_COLUMNS = {  # of a case, by data item
    "device_type": "Device_Type.name",
    "manufacturer": "Device_Model.manufacturer_identifier",
    "model": "Device_Model.model_identifier",
    "firmware": "Device_Model.firmware_version",
}


@dataclass(frozen=True, slots=True)
class ReadForm:
    """A workbook that arrived, read and kept in the vault's RED area."""

    file: Attachment
    read: FormRead


def read_form(file: Attachment, received_at: datetime.datetime) -> ReadForm:
    """Keep the bytes and read them, before any transaction."""
    vault.put(file.data, red=True)
    return ReadForm(file, gates.read_workbook(file.data, timezone.localdate(received_at)))


def open_case(receipt: Receipt, form: ReadForm) -> Submission:
    """A new case with its first revision, inside the caller's transaction. A taken reference raises IntegrityError."""
    case = Submission(
        reference=_next_reference(receipt.received_at),
        receipt=receipt,
        submitter=receipt.sender,
        submitter_name=receipt.sender_name,
        organisation=Organisation.objects.of_address(receipt.sender),
        received_at=receipt.received_at,
    )
    _describe(case, form.read)
    case.save()
    add_revision(case, receipt, form, 1)
    return case


def add_revision(case: Submission, receipt: Receipt, form: ReadForm, number: int) -> Revision:
    """Revision NUMBER of a case; the case itself is brought up to date but not saved."""
    values = form.read.masked
    vendor, version = form.read.stack
    origin = f"submission:{case.reference}/{number}"
    _describe(case, form.read)
    case.revision_number = number
    return Revision.objects.create(
        submission=case,
        number=number,
        receipt=receipt,
        filename=form.file.name,
        workbook_sha256=form.file.sha256,
        size=len(form.file.data),
        form_version=_version_text(form.read),
        signed=form.read.reading.signed,
        values=values,
        cells={key: cell.cell for key, cell in form.read.reading.cells.items()},
        stack=hold_stack(origin, vendor, version) if vendor or version else None,
        rules=cpl.remembered(form.read.rules),
        seal=gates.seal_of(values, form.file.sha256),
        created_at=timezone.now(),
    )


def add_documents(case: Submission, receipt: Receipt | None, files: list[Attachment], **more: object) -> list[Document]:
    """Papers of a case; one whose bytes it already has is not added again. `files` are in the vault already."""
    known = set(case.documents.values_list("sha256", flat=True))
    added = []
    for file in files:
        if file.sha256 in known:
            continue
        known.add(file.sha256)
        fields = {"kind": suggest_kind(file.name, file.data).value, **more}
        added.append(
            Document.objects.create(
                submission=case,
                receipt=receipt,
                filename=file.name,
                content_type=file.content_type[:100],
                sha256=file.sha256,
                size=len(file.data),
                **fields,
            )
        )
    return added


def _describe(case: Submission, read: FormRead) -> None:
    """The case says what its workbook says. A name that somebody gave it stays as long as it is about the same model."""
    model, name = (case.manufacturer, case.model), case.plain_name
    for field, key in _COLUMNS.items():
        length = Submission._meta.get_field(field).max_length
        cell = read.reading.cells.get(key)
        mangled = cell is not None and cell.kind is not CellKind.TEXT  # a number of Excel's would name no device
        setattr(case, field, "" if mangled else read.values.get(key, "").strip()[:length])
    case.device_key = device_key(read.values) if read.usable else ""
    if not name or model != (case.manufacturer, case.model):
        name = cpl.plain_name_of(case.device_type, case.manufacturer, case.model)
    case.designation = (name or formal_name(case.device_type, case.manufacturer, case.model)) if read.usable else ""


def _version_text(read: FormRead) -> str:
    version = read.reading.version
    return f"{version[0]}.{version[1]:03d}"[:10] if version else ""


def _next_reference(received_at: datetime.datetime) -> str:
    """SUB-2026-0001 and on, by year of receipt; a fifth digit when a year needs one."""
    prefix = f"SUB-{timezone.localdate(received_at).year}-"
    numbers = Submission.objects.filter(reference__startswith=prefix).values_list("reference", flat=True)
    last = max((int(reference.removeprefix(prefix)) for reference in numbers), default=0)
    return f"{prefix}{last + 1:04d}"
