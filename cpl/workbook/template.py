"""The CPL workbook of a rule set without the rows of any release: four visible tabs, very hidden ones with the rules, the macro.

Built with XlsxWriter once for a rule set and kept in memory. Layout: guidance 5.1 to 5.4; the texts are those of the dictionary.
"""

import datetime
import io
from collections.abc import Mapping
from dataclasses import dataclass

import xlsxwriter

from cpl.domain.dictionary import RuleSet
from cpl.workbook import template_tabs as tabs
from cpl.workbook.macro import WORKBOOK_CODE_NAME, macro
from cpl.workbook.markup import escaped
from cpl.workbook.splice import Slot, cut, unpacked

WORKBOOK = "xl/workbook.xml"
STRINGS, PROPERTIES = "xl/sharedStrings.xml", "docProps/core.xml"
HISTORY_PART, FORM_PART, LIST_PART, CSV_PART = (f"xl/worksheets/sheet{number}.xml" for number in range(1, 5))

_NO_DAY = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - XlsxWriter takes naive times; `properties` puts the day of issue here
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_MOST_KEPT = 8
_kept: dict[str, "Template"] = {}


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


def build(rules: RuleSet) -> Template:
    """The template of a rule set."""
    key = rules.digest
    made = _kept.get(key)
    if made is None:
        made = _build(rules)
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[key] = made
    return made


def _build(rules: RuleSet) -> Template:
    parts = unpacked(_book(rules))
    for part in (FORM_PART, LIST_PART, CSV_PART):
        # Rows keep the height they are given here only until somebody types into them: then Excel fits them again.
        parts[part] = parts[part].replace(b' customHeight="1"', b"")
    return Template(
        parts,
        history=cut(parts[HISTORY_PART], tabs.FIRST_RELEASE),
        listed=cut(parts[LIST_PART], tabs.FIRST_ENTRY),
        csv=cut(parts[CSV_PART], tabs.FIRST_CSV_ROW),
    )


def _book(rules: RuleSet) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, _OPTIONS)
    book.set_properties({"title": "Central Products List", "author": "SECAS", "created": _NO_DAY})
    book.add_vba_project(io.BytesIO(macro(tuple(tabs.CODE_NAMES.values()))), True)
    book.set_vba_name(WORKBOOK_CODE_NAME)
    tabs.write(book, rules)
    book.close()
    return stream.getvalue()
