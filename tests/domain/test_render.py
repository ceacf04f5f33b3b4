"""The published workbook: every value comes back from it through every reader, and the same release always has the same bytes."""

import csv
import datetime
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st

from cpl import csvfile
from cpl.dictionary import load
from cpl.workbook import template
from cpl.workbook.blocks import ROWS
from cpl.workbook.read_list import HistoryRow, read_cpl
from cpl.workbook.render import ReleaseView, RenderedEntry, render
from tests.builders.workbooks import sample_entries, unpacked

RULES = load(3)
ON = datetime.date(2026, 11, 25)
ESCAPES = r"(_x[0-9A-F]{4}_?|_|\x02){1,5}"
EXPIRY = "CPA_Certificate.expiry_date"
DESCRIPTOR = "Manufacturer_Image.descriptor"
CREATOR = "Manufacturer_Image.creator"
BANDS = "ZigBee_Properties.Bands_Join"
FORM, LIST, CSV_TAB = "CPL - New Entry", "Central Products List", "CPL - saveable in CSV"
HISTORY = (
    ("1.0", "27/10/2016", "First issue \n"),
    ("3.001", "20/11/2026", "Two models\r\n\r\n000001 - one\n000002 - two & <three>"),
    ("3.002", "25/11/2026", "-"),
)
AWKWARD = (
    "trailing blank ",
    " leading blank",
    "two\nlines",
    "carriage\rreturn\r\n",
    "\ttab\t",
    "control \x01\x0b\x1f",
    "_x000D_ meant literally",
    "_x005F_ and _x0041",
    "_x0041\x02",
    "<b>&amp;</b> \"quoted\" 'too'",
    "=1+1",
    "@SUM(A1)",
    "Grüße, 中文, 😀",
    "\N{NO-BREAK SPACE}no-break\N{LINE SEPARATOR}",
    "00",
    "1E5",
    "TRUE",
    "\ufffe",
    "   ",
)


def entries(count: int, principal: int = 3, real_dates: bool = False) -> tuple[RenderedEntry, ...]:
    return tuple(
        RenderedEntry(entry.number, entry.status, entry.values, {EXPIRY: "date"} if real_dates and entry.values[EXPIRY] else {})
        for entry in sample_entries(count, principal)
    )


def awkward() -> tuple[RenderedEntry, ...]:
    return tuple(
        RenderedEntry(entry.number, entry.status, {**entry.values, DESCRIPTOR: text, CREATOR: text})
        for entry, text in zip(sample_entries(len(AWKWARD)), AWKWARD, strict=True)
    )


def view(listed: tuple[RenderedEntry, ...], label: str = "Version 3.002 Issued on 25-11-2026") -> ReleaseView:
    return ReleaseView(label, ON, HISTORY, listed)


def published(entry: RenderedEntry) -> list[str]:
    """What the columns of the list show of an entry."""
    values = {"Entry.number": entry.number, "Entry.status": entry.status, **entry.values}
    return [values.get(item.key, "") for item in RULES.list_items]


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def test_the_import_reads_every_entry_back() -> None:
    listed = entries(60, real_dates=True)
    reading = read_cpl(render(view(listed), RULES))
    assert reading.refusals == ()
    assert [(entry.number, entry.status, entry.values, entry.kinds) for entry in reading.entries] == [
        (entry.number, entry.status, entry.values, entry.kinds) for entry in listed
    ]
    assert [entry.row for entry in reading.entries] == list(range(8, 68))
    assert reading.label == "Version 3.002 Issued on 25-11-2026"
    assert reading.history == tuple(HistoryRow(*row) for row in HISTORY)


def test_awkward_texts_come_back_character_for_character() -> None:
    listed = awkward()
    reading = read_cpl(render(view(listed), RULES))
    assert [(entry.number, entry.values) for entry in reading.entries] == [(entry.number, entry.values) for entry in listed]


def test_openpyxl_reads_the_same_texts() -> None:
    listed = (*entries(40), *awkward())
    sheet = opened(render(view(listed), RULES))[LIST]
    # openpyxl leaves the _xHHHH_ of the file as they are
    plain = [
        (row, entry) for row, entry in enumerate(listed, 8) if not any(c in entry.values[DESCRIPTOR] for c in "\r\x01\x02\ufffe_")
    ]
    assert len(plain) > len(AWKWARD)
    for row, entry in plain:
        cells = sheet[f"B{row}:V{row}"][0]
        assert [cell.value or "" for cell in cells] == published(entry)
        assert {cell.data_type for cell in cells if cell.value} == {"s"}
        assert {cell.number_format for cell in cells} == {"@"}
    assert sheet.max_row == 7 + len(listed)


def test_calamine_reads_the_same_texts() -> None:
    listed = entries(40, real_dates=True)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(render(view(listed), RULES)))
    rows = book.get_sheet_by_name(LIST).to_python(skip_empty_area=False)[7:]
    theirs = [[f"{cell:%d/%m/%Y}" if isinstance(cell, datetime.date) else cell for cell in row[1:]] for row in rows]
    assert theirs == [published(entry) for entry in listed]


def test_dates_go_out_as_dates_only_where_they_came_in_so() -> None:
    texts = ("30/06/2031", "28/02/1900", "01/03/1900", "19-02-2026", "31/02/2026", "1/2/2026", "")
    listed = tuple(
        RenderedEntry(entry.number, entry.status, {**entry.values, EXPIRY: text}, {EXPIRY: "date"})
        for entry, text in zip(sample_entries(len(texts)), texts, strict=True)
    )
    data = render(view((*listed, *entries(1))), RULES)
    cells = [opened(data)[LIST][f"N{row}"] for row in range(8, 8 + len(texts) + 1)]
    assert [cell.is_date for cell in cells] == [True, False, True, False, False, False, False, False]
    assert cells[0].value == datetime.datetime(2031, 6, 30)  # noqa: DTZ001 - workbooks know no time zones
    assert {cell.number_format for cell in cells if cell.is_date} == {"dd/mm/yyyy"}
    assert [entry.values[EXPIRY] for entry in read_cpl(data).entries][: len(texts)] == list(texts)


def test_numbers_of_the_old_list_go_out_as_text() -> None:
    key = "Device_Model.hardware_version.revision"
    (entry,) = entries(1)
    numbered = RenderedEntry(entry.number, entry.status, {**entry.values, key: "10"}, {key: "number"})
    cell = opened(render(view((numbered,)), RULES))[LIST]["H8"]
    assert (cell.value, cell.data_type) == ("10", "s")


@pytest.mark.parametrize("count", [0, 1, ROWS - 1, ROWS, ROWS + 1, 2_000])
def test_lists_of_any_length(count: int) -> None:
    listed = entries(count)
    data = render(view(listed), RULES)
    reading = read_cpl(data)
    assert reading.refusals == ()
    assert [entry.values for entry in reading.entries] == [entry.values for entry in listed]
    book = opened(data)
    assert book[LIST].auto_filter.ref == f"A2:V{7 + count}"
    assert (book[LIST].max_row, book[CSV_TAB].max_row) == (7 + count, 1 + count)
    filtered = f"'{LIST}'!$A$2:$V${7 + count}"
    assert filtered.encode() in unpacked(data)["xl/workbook.xml"]


def test_the_fourth_tab_is_the_csv() -> None:
    listed = entries(50)
    release = view(listed)
    file = csvfile.render(release.label, listed, RULES, bom=False).decode()
    tab = opened(render(release, RULES))[CSV_TAB].iter_rows(values_only=True)
    assert [[cell or "" for cell in row] for row in tab] == list(csv.reader(io.StringIO(file, newline="")))


def test_the_label_stands_where_people_and_readers_look_for_it() -> None:
    book = opened(render(view(entries(2)), RULES))
    assert book["Version Control"]["A3"].value == book[FORM]["A2"].value == "Version 3.002 Issued on 25-11-2026"
    assert {book[CSV_TAB][f"A{row}"].value for row in (2, 3)} == {"Version 3.002 Issued on 25-11-2026"}
    assert book.properties.modified == datetime.datetime(2026, 11, 25)  # noqa: DTZ001


def test_the_history_stands_oldest_first_as_text() -> None:
    sheet = opened(render(view(()), RULES))["Version Control"]
    rows = [tuple(cell.value for cell in row) for row in sheet["A11:C13"]]
    assert [(version, issued_on) for version, issued_on, _ in rows] == [(row[0], row[1]) for row in HISTORY]
    assert rows[0][2] == HISTORY[0][2]


def test_the_same_release_has_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = render(view(entries(30)), RULES)
    monkeypatch.setattr(template, "_packages", {})
    monkeypatch.setattr(template, "_opened", {})
    assert render(view(entries(30)), load(3)) == first
    with zipfile.ZipFile(io.BytesIO(first)) as package:
        assert {info.date_time for info in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert package.testzip() is None


@pytest.mark.parametrize(
    "surroundings",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "America/Anchorage", "LC_ALL": "C.UTF-8", "PYTHONOPTIMIZE": "1"},
    ],
    ids=["east", "west"],
)
def test_the_same_release_has_the_same_bytes_elsewhere_and_on_another_day(surroundings: dict[str, str]) -> None:
    script = (
        "import hashlib, time_machine, datetime\n"
        "with time_machine.travel(datetime.datetime(2031, 1, 2, 23, 59)):\n"
        "    from tests.domain import test_render as here\n"
        "    print(hashlib.sha256(here.render(here.view(here.entries(30)), here.RULES)).hexdigest())\n"
    )
    command, place = [sys.executable, "-c", script], Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=place, env=os.environ | surroundings, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(render(view(entries(30)), RULES)).hexdigest()


def test_another_release_changes_only_what_shows_it() -> None:
    first, second = (
        unpacked(render(view(entries(3)), RULES)),
        unpacked(
            render(ReleaseView("Version 3.003 Issued on 26-11-2026", datetime.date(2026, 11, 26), HISTORY[:2], entries(4)), RULES)
        ),
    )
    assert list(first) == list(second)
    assert {name for name in first if first[name] != second[name]} == {
        template.STRINGS, template.PROPERTIES, template.WORKBOOK,
        template.HISTORY_PART, template.LIST_PART, template.CSV_PART,
    }  # fmt: skip


def test_another_list_of_values_makes_another_template() -> None:
    today = load(3)
    tomorrow = today.with_reference({"dlms_version": today.lists["dlms_version"][:1]}, today.device_types, today.combinations)
    assert template.build(today) is template.build(load(3))
    assert template.build(today).parts != template.build(tomorrow).parts


def test_old_releases_can_be_rendered_again() -> None:
    rules = load(2)
    listed = entries(30, principal=2)
    data = render(view(listed, "Version 2.051 Issued on 21-09-2022"), rules)
    reading = read_cpl(data)
    assert reading.refusals == ()
    assert [entry.values for entry in reading.entries] == [entry.values for entry in listed]
    assert opened(data)[LIST]["U2"].value == "descriptor"
    assert opened(data)[LIST]["V2"].value is None


def test_historic_entries_need_not_have_the_new_columns() -> None:
    (entry,) = entries(1)
    historic = RenderedEntry(entry.number, entry.status, {key: text for key, text in entry.values.items() if key != BANDS})
    assert read_cpl(render(view((historic,)), RULES)).entries[0].values == {**historic.values, BANDS: ""}


def test_nothing_but_the_columns_of_the_list_is_published() -> None:
    (entry,) = entries(1)
    unlisted = {item.key: f"kept back {place}" for place, item in enumerate(RULES.form_items) if not item.list_column}
    full = RenderedEntry(entry.number, entry.status, {**entry.values, **unlisted}, {"Contact-CPA.Contact.contact name": "date"})
    assert len(unlisted) > 10
    assert render(view((full,)), RULES) == render(view((entry,)), RULES)


def test_a_text_too_long_for_a_cell_is_not_published() -> None:
    (entry,) = entries(1)
    fits, too_long = ("😀" * 16_383 + "x", "😀" * 16_384)
    assert read_cpl(render(view((changed(entry, fits),)), RULES)).entries[0].values[DESCRIPTOR] == fits
    with pytest.raises(ValueError, match="cell U8 has 32768 characters"):
        render(view((changed(entry, too_long),)), RULES)


@pytest.mark.parametrize("letter", ["x", "\r", "\x0b"])
def test_a_cell_that_is_full_comes_back(letter: str) -> None:
    """Also one of characters that the file writes with seven each."""
    (entry,) = entries(1)
    full = changed(entry, letter * 32_767)
    assert read_cpl(render(view((full,)), RULES)).entries[0].values == full.values


def changed(entry: RenderedEntry, text: str) -> RenderedEntry:
    return RenderedEntry(entry.number, entry.status, {**entry.values, DESCRIPTOR: text})


@pytest.mark.parametrize("letter", ["a", "😀"])
def test_a_description_too_long_for_a_cell_is_cut_and_says_so(letter: str) -> None:
    release = ReleaseView(
        "Version 3.000 Issued on 25-11-2026", datetime.date(2026, 11, 25), (("3.000", "", letter * 40_000),), ()
    )
    (row,) = read_cpl(render(release, RULES)).history
    assert 16_000 < len(row.changes) < 32_768
    assert row.changes.startswith(letter * 16_000)
    assert row.changes.endswith(f"{letter} [shortened]")


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.from_regex(r"(_x[0-9A-F]{4}_?|\x02){1,5}", fullmatch=True)
)
def test_any_text_comes_back(text: str) -> None:
    (entry,) = entries(1)
    release = ReleaseView(
        "Version 3.000 Issued on 25-11-2026", datetime.date(2026, 11, 25), (("3.000", "x", text),), (changed(entry, text),)
    )
    reading = read_cpl(render(release, RULES))
    assert reading.entries[0].values[DESCRIPTOR] == text
    assert reading.history[0].changes == text
