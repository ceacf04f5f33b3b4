"""The same form before the server's rules and before the macro: what each has to say about each data item."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cpl.dictionary import load
from cpl.domain.dictionary import RuleSet
from cpl.domain.entry import CURRENT, ListedEntry
from cpl.domain.findings import Severity
from cpl.domain.form import CellKind, FormCell, FormReading
from cpl.domain.validate import path_numbers, validate
from cpl.workbook.macro import sources
from cpl.workbook.ruletabs import rule_tabs
from cpl.workbook.template_tabs import FIRST_ITEM
from tests.vba.forms import Filled, Form
from tests.vba.machine import MOST_LOOPS, Machine
from tests.vba.office import Workbook
from tests.vba.values import EMPTY, EPOCH, Date, ErrorValue, units

ON = datetime.date(2026, 11, 24)
DAY = 20261124
FORM = "CPL - New Entry"
BLACK, RED = 0, 255
# Only the server compares spellings: the macro does not guess which value of a list was meant.
_GUESS = re.compile(r" Did you mean '[^']*'\?")
# The macro has the names of the characters that people paste most; of others it gives the number alone.
_CHARACTER = re.compile(r"U\+([0-9A-F]{4,6}) \([^)]*\)")
_PREFIX = re.compile(r"^.*? \(cell G\d+\): |^[^:]*?: (?=The New Entry tab has no row)")


@dataclass(frozen=True)
class Verdict:
    """Texts by data item, joined by blanks; data items without any are left out."""

    errors: Mapping[str, str]
    warnings: Mapping[str, str]


def of_the_server(form: Form, rules: RuleSet, on: datetime.date = ON) -> Verdict:
    """What `validate` says. The entries of the upgrade path are on the list: whether they are is nothing the macro looks at."""
    reading = _reading(form, rules)
    values = validate(reading, rules, on).values
    numbers = path_numbers(values)
    targets = {number: ListedEntry(number, CURRENT, values) for number in numbers}
    errors: dict[str, list[str]] = {}
    warnings: dict[str, list[str]] = {}
    for finding in validate(reading, rules, on, targets).findings:
        text = _CHARACTER.sub(_as_named, _GUESS.sub("", _PREFIX.sub("", finding.message, count=1)))
        kept = {Severity.ERROR: errors, Severity.WARNING: warnings}.get(finding.severity)
        if kept is not None:
            kept.setdefault(f"{finding.group}.{finding.attribute}", []).append(text)
    return Verdict({k: " ".join(v) for k, v in errors.items()}, {k: " ".join(v) for k, v in warnings.items()})


def _as_named(match: "re.Match[str]") -> str:
    return match[0] if match[1] in _named() else f"U+{match[1]}"


@cache
def _named() -> frozenset[str]:
    return frozenset(f"{int(code):04X}" for code, _ in rule_tabs(load(3))["CPL Character Names"][1:])


def _reading(form: Form, rules: RuleSet) -> FormReading:
    cells = {}
    for row, item in enumerate(rules.form_items, FIRST_ITEM):
        value = form.values.get(item.key, "")
        kind, text = (value.kind, value.value) if isinstance(value, Filled) else (CellKind.TEXT, value)
        if item.key not in form.missing:
            cells[item.key] = FormCell(item.key, f"{FORM}!G{row}", text, kind)
    return FormReading(cells=cells, missing=form.missing, sheet=FORM)


class MacroRun:
    """The macro in the interpreter, on one workbook."""

    def __init__(self, book: Workbook, rules: RuleSet, texts: Mapping[str, str] | None = None, *, record: bool = False) -> None:
        self.book, self.rules = book, rules
        self.sheet = book[FORM]
        self.machine = Machine(texts or sources(), book, Date((ON - EPOCH.date()).days), record=record)
        self.printed = {place: text for place, text in self.sheet.cells.items() if place[1] <= 2}

    def fill_in(self, form: Form) -> None:
        """Put the answers of the form into column G, and take out the labels of rows that are missing."""
        self.sheet.cells.update(self.printed)
        self.sheet.formulas.clear()
        self.sheet.colours.clear()
        for row, item in enumerate(self.rules.form_items, FIRST_ITEM):
            value = form.values.get(item.key, "")
            self.sheet.cells[row, 7] = _cell(value)
            self.sheet.cells.pop((row, 9), None)
            if isinstance(value, Filled) and value.kind is CellKind.FORMULA:
                self.sheet.formulas.add((row, 7))
            if item.key in form.missing:
                self.sheet.cells[row, 2] = "something else"

    def verdict(self, form: Form, day: int = DAY) -> Verdict:
        """What the macro wrote and warned about. Column I must say the same, in the right colour."""
        self.fill_in(form)
        self.machine.loops = MOST_LOOPS
        popup = self.machine.run("CplRunValidation", day)
        if "could not be finished" in popup:
            raise AssertionError(popup)
        found: tuple[dict[str, str], dict[str, str]] = ({}, {})
        for number, item in enumerate(self.rules.form_items, 1):
            for place, is_error in enumerate((True, False)):
                if text := self.machine.run("CplMessage", number, is_error):
                    found[place][item.key] = text
            self._check_result(FIRST_ITEM + number - 1, found[0].get(item.key, ""), item.key in form.missing)
        if not self.sheet.locked:
            raise AssertionError("The form was left unlocked.")
        return Verdict(*found)

    def popup(self, form: Form) -> str:
        """What the pop-up would say."""
        self.fill_in(form)
        return str(self.machine.run("CplRunValidation", DAY))

    def _check_result(self, row: int, error: str, missing: bool) -> None:
        shown = self.sheet.cells.get((row, 9)), self.sheet.colours.get((row, 9))
        wanted = (None, None) if missing else (error, RED) if error else ("OK", BLACK)
        if shown != wanted:
            raise AssertionError(f"Row {row} shows {shown}, not {wanted}.")


def _cell(value: str | Filled) -> object:
    """The value of a cell as Excel hands it to a macro."""
    if isinstance(value, str):
        return units(value) if value else EMPTY
    match value.kind:
        case CellKind.NUMBER:
            return float(value.value)
        case CellKind.DATE:
            return Date(float(value.value))
        case CellKind.BOOLEAN:
            return value.value == "1"
        case CellKind.ERROR:
            return ErrorValue(value.value)
    return float(value.value) if value.value.isdecimal() else value.value  # what a formula worked out
