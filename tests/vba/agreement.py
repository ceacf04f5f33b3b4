"""The same form before the server's rules and before the macro: what each has to say about each data item."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cpl.dictionary import load
from cpl.domain.dictionary import Kind, RuleSet
from cpl.domain.entry import CURRENT, ListedEntry
from cpl.domain.findings import Severity
from cpl.domain.form import CellKind, FormCell, FormReading
from cpl.domain.rules import model
from cpl.domain.validate import path_numbers, validate
from cpl.workbook.macro import sources
from cpl.workbook.render import ReleaseView, render
from cpl.workbook.ruletabs import rule_tabs
from cpl.workbook.template_tabs import FIRST_ITEM
from tests.domain.good_forms import ON
from tests.vba.forms import Filled, Form
from tests.vba.machine import Machine
from tests.vba.office import Place, workbook
from tests.vba.popups import Dialog, dialogs
from tests.vba.values import EMPTY, EPOCH, Date, ErrorValue, units

FORM = "CPL - New Entry"
ANSWER_COLUMN, RESULT_COLUMN = 7, 9
BLACK, RED = 0, 255
UNLOCKING = ("unprotect", "")
LOCKING = ("protect", "", True, True, True, False, False, True, True)  # rows and columns may be made larger
_NOT_PERMITTED = " is not a permitted combination: "
# Only the server compares spellings: the macro does not guess which value of a list was meant.
_GUESS = re.compile(r" Did you mean '[^']*'\?")
# The macro has the names of the characters that people paste most; of others it gives the number alone.
_CHARACTER = re.compile(r"U\+([0-9A-F]{4,6}) \([^)]*\)")
_PREFIX = re.compile(r"^.*? \(cell G\d+\): |^[^:]*?: (?=The New Entry tab has no row)")


@dataclass(frozen=True)
class Verdict:
    """Texts by data item, joined by blanks; items without any are left out. `combination`: what Device Level Versioning says."""

    errors: Mapping[str, str]
    warnings: Mapping[str, str]
    combination: str = ""


@dataclass(frozen=True)
class Outcome:
    """All that a check does: what it found, text and colour of column I by row, pop-ups, locking, other cells it changed."""

    verdict: Verdict
    results: Mapping[int, tuple[str, int]]
    dialogs: list[Dialog]
    calls: list[tuple[Any, ...]]
    changed: frozenset[Place] = frozenset()


def of_the_server(form: Form, rules: RuleSet) -> Verdict:
    """What `validate` says. The entries of the upgrade path are on the list: whether they are is nothing the macro looks at."""
    reading = _reading(form, rules)
    values = validate(reading, rules, form.on).values
    numbers = path_numbers(values)
    targets = {number: ListedEntry(number, CURRENT, values) for number in numbers}
    errors: dict[str, list[str]] = {}
    warnings: dict[str, list[str]] = {}
    combination = ""
    for finding in validate(reading, rules, form.on, targets).findings:
        text = _CHARACTER.sub(_as_named, _GUESS.sub("", _PREFIX.sub("", finding.message, count=1)))
        kept = {Severity.ERROR: errors, Severity.WARNING: warnings}.get(finding.severity)
        if kept is not None:
            kept.setdefault(f"{finding.group}.{finding.attribute}", []).append(text)
        if _NOT_PERMITTED in text:
            combination = text.removesuffix(f" See guidance {model.GUIDANCE}.")
    return Verdict({k: " ".join(v) for k, v in errors.items()}, {k: " ".join(v) for k, v in warnings.items()}, combination)


def expected(form: Form, rules: RuleSet, *, locked: bool = True) -> Outcome:
    """What the macro has to do with this form. `locked`: whether the tab was before the check."""
    verdict = of_the_server(form, rules)
    rows = {item.key: row if item.key not in form.missing else None for row, item in enumerate(rules.form_items, FIRST_ITEM)}
    texts = {row: (verdict.errors.get(key, "OK"), RED if key in verdict.errors else BLACK) for key, row in rows.items() if row}
    shown = dialogs(verdict.errors, verdict.warnings, verdict.combination, rows)
    return Outcome(verdict, texts, shown, [UNLOCKING, LOCKING] if locked else [])


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

    def __init__(self, rules: RuleSet, *, record: bool = False) -> None:
        view = ReleaseView("Version 3.001 Issued on 24-11-2026", ON, (("3.001", "24/11/2026", "First"),), ())
        self.book, self.rules = workbook(render(view, rules)), rules
        self.sheet = self.book[FORM]
        self.machine = Machine(sources(), self.book, Date(0), record=record)
        self.printed = {place: text for place, text in self.sheet.cells.items() if place[1] <= 2}

    def outcome(self, *checked: Form, spoil: Callable[["MacroRun"], None] = lambda run: None) -> Outcome:
        """What the button does with the last of these forms, after those before it. `spoil` does something to the workbook."""
        sheets, sheet = self.book.sheets, self.sheet
        self.book.sheets = [one.copy() for one in sheets]
        self.sheet = self.book[FORM]
        self.machine.restart()
        try:
            for form in checked:
                self.fill_in(form)
                spoil(self)
                outcome = self._press()
        finally:
            self.book.sheets, self.sheet = sheets, sheet
        return outcome

    def fill_in(self, form: Form) -> None:
        """Put the answers of the form into column G, and take out the labels of rows that are missing."""
        self.machine.today = Date((form.on - EPOCH.date()).days)
        self.sheet.cells.update(self.printed)
        self.sheet.formulas.clear()
        for row, item in enumerate(self.rules.form_items, FIRST_ITEM):
            value = form.values.get(item.key, "")
            if item.kind is not Kind.ALLOCATED:  # there the workbook says that SECAS allocates the value
                self.sheet.cells[row, ANSWER_COLUMN] = _cell(value)
            if isinstance(value, Filled) and value.kind is CellKind.FORMULA:
                self.sheet.formulas.add((row, ANSWER_COLUMN))
            if item.key in form.missing:
                self.sheet.cells[row, 2] = "something else"
                self.sheet.cells.pop((row, RESULT_COLUMN), None)  # what an earlier check wrote stays otherwise

    def _press(self) -> Outcome:
        self.machine.dialogs.clear()
        self.sheet.calls.clear()
        before = {place: value for place, value in self.sheet.cells.items() if place[1] != RESULT_COLUMN}
        self.machine.run("ValidateNewEntry")
        after = {place: value for place, value in self.sheet.cells.items() if place[1] != RESULT_COLUMN}
        results = {
            row: (str(text), self.sheet.colours.get((row, column), -1))
            for (row, column), text in self.sheet.cells.items()
            if column == RESULT_COLUMN and row >= FIRST_ITEM
        }
        changed = frozenset(place for place in before | after if before.get(place) is not after.get(place))
        return Outcome(self._found(), results, list(self.machine.dialogs), list(self.sheet.calls), changed)

    def _found(self) -> Verdict:
        """What the macro tells who looks into it."""
        texts = [
            {
                item.key: text
                for number, item in enumerate(self.rules.form_items, 1)
                if (text := self.machine.run("CplMessage", number, of_errors))
            }
            for of_errors in (True, False)
        ]
        warning = str(self.machine.run("CplCombinationWarning")).split("\n\n")
        return Verdict(*texts, "\n\n".join(warning[1:-1]))


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
    return _worked_out(value.value)


def _worked_out(text: str) -> object:
    """What a formula gave."""
    if text == "#N/A":
        return ErrorValue(text)
    if text == "TRUE":
        return True
    return float(text) if text.replace(".", "", 1).isdecimal() else text
