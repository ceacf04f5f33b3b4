"""Import of a published workbook: what stands in it comes back exactly, what is wrong stops it, what is odd is reported."""

import dataclasses
import datetime
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpl.dictionary import load
from cpl.domain.entry import ListedEntry
from cpl.domain.releases import Version
from cpl.workbook import read_list
from cpl.workbook.package import STAFF_IMPORT
from cpl.workbook.read_list import CplReading, HistoryRow, read_cpl
from tests.builders.workbooks import list_workbook, rewrite, sample_entries

HISTORY = [
    ("2.050", "16/09/2022", "Two new models"),
    ("2.051", "21/09/2022", "Text with a line\nbreak "),
    ("3.000", "02/11/2026", "-"),
]
ENTRIES = sample_entries(25)
MODEL = "Device_Model.model_identifier"
REVISION = "Device_Model.hardware_version.revision"
DATE_AND_TIME = datetime.datetime(2031, 1, 2, 3, 4)  # noqa: DTZ001 - workbooks know no time zones
EXPIRY = "CPA_Certificate.expiry_date"


def changed(place: int, /, **values: str) -> list[ListedEntry]:
    """The sample with other values in the entry at this place, counted from 1; `status` and `number` too."""
    entries = list(ENTRIES)
    entry = entries[place - 1]
    head = {name: values.pop(name) for name in ("number", "status") if name in values}
    entries[place - 1] = dataclasses.replace(entry, values={**entry.values, **values}, **head)
    return entries


def with_cells(change: Callable[[Any], None], sheet: str = "Central Products List") -> bytes:
    """The sample workbook with cells changed by another program."""
    book = openpyxl.load_workbook(io.BytesIO(list_workbook(ENTRIES, history=HISTORY)))
    change(book[sheet])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def set_cell(place: str, value: Any) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        sheet[place] = value

    return change


def listed(reading: CplReading) -> list[ListedEntry]:
    return [ListedEntry(entry.number, entry.status, entry.values) for entry in reading.entries]


def odd(reading: CplReading) -> list[tuple[str, str]]:
    return [(finding.rule, finding.cell.rpartition("!")[2]) for finding in reading.oddities]


@pytest.mark.parametrize("macro_type", [False, True])
def test_a_list_comes_back_as_it_was_written(macro_type: bool) -> None:
    reading = read_cpl(list_workbook(ENTRIES, history=HISTORY, macro_type=macro_type))
    assert (reading.refusals, reading.oddities) == ((), ())
    assert listed(reading) == ENTRIES
    assert [entry.row for entry in reading.entries] == list(range(8, 33))
    assert (reading.label, reading.version) == ("Version 3.000 Issued on 02-11-2026", Version(3, 0))
    assert reading.history == tuple(HistoryRow(*row) for row in HISTORY)


def test_the_older_layout_has_one_column_less() -> None:
    entries = sample_entries(10, principal=2)
    reading = read_cpl(list_workbook(entries, (2, 51), history=HISTORY[:2]))
    assert reading.refusals == ()
    assert listed(reading) == entries
    assert set(reading.entries[0].values) == {item.key for item in load(2).list_items if item.applies != "secas"}


def test_real_dates_and_numbers_become_text_and_say_so() -> None:
    numbers = {entry.number for entry in ENTRIES if entry.values[EXPIRY]}
    reading = read_cpl(list_workbook(ENTRIES, history=HISTORY, date_cells=True))
    assert listed(reading) == ENTRIES
    assert {entry.number for entry in reading.entries if entry.kinds == {EXPIRY: "date"}} == numbers
    with_number = read_cpl(with_cells(set_cell("H9", 17)))
    assert with_number.entries[1].values[REVISION] == "17"
    assert with_number.entries[1].kinds == {REVISION: "number"}
    assert odd(with_number) == [("I13", "H9")]


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        ({"GBCS Version.version_number": "GBCS Version 4.1 "}, ["I10"]),
        ({"ZSE_Certificate.identification_number": "ZIG1\n"}, ["I10"]),
        ({"GBCS Version.version_number": "GBCS Version 1.0"}, ["I15"]),
        ({"GBCS Version.version_number": "gbcs version 4.1"}, []),
        ({MODEL: "0001"}, ["I12"]),
        ({MODEL: "ab:cd"}, ["I12"]),
        ({MODEL: " AB:CD"}, ["I10"]),
        ({"Manufacturer_Image.hash": "AA:" * 31}, ["I12"]),
        ({EXPIRY: "19-02-2026"}, ["I12"]),
        ({"Manufacturer_Image.descriptor": "Complete\nDual"}, ["I12"]),
        ({"Manufacturer_Image.descriptor": ""}, []),
    ],
)
def test_odd_values_are_reported_with_their_cell(value: dict[str, str], rules: list[str]) -> None:
    reading = read_cpl(list_workbook(changed(5, **value), history=HISTORY))
    assert reading.refusals == ()
    assert reading.entries[4].values[next(iter(value))] == next(iter(value.values()))
    item = load(3).by_key[next(iter(value))]
    assert odd(reading) == [(rule, f"{item.list_column}12") for rule in rules]
    assert all("000005" in finding.message for finding in reading.oddities)


def test_a_date_as_text_is_odd_among_real_dates() -> None:
    def change(sheet: Any) -> None:
        for row in range(8, 33):
            if sheet[f"N{row}"].value:
                sheet[f"N{row}"] = datetime.date(2031, 6, 30)
        sheet["N11"] = "30/06/2031"

    assert odd(read_cpl(with_cells(change))) == [("I11", "N11")]


def test_gaps_and_twins_are_reported() -> None:
    twin = changed(7, **{key: ENTRIES[2].values[key] for key in ENTRIES[2].values if key.startswith("Device_Model.")})
    gap = read_cpl(list_workbook([*twin[:10], *twin[13:]], history=HISTORY))
    assert [finding.rule for finding in gap.oddities] == ["I14", "I16"]
    assert "000011, 000012, 000013" in gap.oddities[0].message
    assert "000003 and 000007" in gap.oddities[1].message


def test_a_foreign_column_is_left_out_and_reported() -> None:
    def change(sheet: Any) -> None:
        sheet["W1"], sheet["W2"], sheet["W9"] = "Our", "remark", "hello"

    reading = read_cpl(with_cells(change))
    assert odd(reading) == [("I17", "W1")]
    assert listed(reading) == ENTRIES


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ([("2.049", "", ""), *HISTORY[1:]], "from version 2.049 to 2.051"),
        ([*HISTORY[:2], ("2.052", "", "")], "ends with 2.052"),
        ([HISTORY[0], ("draft", "", ""), *HISTORY[1:]], "'draft'"),
        ([*HISTORY, HISTORY[-1]], "from version 3.000 to 3.000"),
    ],
)
def test_a_history_that_cannot_be_followed_is_reported(history: list[tuple[str, str, str]], words: str) -> None:
    reading = read_cpl(list_workbook(ENTRIES, history=history))
    assert [finding.rule for finding in reading.oddities] == ["I18"]
    assert words in reading.oddities[0].message
    assert not reading.refusals


def test_real_dates_in_the_history_are_written_out() -> None:
    reading = read_cpl(with_cells(set_cell("B11", datetime.date(2022, 9, 16)), "Version Control"))
    assert reading.history[0] == HistoryRow(*HISTORY[0])


def rename(sheet: str) -> Callable[[bytes], bytes]:
    return lambda part: part.replace(f'name="{sheet}"'.encode(), b'name="Elsewhere"')


def second_gbcs_column(sheet: Any) -> None:
    sheet["W1"], sheet["W2"] = "GBCS version", "version_number"


BROKEN: Mapping[str, tuple[Callable[[], bytes], list[tuple[str, str]]]] = {
    "no workbook": (lambda: b"Version,Entry.number", [("P1", "")]),
    "no list": (lambda: rewrite(list_workbook(ENTRIES), {"xl/workbook.xml": rename("Central Products List")}), [("I1", "")]),
    "no history": (lambda: rewrite(list_workbook(ENTRIES), {"xl/workbook.xml": rename("Version Control")}), [("I1", "")]),
    "a column less": (lambda: with_cells(set_cell("T2", "haash")), [("I2", "A1")]),
    "a column twice": (lambda: with_cells(second_gbcs_column), [("I2", "W1")]),
    "a number of five digits": (lambda: list_workbook(changed(3, number="00003")), [("I3", "B10")]),
    "a number as a number": (lambda: with_cells(set_cell("B10", 3)), [("I3", "B10")]),
    "a number twice": (lambda: list_workbook(changed(3, number="000002")), [("I3", "B10")]),
    "no number": (lambda: with_cells(set_cell("B10", None)), [("I3", "B10")]),
    "an unknown status": (lambda: list_workbook(changed(3, status="Expired")), [("I4", "C10")]),
    "no status": (lambda: with_cells(set_cell("C10", None)), [("I4", "C10")]),
    "a formula": (lambda: with_cells(set_cell("E10", "=1+1")), [("I5", "E10")]),
    "an error": (lambda: with_cells(set_cell("E10", "#N/A")), [("I5", "E10")]),
    "a time for a hexadecimal value": (lambda: with_cells(set_cell("F10", datetime.time(10, 20))), [("I5", "F10")]),
    "a date with a time": (lambda: with_cells(set_cell("N10", DATE_AND_TIME)), [("I5", "N10")]),
    "no label": (lambda: with_cells(set_cell("A3", "Version three"), "Version Control"), [("I6", "A3")]),
}  # fmt: skip


@pytest.mark.parametrize(("make", "expected"), BROKEN.values(), ids=BROKEN)
def test_what_stops_an_import(make: Callable[[], bytes], expected: list[tuple[str, str]]) -> None:
    reading = read_cpl(make())
    assert [(finding.rule, finding.cell.rpartition("!")[2]) for finding in reading.refusals] == expected
    assert all(finding.guidance and len(finding.message) > 20 for finding in reading.refusals)


def test_every_rule_of_the_table_is_tested() -> None:
    listed_rules = {line.split("|")[1].strip() for line in (read_list.__doc__ or "").splitlines() if line.startswith("| I")}
    stops = {rule for _, expected in BROKEN.values() for rule, _ in expected if rule.startswith("I")}
    assert stops | {f"I{number}" for number in range(10, 19)} == listed_rules


def test_an_import_may_be_larger_than_a_submission() -> None:
    entries = sample_entries(1_500)
    reading = read_cpl(list_workbook(entries, history=HISTORY), STAFF_IMPORT)
    assert listed(reading) == entries


BASE = list_workbook(ENTRIES[:3], history=HISTORY)


def damaged(places: list[tuple[int, int]]) -> Iterator[int]:
    changes = dict(places)
    return (changes.get(index, byte) for index, byte in enumerate(BASE))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(BASE) - 1), st.integers(0, 255)), max_size=3))
def test_no_bytes_make_it_fail(places: list[tuple[int, int]]) -> None:
    reading = read_cpl(bytes(damaged(places)))
    assert reading.refusals or listed(reading) == ENTRIES[:3]
