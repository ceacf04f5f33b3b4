"""The real published list, version 2.051: imported value for value, given back byte for byte; its re-typed copy is refused."""

import csv
import io
from collections import Counter
from collections.abc import Iterator

import openpyxl
import pytest

from cpl.csvfile import read_csv, render
from cpl.dictionary import load
from cpl.domain.dictionary import Kind
from cpl.domain.entry import ListedEntry
from cpl.domain.releases import Version
from cpl.workbook.read import read_form
from cpl.workbook.read_list import CplReading, read_cpl
from tests.builders.workbooks import macro_enabled
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared

DATA = SHARED / "data"
RULES = load(2)
ENTRIES, RELEASES = 729, 346
NOT_TEXT = {
    ("Device_Model.hardware_version.version", "number"): 5,
    ("Device_Model.hardware_version.revision", "number"): 4,
    ("DLMS_Certificate.identification_number", "number"): 182,
    ("CPA_Certificate.expiry_date", "date"): 478,
}
ODDITIES = {
    ("I10", "Version_number"): 156,
    ("I10", "version_number"): 152,
    ("I10", "identification_number"): 40,
    ("I10", "descriptor"): 22,
    ("I10", "creator"): 4,
    ("I11", "expiry_date"): 22,
    ("I12", "expiry_date"): 2,  # dd-mm-yyyy
    ("I12", "descriptor"): 4,  # line breaks
    ("I13", "identification_number"): 182,
    ("I13", "hardware_version.version"): 5,
    ("I13", "hardware_version.revision"): 4,
    ("I14", "number"): 1,
    ("I15", "DLMS_version"): 103,  # CTT 3.0
    ("I15", "version_number"): 93,  # GBCS Version 1.0
    ("I16", ""): 13,  # the 12 pairs that differ in their specification, and 000629 submitted again as 000710
}


@pytest.fixture(scope="module")
def workbook() -> bytes:
    return (DATA / "cpl_v2.051.xlsx").read_bytes()


@pytest.fixture(scope="module")
def reading(workbook: bytes) -> CplReading:
    return read_cpl(workbook)


def rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def listed(reading: CplReading) -> list[ListedEntry]:
    return [ListedEntry(entry.number, entry.status, entry.values) for entry in reading.entries]


def test_everything_is_there(reading: CplReading) -> None:
    assert reading.refusals == ()
    assert (len(reading.entries), len(reading.history)) == (ENTRIES, RELEASES)
    assert (reading.label, reading.version) == ("Version 2.051 Issued on 21-09-2022", Version(2, 51))
    assert Counter(entry.status for entry in reading.entries) == {"Current": 694, "Removed": 35}


def test_every_value_is_kept_as_stored(reading: CplReading) -> None:
    for entry, row in zip(reading.entries, rows("cpl_v2.051_entries_raw.csv"), strict=True):
        values = {"Entry.number": entry.number, "Entry.status": entry.status, **entry.values}
        assert {item.key: row[".".join(item.list_label)] for item in RULES.list_items} == values


def test_what_was_not_text_is_known(reading: CplReading) -> None:
    assert Counter(kind for entry in reading.entries for kind in entry.kinds.items()) == NOT_TEXT


def test_another_reader_sees_the_same_list(reading: CplReading, workbook: bytes) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(workbook), read_only=True)["Central Products List"]
    for entry, cells in zip(reading.entries, sheet.iter_rows(min_row=8, min_col=2, values_only=True), strict=True):
        theirs = [f"{cell:%d/%m/%Y}" if hasattr(cell, "year") else str(cell if cell is not None else "") for cell in cells]
        assert [value.replace("_x000D_", "\r") for value in theirs] == [entry.number, entry.status, *entry.values.values()]


def test_the_history_is_complete(reading: CplReading, workbook: bytes) -> None:
    copy = [(row["version"], row["date_of_issue"]) for row in rows("cpl_v2.051_version_history.csv")]
    assert [(release.version, release.issued_on) for release in reading.history] == copy
    sheet = openpyxl.load_workbook(io.BytesIO(workbook), read_only=True)["Version Control"]
    texts = [row[0] for row in sheet.iter_rows(min_row=11, min_col=3, max_col=3, values_only=True) if row[0]]
    assert [release.changes for release in reading.history] == [text.replace("_x000D_", "\r") for text in texts]


def test_every_oddity_is_reported(reading: CplReading) -> None:
    assert Counter((finding.rule, finding.attribute) for finding in reading.oddities) == ODDITIES
    (gap,) = (finding for finding in reading.oddities if finding.rule == "I14")
    assert "000033, 000074, 000075" in gap.message
    assert {finding.value for finding in reading.oddities if (finding.rule, finding.attribute) == ("I12", "expiry_date")} == {
        "19-02-2026"
    }


def test_import_and_export_give_the_published_csv_byte_for_byte(reading: CplReading) -> None:
    published = (DATA / "cpl_v2.051_saveable_in_csv_export.csv").read_bytes()
    assert render(reading.label, listed(reading), RULES, bom=True, final_newline=False) == published


def test_the_fourth_tab_is_the_csv(reading: CplReading, workbook: bytes) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(workbook), read_only=True)["CPL - saveable in CSV"]
    table = [list(row) for row in sheet.iter_rows(values_only=True)]
    ours = render(reading.label, listed(reading), RULES, bom=False).decode()
    assert list(csv.reader(io.StringIO(ours, newline=""))) == [[cell or "" for cell in row] for row in table]


def test_the_published_csv_is_read_back(reading: CplReading) -> None:
    found = read_csv((DATA / "cpl_v2.051_saveable_in_csv_export.csv").read_bytes(), RULES)
    assert (found.refusals, found.label) == ((), reading.label)
    assert [row["Entry.number"] for row in found.rows] == [entry.number for entry in reading.entries]


def test_a_copy_that_a_spreadsheet_retyped_is_refused() -> None:
    found = read_csv((DATA / "cpl_v2.051_third_party_lossy.csv").read_bytes(), RULES)
    messages = [finding.message for finding in found.refusals]
    assert {finding.rule for finding in found.refusals} == {"C3", "C4", "C7"}
    assert messages[0].startswith("Line 2, Entry.number: The entry number '1' is not of six digits")
    assert any("'NaN'" in message for message in messages)
    assert any("The value '0' does not have 2 hexadecimal digits" in message for message in messages)


def test_its_form_is_empty_and_complete(workbook: bytes) -> None:
    found = read_form(macro_enabled(workbook), RULES)
    assert (found.refusals, found.missing, found.notes) == ((), (), ())
    assert (found.version, found.sheet) == ((2, 51), "CPL - New Entry")
    assert {key for key, cell in found.cells.items() if cell.value} == {"Entry.number", "Entry.status"}
    assert [cell.cell for cell in found.cells.values()] == [f"CPL - New Entry!G{row}" for row in range(7, 40)]


def test_its_form_is_refused_today(workbook: bytes) -> None:
    rules = load(3)
    assert [finding.rule for finding in read_form(macro_enabled(workbook), rules).refusals] == ["F1"]
    assert [finding.rule for finding in read_form(workbook, rules).refusals] == ["P17", "F1"]
    missing = read_form(macro_enabled(workbook), rules).missing
    assert missing == tuple(item.key for item in rules.form_items if item.key not in RULES.by_key)


def test_hexadecimal_columns_are_those_of_the_dictionary(reading: CplReading) -> None:
    """What the CSV strips colons from is exactly what holds them."""
    with_colons = {key for entry in reading.entries for key, value in entry.values.items() if ":" in value}
    hexadecimal = {item.key for item in RULES.list_items if item.kind is Kind.HEX and item.octets > 1}
    assert with_colons - {"Manufacturer_Image.creator", "Manufacturer_Image.descriptor"} == hexadecimal
