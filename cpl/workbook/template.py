"""The CPL workbook of a rule set without the rows of any release: four visible tabs, very hidden ones with the rules, the macro.

`package` builds it with XlsxWriter; its bytes are kept with the release, and `opened` makes of them what releases are written
with. So whatever `package` builds later, what has been published can be made again. Layout: guidance 5.1 to 5.4; the texts are
those of the dictionary.
"""

import datetime
import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import xlsxwriter

from cpl.domain.dictionary import RuleSet
from cpl.workbook import template_tabs as tabs
from cpl.workbook.macro import WORKBOOK_CODE_NAME, macro
from cpl.workbook.package import STAFF_IMPORT, Package
from cpl.workbook.packing import Packer, deflated
from cpl.workbook.sheet import column_letters
from cpl.workbook.splice import DAY, LABEL, LAST_CSV_ROW, LAST_ENTRY, LAST_RELEASE, Slot, cut, filters
from cpl.workbook.structure import open_workbook
from cpl.workbook.styles import date_styles

WORKBOOK = "xl/workbook.xml"
STRINGS, PROPERTIES = "xl/sharedStrings.xml", "docProps/core.xml"
HISTORY_PART, FORM_PART, LIST_PART, CSV_PART = (f"xl/worksheets/sheet{number}.xml" for number in range(1, 5))

HISTORY_COLUMNS = "ABC"
_NO_DAY = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - XlsxWriter takes naive times; each release puts its day of issue here
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_MOST_KEPT = 3
_packages: dict[str, bytes] = {}
_opened: dict[tuple[str, str], "Template"] = {}
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Template:
    """The parts of the package by name, in order, and where the rows of the growing tabs go.

    `with_holes`: the names of other parts that say something else in each release. `shared_label`: the number of the shared
    text that is the version label; None where the rows have the label as a text of their own.
    """

    parts: Mapping[str, bytes]
    history: Slot
    listed: Slot
    csv: Slot
    with_holes: frozenset[str]
    shared_label: int | None


def package(rules: RuleSet) -> bytes:
    """The package of the template of a rule set as this application builds it today."""
    return in_memory(_packages, rules.digest, lambda: _packed(_book(rules)))


def opened(data: bytes, rules: RuleSet) -> Template:
    """The template in these bytes, which `package` built for this rule set, today or years ago."""
    return in_memory(_opened, (hashlib.sha256(data).hexdigest(), rules.digest), lambda: _cut(data, rules))


def build(rules: RuleSet) -> Template:
    """The template of a rule set as it is built today."""
    return opened(package(rules), rules)


def in_memory(memory: dict[Any, Kept], key: Any, make: Callable[[], Kept]) -> Kept:
    """What was made under this key before, if it is still in memory, which the last few are. Threads share the memory."""
    found = memory.get(key)
    if found is None:
        found = make()
        if len(memory) >= _MOST_KEPT:
            memory.clear()
        memory[key] = found
    return found


def _cut(data: bytes, rules: RuleSet) -> Template:
    book = open_workbook(data, STAFF_IMPORT)
    parts = parts_of(book.package)
    dates = date_styles(book.package, book.related("styles"))
    strings, no_day = parts[STRINGS], f"{_NO_DAY:%Y-%m-%d}".encode()
    before, _, _ = strings.partition(tabs.LABEL.encode())
    parts[STRINGS] = strings.replace(tabs.LABEL.encode(), LABEL)
    parts[PROPERTIES] = parts[PROPERTIES].replace(no_day, DAY)
    parts[WORKBOOK] = filters(WORKBOOK, parts[WORKBOOK], {"2": LAST_ENTRY})
    return Template(
        parts,
        history=cut(HISTORY_PART, parts[HISTORY_PART], tabs.FIRST_RELEASE, HISTORY_COLUMNS, dates, LAST_RELEASE),
        listed=cut(LIST_PART, parts[LIST_PART], tabs.FIRST_ENTRY, list_columns(rules), dates, LAST_ENTRY),
        csv=cut(CSV_PART, parts[CSV_PART], tabs.FIRST_CSV_ROW, csv_columns(rules), dates, LAST_CSV_ROW),
        with_holes=frozenset({WORKBOOK, STRINGS, PROPERTIES}),
        shared_label=before.count(b"<si>") - 1,
    )


def parts_of(package: Package) -> dict[str, bytes]:
    """The contents of a package by name, in order. Raises Refused."""
    return {name: package.read(part) for name in package.names if (part := package.find(name))}


def list_columns(rules: RuleSet) -> list[str]:
    """The letters of the columns of 'Central Products List' that entries fill."""
    return [item.list_column for item in rules.list_items]


def csv_columns(rules: RuleSet) -> list[str]:
    """The letters of the columns of 'CPL - saveable in CSV'."""
    return [column_letters(number) for number in range(1, len(rules.csv_columns) + 1)]


def _packed(book: bytes) -> bytes:
    """The package as XlsxWriter made it, with rows that fit themselves to what is typed into them."""
    stream = io.BytesIO()
    packer = Packer(stream)
    with zipfile.ZipFile(io.BytesIO(book)) as made:
        for name in made.namelist():
            content = made.read(name)
            if name in (FORM_PART, LIST_PART, CSV_PART):
                # Rows keep the height they are given here only until somebody types into them: then Excel fits them again.
                content = content.replace(b' customHeight="1"', b"")
            packer.add(name, [deflated(content, last=True)])
    packer.close()
    return stream.getvalue()


def _book(rules: RuleSet) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, _OPTIONS)
    book.set_properties({"title": "Central Products List", "author": "SECAS", "created": _NO_DAY})
    book.add_vba_project(io.BytesIO(macro(tuple(tabs.CODE_NAMES.values()))), True)
    book.set_vba_name(WORKBOOK_CODE_NAME)
    tabs.write(book, rules)
    book.close()
    return stream.getvalue()
