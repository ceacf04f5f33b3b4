"""From a cell as stored to its text and kind: shared strings, dates, formulas and what they fill."""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cpl.domain.form import CellKind
from cpl.workbook.sheet import RawCell, SheetReader, address, whole_number
from cpl.workbook.strings import Text, Wanted, missing_string, shared_strings
from cpl.workbook.structure import Workbook
from cpl.workbook.styles import date_styles

Place = tuple[int, int]  # row and column, both from 1
EPOCH = datetime.date(1899, 12, 30)  # day 0 of the 1900 system, right from 01/03/1900 on
_DAYS_1904 = 1462  # the two date systems of Excel lie so many days apart
_FIRST_SAFE_DAY, _LAST_DAY = 61, 2_958_465  # 01/03/1900 and 31/12/9999
_KINDS = {"b": CellKind.BOOLEAN, "e": CellKind.ERROR, "d": CellKind.DATE, "n": CellKind.NUMBER}
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T00:00:00(?:\.0+)?Z?)?", re.ASCII)
_SERIAL = re.compile(r"(\d{1,7})(?:\.(\d{1,20}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with contents. `value`: its text, or the day number of a date (1900 system). `runs`: formatting runs of the text."""

    value: str
    kind: CellKind
    runs: int
    hidden: bool


def cells_of(workbook: Workbook, reader: SheetReader, raw: Mapping[Place, RawCell]) -> dict[Place, Cell]:
    """The texts of these cells of one sheet, in the same order. Raises Refused."""
    numbers = {whole_number(cell.value) for cell in raw.values() if cell.kind == "s"}
    part = workbook.related("sharedStrings") if numbers else None
    wanted = Wanted(numbers, reader.limits.text)
    texts = shared_strings(workbook.package, part, wanted, reader.limits.strings) if part else {}
    dates = date_styles(workbook.package, workbook.related("styles"))
    spilled = reader.around.spilled
    cells = {}
    for place, cell in raw.items():
        formula = cell.formula or any(area.holds(*place) for area in spilled)
        kind = CellKind.FORMULA if formula else _kind(cell, dates)
        cells[place] = _cell(cell, kind, texts, workbook.epoch_1904, f"{reader.name}!{address(*place)}")
    return cells


def date_text(value: str) -> str:
    """The day number of a date cell as dd/mm/yyyy; "" when it is no whole day from 01/03/1900 on."""
    serial = _SERIAL.fullmatch(value)
    if serial is None or (serial[2] or "").strip("0") or not _FIRST_SAFE_DAY <= int(serial[1]) <= _LAST_DAY:
        return ""
    return f"{EPOCH + datetime.timedelta(days=int(serial[1])):%d/%m/%Y}"


def _kind(cell: RawCell, dates: Sequence[bool]) -> CellKind:
    if cell.kind == "n" and 0 <= cell.style < len(dates) and dates[cell.style]:
        return CellKind.DATE
    return _KINDS.get(cell.kind, CellKind.TEXT)


def _cell(cell: RawCell, kind: CellKind, texts: Mapping[int, Text], epoch_1904: bool, place: str) -> Cell:
    text = texts.get(whole_number(cell.value)) if cell.kind == "s" else cell.inline or Text(cell.value)
    if text is None:
        missing_string(place)
    value = _day_number(text.text, epoch_1904) if kind is CellKind.DATE else text.text
    return Cell(value, kind, text.runs, cell.hidden)


def _day_number(text: str, epoch_1904: bool) -> str:
    """A date as the 1900 system counts days; an ISO date cell as dd/mm/yyyy; anything else as stored."""
    iso = _ISO_DATE.fullmatch(text)
    if iso:
        return f"{iso[3]}/{iso[2]}/{iso[1]}"
    serial = _SERIAL.fullmatch(text)
    if epoch_1904 and serial:
        return f"{int(serial[1]) + _DAYS_1904}" + (f".{serial[2]}" if serial[2] else "")
    return text
