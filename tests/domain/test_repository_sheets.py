"""FIR and DZIR workbooks: the guidance's columns, marked rows, text that stays text, the same bytes every time."""

import io
import zipfile

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from cpl.dictionary import load
from cpl.domain.dictionary import Publication
from repositories.domain import dzir, fir
from repositories.domain.sheet import NOT_HELD, REMOVED_FORMAT, HeldEntry, stamped
from tests.builders.values import valid_values

RULES = load(3)
LABEL = "Version 3.012 Issued on 25-11-2026"
VENDOR, VERSION = (item.key for item in dzir.items(RULES))
STACK = {VENDOR: "Silicon Labs", VERSION: "R22"}
TRAPS = ["=1+1", "+44 20 7946 0101", "-1", "@SUM(A1)", '=HYPERLINK("http://x.example","y")', "\t=1", "000633", "1E5", "TRUE"]


def page_of(data: bytes) -> Worksheet:
    page = load_workbook(io.BytesIO(data)).active
    assert isinstance(page, Worksheet)
    return page


def table(data: bytes) -> list[tuple[str | None, ...]]:
    """Headings and rows."""
    rows = list(page_of(data).iter_rows(values_only=True))
    start = next(place for place, row in enumerate(rows) if row[0] == "CPL Reference")
    return rows[start:]


def test_the_fir_has_the_five_columns_of_the_guidance() -> None:
    values = valid_values(with_hash=True, **{"Firmware_Upgrade.Path": "000626; 000630"})
    headings, row = table(fir.workbook(LABEL, [HeldEntry("000633", False, values)], RULES))
    assert headings == (
        "CPL Reference",
        "Manufacturer",
        "Contact Details",
        "Manufacturer Firmware Description / Information",
        "Firmware Upgrade Path",
    )
    assert row[:2] == ("000633", "Brookfield Devices plc")
    assert row[2] == (
        "17, Harbour Street\nMillport, MP1 4QX\nUnited Kingdom\n+44 20 7946 0202\n"
        "https://www.brookfield-devices.example\nsupport@brookfield-devices.example"
    )
    assert row[3].startswith("Release for Single Element")
    assert row[4] == "000626; 000630"


def test_the_dzir_has_the_three_columns_of_the_guidance() -> None:
    data = dzir.workbook(LABEL, [HeldEntry("000635", False, STACK), HeldEntry("000001", False, {})], RULES)
    assert table(data) == [
        ("CPL Reference", "ZigBee Stack Vendor", "ZigBee Stack Version"),
        ("000635", "Silicon Labs", "R22"),
        ("000001", NOT_HELD, NOT_HELD),
    ]


def test_every_fir_item_of_the_dictionary_has_its_place_and_no_red_one_has() -> None:
    expected = {item.key for item in RULES.items if Publication.FIR in item.published} - {"Entry.number"}
    marks = {item.key: f"<{place}>" for place, item in enumerate(RULES.items)}
    text = "\n".join(fir.cells(marks, RULES))
    assert {key for key, mark in marks.items() if mark in text} == expected
    assert not expected & {item.key for item in RULES.items if item.red}


@pytest.mark.parametrize(
    ("missing", "address"),
    [
        ((), "17, Harbour Street\nMillport, MP1 4QX"),
        (("House Number",), "Harbour Street\nMillport, MP1 4QX"),
        (("Street",), "17\nMillport, MP1 4QX"),
        (("Post Code",), "17, Harbour Street\nMillport\nUnited Kingdom"),
        (("House Number", "Street", "City", "Post Code", "Country"), "+44"),
    ],
)
def test_an_address_with_gaps_still_reads_well(missing: tuple[str, ...], address: str) -> None:
    values = valid_values(**{f"Manufacturer Contact FIR.{name}": "" for name in missing})
    assert fir.cells(values, RULES)[1].startswith(address)


def test_the_first_line_says_how_it_may_be_handled_and_the_second_which_version_it_goes_with() -> None:
    green, red = page_of(fir.workbook(LABEL, [], RULES)), page_of(dzir.workbook(LABEL, [], RULES))
    assert "classified GREEN" in green["A1"].value
    assert "classified RED" in red["A1"].value
    for page, level in ((green, "GREEN"), (red, "RED")):
        assert page["A2"].value == LABEL
        assert page.oddHeader.center.text.startswith(level)


def test_removed_and_historic_entries_are_marked_and_keep_their_number() -> None:
    page = page_of(fir.workbook(LABEL, [HeldEntry("000067", True, {}), HeldEntry("000068", False, {})], RULES))
    removed, historic = list(page.iter_rows())[-2:]
    assert removed[0].value == "000067"
    assert removed[0].number_format == REMOVED_FORMAT
    assert all(cell.font.strike for cell in removed)
    assert historic[0].number_format == "@"
    assert [cell.value for cell in historic[1:]] == [NOT_HELD] * 4


def test_every_line_of_an_entry_is_seen_and_all_of_it_in_one_type_face() -> None:
    values = valid_values(**{"FIR Release Notes.Description": "A long sentence about a firmware. " * 14})
    page = page_of(fir.workbook(LABEL, [HeldEntry("000001", False, values), HeldEntry("000002", True, {})], RULES))
    *_, entry, historic = page.iter_rows()
    lines = max(entry[2].value.count("\n") + 1, len(entry[3].value) // 70 + 1)
    assert lines > 5
    assert page.row_dimensions[entry[0].row].height >= 15 * lines
    assert page.row_dimensions[historic[0].row].height == 15
    assert {(cell.font.name, cell.font.family) for row in page.iter_rows() for cell in row if cell.value} == {("Calibri", 2)}


@pytest.mark.parametrize("trap", TRAPS)
def test_every_cell_is_text_for_two_readers_also_in_a_stamped_copy(trap: str) -> None:
    values = {item.key: trap for item in RULES.items}
    data = fir.workbook(LABEL, [HeldEntry("000001", False, values)], RULES)
    for copy in (data, stamped(data, trap)):
        cells = list(page_of(copy).iter_rows())[-1]
        assert cells[3].value == trap.strip()
        assert {cell.data_type for row in page_of(copy).iter_rows() for cell in row if cell.value} == {"s"}
        assert b"<f>" not in zipfile.ZipFile(io.BytesIO(copy)).read("xl/worksheets/sheet1.xml")
        (*_, last) = CalamineWorkbook.from_filelike(io.BytesIO(copy)).get_sheet_by_index(0).to_python()
        assert last[3] == trap.strip()
        assert isinstance(last[3], str)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_any_text_makes_a_readable_workbook(text: str) -> None:
    values = {item.key: text for item in RULES.items}
    (_, row) = table(dzir.workbook(text, [HeldEntry("000001", False, values)], RULES))
    assert row[0] == "000001"
    assert len(row) == 3


def test_equal_content_gives_equal_bytes_at_any_time() -> None:
    entries = [HeldEntry(f"{n:06d}", n % 7 == 0, valid_values(number=n)) for n in range(1, 40)]
    with time_machine.travel("2026-11-25T10:00:00Z"):
        first = fir.workbook(LABEL, entries, RULES)
        copy = stamped(first, "Robin Winter")
    with time_machine.travel("2031-02-03T04:05:06Z"):
        assert fir.workbook(LABEL, entries, RULES) == first
        assert stamped(first, "Robin Winter") == copy
    assert fir.workbook(LABEL, entries[1:], RULES) != first


def test_a_stamped_copy_names_its_reader_on_the_page_and_on_every_printed_page() -> None:
    original = dzir.workbook(LABEL, [HeldEntry("000635", True, STACK)], RULES)
    page = page_of(stamped(original, "Copy of Robin & Sons <r@ssc.example>, 25/11/2026 19:04"))
    assert page["A2"].value == f"{LABEL} · Copy of Robin & Sons <r@ssc.example>, 25/11/2026 19:04"
    assert page.oddFooter.center.text == "Copy of Robin && Sons <r@ssc.example>, 25/11/2026 19:04"
    assert page["A1"].value == page_of(original)["A1"].value
    last = list(page.iter_rows())[-1]
    assert [cell.value for cell in last] == ["000635", "Silicon Labs", "R22"]
    assert last[0].number_format == REMOVED_FORMAT
