"""The cells of one worksheet as a stream: only those with contents, in order, each where its own reference says."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from cpl.workbook.package import Package, Part
from cpl.workbook.refusals import FRESH_COPY, SAVE_AGAIN, refuse, shown
from cpl.workbook.strings import LONGEST_TEXT, Text, TextCollector, too_much_text, unescape
from cpl.workbook.xmlstream import FOREIGN, SPREADSHEET, Attributes, Walk, pieces

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
_LETTERS = re.compile(r"[A-Z]{1,3}", re.ASCII)
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})(?::\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6}))?", re.ASCII)
_TYPES = frozenset({"n", "s", "str", "inlineStr", "b", "e", "d"})
_CHILDREN = {
    "sheetData": frozenset({"row"}),
    "row": frozenset({"c", "extLst"}),
    "c": frozenset({"f", "v", "is", "extLst"}),
}
_MOST_MERGES, _TALLEST_MERGE = 2_000, 10_000
_LONGEST_NUMBER = 7
_TRUE = ("1", "true", "on")


@dataclass(frozen=True, slots=True)
class RawCell:
    """A cell with contents. `kind`: its type in the file ("s" = number of a shared string); `style`: index of its cell format."""

    row: int
    column: int
    kind: str
    style: int
    value: str
    inline: Text | None
    formula: bool
    hidden: bool


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells, all four sides included; columns count from 1 (A)."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int

    def holds(self, row: int, column: int) -> bool:
        return self.first_row <= row <= self.last_row and self.first_column <= column <= self.last_column


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """How many elements the cells may have, everything around them, the shared strings; the last row that may have contents; how
    many characters may be kept."""

    cells: int = 200_000
    around: int = 40_000
    strings: int = 250_000
    last_row: int = 2_000
    text: int = 2_000_000


FORM = SheetLimits()
WHOLE_LIST = SheetLimits(cells=20_000_000, around=200_000, strings=20_000_000, last_row=LAST_ROW, text=200_000_000)


@dataclass(slots=True)
class Surroundings:
    """What the sheet says besides its cells; complete when all cells have been taken."""

    hidden_columns: list[Area] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)
    spilled: list[Area] = field(default_factory=list)  # cells that a formula elsewhere fills


class SheetReader:
    """Reads one worksheet. Iterate over `cells()`, then look at `around`. Raises Refused (P13, P14, P18, P19).

    `columns`: which to hand over (None: all); cells of the others are checked all the same.
    """

    def __init__(
        self, package: Package, part: Part, name: str, limits: SheetLimits = FORM, columns: frozenset[int] | None = None
    ) -> None:
        self.around = Surroundings()
        self._package = package
        self._part = part
        self.name = name
        self.limits = limits
        self._room = limits.text
        self._wanted = columns
        self._walk = Walk(part.name, SPREADSHEET, "worksheet", self._start, self._end, limits.around)
        self._collector = TextCollector(self._walk)
        self._found: list[RawCell] = []
        self._row = self._column = 0
        self._row_digits = ""
        self._row_hidden = False
        self._columns: dict[str, int] = {}
        self._attributes: Attributes = {}
        self._data_seen = False
        self._beginnings: Mapping[str, Callable[[Attributes], None]] = {
            "row": self._begin_row,
            "f": self._begin_formula,
            "v": self._begin_value,
        }
        self._clear()

    def cells(self) -> Iterator[RawCell]:
        """The cells with contents, row by row."""
        for _ in pieces(self._package, self._part, self._walk):
            yield from self._found
            self._found.clear()
        if not self._data_seen:
            self._walk.misbuilt("no cells")

    def _clear(self) -> None:
        """Forget the cell before. Most cells of a long list of formats are empty, and then there is nothing to forget."""
        self._value: str | None = None
        self._inline: Text | None = None
        self._formula = False
        self._pieces: list[str] = []
        self._length = 0

    def _start(self, path: list[str], attributes: Attributes) -> None:
        depth = len(path)
        if depth > 2 and path[1] == "sheetData":
            if depth == 4 and path[2] == "row" and path[3] == "c":
                self._begin_cell(attributes)
            else:
                self._inside(path, depth, attributes)
        elif depth == 2 and path[1] == "sheetData":
            self._begin_data()
        else:
            self._outside(path, attributes)

    def _begin_data(self) -> None:
        if self._data_seen:
            self._walk.misbuilt("two tables of cells")
        self._data_seen = True
        self._walk.elements = self.limits.cells
        self._walk.careful = False

    def _end_data(self) -> None:
        self._walk.elements = self.limits.around
        self._walk.careful = True

    def _inside(self, path: list[str], depth: int, attributes: Attributes) -> None:
        name, parent = path[-1], path[-2]
        if depth > 5 and path[4] == "is":
            self._collector.start(path)
        elif depth > 4 and "extLst" in path[3:-1]:
            return
        elif depth > 5 or name not in _CHILDREN.get(parent, ()):
            self._walk.misbuilt(f"<{name}> among the cells" if name != FOREIGN else "foreign elements among the cells")
        elif begin := self._beginnings.get(name):
            begin(attributes)

    def _end(self, path: list[str]) -> None:
        depth = len(path)
        if depth > 3 and path[1] == "sheetData":
            if depth > 4:
                self._end_inside(path, depth)
            elif self._value is not None or self._inline is not None or self._formula:
                self._end_cell()
        elif depth == 2 and path[1] == "sheetData":
            self._end_data()

    def _end_inside(self, path: list[str], depth: int) -> None:
        """The end of something in a cell: its value, its text, or a piece of its text."""
        if path[4] == "v" and depth == 5:
            self._walk.text = None
            self._value = "".join(self._pieces)
        elif path[4] == "is":
            if depth > 5:
                self._collector.end(path)
            elif self._inline is not None:
                self._fault("holds two values")
            else:
                self._inline = self._collector.take()

    def _begin_row(self, attributes: Attributes) -> None:
        number = attributes.get("r")
        row = self._row + 1 if number is None else whole_number(number)
        if not self._row < row <= LAST_ROW:
            self._walk.misbuilt(f"a row {shown(number or str(row))} out of order or out of the grid")
        self._row, self._row_digits, self._column = row, str(row), 0
        self._row_hidden = attributes.get("hidden", "") in _TRUE

    def _begin_cell(self, attributes: Attributes) -> None:
        reference = attributes.get("r")
        if reference is None:
            column, row = self._column + 1, self._row_digits
        else:
            letters = reference.rstrip("0123456789")
            column, row = self._columns.get(letters) or self._learn_column(letters), reference[len(letters) :]
        if row != self._row_digits or not self._column < column <= LAST_COLUMN:
            refuse(
                "P14",
                f"On the tab '{self.name}', cell {shown(reference or '', 20)} comes twice, in the wrong order or outside of the "
                f"grid. {SAVE_AGAIN}",
                cell=f"{self.name}!{reference}" if reference and _REFERENCE.fullmatch(reference) else "",
            )
        self._column = column
        self._attributes = attributes

    def _learn_column(self, letters: str) -> int:
        """The number of a column, kept for the next row; 0 for letters that name none."""
        number = column_number(letters) if _LETTERS.fullmatch(letters) else 0
        self._columns[letters] = number
        return number

    def _begin_formula(self, attributes: Attributes) -> None:
        self._formula = True
        area = parse_range(attributes.get("ref", ""))
        if area is not None and attributes.get("t") in ("array", "dataTable"):
            if len(self.around.spilled) >= _MOST_MERGES:
                self._walk.misbuilt("too many formulas")
            self.around.spilled.append(area)

    def _begin_value(self, _: Attributes) -> None:
        if self._value is not None:
            self._fault("holds two values")
        self._walk.text = self._receive

    def _end_cell(self) -> None:
        """A cell with contents is complete."""
        kind = self._attributes.get("t", "n")
        if kind not in _TYPES:
            self._fault(f"is of the unknown type {shown(kind, 20)}")
        if self._value is not None and self._inline is not None:
            self._fault("holds two values")
        if (kind == "inlineStr") != (self._inline is not None) and (self._value or self._inline):
            self._fault("holds a value that does not fit its type")
        if self._row > self.limits.last_row:
            refuse(
                "P19",
                f"Cell {self._address} holds something far outside of the form. Empty the tab below the form. {FRESH_COPY}",
                cell=f"{self.name}!{self._address}",
                guidance="7.1",
            )
        if self._wanted is None or self._column in self._wanted:
            self._room -= len(self._value or "") + (len(self._inline.text) if self._inline else 0)
            if self._room < 0:
                too_much_text()
            self._found.append(self._raw_cell(kind))
        self._clear()

    def _raw_cell(self, kind: str) -> RawCell:
        style = whole_number(self._attributes.get("s", "0"))
        value = unescape(self._value or "") if kind == "str" else (self._value or "").strip()
        return RawCell(self._row, self._column, kind, style, value, self._inline, self._formula, self._row_hidden)

    def _outside(self, path: list[str], attributes: Attributes) -> None:
        match path:
            case ["worksheet", "cols", "col"]:
                self._column_settings(attributes)
            case ["worksheet", "mergeCells", "mergeCell"]:
                self._merge(attributes)
            case [*_, "sheetData" | "row" | "c"]:
                self._walk.misbuilt("cells where none belong")

    def _column_settings(self, attributes: Attributes) -> None:
        first, last = whole_number(attributes.get("min", "")), whole_number(attributes.get("max", ""))
        if attributes.get("hidden", "") in _TRUE and first > 0:
            self.around.hidden_columns.append(Area(1, LAST_ROW, first, last))

    def _merge(self, attributes: Attributes) -> None:
        area = parse_range(attributes.get("ref", ""))
        if area is None:
            self._walk.misbuilt("merged cells that are none")
        self.around.merged.append(area)
        if len(self.around.merged) > _MOST_MERGES or area.last_row - area.first_row > _TALLEST_MERGE:
            refuse("P19", f"The tab '{self.name}' has far more merged cells than the form. {FRESH_COPY}", guidance="7.1")

    def _fault(self, what: str) -> NoReturn:
        refuse("P14", f"Cell {self._address} of the tab '{self.name}' {what}. {SAVE_AGAIN}", cell=f"{self.name}!{self._address}")

    @property
    def _address(self) -> str:
        return address(self._row, self._column)

    def _receive(self, piece: str) -> None:
        self._length += len(piece)
        if self._length > LONGEST_TEXT:
            refuse(
                "P19",
                f"Cell {self._address} holds more than {LONGEST_TEXT} characters. Shorten it. {SAVE_AGAIN}",
                cell=f"{self.name}!{self._address}",
            )
        self._pieces.append(piece)


def whole_number(text: str) -> int:
    """The number written in at most seven plain digits; -1 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else -1


def column_number(letters: str) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """1 is A, 26 is Z, 27 is AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def address(row: int, column: int) -> str:
    """The cell as Excel names it: G15."""
    return f"{column_letters(column)}{row}"


def parse_range(text: str) -> Area | None:
    """ "A1:C5" or "G7" as an area; None for anything else."""
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    first_column, first_row = column_number(match[1]), int(match[2])
    last_column, last_row = (column_number(match[3]), int(match[4])) if match[3] else (first_column, first_row)
    return Area(first_row, last_row, first_column, last_column)
