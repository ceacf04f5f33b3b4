"""What was read from the New Entry tab of one workbook, before any rule is applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cpl.domain.findings import Finding


class CellKind(StrEnum):
    """How the workbook stores the cell; only TEXT is what a form should hold."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"  # a number in a date or time format
    BOOLEAN = "boolean"
    ERROR = "error"
    FORMULA = "formula"


@dataclass(frozen=True, slots=True)
class FormCell:
    """The answer to one data item: exact text as stored (no trimming), its cell ("CPL - New Entry!G15") and how it is stored."""

    key: str
    cell: str
    value: str
    kind: CellKind = CellKind.TEXT


@dataclass(frozen=True, slots=True)
class FormReading:
    """One reading of a form. `refusals` (rule F1, package rules P…) say why it cannot be used; then `cells` may be empty."""

    cells: Mapping[str, FormCell] = field(default_factory=dict)
    missing: tuple[str, ...] = ()  # keys of data items with no row on the tab
    refusals: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()  # what a person should know about the file (rules P16 and P20); they do not stop the form
    version: tuple[int, int] | None = None  # from 'CPL - New Entry'!A2, e.g. (3, 12)
    version_label: str = ""
    sheet: str = ""
    signed: bool = False  # the package holds digital signature parts (says nothing about their worth)
    macro: bool = False


@dataclass(frozen=True, slots=True)
class FormCheck:
    """Normalised values by key (every data item of the rule set, "" where empty) and what was found."""

    values: Mapping[str, str]
    findings: tuple[Finding, ...]
