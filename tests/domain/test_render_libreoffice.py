"""The published workbook in another spreadsheet program: saved there it is the same list; its hints say what the rules say."""

import csv
import datetime
import io
from pathlib import Path
from typing import Any

import openpyxl

from cpl.dictionary import load
from cpl.domain.dictionary import DataItem, Kind
from cpl.domain.entry import TRIO
from cpl.workbook.blocks import ROWS
from cpl.workbook.read_list import read_cpl
from cpl.workbook.render import ReleaseView, RenderedEntry, render
from tests.builders.values import DEVICE_TYPES, valid_values
from tests.builders.workbooks import sample_entries
from tests.libreoffice import EVERY_TAB, convert, needs_libreoffice
from tests.vba.agreement import of_the_server
from tests.vba.forms import Form

pytestmark = needs_libreoffice

RULES = load(3)
EXPIRY = "CPA_Certificate.expiry_date"
LABEL = "Version 3.004 Issued on 25-11-2026"
FORM = "CPL - New Entry"
HINT = "K"  # a free column
WRONG = {
    "Device_Type.name": "gas meter",
    "Device_Model.manufacturer_identifier": "7a:g1",
    "Device_Model.model_identifier": "0001",
    "Device_Model.hardware_version.version": "A",
    "Device_Model.hardware_version.revision": "0G",
    "Device_Model.firmware_version": "03:00-01:10",
    "SMETS/CHTS Version.Version_number": "SMETS V9.9",
    "GBCS Version.version_number": "4.1",
    "CPA_Certificate.identification_number": "[r] NCSC-1700000001-4001",
    "CPA_Certificate.security_characteristics_version": "1.3",
    "CPA_Certificate.expiry_date": "30.06.2031",
    "DLMS_Certificate.DLMS_version": "CTT 4",
    "ZSE_Certificate.identification_number": "Z" * 41,
    "Manufacturer_Image.hash": "AA:" * 31 + "A",
    "Manufacturer Contact FIR.Post Code": "MP1 4QX XX",
    "FIR Release Notes.Description": "x" * 501,
    "ZigBee_Properties.Bands_Join": "Dual Band",
}


def published() -> tuple[ReleaseView, bytes]:
    kinds = {EXPIRY: "date"}
    listed = tuple(RenderedEntry(entry.number, entry.status, entry.values, kinds) for entry in sample_entries(ROWS + 88))
    history = (("3.004", "25/11/2026", "Line one \nline <two> & three"),)
    view = ReleaseView(LABEL, datetime.date(2026, 11, 25), history, listed)
    return view, render(view, RULES)


def table(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode(), newline="")))


def test_saved_by_another_program_it_is_still_the_same_list(tmp_path: Path) -> None:
    view, data = published()
    reading = read_cpl(convert(data, tmp_path, "xlsx")["book.xlsx"])
    assert reading.refusals == ()
    assert [(entry.number, entry.status, entry.values) for entry in reading.entries] == [
        (entry.number, entry.status, entry.values) for entry in view.entries
    ]
    assert reading.label == LABEL


def hints_beside(data: bytes, answers: dict[str, str]) -> bytes:
    """The form filled in, the formula of each hint in a cell of its own so that its result can be read."""
    book = openpyxl.load_workbook(io.BytesIO(data), keep_vba=True)
    sheet: Any = book[FORM]
    formulas = {str(area.sqref): area.rules[0].formula[0] for area in sheet.conditional_formatting}
    for row, item in enumerate(RULES.form_items, 7):
        if item.kind is not Kind.ALLOCATED:
            sheet[f"G{row}"].value = answers.get(item.key) or None
            sheet[f"{HINT}{row}"] = f"=IF({formulas[f'G{row}']},1,0)"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def hinted(data: bytes, folder: Path, answers: dict[str, str]) -> set[str]:
    """The items that stand on red."""
    shown = table(convert(hints_beside(data, answers), folder, EVERY_TAB)["book-CPL - New Entry.csv"])
    results = {item.key: shown[row][10] for row, item in enumerate(RULES.form_items, 6) if item.kind is not Kind.ALLOCATED}
    assert set(results.values()) <= {"0", "1"}
    return {key for key, result in results.items() if result == "1"}


def test_no_hint_on_a_right_answer_or_an_empty_cell(tmp_path: Path) -> None:
    _, data = published()
    answers = valid_values(DEVICE_TYPES[0], with_hash=True)
    assert hinted(data, tmp_path, answers) == set()


def other_spelling(item: DataItem, text: str) -> str:
    """What people type as well, and the server takes for the same."""
    if item.kind in (Kind.HEX, Kind.LIST):
        text = "n/a" if text == "NA" else text.lower()
    return f" {text} \n"


def test_no_hint_on_an_answer_in_a_spelling_that_is_accepted(tmp_path: Path) -> None:
    _, data = published()
    right = valid_values(DEVICE_TYPES[0], with_hash=True)
    answers = {key: other_spelling(RULES.by_key[key], text) for key, text in right.items() if text}
    assert of_the_server(Form("other spelling", answers), RULES).errors == {}
    assert hinted(data, tmp_path, answers) == set()


def test_a_version_that_is_not_in_its_list_puts_no_hint_on_others(tmp_path: Path) -> None:
    _, data = published()
    answers = {**valid_values(DEVICE_TYPES[0], with_hash=True), "GBCS Version.version_number": "GBCS Version 20"}
    assert hinted(data, tmp_path, answers) == {"GBCS Version.version_number"}


def test_a_hint_on_versions_that_do_not_go_together(tmp_path: Path) -> None:
    _, data = published()
    answers = {**valid_values(DEVICE_TYPES[0], with_hash=True), "GBCS Version.version_number": "GBCS Version 2.0"}
    assert hinted(data, tmp_path, answers) == set(TRIO)


def test_a_hint_on_every_answer_of_the_wrong_form(tmp_path: Path) -> None:
    _, data = published()
    assert hinted(data, tmp_path, {**valid_values(DEVICE_TYPES[0], with_hash=True), **WRONG}) == set(WRONG)
