"""Finds where the rows of a release go in the sheets of a template.

The template shows by example: the rows from the first one that grows down to the last of the sheet are samples whose cell formats
are taken over. They are replaced by the rows to publish; every other byte of the template stays as it is, but for its holes:
places that say something else in each release, marked by bytes that no XML may contain.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cpl.workbook.sheet import LAST_ROW, column_number, whole_number
from cpl.workbook.xmlstream import SPREADSHEET, Attributes, Walk

LABEL, DAY, LAST_RELEASE, LAST_ENTRY, LAST_CSV_ROW = (bytes([number]) for number in range(1, 6))  # holes
HOLES = re.compile(b"[\x01-\x05]")
_EXTENT = re.compile(rb"""<[^<>]*?\sref=["'][A-Z]+[0-9]+:[A-Z]+([0-9]+)["']""")
_FILTER = "_xlnm._FilterDatabase"
_FILTERED = re.compile(rb"<[^<>]*>[^<]*\$([0-9]+)(?=</)")
_ELEMENTS = 3_000_000  # a list of 100,000 entries
_MOST_HOLES = 3  # of a sheet: used range, filter, label
_MOST_COLUMNS = 1_000  # whose formats are looked at; the list has some twenty
_TRUE = ("1", "true", "on")
Styles = Mapping[str, int]
Hole = tuple[int, int, bytes]  # from, up to, and what stands there instead


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the rows of a tab go: from `row` on, between `head` and `tail`, which have holes. `part`: the name of its part.

    `styles`: cell formats by column letters, those of texts and those of dates.
    """

    row: int
    head: bytes
    tail: bytes
    styles: tuple[Styles, Styles]
    part: str = ""


def cut(
    part: str, xml: bytes, row: int, columns: Sequence[str], dates: Sequence[bool], last_row: bytes, label_cell: str = ""
) -> Slot:
    """Cut the sample rows, from this row on, out of a sheet. `dates`: for each cell format whether it is one for dates.

    `last_row` is the hole for every place where the sheet names its last row: used range and filter. `label_cell`: the address
    of a text, above the samples, that gives way to the version label.
    A column takes the format of the first sample that is none for dates, and for dates that of the first that is one.
    Raises Refused for XML that cannot be read, ValueError when there is no such row.
    """
    found = _Pass(part, xml, row, last_row, label_cell)
    if found.begin < 0:
        raise ValueError(f"The template has no sample in row {row}.")
    before = [hole for hole in found.holes if hole[0] < found.begin]
    after = [(start - found.end, stop - found.end, hole) for start, stop, hole in found.holes if start >= found.end]
    return Slot(
        row,
        head=_with_holes(xml[: found.begin], before),
        tail=_with_holes(xml[found.end :], after),
        styles=_styles(found, columns, dates),
        part=part,
    )


def labelled(part: str, xml: bytes, label_cell: str) -> bytes:
    """A sheet without growing rows, the text in that cell giving way to the version label. Raises Refused."""
    return _with_holes(xml, _Pass(part, xml, LAST_ROW + 1, b"", label_cell).holes)


def filled(content: bytes, values: Mapping[bytes, bytes]) -> bytes:
    """The content with what belongs in each hole."""
    return HOLES.sub(lambda hole: values[hole[0]], content)


def filters(part: str, xml: bytes, last_rows: Mapping[str, bytes]) -> bytes:
    """The workbook part with the holes for the filters of tabs. `last_rows`: the hole of a tab by its place, from "0"."""
    holes: list[Hole] = []

    def start(path: list[str], attributes: Attributes) -> None:
        if path == ["workbook", "definedNames", "definedName"] and attributes.get("name") == _FILTER:
            found = _FILTERED.match(xml, walk.position)
            if found and (hole := last_rows.get(attributes.get("localSheetId", ""))):
                holes.append((*found.span(1), hole))

    walk = Walk(part, SPREADSHEET, "workbook", start, None, _ELEMENTS)
    walk.feed(xml, last=True)
    return _with_holes(xml, holes)


def _with_holes(content: bytes, holes: Iterable[Hole]) -> bytes:
    """The content with these spans, which are in order, replaced."""
    pieces, done = [], 0
    for start, stop, instead in holes:
        pieces += [content[done:start], instead]
        done = stop
    return b"".join([*pieces, content[done:]])


class Formats:
    """The cell formats of whole columns and of the present row, which cells have that are not written down."""

    def __init__(self) -> None:
        self._columns: dict[int, int] = {}
        self._row: int | None = None

    def column(self, attributes: Attributes) -> None:
        """A `<col>` has begun; each column counts once."""
        first, last = (whole_number(attributes.get(side, "")) for side in ("min", "max"))
        style = style_of(attributes, "style")
        for number in range(max(first, 1), min(last, _MOST_COLUMNS) + 1):
            self._columns.setdefault(number, style)

    def row(self, attributes: Attributes) -> None:
        """A `<row>` has begun."""
        self._row = style_of(attributes, "s") if attributes.get("customFormat", "") in _TRUE else None

    def usual(self, column: int) -> int:
        """The format of an unwritten cell in the present row."""
        return self._columns.get(column, 0) if self._row is None else self._row


class _Pass:
    """One pass over a sheet. `begin`, `end`: the bytes of the sample rows; `holes`: what gives way to something else.

    `formats`: the cell formats seen in each column of the samples, in the order of the rows; `usual`: those of the first row.
    """

    def __init__(self, part: str, xml: bytes, row: int, last_row: bytes, label_cell: str) -> None:
        self.begin = self.end = -1
        self.holes: list[Hole] = []
        self.formats: dict[str, dict[int, None]] = {}
        self.usual = Formats()
        self._xml = xml
        self._first, self._row = row, 0
        self._last_row, self._label_cell = last_row, label_cell
        self._label: tuple[int, bytes] | None = None
        self._walk = Walk(part, SPREADSHEET, "worksheet", self._start, self._end, _ELEMENTS)
        self._walk.feed(xml, last=True)
        if self.begin >= 0 and not (xml.startswith(b"<row", self.begin) and xml.startswith(b"</sheetData>", self.end)):
            self._walk.misbuilt("rows that are not written as Excel writes them")

    def _start(self, path: list[str], attributes: Attributes) -> None:
        match path:
            case ["worksheet", "sheetData", "row", "c"]:
                self._begin_cell(attributes)
            case ["worksheet", "sheetData", "row"]:
                self._begin_row(attributes)
            case ["worksheet", "dimension" | "autoFilter"]:
                self._extent()
            case ["worksheet", "cols", "col"]:
                self.usual.column(attributes)

    def _begin_row(self, attributes: Attributes) -> None:
        number = attributes.get("r")
        self._row = self._row + 1 if number is None else whole_number(number)
        if self.begin < 0 and self._row >= self._first:
            self.begin = self._walk.position
            self.usual.row(attributes)

    def _begin_cell(self, attributes: Attributes) -> None:
        address = attributes.get("r")
        if address is None:
            self._walk.misbuilt("cells without an address")
        if self.begin >= 0:
            self.formats.setdefault(address.rstrip("0123456789"), {})[style_of(attributes, "s")] = None
        elif address == self._label_cell:
            opening = f'<c r="{address}" s="{style_of(attributes, "s")}" t="inlineStr"><is><t>'
            self._label = self._walk.position, opening.encode() + LABEL + b"</t></is>"

    def _end(self, path: list[str]) -> None:
        if path == ["worksheet", "sheetData"]:
            self.end = self._walk.position
        elif self._label and path == ["worksheet", "sheetData", "row", "c"]:
            start, cell = self._label
            if self._xml.startswith(b"</c>", self._walk.position):  # else it holds nothing, and stays so
                self.holes.append((start, self._walk.position, cell))
            self._label = None

    def _extent(self) -> None:
        if not self._last_row:
            return
        found = _EXTENT.match(self._xml, self._walk.position)
        if found is None or len(self.holes) >= _MOST_HOLES:
            self._walk.misbuilt("a used range or a filter of one cell only, or more than one of them")
        self.holes.append((*found.span(1), self._last_row))


def style_of(attributes: Attributes, name: str) -> int:
    """The number of a cell format in an attribute; 0, the usual one, where there is none."""
    return max(whole_number(attributes.get(name, "0")), 0)


def _styles(found: _Pass, columns: Sequence[str], dates: Sequence[bool]) -> tuple[Styles, Styles]:
    texts, days = {}, {}
    for letters in columns:
        formats = list(found.formats.get(letters, ())) or [found.usual.usual(column_number(letters))]
        of_dates = [style for style in formats if style < len(dates) and dates[style]]
        texts[letters] = next((style for style in formats if style not in of_dates), formats[0])
        if of_dates:
            days[letters] = of_dates[0]
    return texts, days
