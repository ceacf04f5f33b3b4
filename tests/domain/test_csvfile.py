"""The CSV for the DCC: exact bytes, one row an entry, and a reader that knows when a spreadsheet had its hands on it."""

import csv
import dataclasses
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpl import csvfile
from cpl.csvfile import read_csv, render
from cpl.dictionary import load
from cpl.domain.entry import ListedEntry
from tests.builders.workbooks import sample_entries

LABEL = "Version 3.000 Issued on 24-11-2026"
RULES = load(3)
ENTRIES = sample_entries(40)
HUB = ListedEntry(
    "000726",
    "Current",
    {
        "Device_Type.name": "Communications Hub",
        "Device_Model.manufacturer_identifier": "7A:02",
        "Device_Model.model_identifier": "57:31",
        "Device_Model.hardware_version.version": "01",
        "Device_Model.hardware_version.revision": "00",
        "Device_Model.firmware_version": "04:01:00:03",
        "SMETS/CHTS Version.Version_number": "CHTS V1.3 ",
        "GBCS Version.version_number": "GBCS Version 3.2",
        "Manufacturer_Image.hash": "66:8F",
        "CPA_Certificate.identification_number": "never shown",
    },
)
HEADER = (
    b"Version,Entry.number,Entry.status,Device_Type.name,Device_Model.manufacturer_identifier,Device_Model.model_identifier,"
    b"Device_Model.hardware_version.version,Device_Model.hardware_version.revision,"
    b"Device_Model.model_identifier_concatenated_with_hardware_version,Device_Model.firmware_version,"
    b"SMETS_CHTS Version.Version_number_and_effective_date,GBCS Version.version_number,Manufacturer_Image.hash"
)
ROW = (
    b"Version 3.000 Issued on 24-11-2026,000726,Current,Communications Hub,7A02,5731,01,00,57310100,04010003,CHTS V1.3 ,"
    b"GBCS Version 3.2,668F"
)


@pytest.mark.parametrize("principal", [2, 3])
@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("final_newline", [False, True])
def test_every_byte(principal: int, bom: bool, final_newline: bool) -> None:
    data = render(LABEL, [HUB, HUB], load(principal), bom=bom, final_newline=final_newline)
    assert data == b"\xef\xbb\xbf" * bom + HEADER + b"\r\n" + ROW + b"\r\n" + ROW + b"\r\n" * final_newline


def test_an_empty_list_is_its_header() -> None:
    assert render(LABEL, [], RULES, bom=False) == HEADER
    assert render(LABEL, [], RULES, bom=True, final_newline=True) == b"\xef\xbb\xbf" + HEADER + b"\r\n"


def test_missing_values_are_empty_fields() -> None:
    bare = ListedEntry("000001", "Removed", {})
    assert render(LABEL, [bare], RULES, bom=False).endswith(b"\r\nVersion 3.000 Issued on 24-11-2026,000001,Removed,,,,,,,,,,")


@pytest.mark.parametrize("count", [0, 1, 2, 600])
def test_every_entry_has_its_row(count: int) -> None:
    numbers = [f"{number:06d}" for number in range(1, count + 1)]
    written = render(LABEL, (dataclasses.replace(HUB, number=number) for number in numbers), RULES, bom=False)
    assert written == b"\r\n".join([HEADER, *(ROW.replace(b"000726", number.encode()) for number in numbers)])


def test_what_is_written_is_read() -> None:
    reading = read_csv(render(LABEL, ENTRIES, RULES), RULES)
    assert reading.refusals == ()
    assert reading.label == LABEL
    assert [row["Entry.number"] for row in reading.rows] == [entry.number for entry in ENTRIES]
    assert [row["Manufacturer_Image.hash"] for row in reading.rows] == [
        entry.values["Manufacturer_Image.hash"].replace(":", "") for entry in ENTRIES
    ]


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=60))
def test_any_text_survives(value: str) -> None:
    entry = dataclasses.replace(HUB, values={**HUB.values, "Device_Type.name": value})
    data = render(LABEL, [entry], RULES)
    table = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert table[1][3] == value
    assert read_csv(data, RULES).rows[0]["Device_Type.name"] == value


def swapped(old: bytes, new: bytes, count: int = -1) -> bytes:
    data = render(LABEL, [dataclasses.replace(HUB, values={**HUB.values, "Manufacturer_Image.hash": ""})], RULES)
    assert old in data
    return data.replace(old, new, count)


def two_labels() -> bytes:
    """Rows of two releases in one file."""
    later = render(LABEL.replace("3.000", "3.001"), ENTRIES[1:2], RULES, bom=False)
    return render(LABEL, ENTRIES[:1], RULES) + later[len(HEADER) :]


BROKEN = {
    "nothing": (b"", "C1"),
    "a header alone": (HEADER, "C1"),
    "another encoding": (swapped(b"Communications", b"\xff\xfe"), "C1"),
    "an open quotation mark": (swapped(b"000726", b'"000726'), "C1"),
    "text after a quotation mark": (swapped(b"000726", b'"000726"x'), "C1"),
    "a workbook": (b"PK\x03\x04" + bytes(100), "C1"),
    "semicolons": (swapped(b",", b";"), "C2"),
    "columns in another order": (swapped(b"Version,Entry.number", b"Entry.number,Version", 1), "C2"),
    "a field more": (swapped(b"000726", b"000726,x"), "C2"),
    "an endless field": (swapped(b"Communications Hub", b"x" * 5_000), "C2"),
    "a number without its zeros": (swapped(b"000726", b"726"), "C3"),
    "digits of another script": (swapped(b"000726", "\u0660\u0660\u0660\u0667\u0662\u0666".encode()), "C3"),
    "a number twice": (render(LABEL, [dataclasses.replace(ENTRIES[0], number="000001")] * 2, RULES), "C3"),
    "not a number": (swapped(b",01,00,57310100", b",NaN,00,5731NaN00"), "C4"),
    "a lost zero": (swapped(b",01,00,57310100", b",1,00,5731100"), "C4"),
    "small letters": (swapped(b"7A02", b"7a02"), "C4"),
    "an empty identifier": (swapped(b"7A02", b""), "C4"),
    "an unknown status": (swapped(b"Current", b"current"), "C5"),
    "a label that is none": (swapped(LABEL.encode(), b"3.000"), "C6"),
    "two labels": (two_labels(), "C6"),
    "model and hardware that do not fit": (swapped(b"57310100", b"57310101"), "C7"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "rule"), BROKEN.values(), ids=BROKEN)
def test_a_changed_file_is_refused_with_the_reason(data: bytes, rule: str) -> None:
    reading = read_csv(data, RULES)
    assert [finding.rule for finding in reading.refusals] == [rule]
    assert reading.refusals[0].message.startswith("Line ")
    assert "without opening it in a spreadsheet" in reading.refusals[0].message


def test_every_rule_is_tested() -> None:
    listed = {line.split("|")[1].strip() for line in (csvfile.__doc__ or "").splitlines() if line.startswith("| C")}
    assert {rule for _, rule in BROKEN.values()} == listed


def test_a_file_full_of_faults_names_some() -> None:
    entries = [dataclasses.replace(HUB, number=str(number)) for number in range(1, 400)]
    assert len(read_csv(render(LABEL, entries, RULES), RULES).refusals) == 200


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: HEADER + b"\r\n" + tail))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    assert read_csv(data, RULES).refusals
