"""The published workbook as three other programs read it, value by value, from a short list to one of 10,000 entries."""

import csv
import datetime
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine

from cpl import csvfile
from cpl.dictionary import load
from cpl.workbook.render import ReleaseView, RenderedEntry, render
from tests.builders.workbooks import sample_entries
from tests.libreoffice import EVERY_TAB, convert, needs_libreoffice

RULES = load(3)
EXPIRY, DESCRIPTOR = "CPA_Certificate.expiry_date", "Manufacturer_Image.descriptor"
LIST, CSV_TAB, CONTROL, FORM = "Central Products List", "CPL - saveable in CSV", "Version Control", "CPL - New Entry"
LABEL = "Version 3.004 Issued on 25-11-2026"
HISTORY = (("3.003", "24/11/2026", "First issue"), ("3.004", "25/11/2026", "Line one \nline <two> & “three”"))
# What every one of the three shows as it is; the stranger texts are those of test_render.
AWKWARD = (" blanks around ", "two\nlines", '"quoted", with comma', "=1+1", "00", "1E5", "TRUE", "Grüße, 中文, 😀", "&amp; <b>")
SIZES = [60, 729, 10_000]  # a few, what version 2.051 had, and more than anybody expects
Table = list[list[str]]


@dataclass(frozen=True)
class Published:
    """A workbook and what it must show: the rows of the list and those of the CSV."""

    workbook: bytes
    listed: Table
    file: Table


@pytest.fixture(scope="module", params=SIZES)
def published(request: pytest.FixtureRequest) -> Published:
    entries = tuple(
        RenderedEntry(
            entry.number,
            entry.status,
            {**entry.values, DESCRIPTOR: AWKWARD[place % len(AWKWARD)]} if place % 7 == 0 else entry.values,
            {EXPIRY: "date"} if place % 3 == 0 and entry.values[EXPIRY] else {},
        )
        for place, entry in enumerate(sample_entries(request.param))
    )
    keys = [item.key for item in RULES.list_items]
    listed = [[{"Entry.number": e.number, "Entry.status": e.status, **e.values}[key] for key in keys] for e in entries]
    file = csvfile.render(LABEL, entries, RULES, bom=False).decode()
    return Published(render(ReleaseView(LABEL, datetime.date(2026, 11, 25), HISTORY, entries), RULES), listed, table(file))


def table(text: str) -> Table:
    return list(csv.reader(io.StringIO(text, newline="")))


def texts(rows: Iterable[Iterable[Any]]) -> Table:
    """Cells as texts: a real date as the list writes it, an empty cell as nothing."""
    return [[f"{cell:%d/%m/%Y}" if isinstance(cell, datetime.date) else cell or "" for cell in row] for row in rows]


def holds(published: Published, listed: Table, file: Table, history: Table) -> None:
    assert file == published.file
    assert listed == published.listed
    assert history == [list(row) for row in HISTORY]


def test_openpyxl(published: Published) -> None:
    book = openpyxl.load_workbook(io.BytesIO(published.workbook), read_only=True)
    for name in (LIST, CSV_TAB, CONTROL):
        book[name].reset_dimensions()
    holds(
        published,
        texts(book[LIST].iter_rows(min_row=8, min_col=2, values_only=True)),
        texts(book[CSV_TAB].iter_rows(values_only=True)),
        texts(book[CONTROL].iter_rows(min_row=11, values_only=True)),
    )


def test_calamine(published: Published) -> None:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(published.workbook))
    listed, file, history = (book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in (LIST, CSV_TAB, CONTROL))
    holds(published, [row[1:] for row in texts(listed[7:])], texts(file), texts(history[10:]))


@needs_libreoffice
def test_libreoffice(published: Published, tmp_path: Path) -> None:
    tabs = convert(published.workbook, tmp_path, EVERY_TAB)
    listed, file, control, form = (table(tabs[f"book-{name}.csv"].decode()) for name in (LIST, CSV_TAB, CONTROL, FORM))
    assert control[2][0] == form[1][0] == LABEL
    holds(published, [row[1:] for row in listed[7:]], file, control[10:])
