"""Workbooks as manufacturers send them, made in code: the same arguments always give the same bytes.

No test framework is needed here: `seed_demo` makes its demo submissions with these builders too.
"""

import csv
import datetime
import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter

from cpl import csvfile
from cpl.dictionary import load
from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.domain.entry import CURRENT, REMOVED, ListedEntry
from cpl.domain.releases import Version
from tests.builders.values import DEVICE_TYPES, valid_values

__all__ = ["Formula", "form_workbook", "list_workbook", "rewrite", "sample_entries", "valid_values"]

NEW_ENTRY = "CPL - New Entry"
VERSION_CONTROL = "Version Control"
CENTRAL_LIST = "Central Products List"
SAVEABLE_IN_CSV = "CPL - Saveable in CSV"
FIRST_ROW = 7  # of the data items on the New Entry tab
FIRST_WITH_LABEL = 3  # principal version from which A2 repeats the version label
ANSWER = 6  # column G, counted from 0
ISSUED_ON = datetime.date(2026, 11, 2)
HEADINGS = ("Data Group", "Data Attribute", "Notes", "Conditionality rule", "Format", "Valid values", "New Entry's Details")
LIST_HEADINGS: tuple[tuple[str, Callable[[DataItem], str]], ...] = (
    ("Data Group", lambda item: item.list_label[0]),
    ("Data Attribute", lambda item: item.list_label[1]),
    ("Notes", lambda item: item.notes),
    ("Conditionality rule", lambda item: item.conditionality),
    ("Source of definition", lambda item: item.source),
    ("Format", lambda item: item.format),
    ("Valid values", lambda item: item.valid_values),
)
ALLOCATED = "This value is allocated by SECAS"
MADE_AT = datetime.datetime(2026, 11, 2, 9, 0)  # noqa: DTZ001 - XlsxWriter takes naive times
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
PLAIN_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MACRO_TYPE = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula cell with the result Excel would have kept for it."""

    text: str
    result: str = ""


def form_workbook(
    values: Mapping[str, str],
    version: tuple[int, int] = (3, 0),
    *,
    sheet_name: str = NEW_ENTRY,
    second_form: str = "",
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

    `second_form`: name of a second tab of the same kind; `labels`: other (Data Group, Data Attribute) spellings by key;
    `leave_out`, `repeat`: keys whose row is missing or there twice; `cells`: by key, what to write into column G instead of
    text: a number, a date, a bool, or a Formula.
    """
    rules = load(version[0])
    unknown = set(values) - set(rules.by_key)
    if unknown:
        raise KeyError(f"No data items of version {version[0]}: {sorted(unknown)}")
    label = version_label(version)
    in_a2 = version[0] >= FIRST_WITH_LABEL if label_in_a2 is None else label_in_a2
    left_out = set(leave_out)
    keys = [item.key for item in rules.form_items if item.key not in left_out] + list(repeat)
    form = Form(rules, values, label if in_a2 else "", keys, labels or {}, cells or {}, first_row)
    stream, book = new_book()
    if version_control:
        write_version_control(book, label, [(str(Version(*version)), f"{ISSUED_ON:%d/%m/%Y}", "No change")])
    for name in filter(None, (sheet_name, second_form)):
        write_form(book, name, form)
    for name in extra_sheets:
        book.add_worksheet(name).write_string("A1", f"Notes of the manufacturer on the tab {name}")
    book.close()
    return macro_enabled(stream.getvalue()) if macro_type else stream.getvalue()


def list_workbook(
    entries: Sequence[ListedEntry],
    version: tuple[int, int] = (3, 0),
    *,
    history: Iterable[tuple[str, str, str]] | None = None,
    values: Mapping[str, str] | None = None,
    date_cells: bool = False,
    macro_type: bool = True,
) -> bytes:
    """The whole published workbook with its four tabs: history, form (filled in with `values`), list and CSV tab.

    `date_cells`: expiry dates as real dates, as in the list of 2022.
    """
    rules = load(version[0])
    label = version_label(version)
    stream, book = new_book()
    write_version_control(book, label, history or [(str(Version(*version)), f"{ISSUED_ON:%d/%m/%Y}", "First issue")])
    keys = [item.key for item in rules.form_items]
    write_form(book, NEW_ENTRY, Form(rules, values or {}, label if version[0] >= FIRST_WITH_LABEL else "", keys))
    write_list(book, rules, entries, date_cells)
    write_csv_tab(book, rules, label, entries)
    book.close()
    return macro_enabled(stream.getvalue()) if macro_type else stream.getvalue()


def sample_entries(count: int, principal: int = 3) -> list[ListedEntry]:
    """Entries of different devices and makers, mostly Current and with an image, numbered from 000001."""
    keys = [item.key for item in load(principal).list_items if item.applies != "secas"]
    entries = []
    for number in range(1, count + 1):
        values = valid_values(DEVICE_TYPES[number % len(DEVICE_TYPES)], with_hash=number % 4 != 0, number=number)
        status = REMOVED if number % 20 == 0 else CURRENT
        entries.append(ListedEntry(f"{number:06d}", status, {key: values[key] for key in keys}))
    return entries


@dataclass(frozen=True, slots=True)
class Form:
    """What one New Entry tab shows."""

    rules: RuleSet
    values: Mapping[str, str]
    label: str
    keys: Sequence[str]
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    cells: Mapping[str, Any] = field(default_factory=dict)
    first_row: int = FIRST_ROW


def new_book() -> tuple[io.BytesIO, Any]:
    """An empty workbook that will be written into the stream, always with the same dates."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, OPTIONS)
    book.set_properties({"created": MADE_AT})
    return stream, book


def version_label(version: tuple[int, int], issued_on: datetime.date = ISSUED_ON) -> str:
    return Version(*version).label(issued_on)


def write_form(book: Any, name: str, form: Form) -> None:
    """A New Entry tab, answers in column G as text cells."""
    sheet = book.add_worksheet(name)
    text = book.add_format({"num_format": "@", "locked": False})
    date = book.add_format({"num_format": "dd/mm/yyyy", "locked": False})
    sheet.write_string("A1", "Central Products List - New Entry")
    if form.label:
        sheet.write_string("A2", form.label)
    write_row(sheet, form.first_row - 2, HEADINGS)
    for row, key in enumerate(form.keys, form.first_row - 1):
        item = form.rules.by_key[key]
        group, attribute = form.labels.get(key, (item.group, item.attribute))
        write_row(sheet, row, (group, attribute, item.notes, item.conditionality, item.format, item.valid_values))
        answer = form.values.get(key, ALLOCATED if item.applies == "secas" else "")
        write_cell(sheet, row, form.cells.get(key, answer), text, date)
    sheet.protect()


def write_list(book: Any, rules: RuleSet, entries: Iterable[ListedEntry], date_cells: bool) -> None:
    """'Central Products List': seven rows of headings with captions in column A, then one row an entry from column B on."""
    sheet = book.add_worksheet(CENTRAL_LIST)
    date = book.add_format({"num_format": "dd/mm/yyyy"})
    items = rules.list_items
    for row, (caption, words_of) in enumerate(LIST_HEADINGS):
        write_row(sheet, row, [caption, *(words_of(item) for item in items)])
    for row, entry in enumerate(entries, len(LIST_HEADINGS)):
        for column, item in enumerate(items, 1):
            value = {"Entry.number": entry.number, "Entry.status": entry.status}.get(item.key) or entry.values.get(item.key, "")
            if date_cells and value and item.kind is Kind.DATE:
                day, month, year = map(int, value.split("/"))
                sheet.write_datetime(row, column, datetime.date(year, month, day), date)
            elif value:
                sheet.write_string(row, column, value)
    sheet.protect()


def write_csv_tab(book: Any, rules: RuleSet, label: str, entries: Sequence[ListedEntry]) -> None:
    """'CPL - Saveable in CSV', the same table as the CSV file."""
    sheet = book.add_worksheet(SAVEABLE_IN_CSV)
    text = csvfile.render(label, entries, rules, bom=False).decode()
    for row, line in enumerate(csv.reader(io.StringIO(text, newline=""))):
        write_row(sheet, row, line)
    sheet.protect()


def write_row(sheet: Any, row: int, words: Iterable[str]) -> None:
    for column, word in enumerate(words):
        sheet.write_string(row, column, word)


def write_cell(sheet: Any, row: int, value: Any, text: Any, date: Any) -> None:
    """A cell of column G: text, or whatever else was asked for."""
    match value:
        case bool():
            sheet.write_boolean(row, ANSWER, value, text)
        case datetime.date() | datetime.time():
            sheet.write_datetime(row, ANSWER, value, date)
        case int() | float():
            sheet.write_number(row, ANSWER, value)
        case Formula():
            sheet.write_formula(row, ANSWER, value.text, text, value.result)
        case "":
            sheet.write_blank(row, ANSWER, None, text)
        case _:
            sheet.write_string(row, ANSWER, value, text)


def write_version_control(book: Any, label: str, history: Iterable[tuple[str, str, str]]) -> None:
    """The Version Control tab: label in A3, headings in row 10, one row a release, oldest first."""
    sheet = book.add_worksheet(VERSION_CONTROL)
    sheet.write_string("A1", "Central Products List (CPL)")
    sheet.write_string("A3", label)
    write_row(sheet, 9, ("Version Number", "Date Of Issue", "Changes incorporated"))
    for row, release in enumerate(history, 10):
        write_row(sheet, row, release)


def macro_enabled(data: bytes) -> bytes:
    """The same workbook with the content type of an .xlsm. There is no macro in it: readers go by the type."""
    return rewrite(data, {"[Content_Types].xml": lambda part: part.replace(PLAIN_TYPE.encode(), MACRO_TYPE.encode())})


# --- Changing a finished package -----------------------------------------------------------------------------------------

Change = bytes | Callable[[bytes], bytes] | None


def rewrite(data: bytes, changes: Mapping[str, Change], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The package with parts replaced (bytes), edited (function), taken out (None) or added, the rest as it was."""
    parts = unpacked(data)
    for name, change in changes.items():
        if change is None:
            del parts[name]
        else:
            parts[name] = change(parts[name]) if callable(change) else change
    return zip_of(parts, compression)


def unpacked(data: bytes) -> dict[str, bytes]:
    """The parts of a package by name, in order."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {info.filename: package.read(info) for info in package.infolist()}


def zip_of(parts: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these parts with fixed dates."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for name, content in parts.items():
            target.writestr(zipfile.ZipInfo(name, ZIP_DATE), content, compression)
    return stream.getvalue()


def with_duplicate(data: bytes, name: str, content: bytes) -> bytes:
    """The package with a second part of this name behind all others."""
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as target, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the very thing that is wanted here
        target.writestr(zipfile.ZipInfo(name, ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def truncated(data: bytes, share: float = 0.5) -> bytes:
    """The first part of a file, as a broken connection leaves it."""
    return data[: int(len(data) * share)]


def with_bomb(data: bytes, name: str = "xl/media/image9.png", mebibytes: int = 80) -> bytes:
    """The package with a part that is small packed and huge unpacked."""
    return rewrite(data, {name: bytes(mebibytes << 20)})


def with_lying_size(data: bytes, name: str, size: int) -> bytes:
    """The package with a part that says of itself, in both places, that it unpacks to `size` bytes."""
    changed = bytearray(data)
    for mark, name_at, size_at in ((b"PK\x03\x04", 30, 22), (b"PK\x01\x02", 46, 24)):
        start = changed.find(mark)
        while start >= 0:
            if changed[start + name_at : start + name_at + len(name)] == name.encode():
                struct.pack_into("<L", changed, start + size_at, size)
            start = changed.find(mark, start + 4)
    return bytes(changed)


def password_protected() -> bytes:
    """What Excel saves under a password begins like this: a compound file with the encrypted package inside."""
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHH", 0x3E, 3, 0xFFFE)
    return header.ljust(512, b"\0") + "EncryptedPackage".encode("utf-16-le").ljust(1024, b"\0")
