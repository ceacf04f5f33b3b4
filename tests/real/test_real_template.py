"""The real list, version 2.051, as a supplied template: a layout that Excel made, with printer settings and a form control."""

import csv
import datetime
import io
import re

import openpyxl
import pytest
import python_calamine

from cpl import csvfile
from cpl.dictionary import load
from cpl.workbook import supplied
from cpl.workbook.macro import macro
from cpl.workbook.read_list import CplReading, read_cpl
from cpl.workbook.render import ReleaseView, RenderedEntry, render
from cpl.workbook.supplied_checks import check
from tests.builders.workbooks import MACRO_TYPE, PLAIN_TYPE, rewrite, unpacked
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared

RULES = load(2)
GROWING = {"xl/worksheets/sheet1.xml", "xl/worksheets/sheet3.xml", "xl/worksheets/sheet4.xml"}
MACRO = b'<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
RELATIONSHIP = (
    b'<Relationship Id="rIdMacro" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" '
    b'Target="vbaProject.bin"/></Relationships>'
)


@pytest.fixture(scope="module")
def imported() -> CplReading:
    return read_cpl((SHARED / "data" / "cpl_v2.051.xlsx").read_bytes())


@pytest.fixture(scope="module")
def template() -> bytes:
    """The published workbook with a macro again, which its public copy has lost."""
    return rewrite(
        (SHARED / "data" / "cpl_v2.051.xlsx").read_bytes(),
        {
            "xl/vbaProject.bin": macro(("Sheet1", "Sheet2", "Sheet3", "Sheet4")),
            "[Content_Types].xml": lambda types: types.replace(PLAIN_TYPE.encode(), MACRO_TYPE.encode()).replace(
                b"</Types>", MACRO
            ),
            "xl/_rels/workbook.xml.rels": lambda part: part.replace(b"</Relationships>", RELATIONSHIP),
        },
    )


@pytest.fixture(scope="module")
def shown(imported: CplReading) -> ReleaseView:
    """One entry less than the template has as samples, and another day."""
    listed = tuple(RenderedEntry(entry.number, entry.status, entry.values, entry.kinds) for entry in imported.entries[:-1])
    history = tuple((row.version, row.issued_on, row.changes) for row in imported.history)
    return ReleaseView("Version 2.052 Issued on 25-11-2026", datetime.date(2026, 11, 25), history, listed)


@pytest.fixture(scope="module")
def published(template: bytes, shown: ReleaseView) -> bytes:
    return render(shown, RULES, supplied.opened(template, RULES))


def test_nothing_stands_against_it(template: bytes) -> None:
    assert check(template, RULES) == ()


def test_the_list_comes_back(imported: CplReading, published: bytes, shown: ReleaseView) -> None:
    reading = read_cpl(published)
    assert (reading.refusals, reading.label) == ((), shown.label)
    assert reading.history == imported.history
    assert [(entry.number, entry.status, entry.values, entry.row) for entry in reading.entries] == [
        (entry.number, entry.status, entry.values, entry.row) for entry in imported.entries[:-1]
    ]
    assert sum("date" in entry.kinds.values() for entry in reading.entries) > 400


def test_other_programs_read_the_same(published: bytes, shown: ReleaseView) -> None:
    file = csvfile.render(shown.label, shown.entries, RULES, bom=False).decode()
    table = list(csv.reader(io.StringIO(file, newline="")))
    book = openpyxl.load_workbook(io.BytesIO(published))
    assert [[cell or "" for cell in row[:13]] for row in book["CPL - saveable in CSV"].iter_rows(values_only=True)] == table
    tab = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(published)).get_sheet_by_name("CPL - saveable in CSV")
    assert [row[:13] for row in tab.to_python()] == table


def around(sheet: bytes) -> bytes:
    """What stands around the rows of a tab, but for the last row of used range and filter."""
    head, _, rest = sheet.partition(b"<sheetData>")
    return re.sub(
        rb'(<(?:dimension|autoFilter) ref="[A-Z]+[0-9]+:[A-Z]+)[0-9]+', rb"\1", head + rest.partition(b"</sheetData>")[2]
    )


def test_every_other_part_stays_as_excel_made_it(template: bytes, published: bytes) -> None:
    before, after = unpacked(template), unpacked(published)
    assert {name for name in before if before[name] != after[name]} <= {*GROWING, "xl/workbook.xml"}
    assert [around(before[part]) for part in GROWING] == [around(after[part]) for part in GROWING]
    sheets = [openpyxl.load_workbook(io.BytesIO(data))["Central Products List"] for data in (template, published)]
    assert [sheet.column_dimensions["B"].width for sheet in sheets] == [sheets[0].column_dimensions["B"].width] * 2
    samples = [cell.coordinate for cell in sheets[0]["B8:U8"][0] if cell.value]
    looks = [
        [(cell.font.name, cell.font.sz, cell.border.left.style) for cell in map(sheet.__getitem__, samples)] for sheet in sheets
    ]
    assert len(samples) > 15
    assert looks[0] == looks[1]
