"""The CPL workbook of a rule set without the rows of any release: four visible tabs, a very hidden one with the selection lists.

Built with XlsxWriter once for a rule set and kept in memory. Layout: guidance 5.1 to 5.4; the texts are those of the dictionary.
"""

import datetime
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass

import xlsxwriter

from cpl.domain.dictionary import RuleSet
from cpl.workbook import template_tabs as tabs
from cpl.workbook.markup import escaped
from cpl.workbook.splice import Slot, cut, unpacked
from cpl.workbook.structure import PLAIN_WORKBOOK

CONTENT_TYPES, WORKBOOK = "[Content_Types].xml", "xl/workbook.xml"
STRINGS, PROPERTIES = "xl/sharedStrings.xml", "docProps/core.xml"
HISTORY_PART, FORM_PART, LIST_PART, CSV_PART = (f"xl/worksheets/sheet{number}.xml" for number in range(1, 5))
MACRO_WORKBOOK = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"

_NO_DAY = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - XlsxWriter takes naive times; `properties` puts the day of issue here
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_MOST_KEPT = 8
_kept: dict[tuple[str, str], "Template"] = {}


@dataclass(frozen=True, slots=True)
class Template:
    """The parts of the package by name, in order, and where the rows of the growing tabs go."""

    parts: Mapping[str, bytes]
    history: Slot
    listed: Slot
    csv: Slot

    def strings(self, label: str) -> bytes:
        """The shared texts with the version label, which A3 of Version Control and A2 of the form show."""
        return self.parts[STRINGS].replace(tabs.LABEL.encode(), escaped(label).encode())

    def properties(self, issued_on: datetime.date) -> bytes:
        """The document properties with the day of issue."""
        return self.parts[PROPERTIES].replace(f"{_NO_DAY:%Y-%m-%d}".encode(), issued_on.isoformat().encode())


def build(rules: RuleSet, macro: bytes | None = None) -> Template:
    """The template of a rule set. `macro`: the vbaProject.bin with the code of the form, if there is one."""
    key = rules.digest, hashlib.sha256(macro or b"").hexdigest()
    made = _kept.get(key)
    if made is None:
        made = _build(rules, macro)
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[key] = made
    return made


def _build(rules: RuleSet, macro: bytes | None) -> Template:
    parts = unpacked(_book(rules, macro))
    # The published workbook is an .xlsm, with or without code in it: submissions on it are taken as .xlsm only.
    parts[CONTENT_TYPES] = parts[CONTENT_TYPES].replace(_content_type(PLAIN_WORKBOOK), _content_type(MACRO_WORKBOOK))
    for part in (FORM_PART, LIST_PART, CSV_PART):
        # Rows keep the height they are given here only until somebody types into them: then Excel fits them again.
        parts[part] = parts[part].replace(b' customHeight="1"', b"")
    return Template(
        parts,
        history=cut(parts[HISTORY_PART], tabs.FIRST_RELEASE),
        listed=cut(parts[LIST_PART], tabs.FIRST_ENTRY),
        csv=cut(parts[CSV_PART], tabs.FIRST_CSV_ROW),
    )


def _content_type(kind: str) -> bytes:
    return f'PartName="/{WORKBOOK}" ContentType="{kind}"'.encode()


def _book(rules: RuleSet, macro: bytes | None) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, _OPTIONS)
    book.set_properties({"title": "Central Products List", "author": "SECAS", "created": _NO_DAY})
    if macro is not None:
        book.add_vba_project(io.BytesIO(macro), True)
        book.set_vba_name("ThisWorkbook")
    tabs.write(book, rules)
    book.close()
    return stream.getvalue()
