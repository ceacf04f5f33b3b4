"""What the gate makes of a verdict on signatures: which reasons stop a submission, and which a person may decide on.

Guidance 7.5, 8.2 and Appendix 2. The verdict itself is submissions.signature's business (docs/adr/0003).
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cpl.domain.dictionary import DataItem
from cpl.domain.entry import IMAGE_HASH
from cpl.domain.findings import Finding, Severity
from cpl.domain.form import FormReading
from cpl.workbook.refusals import shown
from submissions.signature import Code, Reason

IMAGE_CREATOR = "Manufacturer_Image.creator"
# Our own lists are out of date; or the site lets people decide on SHA-1. Neither says anything against the submitter.
DECIDED_BY_A_PERSON = frozenset({Code.CRL_UNAVAILABLE, Code.SHA1_ALLOWED})
ABOUT_THE_CREATOR = frozenset({Code.ORG_MISSING, Code.ORG_MISMATCH})
VALUES_DIFFER = "SIGNED_VALUES_DIFFER"
MOST_DIFFERENCES = 20  # named one by one


@dataclass(frozen=True, slots=True)
class Permission:
    """An organisation may sign for a creator: since when and until when (None: not ended yet), and why."""

    record: int
    creator: str
    organisation: str
    since: datetime.date
    until: datetime.date | None
    evidence: str
    agreed_by: tuple[str, ...]


def findings_of(
    reasons: Iterable[Reason], reading: FormReading, needed: bool, permission: Permission | None = None
) -> tuple[Finding, ...]:
    """A finding a reason. `needed`: the form names a Hash; without one, everything said of a signature is a note."""
    return tuple(dict.fromkeys(_finding(reason, reading, needed, permission) for reason in reasons))


def severity_of(code: Code, outcome_changes: bool) -> Severity:
    """How bad a reason is where a signature is needed."""
    if code in DECIDED_BY_A_PERSON:
        return Severity.WARNING
    return Severity.ERROR if outcome_changes or code in ABOUT_THE_CREATOR else Severity.INFO


def differences(
    keys: Iterable[str], items: Mapping[str, DataItem], values: Mapping[str, str], signed: FormReading
) -> Iterator[Finding]:
    """Data items that do not say in the signed parts what the case says (`values`); both are shown unless the item is RED."""
    for key in sorted(keys)[:MOST_DIFFERENCES]:
        item, cell = items[key], signed.cells.get(key)
        signed_value = shown(cell.value, 120) if cell is not None else "nothing"
        both = "" if item.red else f": {signed_value} was signed, {shown(values.get(key, ''), 120)} stands in the case"
        text = (
            f"{item.key} does not say in what the signature covers what was read from the workbook{both}. Treat the workbook as "
            "suspicious, and ask the creator of the image whether it was signed like this."
        )
        where = cell.cell if cell is not None else ""
        yield Finding(VALUES_DIFFER, Severity.ERROR, text, item.group, item.attribute, where, guidance="8.2")


def not_signed() -> Finding:
    """The form as a whole is missing from what was signed."""
    text = (
        "The form cannot be read from what the signature covers, although it can be read from the workbook as it came. Treat the "
        "workbook as suspicious and ask for a freshly signed copy."
    )
    group, attribute = IMAGE_HASH.split(".")
    return Finding(VALUES_DIFFER, Severity.ERROR, text, group, attribute, guidance="8.2")


def _finding(reason: Reason, reading: FormReading, needed: bool, permission: Permission | None) -> Finding:
    key = IMAGE_CREATOR if reason.code in ABOUT_THE_CREATOR else IMAGE_HASH
    cell = reading.cells.get(key)
    severity = severity_of(reason.code, reason.outcome is not None) if needed else Severity.INFO
    message = reason.message
    if permission is not None and reason.code is Code.ORG_MISMATCH:
        severity, message = Severity.INFO, _permitted(permission)
    elif not needed:
        message = f"The form names no Hash, so nothing has to be signed. Of the signature all the same: {message}"
    group, attribute = key.split(".")
    return Finding(
        reason.code.value, severity, message, group, attribute, cell.cell if cell else "", guidance=_guidance(reason, permission)
    )


def _permitted(permission: Permission) -> str:
    until = f" to {permission.until:%d/%m/%Y}" if permission.until else ""
    return (
        f"The certificate names {shown(permission.organisation, 120)}, the workbook the creator "
        f"{shown(permission.creator, 120)}. The one is authorised to sign for the other from {permission.since:%d/%m/%Y}{until}."
    )


def _guidance(reason: Reason, permission: Permission | None) -> str:
    return "7.5" if permission is not None and reason.code is Code.ORG_MISMATCH else reason.guidance
