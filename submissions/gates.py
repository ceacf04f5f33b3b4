"""The four gates as questions to stored bytes and reference data: nothing is written here, so the self-check asks them too."""

import datetime
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from certificates import selectors as certificates
from certificates.domain.requirements import DocumentKind, check_documents
from cpl import selectors as cpl
from cpl.domain.dictionary import RuleSet
from cpl.domain.findings import Finding, GateResult, Severity, result_of
from cpl.domain.form import FormReading
from cpl.domain.validate import path_numbers, validate
from cpl.workbook.read import read_form
from submissions.domain.duplicates import OpenCase, check_duplicates
from submissions.domain.lifecycle import Gate
from submissions.domain.signature_findings import IMAGE_CREATOR, differences, findings_of, not_signed
from submissions.signature import verified_package
from submissions.signing import SignatureBasis, judge

RED_VALUE = "[RED]"
IMAGE_HASH = "Manufacturer_Image.hash"
STACK_VENDOR = "Device_ZigBee_Information_Repository.Stack_Vendor"
STACK_VERSION = "Device_ZigBee_Information_Repository.Stack_Version"


@dataclass(frozen=True, slots=True)
class FormRead:
    """One workbook as it was read: `values` by key, normalised, RED ones included; `findings` never show those."""

    reading: FormReading
    values: Mapping[str, str]
    findings: tuple[Finding, ...]
    rules: RuleSet

    @property
    def masked(self) -> dict[str, str]:
        """The values as everybody who works on the case sees them: "[RED]" in place of what is RED."""
        return masked(self.values, self.rules)

    @property
    def stack(self) -> tuple[str, str]:
        """ZigBee stack vendor and version (RED)."""
        return self.values.get(STACK_VENDOR, ""), self.values.get(STACK_VERSION, "")

    @property
    def usable(self) -> bool:
        """Whether the field rules could run at all."""
        return not self.reading.refusals


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What one gate says."""

    gate: Gate
    result: GateResult
    findings: tuple[Finding, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)  # JSON, kept with the run; never RED


def read_workbook(data: bytes, on: datetime.date, principal: int | None = None) -> FormRead:
    """Read and check the New Entry tab of a submission. `on`: the day of receipt, London time."""
    return read_by(data, cpl.current_rules(on, principal), on)


def read_by(data: bytes, rules: RuleSet, on: datetime.date) -> FormRead:
    """The same by rules that are known already."""
    reading = read_form(data, rules)
    targets = cpl.listed(path_numbers({key: cell.value for key, cell in reading.cells.items()}))
    check = validate(reading, rules, on, targets)
    return FormRead(reading, check.values, check.findings, rules)


def masked(values: Mapping[str, str], rules: RuleSet) -> dict[str, str]:
    """Values with "[RED]" in place of every RED one that is filled in."""
    red = {item.key for item in rules.items if item.red}
    return {key: RED_VALUE if key in red and value else value for key, value in values.items()}


def seal_of(values: Mapping[str, str], workbook_sha256: str) -> str:
    """SHA-256 (hex) over the canonical JSON of masked values and the workbook's hash, which stands for the RED ones too."""
    content = {"values": dict(values), "workbook": workbook_sha256}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def form(read: FormRead) -> GateAnswer:
    """Guidance 8, step 1: the form can be read and every data item holds what it may hold."""
    return _answer(Gate.FORM, read.findings)


def needs_no_signature(values: Mapping[str, str], signed: bool) -> bool:
    """Whether there is nothing to verify: no Hash to vouch for and no signature to speak about (guidance 7.5)."""
    return not signed and not values.get(IMAGE_HASH, "").strip()


def signature(values: Mapping[str, str], data: bytes, read: FormRead, basis: SignatureBasis) -> GateAnswer:
    """Guidance 7.5 and 8, step 2: a Manufacturer Image is vouched for by its creator's digital signature.

    `values`: those of the case; they must be what the signed parts of the workbook say. `data`, `read`: the workbook as it came.
    Without a Hash everything is a note.
    """
    if needs_no_signature(values, read.reading.signed):
        return GateAnswer(Gate.SIGNATURE, GateResult.NOT_APPLICABLE)
    needed = bool(values.get(IMAGE_HASH, "").strip())
    judged = judge(data, values.get(IMAGE_CREATOR, ""), read.reading.signed, basis)
    findings = findings_of(judged.reasons, read.reading, needed, judged.permission)
    if judged.verdict.intact:
        signed_form = read_by(verified_package(data, judged.verdict, judged.policy), read.rules, basis.on)
        differing = differing_keys(values, read, signed_form)
        found = differences(differing, read.rules.by_key, values, signed_form.reading) if signed_form.usable else [not_signed()]
        findings += tuple(found) if needed else tuple(replace(finding, severity=Severity.INFO) for finding in found)
    return GateAnswer(Gate.SIGNATURE, result_of(findings) if needed else GateResult.NOT_APPLICABLE, findings, judged.detail)


def differing_keys(values: Mapping[str, str], read: FormRead, signed: FormRead) -> frozenset[str]:
    """Data items that what was signed gives otherwise than the case or the workbook as it came; RED ones are compared too."""
    said, keys = signed.masked, values.keys() | signed.values.keys() | read.reading.cells.keys() | signed.reading.cells.keys()
    cells = [{key: (cell.value, cell.kind) for key, cell in reading.cells.items()} for reading in (read.reading, signed.reading)]
    return frozenset(
        key for key in keys if values.get(key, "") != said.get(key, "") or cells[0].get(key) != cells[1].get(key)
    )  # fmt: skip


def assurance(
    values: Mapping[str, str], rules: RuleSet, kinds: Collection[DocumentKind], from_supplier: bool = False
) -> GateAnswer:
    """Guidance 7.6, 7.7 and Table 6: the papers that this Device Model needs are there."""
    in_use = certificates.in_use(values)
    found = check_documents(values, rules, kinds, cpa_in_use=in_use, from_supplier=from_supplier)
    return _answer(Gate.CERTIFICATES, found)


def duplicates(values: Mapping[str, str], others: Sequence[OpenCase]) -> GateAnswer:
    """Guidance 8.4: the Device Model is neither on the list nor in another open case."""
    return _answer(Gate.DUPLICATES, check_duplicates(values, cpl.neighbours(dict(values)), cpl.makers(values), others))


def unreadable(gate: Gate) -> GateAnswer:
    """The answer of a later gate when the form itself could not be read."""
    text = "Not checked, because the form could not be read."
    return GateAnswer(gate, GateResult.NOT_APPLICABLE, (Finding("F1", Severity.INFO, text, guidance="8"),))


def _answer(gate: Gate, findings: tuple[Finding, ...]) -> GateAnswer:
    return GateAnswer(gate, result_of(findings), tuple(findings))
