"""As much of Excel's objects as a macro needs that reads tabs and writes results: a workbook, its sheets, their cells."""

import datetime
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import openpyxl

from tests.vba.values import EMPTY, EPOCH, Array, Date, ErrorValue, VbaError, to_long, to_string, units

_UNLOCKED_COLUMN = 7  # G of the form
Place = tuple[int, int]


@dataclass
class Sheet:
    """`cells`: values by (row, column). `formulas`: where a value was worked out. `colours`: of letters, as RGB gives them.

    `calls`: how it was locked and unlocked. Into a sheet that is not `writable` nothing can be put, locked or not; one that is
    not `lockable` cannot be locked once it is unlocked.
    """

    name: str
    cells: dict[Place, Any] = field(default_factory=dict)
    formulas: set[Place] = field(default_factory=set)
    colours: dict[Place, int] = field(default_factory=dict)
    locked: bool = True
    writable: bool = True
    lockable: bool = True
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def vba_get(self, name: str, arguments: list[Any]) -> Any:
        if name == "name":
            return self.name
        if name == "cells":
            row, column = map(to_long, arguments)
            if row < 1 or column < 1:
                raise VbaError(1004, "There is no such cell")
            return Range(self, row, column, row, column)
        if name == "usedrange":
            rows, columns = zip(*self.cells, strict=True)
            return Range(self, min(rows), min(columns), max(rows), max(columns))
        if name == "protectcontents":
            return self.locked
        if name not in {"protect", "unprotect"}:
            raise VbaError(438, f"Object doesn't support this property or method: {name}")
        self.calls.append((name, *arguments))
        if name == "protect" and not self.lockable:
            raise VbaError(1004, "The sheet cannot be protected")
        self.locked = name == "protect"
        return EMPTY

    def copy(self) -> "Sheet":
        return replace(
            self, cells=dict(self.cells), formulas=set(self.formulas), colours=dict(self.colours), calls=list(self.calls)
        )

    def put(self, row: int, column: int, value: Any) -> None:
        if not self.writable or (self.locked and column != _UNLOCKED_COLUMN):
            raise VbaError(1004, "The cell is on a protected sheet")
        self.cells[row, column] = value


@dataclass
class Range:
    """A rectangle of cells."""

    sheet: Sheet
    row: int
    column: int
    last_row: int
    last_column: int

    def vba_get(self, name: str, arguments: list[Any]) -> Any:
        if name == "value":
            return self._value()
        if name == "row":
            return self.row
        if name in {"rows", "font"}:
            return _Part(self, name)
        if name == "hasformula":
            return (self.row, self.column) in self.sheet.formulas
        raise VbaError(438, f"Object doesn't support this property or method: {name}")

    def vba_set(self, name: str, value: Any) -> None:
        if name != "value":
            raise VbaError(438, f"Object doesn't support this property or method: {name}")
        self.sheet.put(self.row, self.column, value)

    def _value(self) -> Any:
        if (self.row, self.column) == (self.last_row, self.last_column):
            return self.sheet.cells.get((self.row, self.column), EMPTY)
        rows = [[EMPTY] * (self.last_column - self.column + 1) for _ in range(self.row, self.last_row + 1)]
        for (row, column), value in self.sheet.cells.items():  # all of them: only UsedRange gives more than one cell
            rows[row - self.row][column - self.column] = value
        return Array(rows, 1, lambda item: item)


@dataclass
class _Part:
    """The rows or the font of a range."""

    of: Range
    name: str

    def vba_get(self, name: str, arguments: list[Any]) -> Any:
        if (self.name, name) == ("rows", "count"):
            return self.of.last_row - self.of.row + 1
        raise VbaError(438, f"Object doesn't support this property or method: {name}")

    def vba_set(self, name: str, value: Any) -> None:
        if (self.name, name) != ("font", "color"):
            raise VbaError(438, f"Object doesn't support this property or method: {name}")
        if self.of.sheet.locked:
            raise VbaError(1004, "The cell is on a protected sheet")
        self.of.sheet.colours[self.of.row, self.of.column] = to_long(value)


class Workbook:
    """What `ThisWorkbook` is."""

    def __init__(self, sheets: list[Sheet]) -> None:
        self.sheets = sheets

    def __getitem__(self, name: str) -> Sheet:
        return next(sheet for sheet in self.sheets if sheet.name == name)

    def __iter__(self) -> Iterator[Sheet]:
        return iter(self.sheets)

    def vba_get(self, name: str, arguments: list[Any]) -> Any:
        if name == "worksheets":
            return self
        raise VbaError(438, f"Object doesn't support this property or method: {name}")


def workbook(data: bytes) -> Workbook:
    """The sheets of an .xlsx or .xlsm, values only."""
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    return Workbook([_sheet(sheet) for sheet in book.worksheets])


def _sheet(sheet: Any) -> Sheet:
    cells = {(c.row, c.column): cell_value(c.value) for row in sheet.iter_rows() for c in row if c.value is not None}
    return Sheet(sheet.title, cells, locked=sheet.protection.sheet)


def cell_value(value: Any) -> Any:
    """A value as Range.Value gives it."""
    if value is None:
        return EMPTY
    if isinstance(value, datetime.datetime):
        return Date((value - EPOCH) / datetime.timedelta(days=1))
    if isinstance(value, (bool, float, Date, ErrorValue)):
        return value
    if isinstance(value, int):
        return float(value)
    return units(to_string(value))
