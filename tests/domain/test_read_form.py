"""The New Entry tab as manufacturers send it: found by its name, rows by their labels, values as stored, or a named refusal."""

import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpl.dictionary import load
from cpl.domain.findings import Severity
from cpl.domain.form import CellKind
from cpl.domain.validate import validate
from tests.builders.values import DEVICE_TYPES
from tests.builders.workbooks import ALLOCATED, Formula, form_workbook, list_workbook, sample_entries, valid_values
from tests.domain.form_reading import (
    EN_DASH,
    EXPIRY,
    FIRMWARE,
    HASH,
    MODEL,
    RULES,
    answers,
    cell_of,
    in_sheet,
    read,
    refused,
)

# --- Values -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_hash", [False, True])
@pytest.mark.parametrize("smets1", [False, True])
@pytest.mark.parametrize("device_type", DEVICE_TYPES)
def test_a_filled_in_form_is_read_as_it_was_filled_in(device_type: str, smets1: bool, with_hash: bool) -> None:
    values = valid_values(device_type, smets1=smets1, with_hash=with_hash)
    reading = read(form_workbook(values, (3, 12)))
    assert answers(reading) == values
    assert (reading.refusals, reading.notes, reading.missing) == ((), (), ())
    assert (reading.version, reading.version_label) == ((3, 12), "Version 3.012 Issued on 02-11-2026")
    assert (reading.sheet, reading.macro, reading.signed) == ("CPL - New Entry", False, False)
    assert reading.cells["Entry.number"].value == ALLOCATED
    assert all(cell.kind is CellKind.TEXT for cell in reading.cells.values())


def test_each_answer_knows_its_cell() -> None:
    reading = read(form_workbook(valid_values(), first_row=20))
    assert reading.cells["Entry.number"].cell == "CPL - New Entry!G20"
    assert [cell.cell for cell in reading.cells.values()] == [f"CPL - New Entry!G{row}" for row in range(20, 57)]


def test_an_empty_form_has_every_item_and_no_value() -> None:
    reading = read(form_workbook({}))
    assert set(reading.cells) == {item.key for item in RULES.items}
    assert set(answers(reading).values()) == {""}


# What XML can carry; a carriage return in the file itself would be read as a line feed by every parser.
xml_text = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\ufffe\uffff"), max_size=200)


@settings(max_examples=80, deadline=None)
@given(value=xml_text, second=st.sampled_from([" lead", "trail ", "_x0041_", "_x005F_", "a\nb", "&lt;", "<si>", "]]>", "\t"]))
def test_any_text_comes_back_exactly(value: str, second: str) -> None:
    values = {"FIR Release Notes.Description": value, "Manufacturer_Image.creator": second}
    reading = read(form_workbook(values))
    assert {key: text for key, text in answers(reading).items() if text} == {key: text for key, text in values.items() if text}


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("01_x000D_\n02", "01\r\n02"),
        ("_x005F_x0041_", "_x0041_"),
        ("_xD83D__xDE00_", "\N{GRINNING FACE}"),
        ("_x004_", "_x004_"),
        ("&#13;1", "\r1"),
    ],
)
def test_characters_that_the_file_format_escapes(stored: str, text: str) -> None:
    cell = cell_of(FIRMWARE)
    data = in_sheet(form_workbook({}), f'<c r="{cell}" s="1"/>', f'<c r="{cell}" t="inlineStr"><is><t>{stored}</t></is></c>')
    assert read(data).cells[FIRMWARE].value == text


@pytest.mark.parametrize(
    ("inside", "text", "notes"),
    [
        ("<t>01:02</t>", "01:02", 0),
        ("<r><t>01:</t></r><r><rPr><b/></rPr><t>02</t></r>", "01:02", 1),
        ("<r><t>01:02</t></r>", "01:02", 0),
        ('<t>01:02</t><rPh sb="0" eb="1"><t>FF</t></rPh><phoneticPr fontId="1"/>', "01:02", 0),
        ("<t/>", "", 0),
        ("", "", 0),
    ],
)
def test_formatted_text_is_put_together(inside: str, text: str, notes: int) -> None:
    cell = cell_of(FIRMWARE)
    data = in_sheet(form_workbook({}), f'<c r="{cell}" s="1"/>', f'<c r="{cell}" t="inlineStr"><is>{inside}</is></c>')
    reading = read(data)
    assert reading.cells[FIRMWARE].value == text
    assert [note.rule for note in reading.notes] == ["P20"] * notes


# --- Finding the tab ---------------------------------------------------------------------------------------------------------


def test_the_guidance_spells_the_tab_with_an_en_dash() -> None:
    reading = read(form_workbook(valid_values(), sheet_name=EN_DASH))
    assert not reading.refusals
    assert reading.cells[FIRMWARE].cell.startswith(EN_DASH + "!G")


RENAMED = (
    "CPL - New Entry ",
    "CPL - new entry",
    "CPL-New Entry",
    "CPL \N{EM DASH} New Entry",
    "CPL -  New Entry",
    "Sheet1",
    "New Entry",
    "CPL - New Entry (2)",
)


@pytest.mark.parametrize("name", RENAMED)
def test_a_renamed_tab_is_refused(name: str) -> None:
    message = refused(read(form_workbook(valid_values(), sheet_name=name)))
    assert message.startswith("F1: ")
    assert "renamed" in message
    assert name.strip() in message


@pytest.mark.parametrize("second", [EN_DASH, "CPL - New Entry ", "cpl-new entry"])
def test_two_tabs_for_the_entry_are_refused(second: str) -> None:
    message = refused(read(form_workbook(valid_values(), second_form=second)))
    assert message.startswith("F1: ")
    assert "more than one tab" in message


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_tab_is_refused(state: str) -> None:
    data = form_workbook(valid_values(), extra_sheets=["Notes"])
    hidden = in_sheet(data, '(name="CPL - New Entry" sheetId="1")', rf'\1 state="{state}"', "xl/workbook.xml")
    assert "hidden" in refused(read(hidden))


def test_further_tabs_do_not_matter() -> None:
    """Guidance 7.1: other tabs may be removed and added."""
    values = valid_values()
    assert answers(read(form_workbook(values, extra_sheets=["CPL - New Entry (2)", "Our notes"]))) == values
    assert answers(read(list_workbook(sample_entries(30), values=values))) == values


# --- Finding the rows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("SMETS/CHTS Version.Version_number", ("SMETS_CHTS Version", "Version_number_and_effective_date")),
        ("SMETS/CHTS Version.Version_number", ("SMETS_CHTS Version", "Version_number_&_effective_date")),
        ("ZigBee_Properties.Bands_Join", ("Zigbee_Properties", "Bands_Join")),
        ("Contact-CPA.Contact.contact name", ("contact-cpa", "CONTACT.CONTACT NAME")),
        (FIRMWARE, ("  Device_Model ", "firmware_version\n")),
    ],
)
def test_other_spellings_of_a_label(key: str, label: tuple[str, str]) -> None:
    values = valid_values()
    reading = read(form_workbook(values, labels={key: label}))
    assert answers(reading) == values
    assert not reading.missing


def test_rows_in_another_order_and_strange_rows_between() -> None:
    values = valid_values(with_hash=True)
    moved = [HASH, FIRMWARE]
    labels = {"Entry.status": ("Somebody's own", "row")}
    reading = read(form_workbook(values, leave_out=moved, repeat=moved, labels=labels))
    assert answers(reading) == values
    assert reading.missing == ("Entry.status",)


def test_missing_rows_are_named() -> None:
    reading = read(form_workbook({}, leave_out=[HASH, "Firmware_Upgrade.Path"]))
    assert reading.missing == (HASH, "Firmware_Upgrade.Path")
    assert HASH not in reading.cells


def test_an_item_with_two_rows_is_refused() -> None:
    message = refused(read(form_workbook(valid_values(with_hash=True), repeat=[HASH])))
    assert message.startswith("F1: ")
    assert "rows 25 and 44" in message


def test_an_alias_does_not_hide_a_second_row() -> None:
    labels = {"GBCS Version.version_number": ("SMETS_CHTS Version", "Version_number")}
    assert "two rows" in refused(read(form_workbook(valid_values(), labels=labels)))


def test_a_tab_without_any_item_is_refused() -> None:
    assert "none of the data items" in refused(read(form_workbook({}, leave_out=[item.key for item in RULES.items])))


# --- Kinds of cells ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "stored", "value", "kind"),
    [
        (MODEL, datetime.time(12), "0.5", CellKind.DATE),
        (EXPIRY, datetime.date(2031, 6, 30), "48029", CellKind.DATE),
        ("DLMS_Certificate.identification_number", 2345, "2345", CellKind.NUMBER),
        ("Device_ZigBee_Information_Repository.Stack_Version", 1.1, "1.1", CellKind.NUMBER),
        (FIRMWARE, True, "1", CellKind.BOOLEAN),
        (FIRMWARE, Formula("=A1", "01:02:03:04"), "01:02:03:04", CellKind.FORMULA),
        (FIRMWARE, Formula("=A1", ""), "", CellKind.FORMULA),
    ],
)
def test_cells_that_hold_no_text_say_so(key: str, stored: Any, value: str, kind: CellKind) -> None:
    cell = read(form_workbook(valid_values(), cells={key: stored})).cells[key]
    assert (cell.value, cell.kind) == (value, kind)


def test_the_validator_says_what_excel_did() -> None:
    reading = read(form_workbook(valid_values(), cells={MODEL: datetime.time(10, 20)}))
    (finding,) = [
        found for found in validate(reading, RULES, datetime.date(2026, 11, 24)).findings if found.severity is Severity.ERROR
    ]
    assert "Excel turned 10:20 into a time" in finding.message
    assert finding.cell == "CPL - New Entry!G11"


RAW_CELLS: tuple[tuple[str, str, CellKind], ...] = (
    ('<c r="{}"><v>9999999999999999999999</v></c>', "9999999999999999999999", CellKind.NUMBER),
    ('<c r="{}" s="77"><v>1</v></c>', "1", CellKind.NUMBER),
    ('<c r="{}"><v>NaN</v></c>', "NaN", CellKind.NUMBER),
    ('<c r="{}" t="e"><v>#REF!</v></c>', "#REF!", CellKind.ERROR),
    ('<c r="{}" t="d"><v>2031-06-30</v></c>', "30/06/2031", CellKind.DATE),
    ('<c r="{}" t="d"><v>2031-06-30T00:00:00.000</v></c>', "30/06/2031", CellKind.DATE),
    ('<c r="{}" t="d"><v>99999-01-01</v></c>', "99999-01-01", CellKind.DATE),
    ('<c r="{}" t="str"><v>_x0041_B </v></c>', "AB ", CellKind.TEXT),
    ('<c r="{}" t="str"><f>X1</f><v>AB</v></c>', "AB", CellKind.FORMULA),
    ('<c r="{}"><f t="shared" si="0"/><v>1</v></c>', "1", CellKind.FORMULA),
    ('<c r="{}" t="b"><v>1</v><extLst><ext uri="x"><v>2</v></ext></extLst></c>', "1", CellKind.BOOLEAN),
)


@pytest.mark.parametrize(("xml", "value", "kind"), RAW_CELLS)
def test_cells_as_other_programs_write_them(xml: str, value: str, kind: CellKind) -> None:
    place = cell_of(FIRMWARE)
    cell = read(in_sheet(form_workbook({}), f'<c r="{place}" s="1"/>', xml.format(place))).cells[FIRMWARE]
    assert (cell.value, cell.kind) == (value, kind)


def test_a_cell_that_a_formula_elsewhere_fills_is_a_formula() -> None:
    place = cell_of(FIRMWARE)
    data = in_sheet(form_workbook({}), f'<c r="{place}" s="1"/>', f'<c r="{place}" t="str"><v>01:02:03:04</v></c>')
    spilling = in_sheet(data, '<c r="G7"[^>]*>.*?</c>', '<c r="G7" t="str"><f t="array" ref="G7:G20">X1:X14</f><v>1</v></c>')
    assert read(data).cells[FIRMWARE].kind is CellKind.TEXT
    assert read(spilling).cells[FIRMWARE].kind is CellKind.FORMULA


def test_dates_of_the_other_date_system() -> None:
    data = form_workbook(valid_values(), cells={EXPIRY: datetime.date(2031, 6, 30)})
    old_mac = in_sheet(
        in_sheet(data, "<workbookPr ", '<workbookPr date1904="1" ', "xl/workbook.xml"), "<v>48029</v>", "<v>46567</v>"
    )
    assert read(old_mac).cells[EXPIRY].value == "48029"


@pytest.mark.parametrize(
    ("code", "date"),
    [
        ("yyyy\\-mm", True),
        ("[h]:mm", True),
        ('"day "0', False),
        ("0.00", False),
        ("[Red]0", False),
        ("[$-809]d mmmm", True),
        ("General", False),
    ],
)
def test_own_number_formats(code: str, date: bool) -> None:
    data = form_workbook(valid_values(), cells={EXPIRY: datetime.date(2031, 6, 30)})
    escaped = code.replace('"', "&quot;").replace("\\", "\\\\")
    changed = in_sheet(data, 'formatCode="dd/mm/yyyy"', f'formatCode="{escaped}"', "xl/styles.xml")
    assert read(changed).cells[EXPIRY].kind is (CellKind.DATE if date else CellKind.NUMBER)


# --- Version ------------------------------------------------------------------------------------------------------------------


def test_the_label_may_stand_on_the_version_control_tab_only() -> None:
    reading = read(form_workbook(valid_values(), (3, 7), label_in_a2=False, version_control=True))
    assert reading.version == (3, 7)
    assert not reading.refusals


def test_a_form_without_a_label_is_read_without_a_version() -> None:
    reading = read(form_workbook(valid_values(), label_in_a2=False))
    assert (reading.version, reading.version_label, reading.refusals) == (None, "", ())


@pytest.mark.parametrize("version", [(1, 299), (2, 51)])
def test_an_older_form_is_refused_but_shown(version: tuple[int, int]) -> None:
    values = {FIRMWARE: "01:02:03:04"}
    data = form_workbook(values, (2, version[1]), version_control=True)
    old = in_sheet(data, "Version 2.", f"Version {version[0]}.", "xl/sharedStrings.xml")
    reading = read(old)
    message = refused(reading)
    assert message.startswith("F1: ")
    assert "3.000 and later" in message
    assert reading.cells[FIRMWARE].value == "01:02:03:04"
    assert "Firmware_Upgrade.Path" in reading.missing


def test_an_old_form_is_right_under_the_rules_of_its_time() -> None:
    reading = read(form_workbook({FIRMWARE: "01:02:03:04"}, (2, 51), version_control=True), load(2))
    assert (reading.refusals, reading.missing, reading.version) == ((), (), (2, 51))
