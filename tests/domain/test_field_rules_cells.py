"""What a cell may hold, how a value is tidied (rule N1), and what a finding says and does not say."""

import re

import pytest

from cpl.dictionary import load
from cpl.domain.findings import Finding, Severity
from cpl.domain.form import CellKind, FormReading
from cpl.domain.validate import validate
from tests.domain.good_forms import ON, about, check, good, reading, targets

MODEL = "Device_Model.model_identifier"
EXPIRY = "CPA_Certificate.expiry_date"
VENDOR = "Device_ZigBee_Information_Repository.Stack_Vendor"
VERSION = "Device_ZigBee_Information_Repository.Stack_Version"
CANARY = "canary-7f3a"


def one(key: str, value: str, kind: CellKind) -> Finding:
    """The only finding of a form whose cell for `key` holds `value` as `kind`."""
    found = check({**good(), key: value}, kinds={key: kind}).findings
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("key", "value", "kind", "rule", "says"),
    [
        (MODEL, "0.430555555555556", CellKind.DATE, "F3", "Excel turned 10:20 into a time"),
        (MODEL, "0.999305555555556", CellKind.DATE, "F3", "Excel turned 23:59 into a time"),
        (MODEL, "1.04861111111111", CellKind.DATE, "F3", "Excel turned 25:10 into a time"),
        (MODEL, "46320", CellKind.DATE, "F3", "into a date"),
        (MODEL, "20:15:00 on some day", CellKind.DATE, "F3", "into a date"),
        (MODEL, "5731", CellKind.NUMBER, "F3", "the number 5731"),
        ("Device_Model.hardware_version.version", "1", CellKind.NUMBER, "F3", "zeros in front are lost"),
        ("Device_Model.firmware_version", "4010003", CellKind.NUMBER, "F3", "the number 4010003"),
        ("Device_Model.firmware_version", "0.0423726851851852", CellKind.DATE, "F3", "Excel turned 01:01:01 into a time"),
        ("Manufacturer_Image.hash", "1E+64", CellKind.NUMBER, "F13", "the number 1E+64"),
        ("Firmware_Upgrade.Path", "626", CellKind.NUMBER, "F16", "zeros in front"),
        (EXPIRY, "46320", CellKind.NUMBER, "F9", "not a date"),
        (EXPIRY, "0", CellKind.DATE, "F9", "not a date"),
        (EXPIRY, "2958466", CellKind.DATE, "F9", "not a date"),
        (MODEL, "57:31", CellKind.FORMULA, "F19", "formula"),
        ("Manufacturer_Image.creator", "#REF!", CellKind.ERROR, "F19", "Excel error"),
        ("Contact-CPA.Contact.contact name", "1", CellKind.BOOLEAN, "F19", "TRUE or FALSE"),
        (VENDOR, "", CellKind.FORMULA, "F19", "formula"),
    ],
)
def test_cells_that_cannot_be_read(key: str, value: str, kind: CellKind, rule: str, says: str) -> None:
    finding = one(key, value, kind)
    assert (finding.rule, finding.severity) == (rule, Severity.ERROR)
    assert says in finding.message
    assert "type the value again" in finding.message


@pytest.mark.parametrize(
    ("key", "value", "kind", "severity", "read_as"),
    [
        ("DLMS_Certificate.identification_number", "2345", CellKind.NUMBER, Severity.INFO, "2345"),
        ("Manufacturer Contact FIR.House Number", "36", CellKind.NUMBER, Severity.INFO, "36"),
        ("Manufacturer Contact FIR.House Number", "36.5", CellKind.NUMBER, Severity.WARNING, "36.5"),
        ("Manufacturer Contact FIR.Telephone Number", "2079460001", CellKind.NUMBER, Severity.WARNING, "2079460001"),
        ("Contact-CPA.Contact.contact telephone", "2079460001", CellKind.NUMBER, Severity.WARNING, "2079460001"),
        (VERSION, "3.1", CellKind.NUMBER, Severity.WARNING, "3.1"),
        (EXPIRY, "47781", CellKind.DATE, Severity.INFO, "25/10/2030"),
        (EXPIRY, "47761", CellKind.DATE, Severity.WARNING, "05/10/2030"),
        (EXPIRY, "47768", CellKind.DATE, Severity.WARNING, "12/10/2030"),
        (EXPIRY, "47769", CellKind.DATE, Severity.INFO, "13/10/2030"),
        (EXPIRY, "47781.75", CellKind.DATE, Severity.INFO, "25/10/2030"),
    ],
)
def test_numbers_and_dates_that_can(key: str, value: str, kind: CellKind, severity: Severity, read_as: str) -> None:
    finding = one(key, value, kind)
    assert finding.severity is severity
    assert check({**good(), key: value}, kinds={key: kind}).values[key] == read_as


def test_a_date_that_the_reader_wrote_out_is_taken_as_text() -> None:
    assert check(good(), kinds={EXPIRY: CellKind.DATE}).findings == ()


def test_an_empty_cell_is_empty_whatever_its_format() -> None:
    values = {**good(), MODEL: ""}
    assert [finding.rule for finding in check(values, kinds={MODEL: CellKind.NUMBER}).findings] == ["F3"]
    assert "is empty" in check(values, kinds={MODEL: CellKind.DATE}).findings[0].message


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        (MODEL, " 57:31", "57:31"),
        (MODEL, "57:31\n", "57:31"),
        (MODEL, "ab:cd", "AB:CD"),
        ("SMETS/CHTS Version.Version_number", "SMETS V5.1 ", "SMETS V5.1"),
        ("GBCS Version.version_number", "gbcs version 4.1", "GBCS Version 4.1"),
        ("ZigBee_Properties.Bands_Join", "N/A", "NA"),
        ("ZigBee_Properties.Bands_Join", "single band 2.4 ghz", "Single Band 2.4 GHz"),
        ("Firmware_Upgrade.Path", "n/a", "NA"),
        ("Firmware_Upgrade.Path", "000626;000630", "000626; 000630"),
        ("Firmware_Upgrade.Path", "000626; 000630;", "000626; 000630"),
        ("Contact-CPA.Contact.contact email", "a@b.example; c@d.example;", "a@b.example; c@d.example"),
        ("FIR Release Notes.Description", "one\r\ntwo", "one\ntwo"),
        ("CPA_Certificate.identification_number", "\u00a0[R] ABC12345\t", "[R] ABC12345"),
        ("Manufacturer_Image.creator", " Example Meters Ltd ", "Example Meters Ltd"),
        (VENDOR, " NXP ", "NXP"),
    ],
)
def test_a_value_is_tidied_and_said_so(key: str, typed: str, kept: str) -> None:
    checked = check({**good(), key: typed})
    assert checked.values[key] == kept
    assert [(finding.rule, finding.severity) for finding in checked.findings] == [("N1", Severity.INFO)]
    assert checked.findings[0].value == ("" if load(3).by_key[key].red else typed)


@pytest.mark.parametrize(
    ("key", "typed", "rules"),
    [
        (MODEL, "ＡＢ:CD", ["F3"]),
        ("CPA_Certificate.identification_number", "[r] ABC12345", ["F7"]),
        ("Manufacturer_Image.creator", "EXAMPLE  meters", []),
    ],
)
def test_what_is_not_tidied(key: str, typed: str, rules: list[str]) -> None:
    checked = check({**good(), key: typed})
    assert checked.values[key] == typed
    assert [finding.rule for finding in checked.findings] == rules


def test_refusals_are_the_whole_answer() -> None:
    refusal = Finding("F1", Severity.ERROR, "There is no 'CPL - New Entry' tab.")
    checked = validate(FormReading(refusals=(refusal,)), load(3), ON)
    assert checked.findings == (refusal,)
    assert set(checked.values) == set(load(3).by_key)
    assert not any(checked.values.values())


def test_notes_about_the_file_come_before_those_about_its_cells() -> None:
    note = Finding("P16", Severity.WARNING, "The workbook holds something that a form does not need.")
    form = reading({**good(), "FIR Release Notes.Description": ""}, notes=(note,))
    assert [finding.rule for finding in validate(form, load(3), ON, targets(good())).findings] == ["P16", "F15"]
    refusal = Finding("F1", Severity.ERROR, "There is no 'CPL - New Entry' tab.")
    assert validate(FormReading(refusals=(refusal,), notes=(note,)), load(3), ON).findings == (refusal, note)


def test_values_hold_every_item_of_the_rule_set_and_no_other() -> None:
    assert list(check({**good(), "Toaster.colour": "blue"}).values) == [item.key for item in load(3).items]
    assert list(check(good(principal=2), 2).values) == [item.key for item in load(2).items]


def test_findings_come_in_the_order_of_the_form() -> None:
    found = check(dict.fromkeys(good(), "")).findings
    order = [item.key for item in load(3).items]
    places = [order.index(f"{finding.group}.{finding.attribute}") for finding in found]
    assert places == sorted(places)
    assert len(found) > 20


@pytest.mark.parametrize("typed", ["", "1", "=1", "\x07", "x" * 600])
def test_every_message_says_where_and_what_and_where_to_read_on(typed: str) -> None:
    for finding in check(dict.fromkeys(good(), typed)).findings:
        cell = finding.cell.removeprefix("CPL - New Entry!")
        assert re.fullmatch(r"G\d+", cell)
        assert finding.message.startswith(f"{finding.group}.{finding.attribute} (cell {cell}): ")
        assert finding.message.endswith(f"See guidance {finding.guidance}.")
        assert ".." not in finding.message.replace("(XX", "")
        assert len(finding.value) <= 200


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "typed", ["x" * 32767, ";" * 32767, "a." * 16383 + "@", "000001;" * 4681, "AB:" * 10922, "\u200b" * 32767]
)
def test_the_longest_cells_excel_can_hold_are_answered_at_once(typed: str) -> None:
    checked = check(dict.fromkeys(good(), typed))
    assert len(checked.findings) > 20


RED_CASES = [
    f" {CANARY} ",
    f"={CANARY}",
    f"https://{CANARY}.example",
    f"{CANARY}\x07",
    f"{CANARY}\u202e",
    CANARY * 20,
    f"{CANARY}\ud800",
    "",
]


@pytest.mark.parametrize("key", [VENDOR, VERSION])
@pytest.mark.parametrize("kind", list(CellKind))
@pytest.mark.parametrize("typed", RED_CASES)
def test_no_finding_carries_a_red_value(key: str, kind: CellKind, typed: str) -> None:
    found = about(check({**good(), key: typed}, kinds={key: kind}), key)
    assert found
    for finding in found:
        assert finding.value == ""
        assert "canary" not in finding.message
