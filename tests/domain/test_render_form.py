"""The form in the published workbook: a submitter can fill it in, and only it, and what comes back is what was filled in."""

import datetime
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import openpyxl
import pytest

from cpl.dictionary import load
from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.domain.findings import Severity
from cpl.domain.validate import validate
from cpl.workbook import template
from cpl.workbook.read import read_form
from cpl.workbook.render import ReleaseView, RenderedEntry, render
from cpl.workbook.sheet import column_number
from cpl.workbook.template_tabs import CODE_NAMES
from tests.builders.values import DEVICE_TYPES, valid_values
from tests.builders.workbooks import sample_entries

ON = datetime.date(2026, 11, 25)
FORM = "CPL - New Entry"
VISIBLE = ["Version Control", FORM, "Central Products List", "CPL - saveable in CSV"]
SMETS1 = sorted(device for device, specification, _ in load(3).combinations if specification == "SMETS V1.2")
MODELS = [*((device, False) for device in DEVICE_TYPES), *((device, True) for device in SMETS1)]
BOTH = pytest.mark.parametrize("rules", [load(2), load(3)], ids=["v2", "v3"])


def published(rules: RuleSet, count: int = 5) -> bytes:
    listed = tuple(RenderedEntry(entry.number, entry.status, entry.values) for entry in sample_entries(count, rules.principal))
    label = f"Version {rules.principal}.007 Issued on 25-11-2026"
    return render(ReleaseView(label, ON, ((f"{rules.principal}.007", "25/11/2026", "-"),), listed), rules)


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data), keep_vba=True)


def filled_in(data: bytes, rules: RuleSet, answers: Mapping[str, str]) -> bytes:
    """The workbook after a person has typed the answers into column G with another program."""
    book = opened(data)
    for row, item in enumerate(rules.form_items, 7):
        if answers.get(item.key):
            book[FORM][f"G{row}"].value = answers[item.key]
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(("device_type", "smets1"), MODELS)
def test_a_form_filled_in_passes_as_it_was_typed(device_type: str, smets1: bool) -> None:
    rules = load(3)
    answers = valid_values(device_type, smets1=smets1, with_hash=True)
    reading = read_form(filled_in(published(rules), rules, answers), rules)
    assert (reading.refusals, reading.missing, reading.notes) == ((), (), ())
    assert reading.version == (3, 7)
    assert {key: cell.value for key, cell in reading.cells.items() if key in answers} == answers
    check = validate(reading, rules, ON)
    assert [finding for finding in check.findings if finding.severity is Severity.ERROR] == []


@BOTH
def test_the_form_is_empty_and_complete(rules: RuleSet) -> None:
    reading = read_form(published(rules), rules)
    assert (reading.refusals, reading.missing, reading.notes, reading.macro) == ((), (), (), True)
    assert {key for key, cell in reading.cells.items() if cell.value} == {"Entry.number", "Entry.status"}
    assert [cell.cell for cell in reading.cells.values()] == [f"{FORM}!G{row}" for row in range(7, 7 + len(rules.form_items))]


@BOTH
def test_the_tabs_are_those_of_the_list(rules: RuleSet) -> None:
    book = opened(published(rules))
    assert [sheet.title for sheet in book if sheet.sheet_state == "visible"] == VISIBLE
    assert [(sheet.title, sheet.sheet_state) for sheet in book][4:] == [(name, "veryHidden") for name in [*CODE_NAMES][4:]]
    assert book.active.title == FORM
    assert book.security is None or not book.security.lockStructure
    assert [book[name].freeze_panes for name in VISIBLE] == ["A11", "C7", "D3", "C2"]


@BOTH
def test_every_tab_is_protected_without_a_password(rules: RuleSet) -> None:
    for sheet in opened(published(rules)):
        assert sheet.protection.sheet
        assert sheet.protection.password is None
        assert sheet.protection.hashValue is None


@BOTH
def test_only_the_answers_can_be_typed_in(rules: RuleSet) -> None:
    book = opened(published(rules))
    unlocked = [(sheet.title, cell.coordinate) for sheet in book for row in sheet for cell in row if not cell.protection.locked]
    rows = [row for row, item in enumerate(rules.form_items, 7) if item.kind is not Kind.ALLOCATED]
    assert unlocked == [(FORM, f"G{row}") for row in rows]
    assert {book[FORM][f"G{row}"].number_format for row in rows} == {"@"}
    assert book[FORM]["G7"].value == book[FORM]["G8"].value == "This value is allocated by SECAS"


@BOTH
def test_each_row_says_what_the_dictionary_says(rules: RuleSet) -> None:
    sheet = opened(published(rules))[FORM]
    assert [cell.value for cell in sheet["A6:G6"][0]] == [
        "Data Group", "Data Attribute", "Notes", "Conditionality rule", "Format", "Valid values", "New Entry's Details",
    ]  # fmt: skip
    for row, item in enumerate(rules.form_items, 7):
        words = [item.group, item.attribute, item.notes, item.conditionality, item.format, item.valid_values]
        assert [cell.value or "" for cell in sheet[f"A{row}:F{row}"][0]] == words


@BOTH
def test_drop_downs_offer_the_selection_lists(rules: RuleSet) -> None:
    book = opened(published(rules))
    offered = {}
    for validation in book[FORM].data_validations.dataValidation:
        (target,) = book.defined_names[validation.formula1].destinations
        title, cells = target
        offered[str(validation.sqref)] = tuple(row[0].value for row in book[title][cells])
        assert validation.showErrorMessage
        assert validation.showDropDown is not True  # which would hide it
    chosen = {f"G{row}": rules.choices(item) for row, item in enumerate(rules.form_items, 7) if chooses(item)}
    assert offered == chosen
    assert len(offered) >= 6


def chooses(item: DataItem) -> bool:
    return bool(item.selection) and item.kind is not Kind.ALLOCATED


def test_it_is_a_workbook_with_a_macro() -> None:
    with zipfile.ZipFile(io.BytesIO(published(load(3)))) as package:
        types = package.read("[Content_Types].xml").decode()
        names = package.namelist()
    assert 'PartName="/xl/workbook.xml" ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"' in types
    assert "sheet.main+xml" not in types
    assert 'Extension="bin" ContentType="application/vnd.ms-office.vbaProject"' in types
    assert "xl/vbaProject.bin" in names


def test_every_sheet_has_the_name_of_its_module() -> None:
    made = template.build(load(3))
    assert b'codeName="ThisWorkbook"' in made.parts[template.WORKBOOK]
    for number, code_name in enumerate(CODE_NAMES.values(), 1):
        assert f'<sheetPr codeName="{code_name}"'.encode() in made.parts[f"xl/worksheets/sheet{number}.xml"]
    assert made is template.build(load(3))


@BOTH
def test_no_data_attribute_is_broken_within_its_heading_on_the_list(rules: RuleSet) -> None:
    columns = opened(published(rules))["Central Products List"].column_dimensions.values()
    for item in rules.list_items:
        [column] = [each for each in columns if each.min <= column_number(item.list_column) <= each.max]
        assert column.width > len(item.list_label[1]), item.key


@BOTH
def test_pages_print_with_headings_on_one_width(rules: RuleSet) -> None:
    book = opened(published(rules))
    assert [book[name].print_title_rows for name in VISIBLE] == ["$10:$10", "$6:$6", "$1:$2", "$1:$1"]
    assert {book[name].page_setup.orientation for name in VISIBLE} == {"landscape"}
    assert [book[name].page_setup.fitToWidth or 1 for name in VISIBLE] == [1, 1, 2, 1]


@BOTH
def test_long_texts_have_room(rules: RuleSet) -> None:
    sheet = opened(published(rules))[FORM]
    heights = [sheet.row_dimensions[row].height for row in range(7, 7 + len(rules.form_items))]
    assert all(height is not None and 15 <= height <= 409 for height in heights)
    lists = [row for row, item in enumerate(rules.form_items) if len(rules.choices(item)) > 6]
    assert all(heights[row] >= 15 * 7 for row in lists)
