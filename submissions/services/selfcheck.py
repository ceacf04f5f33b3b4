"""The gates for a workbook that nobody has submitted: nothing is stored. Shape of the answer: the command's `--json`."""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from cpl.domain.findings import GateResult
from submissions import gates, selectors
from submissions.domain.intake import suggest_kind
from submissions.domain.lifecycle import Gate
from submissions.gates import FormRead, GateAnswer
from submissions.services import signatures


def check(
    name: str,
    data: bytes,
    attachments: Sequence[tuple[str, bytes]],
    on: datetime.date,
    principal: int | None = None,
    with_open_cases: bool = False,
) -> dict[str, Any]:
    """Every gate over one workbook and its papers (name, bytes). `with_open_cases`: also look for duplicates between cases.

    Strangers are not told what other manufacturers have submitted, so the public self-check looks at the list alone.
    """
    read = gates.read_workbook(data, on, principal)
    answers = _answers(data, read, attachments, on, with_open_cases)
    return {
        "file": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "form": {"version": _version(read), "principal": read.rules.principal},
        "entry": read.masked,
        "gates": [_gate(answer) for answer in answers],
        "verdict": _verdict(answers),
    }


def _answers(
    data: bytes, read: FormRead, attachments: Sequence[tuple[str, bytes]], on: datetime.date, with_open_cases: bool
) -> list[GateAnswer]:
    form = gates.form(read)
    if not read.usable:
        return [form, *(gates.unreadable(gate) for gate in Gate if gate is not Gate.FORM)]
    values = read.masked
    kinds = frozenset(suggest_kind(name, data) for name, data in attachments)
    return [
        form,
        signatures.check(values, data, read, _moment(on)),
        gates.assurance(values, read.rules, kinds),
        gates.duplicates(values, selectors.open_cases() if with_open_cases else ()),
    ]


def _moment(on: datetime.date) -> datetime.datetime:
    """When the workbook would have been received: now, or at noon of another day."""
    if on == timezone.localdate():
        return timezone.now()
    return timezone.make_aware(datetime.datetime.combine(on, datetime.time(12)))


def _version(read: FormRead) -> str:
    version = read.reading.version
    return f"{version[0]}.{version[1]:03d}" if version else ""


def _gate(answer: GateAnswer) -> dict[str, Any]:
    findings = [{**asdict(finding), "severity": finding.severity.value} for finding in answer.findings]
    return {"gate": answer.gate.value, "result": answer.result.value, "findings": findings}


def _verdict(answers: Sequence[GateAnswer]) -> str:
    results = {answer.result for answer in answers}
    if GateResult.FAIL in results:
        return "fail"
    return "decide" if GateResult.DECIDE in results else "pass"
