"""One-sheet workbooks to filter and print: handling line on top, typed text cells, the same bytes for the same content."""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

NOT_HELD = "Not held (historic entry)"
REMOVED_FORMAT = '@" (Removed)"'  # shown behind the number; the value of the cell stays the number
LABEL_ROW = 2
_LONGEST_FOOTER = 200  # characters; Excel takes 255 with its codes
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # characters XML cannot hold
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
_MOMENT = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed moment of no place: the content alone makes the bytes
_COLOURS = {"GREEN": ("FF1E6B3A", "FFE3F3E8"), "RED": ("FF9B1C1C", "FFFBE4E4")}  # text and fill of the handling line
_THIN = Side(style="thin", color="FFB9C0C8")
_LINE = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_TOP = Alignment(wrap_text=True, vertical="top")
_HIGHEST = 409  # points, the most that a row of a spreadsheet can have


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """One entry of the list with the data items that a repository holds for it, by key; none for a historic entry."""

    number: str
    removed: bool
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One entry: its number and the cells after it. `removed`: its status on the CPL is Removed."""

    number: str
    cells: tuple[str, ...]
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A fixed heading of the guidance, and how wide the column is (characters)."""

    heading: str
    width: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything a repository workbook shows. `level` is GREEN or RED; `label` names the version of the CPL it goes with."""

    tab: str
    level: str
    handling: str
    label: str
    notes: tuple[str, ...]
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def write(sheet: Sheet) -> bytes:
    """The workbook (.xlsx). Equal sheets give equal bytes."""
    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = sheet.tab
    heading_row = _write_head(page, sheet)
    for place, row in enumerate(sheet.rows, start=heading_row + 1):
        _write_row(page, place, row, sheet.columns)
    _lay_out(page, sheet, heading_row)
    book.properties.title = f"{sheet.title} ({sheet.level})"
    book.properties.creator = "SECAS"
    book.properties.created = _MOMENT
    return _packed(book)


def stamped(data: bytes, reader: str) -> bytes:
    """A copy of a workbook of `write` that names its reader under the handling line and on every printed page."""
    book = load_workbook(io.BytesIO(data))
    page = book.active
    assert isinstance(page, Worksheet)
    label = page.cell(LABEL_ROW, 1)
    _put(page, LABEL_ROW, 1, f"{label.value} · {reader}")
    page.oddFooter = _centred(reader)
    book.properties.lastModifiedBy = _clean(reader)[:_LONGEST_FOOTER]
    return _packed(book)


def _write_head(page: Worksheet, sheet: Sheet) -> int:
    """Handling line, version, notes, title and headings; returns the row of the headings."""
    ink, fill = _COLOURS[sheet.level]
    lines = [sheet.handling, sheet.label, *sheet.notes, sheet.title]
    for place, text in enumerate(lines, start=1):
        _put(page, place, 1, text)
        page.merge_cells(start_row=place, start_column=1, end_row=place, end_column=len(sheet.columns))
        page.row_dimensions[place].height = 15 * _lines_needed(text, sum(column.width for column in sheet.columns))
    page["A1"].font, page["A1"].fill = _font(bold=True, color=ink), PatternFill("solid", fgColor=fill)
    page.cell(len(lines), 1).font = _font(bold=True, size=14)
    page.row_dimensions[len(lines)].height = 21
    for place, column in enumerate(sheet.columns, start=1):
        _put(page, len(lines) + 1, place, column.heading)
        cell = page.cell(len(lines) + 1, place)
        cell.font, cell.border, cell.fill = _font(bold=True), _LINE, PatternFill("solid", fgColor="FFE9ECEF")
        page.column_dimensions[get_column_letter(place)].width = column.width
    return len(lines) + 1


def _font(size: int = 11, **look: Any) -> Font:
    """The type face of all other cells; a font without a name is another one in every program."""
    return Font(name="Calibri", family=2, size=size, **look)


def _write_row(page: Worksheet, place: int, row: Row, columns: Sequence[Column]) -> None:
    texts = zip((row.number, *row.cells), columns, strict=True)
    lines = max(_lines_needed(text, column.width) for text, column in texts)
    page.row_dimensions[place].height = min(15 * lines, _HIGHEST)
    for column, text in enumerate((row.number, *row.cells), start=1):
        _put(page, place, column, text)
        cell = page.cell(place, column)
        cell.border = _LINE
        if row.removed:
            cell.font = _font(strike=True, color="FF5C636A")
        elif text == NOT_HELD:
            cell.font = _font(italic=True, color="FF5C636A")
    if row.removed:
        page.cell(place, 1).number_format = REMOVED_FORMAT


def _lay_out(page: Worksheet, sheet: Sheet, heading_row: int) -> None:
    """For reading and for printing: headings stay in sight, every printed page says how it may be handled."""
    page.freeze_panes = f"A{heading_row + 1}"
    page.auto_filter.ref = f"A{heading_row}:{get_column_letter(len(sheet.columns))}{heading_row + len(sheet.rows)}"
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_title_rows = f"{heading_row}:{heading_row}"
    page.oddHeader = _centred(f"{sheet.level} - {sheet.title} - {sheet.label}")


def _centred(text: str) -> HeaderFooterItem:
    """A printed header or footer; an ampersand there begins a code, unless there are two."""
    item = HeaderFooterItem()
    assert item.center is not None
    item.center.text = _clean(text)[:_LONGEST_FOOTER].replace("&", "&&")
    return item


def _put(page: Worksheet, row: int, column: int, text: str) -> None:
    """A cell that is text whatever it begins with; a spreadsheet neither calculates nor re-types it, even after editing."""
    cell = page.cell(row, column)
    cell.value = _clean(text)
    cell.data_type = "s"
    cell.number_format = "@"
    cell.alignment = _TOP
    if text.startswith(_FORMULA_STARTS):
        cell.quotePrefix = True


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _lines_needed(text: str, width: int) -> int:
    return sum(1 + len(line) // max(width, 1) for line in text.splitlines()) or 1


def _packed(book: Workbook) -> bytes:
    """The saved workbook without the time of saving, which openpyxl writes into every part of the package."""
    saved = io.BytesIO()
    book.save(saved)
    packed = io.BytesIO()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
        for part in _in_order(source.infolist()):
            data = source.read(part)
            if part.filename == "docProps/core.xml":
                data = _MODIFIED.sub(rb"\g<1>" + f"{_MOMENT:%Y-%m-%dT%H:%M:%SZ}".encode(), data)
            info = zipfile.ZipInfo(part.filename, date_time=_MOMENT.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, data)
    return packed.getvalue()


def _in_order(parts: Iterable[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The list of content types comes first, as spreadsheets expect it."""
    return sorted(parts, key=lambda part: (part.filename != "[Content_Types].xml", part.filename))
