"""Cells that hold something else than text: what Excel made of the answer, and whether it can be read (F3, F9, F16, F19)."""

import datetime
import re
from dataclasses import dataclass

from cpl.domain.dictionary import DataItem, Kind
from cpl.domain.form import CellKind, FormCell
from cpl.domain.rules.problem import Problem, error, note, warning
from cpl.domain.rules.wording import say

EXCEL_EPOCH = datetime.date(1899, 12, 30)
HIGHEST_SERIAL = 2_958_465  # 31/12/9999
MOST_TYPED_DAYS = 5  # two hexadecimal pairs read as hours and minutes end at 99:59; beyond that it is a date with a time
SECONDS_A_DAY = 24 * 60 * 60
MONTHS = 12
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,20})?([Ee][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CellText:
    """The text of a cell. `usable` False: the problem says why nothing more can be said about it."""

    text: str
    usable: bool = True
    problem: Problem | None = None


def text_of(item: DataItem, cell: FormCell) -> CellText:
    """What the cell says for this data item, as text."""
    if cell.kind is CellKind.TEXT or not cell.value.strip():
        return CellText(cell.value) if cell.kind is not CellKind.FORMULA else _refused(item, cell)
    if cell.kind in {CellKind.FORMULA, CellKind.ERROR, CellKind.BOOLEAN}:
        return _refused(item, cell)
    if item.kind is Kind.HEX:
        return CellText(cell.value, usable=False, problem=error(item.rule, item.key, _mangled(cell)))
    if item.kind is Kind.DATE:
        return _date(item, cell)
    if item.kind is Kind.PATH:
        return CellText(cell.value, usable=False, problem=error(item.rule, item.key, say("cell.path_number")))
    return CellText(cell.value, problem=_number_as_text(item, cell))


def _refused(item: DataItem, cell: FormCell) -> CellText:
    text = say({CellKind.FORMULA: "cell.formula", CellKind.ERROR: "cell.error", CellKind.BOOLEAN: "cell.boolean"}[cell.kind])
    return CellText(cell.value, usable=False, problem=error("F19", item.key, text, guidance="5.2"))


def _mangled(cell: FormCell) -> str:
    number = _as_number(cell.value)
    if cell.kind is CellKind.NUMBER:
        return say("cell.hex_number", number=cell.value.strip()[:20])
    if number is None:
        return say("cell.hex_unread")
    if number < MOST_TYPED_DAYS and number != int(number):
        return say("cell.hex_time", time=_clock(number))
    return say("cell.hex_date")


def _as_number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def _clock(days: float) -> str:
    """Hours, minutes and, where there are any, seconds, as they were typed."""
    minutes, seconds = divmod(round(days * SECONDS_A_DAY), 60)
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{clock}:{seconds:02d}" if seconds else clock


def _date(item: DataItem, cell: FormCell) -> CellText:
    """A real date cell is read, but Excel may have taken the month for the day: said aloud where that is possible."""
    number = _as_number(cell.value)
    if number is None and cell.kind is CellKind.DATE:
        return CellText(cell.value)  # the reader wrote it out already; the date rule looks at it
    if cell.kind is not CellKind.DATE or number is None or not 1 <= number <= HIGHEST_SERIAL:
        return CellText(cell.value, usable=False, problem=error(item.rule, item.key, say("cell.date_number")))
    day = EXCEL_EPOCH + datetime.timedelta(days=int(number))
    written = f"{day.day:02d}/{day.month:02d}/{day.year:04d}"
    if day.day > MONTHS:
        return CellText(written, problem=note("N1", item.key, say("cell.date", date=written)))
    return CellText(written, problem=warning(item.rule, item.key, say("cell.date_doubt", date=written)))


def _number_as_text(item: DataItem, cell: FormCell) -> Problem:
    """A number where text belongs: harmless for a house number, a loss for a telephone or a version number."""
    whole = cell.kind is CellKind.NUMBER and cell.value.strip().isdecimal()
    if whole and item.kind is not Kind.TELEPHONES:
        return note("N1", item.key, "The cell holds a number; it was read as text.")
    return warning(item.rule, item.key, say("cell.text_number"))
