"""Templates that SECAS supplies: what is published with them is theirs but for rows and label, and every reader reads it."""

import csv
import datetime
import io
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine

from cpl import csvfile
from cpl.dictionary import load
from cpl.domain.findings import Severity
from cpl.workbook import supplied, template
from cpl.workbook.blocks import ROWS
from cpl.workbook.read import read_form
from cpl.workbook.read_list import read_cpl
from cpl.workbook.render import ReleaseView, RenderedEntry, render, write
from cpl.workbook.supplied_checks import check
from tests.builders import templates
from tests.builders.templates import CONTROL, CSV, FORM, HIDDEN, LIST, part_of, supplied_template
from tests.builders.values import DEVICE_TYPES, valid_values
from tests.builders.workbooks import sample_entries, unpacked
from tests.domain.test_blocks import Listing, Memory
from tests.libreoffice import EVERY_TAB, convert, needs_libreoffice

RULES = load(3)
ON = datetime.date(2026, 11, 25)
LABEL = "Version 3.002 Issued on 25-11-2026"
EXPIRY = "CPA_Certificate.expiry_date"
DESCRIPTOR = "Manufacturer_Image.descriptor"
HISTORY = (("3.001", "20/11/2026", "Two models\n000001 - one & two"), ("3.002", "25/11/2026", "-"))


def entries(count: int = 40) -> tuple[RenderedEntry, ...]:
    odd = {DESCRIPTOR: " a & <b>\n_x0041_\r\x01 "}
    return tuple(
        RenderedEntry(
            entry.number,
            entry.status,
            entry.values | (odd if place == 1 else {}),
            {EXPIRY: "date"} if entry.values[EXPIRY] and place % 3 else {},
        )
        for place, entry in enumerate(sample_entries(count))
    )


def view(listed: tuple[RenderedEntry, ...]) -> ReleaseView:
    return ReleaseView(LABEL, ON, HISTORY, listed)


def resaved_by_openpyxl(data: bytes) -> bytes:
    book, stream = openpyxl.load_workbook(io.BytesIO(data), keep_vba=True), io.BytesIO()
    book.save(stream)
    return stream.getvalue()


OWN = render(ReleaseView(templates.LABEL, ON, HISTORY, entries(10)), RULES)
SUPPLIED = {
    "from scratch": supplied_template(),
    "our template": template.package(RULES),
    "our workbook": OWN,
    "our workbook, saved by openpyxl": resaved_by_openpyxl(OWN),
}
EACH = pytest.mark.parametrize("data", SUPPLIED.values(), ids=SUPPLIED)


def published(data: bytes, listed: tuple[RenderedEntry, ...]) -> bytes:
    return render(view(listed), RULES, supplied.opened(data, RULES))


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data), keep_vba=True)


def errors(data: bytes) -> list[str]:
    """What stands against a template."""
    return [found.message for found in check(data, RULES) if found.severity is Severity.ERROR]


# --- What is published with it ------------------------------------------------------------------------------------------
@EACH
def test_nothing_stands_against_it(data: bytes) -> None:
    assert errors(data) == []


@EACH
def test_list_history_and_form_come_back(data: bytes) -> None:
    listed = entries()
    written = published(data, listed)
    reading = read_cpl(written)
    assert (reading.refusals, reading.label) == ((), LABEL)
    assert tuple((row.version, row.issued_on, row.changes) for row in reading.history) == HISTORY
    assert [(entry.number, entry.status, entry.values, entry.kinds) for entry in reading.entries] == [
        (entry.number, entry.status, entry.values, entry.kinds) for entry in listed
    ]
    form = read_form(written, RULES)
    assert (form.refusals, form.missing, form.version_label, form.macro) == ((), (), LABEL, True)


@EACH
def test_openpyxl_and_calamine_see_the_same(data: bytes) -> None:
    listed = tuple(entry for entry in entries() if not entry.values[DESCRIPTOR].startswith(" a"))  # _xHHHH_ is not theirs
    release = view(listed)
    written = published(data, listed)
    saveable = csvfile.render(LABEL, listed, RULES, bom=False).decode()
    book = opened(written)
    tab = book.worksheets[[name.casefold() for name in book.sheetnames].index(CSV.casefold())]
    assert [[cell or "" for cell in row] for row in tab.iter_rows(values_only=True)] == list(
        csv.reader(io.StringIO(saveable, newline=""))
    )
    assert book[CONTROL]["A3"].value == book[FORM]["A2"].value == LABEL
    table = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(written)).get_sheet_by_name(LIST).to_python()
    theirs = [[f"{cell:%d/%m/%Y}" if isinstance(cell, datetime.date) else cell for cell in row] for row in table[-len(listed) :]]
    keys = [item.key for item in RULES.list_items]
    ours = [
        [{"Entry.number": entry.number, "Entry.status": entry.status, **entry.values}[key] for key in keys] for entry in listed
    ]
    assert [row[-len(keys) :] for row in theirs] == ours
    assert release.entries == listed


@EACH
def test_a_form_filled_in_is_read(data: bytes) -> None:
    answers = valid_values(DEVICE_TYPES[0], with_hash=True)
    empty = read_form(published(data, entries(3)), RULES)
    book = opened(published(data, entries(3)))
    for key, answer in answers.items():
        book[FORM][empty.cells[key].cell.rpartition("!")[2]].value = answer or None
    stream = io.BytesIO()
    book.save(stream)
    reading = read_form(stream.getvalue(), RULES)
    assert reading.refusals == ()
    assert {key: cell.value for key, cell in reading.cells.items() if key in answers} == answers


@EACH
@pytest.mark.parametrize("count", [0, 2, ROWS + 44])
def test_every_other_part_stays_as_it_was(data: bytes, count: int) -> None:
    before, after = unpacked(data), unpacked(published(data, entries(count)))
    assert sorted(before) == sorted(after)
    book = supplied.open_supplied(data)
    found = supplied.tabs_of(book)
    growing = {book.sheet_part(sheet).name for sheet in (found.control, found.listed, found.csv)}
    form = book.sheet_part(found.form).name
    assert {name for name in before if before[name] != after[name]} == {*growing, form, "xl/workbook.xml"}
    filtered = re.compile(rb"(_FilterDatabase[^$]*\$A\$2:\$V\$)([0-9]+)")
    assert filtered.sub(rb"\1", before["xl/workbook.xml"]) == filtered.sub(rb"\1", after["xl/workbook.xml"])
    assert filtered.search(after["xl/workbook.xml"])[2] == b"%d" % (7 + count)
    assert opened(published(data, entries(count)))[LIST].auto_filter.ref == f"A2:V{7 + count}"


def test_only_rows_and_label_change_in_a_tab() -> None:
    """Everything around the rows is there byte for byte, but for used range, filter and label."""
    data = SUPPLIED["from scratch"]
    before, after = unpacked(data), unpacked(published(data, entries(2)))
    for tab, changes in {
        LIST: [(b'ref="A1:V10"', b'ref="A1:V9"'), (b'ref="A2:V10"', b'ref="A2:V9"')],
        CSV: [(b'ref="A1:M2"', b'ref="A1:M3"')],
        CONTROL: [(b'ref="A1:C11"', b'ref="A1:C12"')],
    }.items():
        old, new = before[part_of(data, tab)], after[part_of(data, tab)]
        for was, becomes in changes:
            assert was in old
            old = old.replace(was, becomes)
        head, _, rest = old.partition(b"<sheetData>")
        tail = rest.partition(b"</sheetData>")[2]
        assert new.startswith(head)
        assert new.endswith(tail)
        assert b"mc:Ignorable" in head
    assert b'<pageSetup r:id="rIdPrinter"' in after[part_of(data, LIST)]
    assert after["xl/printerSettings/printerSettings1.bin"] == templates.PRINTER


def test_entries_have_the_looks_of_the_samples() -> None:
    book = opened(published(SUPPLIED["from scratch"], entries(6)))
    sample = opened(SUPPLIED["from scratch"])[LIST]
    for row in range(8, 14):
        for item in RULES.list_items:
            cell = book[LIST][f"{item.list_column}{row}"]
            assert cell.font.color.rgb == sample[f"{item.list_column}8"].font.color.rgb or cell.is_date
    dates = [book[LIST][f"N{row}"] for row in range(8, 14) if book[LIST][f"N{row}"].is_date and book[LIST][f"N{row}"].value]
    assert dates
    assert {(cell.font.bold, cell.number_format) for cell in dates} == {(True, "dd/mm/yyyy")}
    assert [book[CONTROL][f"{column}12"].border.left.style for column in "ABC"] == ["thin", "medium", "dashed"]
    assert [book[CSV][f"{column}3"].font.name for column in "AB"] == ["Calibri", "Courier New"]


def test_a_date_where_the_template_has_no_format_for_dates_is_a_text() -> None:
    """Some columns of the list taken over hold a date where none belongs; as a number it would be another value."""
    key = "ZSE_Certificate.identification_number"
    (entry,) = entries(1)
    listed = RenderedEntry(entry.number, entry.status, entry.values | {key: "01/02/2024"}, {key: "date"})
    (read,) = read_cpl(published(SUPPLIED["from scratch"], (listed,))).entries
    assert read.values[key] == "01/02/2024"


def test_tabs_of_its_own_stay_hidden() -> None:
    book = opened(published(SUPPLIED["from scratch"], entries(2)))
    assert [(sheet.title, sheet.sheet_state) for sheet in book] == [
        (name, "hidden" if name == HIDDEN else "visible") for name in templates.CODE_NAMES
    ]


# --- From kept blocks ----------------------------------------------------------------------------------------------------
def written(
    data: bytes | None, listed: tuple[RenderedEntry, ...], keeper: Memory | None, label: str = LABEL
) -> tuple[bytes, bytes]:
    made = template.build(RULES) if data is None else supplied.opened(data, RULES)
    workbook, file = io.BytesIO(), io.BytesIO()
    write(ReleaseView(label, ON, HISTORY, Listing(listed)), RULES, made, workbook, io.BytesIO(), file, keeper)
    return workbook.getvalue(), file.getvalue()


class Emptied(dict[str, int]):
    """What another thread empties at the very moment when this one has found something in it."""

    def __contains__(self, key: object) -> bool:
        found = super().__contains__(key)
        self.clear()
        return found


def test_templates_in_memory_are_shared_by_threads() -> None:
    memory = Emptied(one=1)
    assert template.in_memory(memory, "one", lambda: 1) == 1


def test_kept_blocks_are_used_for_the_same_template_and_label_only() -> None:
    listed, keeper = entries(2 * ROWS - 1), Memory()
    for data in (None, *SUPPLIED.values()):
        for label in (LABEL, "Version 3.003 Issued on 26-11-2026"):
            made = keeper.made
            assert written(data, listed, keeper, label) == written(data, listed, None, label)
            assert written(data, listed, keeper, label) == written(data, listed, None, label)
            assert keeper.made - made in {0, 2}
    assert keeper.made > 8


# --- LibreOffice -----------------------------------------------------------------------------------------------------------
def table(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode(), newline="")))


@needs_libreoffice
def test_libreoffice_shows_what_was_published(tmp_path: Path) -> None:
    listed = tuple(entry for entry in entries() if not entry.values[DESCRIPTOR].startswith(" a"))
    tabs = convert(published(SUPPLIED["from scratch"], listed), tmp_path, EVERY_TAB)
    assert table(tabs[f"book-{CSV}.csv"]) == table(csvfile.render(LABEL, listed, RULES, bom=False))
    shown = [row[1:] for row in table(tabs[f"book-{LIST}.csv"])[7:]]
    keys = [item.key for item in RULES.list_items]
    assert shown == [
        [{"Entry.number": entry.number, "Entry.status": entry.status, **entry.values}[key] for key in keys] for entry in listed
    ]
    control = table(tabs[f"book-{CONTROL}.csv"])
    assert (control[2][0], [tuple(row) for row in control[10:]]) == (LABEL, list(HISTORY))
    assert table(tabs[f"book-{FORM}.csv"])[1][0] == LABEL


@needs_libreoffice
@pytest.mark.parametrize("name", ["from scratch", "our workbook"])
def test_a_template_saved_by_libreoffice(name: str, tmp_path: Path) -> None:
    """It writes parts in another order, other attributes, and formats of whole rows and columns."""
    data = convert(SUPPLIED[name], tmp_path, "xlsm:Calc MS Excel 2007 VBA XML")["book.xlsm"]
    assert errors(data) == []
    test_list_history_and_form_come_back(data)
    before, after = unpacked(data), unpacked(published(data, entries(30)))
    assert sorted(before) == sorted(after)
    assert before["xl/vbaProject.bin"] == after["xl/vbaProject.bin"]
    assert {name for name in before if before[name] != after[name]} < {*(n for n in before if "/sheet" in n), "xl/workbook.xml"}
