"""Finds where the rows of a release go in the sheets of a template.

The template shows by example: the rows from the first one that grows down to the last of the sheet are samples whose cell formats
are taken over. They are replaced by the rows to publish; every other byte of the template stays as it is, but for its holes:
places that say something else in each release, marked by bytes that no XML may contain.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cpl.workbook.sheet import column_number, whole_number
from cpl.workbook.xmlstream import SPREADSHEET, Attributes, Walk

LABEL, DAY, LAST_RELEASE, LAST_ENTRY, LAST_CSV_ROW = (bytes([number]) for number in range(1, 6))  # holes
HOLES = re.compile(b"[\x01-\x05]")
_EXTENT = re.compile(rb"""<[^<>]*?\sref=["'][A-Z]+[0-9]+:[A-Z]+([0-9]+)["']""")
_FILTER = "_xlnm._FilterDatabase"
_FILTERED = re.compile(rb"<[^<>]*>[^<]*\$([0-9]+)(?=</)")
_ELEMENTS = 20_000_000
_TRUE = ("1", "true", "on")
Styles = Mapping[str, int]


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


def cut(part: str, xml: bytes, row: int, columns: Sequence[str], dates: Sequence[bool], last_row: bytes) -> Slot:
    """Cut the sample rows, from this row on, out of a sheet. `dates`: for each cell format whether it is one for dates.

    `last_row` is the hole for every place where the sheet names its last row: used range and filter.
    A column takes the format of the first sample that is none for dates, and for dates that of the first that is one.
    Raises Refused for XML that cannot be read, ValueError when there is no such row.
    """
    found = _Samples(part, xml, row)
    if found.begin < 0:
        raise ValueError(f"The template has no sample in row {row}.")
    before = [span for span in found.extents if span[0] < found.begin]
    after = [(start - found.end, stop - found.end) for start, stop in found.extents if start >= found.end]
    return Slot(
        row,
        head=with_holes(xml[: found.begin], before, last_row),
        tail=with_holes(xml[found.end :], after, last_row),
        styles=_styles(found, columns, dates),
        part=part,
    )


def filled(content: bytes, values: Mapping[bytes, bytes]) -> bytes:
    """The content with what belongs in each hole."""
    return HOLES.sub(lambda hole: values[hole[0]], content)


def with_holes(content: bytes, spans: Iterable[tuple[int, int]], hole: bytes) -> bytes:
    """The content with holes in place of these spans, which are in order."""
    pieces, done = [], 0
    for start, stop in spans:
        pieces.append(content[done:start])
        done = stop
    return hole.join([*pieces, content[done:]])


def filters(part: str, xml: bytes, last_rows: Mapping[str, bytes]) -> bytes:
    """The workbook part with the holes for the filters of tabs. `last_rows`: the hole of a tab by its place, from "0"."""
    spans: list[tuple[int, int, bytes]] = []

    def start(path: list[str], attributes: Attributes) -> None:
        if path == ["workbook", "definedNames", "definedName"] and attributes.get("name") == _FILTER:
            found = _FILTERED.match(xml, walk.position)
            if found and (hole := last_rows.get(attributes.get("localSheetId", ""))):
                spans.append((*found.span(1), hole))

    walk = Walk(part, SPREADSHEET, "workbook", start, None, _ELEMENTS)
    walk.feed(xml, last=True)
    for first, last, hole in reversed(spans):
        xml = xml[:first] + hole + xml[last:]
    return xml


class _Samples:
    """One pass over a sheet. `begin`, `end`: the bytes of the sample rows; `extents`: where digits name the last row.

    `formats`: the cell formats seen in each column, in the order of the rows.
    """

    def __init__(self, part: str, xml: bytes, row: int) -> None:
        self.begin = self.end = -1
        self.extents: list[tuple[int, int]] = []
        self.formats: dict[str, list[int]] = {}
        self._xml = xml
        self._first, self._row = row, 0
        self._columns: list[tuple[int, int, int]] = []
        self._row_format: int | None = None
        self._walk = Walk(part, SPREADSHEET, "worksheet", self._start, self._end, _ELEMENTS)
        self._walk.feed(xml, last=True)
        if self.begin >= 0 and not (xml.startswith(b"<row", self.begin) and xml.startswith(b"</sheetData>", self.end)):
            self._walk.misbuilt("rows with a name of their own for the format of workbooks")

    def usual(self, letters: str) -> int:
        """The format of a column without sample cells: that of the row, else that of the whole column."""
        number = column_number(letters)
        whole = next((style for first, last, style in self._columns if first <= number <= last), 0)
        return whole if self._row_format is None else self._row_format

    def _start(self, path: list[str], attributes: Attributes) -> None:
        match path:
            case ["worksheet", "dimension" | "autoFilter"]:
                self._extent()
            case ["worksheet", "cols", "col"]:
                first, last = (whole_number(attributes.get(side, "")) for side in ("min", "max"))
                self._columns.append((first, last, _style(attributes, "style")))
            case ["worksheet", "sheetData", "row"]:
                self._begin_row(attributes)
            case ["worksheet", "sheetData", "row", "c"] if self.begin >= 0:
                seen = self.formats.setdefault(attributes.get("r", "").rstrip("0123456789"), [])
                style = _style(attributes, "s")
                if style not in seen:
                    seen.append(style)

    def _begin_row(self, attributes: Attributes) -> None:
        number = attributes.get("r")
        self._row = self._row + 1 if number is None else whole_number(number)
        if self.begin < 0 and self._row >= self._first:
            self.begin = self._walk.position
            if attributes.get("customFormat", "") in _TRUE:
                self._row_format = _style(attributes, "s")

    def _end(self, path: list[str]) -> None:
        if path == ["worksheet", "sheetData"]:
            self.end = self._walk.position

    def _extent(self) -> None:
        found = _EXTENT.match(self._xml, self._walk.position)
        if found is None:
            self._walk.misbuilt("a used range or a filter of one cell only")
        self.extents.append(found.span(1))


def _style(attributes: Attributes, name: str) -> int:
    return max(whole_number(attributes.get(name, "0")), 0)


def _styles(found: _Samples, columns: Sequence[str], dates: Sequence[bool]) -> tuple[Styles, Styles]:
    texts, days = {}, {}
    for letters in columns:
        formats = found.formats.get(letters) or [found.usual(letters)]
        of_dates = [style for style in formats if style < len(dates) and dates[style]]
        texts[letters] = next((style for style in formats if style not in of_dates), formats[0])
        if of_dates:
            days[letters] = of_dates[0]
    return texts, days
