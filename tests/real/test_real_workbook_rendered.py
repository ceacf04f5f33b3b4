"""The real list, version 2.051, published again: all that a reader can see of its entries and history is the same."""

import datetime
import io

import openpyxl
import pytest
import python_calamine

from cpl import csvfile
from cpl.dictionary import load
from cpl.workbook.read_list import CplReading, read_cpl
from cpl.workbook.render import ReleaseView, RenderedEntry, render
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared

RULES = load(2)
TABLES = (("Version Control", 11, 3), ("Central Products List", 8, 21), ("CPL - saveable in CSV", 1, 13))
ENTRIES, RELEASES, REAL_DATES = 729, 346, 478


@pytest.fixture(scope="module")
def original() -> bytes:
    return (SHARED / "data" / "cpl_v2.051.xlsx").read_bytes()


@pytest.fixture(scope="module")
def imported(original: bytes) -> CplReading:
    return read_cpl(original)


@pytest.fixture(scope="module")
def again(imported: CplReading) -> bytes:
    listed = tuple(RenderedEntry(entry.number, entry.status, entry.values, entry.kinds) for entry in imported.entries)
    history = tuple((row.version, row.issued_on, row.changes) for row in imported.history)
    return render(ReleaseView(imported.label, datetime.date(2022, 9, 21), history, listed), RULES)


def test_the_import_finds_the_same_list(imported: CplReading, again: bytes) -> None:
    reading = read_cpl(again)
    assert reading.refusals == ()
    assert (len(reading.entries), len(reading.history)) == (ENTRIES, RELEASES)
    assert [(entry.number, entry.status, entry.values, entry.row) for entry in reading.entries] == [
        (entry.number, entry.status, entry.values, entry.row) for entry in imported.entries
    ]
    assert (reading.label, reading.version, reading.history) == (imported.label, imported.version, imported.history)


def test_real_dates_stay_dates_and_numbers_become_text(imported: CplReading, again: bytes) -> None:
    dates = [{key: kind for key, kind in entry.kinds.items() if kind == "date"} for entry in imported.entries]
    assert [entry.kinds for entry in read_cpl(again).entries] == dates
    assert sum(map(len, dates)) == REAL_DATES


def test_the_same_cells_in_the_same_places(original: bytes, again: bytes) -> None:
    """By openpyxl, tab by tab; only numbers of the original are text now."""
    theirs, ours = (openpyxl.load_workbook(io.BytesIO(data)) for data in (original, again))
    for tab, first_row, columns in (
        ("Version Control", 11, 3),
        ("Central Products List", 8, 21),
        ("CPL - saveable in CSV", 1, 13),
    ):
        table = [list(sheet[tab].iter_rows(min_row=first_row, max_col=columns, values_only=True)) for sheet in (theirs, ours)]
        before, after = ([tuple(map(plain, row)) for row in rows if any(row)] for rows in table)
        assert before == after


def plain(value: object) -> object:
    """A value as it counts: numbers by their digits, an empty text as nothing."""
    return str(value) if isinstance(value, int | float) else value or None


def test_calamine_reads_it_too(imported: CplReading, again: bytes) -> None:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(again))
    rows = book.get_sheet_by_name("Central Products List").to_python(skip_empty_area=False)[7:]
    for entry, row in zip(imported.entries, rows, strict=True):
        texts = [f"{cell:%d/%m/%Y}" if isinstance(cell, datetime.date) else cell for cell in row[1:]]
        assert texts == [entry.number, entry.status, *entry.values.values()]


def test_the_fourth_tab_is_the_published_csv(again: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(again))
    published = (SHARED / "data" / "cpl_v2.051_saveable_in_csv_export.csv").read_bytes()
    reading = csvfile.read_csv(published, RULES)
    head, *rows = book["CPL - saveable in CSV"].iter_rows(values_only=True)
    assert list(head) == list(reading.rows[0])
    assert [[cell or "" for cell in row] for row in rows] == [list(row.values()) for row in reading.rows]
