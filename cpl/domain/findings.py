"""What a check has to say: one shape for every gate, page, mail and command."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """ERROR blocks, WARNING needs a person's decision with a reason, INFO is a note."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class GateResult(StrEnum):
    """Answer of a whole gate."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    DECIDE = "decide"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: which rule, how bad, where, what is wrong and what to do about it.

    `cell` is sheet and cell ("CPL - New Entry!G15"); `guidance` the section of the CPL guidance v6.0 ("7.2.2").
    A finding about a RED data item never carries the value itself.
    """

    rule: str
    severity: Severity
    message: str
    group: str = ""
    attribute: str = ""
    cell: str = ""
    value: str = ""
    guidance: str = ""


def result_of(findings: Iterable[Finding]) -> GateResult:
    """The worst finding decides: an error fails, a warning asks for a decision, notes pass."""
    severities = {finding.severity for finding in findings}
    if Severity.ERROR in severities:
        return GateResult.FAIL
    return GateResult.DECIDE if Severity.WARNING in severities else GateResult.PASS
