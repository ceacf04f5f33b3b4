"""Workbooks as manufacturers send them, made in code: the same arguments always give the same bytes.

No test framework is needed here: `seed_demo` makes its demo submissions with these builders too.
"""

import datetime
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter

from cpl.dictionary import load
from cpl.domain.dictionary import RuleSet
from cpl.domain.releases import Version
from tests.builders.values import valid_values

__all__ = ["form_workbook", "rewrite", "valid_values"]

NEW_ENTRY = "CPL - New Entry"
VERSION_CONTROL = "Version Control"
CENTRAL_LIST = "Central Products List"
SAVEABLE_IN_CSV = "CPL - Saveable in CSV"
FIRST_ROW = 7  # of the data items on the New Entry tab
ANSWER_COLUMN = "G"
ISSUED_ON = datetime.date(2026, 11, 2)
HEADINGS = ("Data Group", "Data Attribute", "Notes", "Conditionality rule", "Format", "Valid values", "New Entry's Details")
ALLOCATED = "This value is allocated by SECAS"
MADE_AT = datetime.datetime(2026, 11, 2, 9, 0)  # noqa: DTZ001 - XlsxWriter takes naive times
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
PLAIN_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MACRO_TYPE = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}

# How a cell is written into column G: by default as text.
CellWriter = Callable[[Any, Any, int], None]


def form_workbook(
    values: Mapping[str, str],
    version: tuple[int, int] = (3, 0),
    *,
    sheet_name: str = NEW_ENTRY,
    extra_sheets: Sequence[str] = (),
    macro_type: bool = True,
    label_in_a2: bool | None = None,
    version_control: bool = False,
    labels: Mapping[str, tuple[str, str]] | None = None,
    leave_out: Iterable[str] = (),
    repeat: Iterable[str] = (),
    cells: Mapping[str, Any] | None = None,
    first_row: int = FIRST_ROW,
) -> bytes:
    """A submission: the New Entry tab of this version filled in with values by key, and further tabs.

    `labels`: other (Data Group, Data Attribute) spellings by key; `leave_out`, `repeat`: keys whose row is missing or there
    twice; `cells`: by key, what to write into column G instead of text: a number, a date, a bool, or a formula ("=…").
    """
    rules = load(version[0])
    unknown = set(values) - set(rules.by_key)
    if unknown:
        raise KeyError(f"No data items of version {version[0]}: {sorted(unknown)}")
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, OPTIONS)
    book.set_properties({"created": MADE_AT})
    label = version_label(version)
    if version_control:
        write_version_control(book, label, [(str(Version(*version)), "02/11/2026", "No change")])
    write_form(
        book,
        rules,
        values,
        sheet_name=sheet_name,
        label=label if (version[0] >= 3 if label_in_a2 is None else label_in_a2) else "",
        labels=labels or {},
        keys=[key for item in rules.form_items if (key := item.key) not in set(leave_out)] + list(repeat),
        cells=cells or {},
        first_row=first_row,
    )
    for name in extra_sheets:
        book.add_worksheet(name).write_string("A1", f"Notes of the manufacturer on the tab {name}")
    book.close()
    return macro_enabled(stream.getvalue()) if macro_type else stream.getvalue()


def version_label(version: tuple[int, int], issued_on: datetime.date = ISSUED_ON) -> str:
    return Version(*version).label(issued_on)


def write_form(
    book: Any,
    rules: RuleSet,
    values: Mapping[str, str],
    *,
    sheet_name: str,
    label: str,
    labels: Mapping[str, tuple[str, str]],
    keys: Sequence[str],
    cells: Mapping[str, Any],
    first_row: int,
) -> None:
    """The New Entry tab, answers in column G as text cells."""
    sheet = book.add_worksheet(sheet_name)
    text = book.add_format({"num_format": "@", "locked": False})
    date = book.add_format({"num_format": "dd/mm/yyyy", "locked": False})
    sheet.write_string("A1", "Central Products List - New Entry")
    if label:
        sheet.write_string("A2", label)
    for column, heading in enumerate(HEADINGS):
        sheet.write_string(first_row - 2, column, heading)
    for row, key in enumerate(keys, first_row - 1):
        item = rules.by_key[key]
        group, attribute = labels.get(key, (item.group, item.attribute))
        for column, words in enumerate((group, attribute, item.notes, item.conditionality, item.format, item.valid_values)):
            sheet.write_string(row, column, words)
        if key in cells:
            write_cell(sheet, row, cells[key], text, date)
        elif item.applies == "secas":
            sheet.write_string(row, 6, values.get(key, ALLOCATED), text)
        elif values.get(key):
            sheet.write_string(row, 6, values[key], text)
        else:
            sheet.write_blank(row, 6, None, text)
    sheet.protect()


def write_cell(sheet: Any, row: int, value: Any, text: Any, date: Any) -> None:
    """A cell of column G that is not plain text."""
    if isinstance(value, datetime.date | datetime.time):
        sheet.write_datetime(row, 6, value, date)
    elif isinstance(value, bool):
        sheet.write_boolean(row, 6, value, text)
    elif isinstance(value, int | float):
        sheet.write_number(row, 6, value)
    else:
        sheet.write_formula(row, 6, value, text, "01:02:03:04")


def write_version_control(book: Any, label: str, history: Iterable[tuple[str, str, str]]) -> None:
    """The Version Control tab: label in A3, headings in row 10, one row a release, oldest first."""
    sheet = book.add_worksheet(VERSION_CONTROL)
    sheet.write_string("A1", "Central Products List (CPL)")
    sheet.write_string("A3", label)
    for column, heading in enumerate(("Version Number", "Date Of Issue", "Changes incorporated")):
        sheet.write_string(9, column, heading)
    for row, release in enumerate(history, 10):
        for column, words in enumerate(release):
            sheet.write_string(row, column, words)


def macro_enabled(data: bytes) -> bytes:
    """The same workbook with the content type of an .xlsm. There is no macro in it: readers go by the type."""
    return rewrite(data, {"[Content_Types].xml": lambda part: part.replace(PLAIN_TYPE.encode(), MACRO_TYPE.encode())})


Change = bytes | Callable[[bytes], bytes] | None


def rewrite(data: bytes, changes: Mapping[str, Change], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The package with parts replaced (bytes), edited (function), taken out (None) or added, the rest as it was."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts = {info.filename: source.read(info) for info in source.infolist()}
    for name, change in changes.items():
        if change is None:
            del parts[name]
        else:
            parts[name] = change(parts[name]) if callable(change) else change
    return zip_of(parts, compression)


def zip_of(parts: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these parts with fixed dates."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for name, content in parts.items():
            target.writestr(zipfile.ZipInfo(name, ZIP_DATE), content, compression)
    return stream.getvalue()
