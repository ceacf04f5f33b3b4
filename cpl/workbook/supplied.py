"""A template that SECAS supplies in place of ours, as Excel saved it, opened for writing releases.

Only the rows of the three growing tabs, the label above them and on the form, and what names the last row give way; every other
byte of every part stays. So the label is written as a text of its own in each cell: the shared texts of the workbook are not
touched. What a template must be like says cpl/workbook/supplied_checks.py. Sources: guidance 5.1 to 5.4.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cpl.domain.dictionary import RuleSet
from cpl.domain.findings import Finding, Severity
from cpl.workbook import template_tabs as tabs
from cpl.workbook.cells import cells_of
from cpl.workbook.package import SUBMISSION
from cpl.workbook.read import NEW_ENTRY
from cpl.workbook.read_list import CENTRAL_LIST, VERSION_CONTROL
from cpl.workbook.refusals import Refused, shown
from cpl.workbook.sheet import WHOLE_LIST, SheetReader, address
from cpl.workbook.splice import LAST_CSV_ROW, LAST_ENTRY, LAST_RELEASE, cut, filters, labelled
from cpl.workbook.structure import Sheet, Workbook, open_workbook
from cpl.workbook.styles import date_styles
from cpl.workbook.template import HISTORY_COLUMNS, Template, csv_columns, in_memory, list_columns, parts_of

CONTROL_LABEL, FORM_LABEL = "A3", "A2"
FIRST_WITH_FORM_LABEL = 3  # principal version from which the form has to show the label (guidance 5.2)
HEADINGS = 2  # rows of 'Central Products List' that name the columns; rows with a caption in column A may follow
_HIGHEST = 30  # rows above the entries
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_opened: dict[tuple[str, str], Template] = {}


@dataclass(frozen=True, slots=True)
class Tabs:
    """The four tabs of the published workbook (guidance 5)."""

    control: Sheet
    form: Sheet
    listed: Sheet
    csv: Sheet


def open_supplied(data: bytes) -> Workbook:
    """The workbook in these bytes, within the bounds of a submission. Raises Refused."""
    return open_workbook(data, SUBMISSION)


def opened(data: bytes, rules: RuleSet) -> Template:
    """The template in these bytes, which `check` found nothing against for this rule set."""
    return in_memory(_opened, (hashlib.sha256(data).hexdigest(), rules.digest), lambda: _cut(open_supplied(data), rules))


def tabs_of(book: Workbook) -> Tabs:
    """The four tabs, by name; raises Refused (T2) when one is not there once and visible, with a part to itself."""
    found = Tabs(*(_tab(book, name) for name in (VERSION_CONTROL, NEW_ENTRY, CENTRAL_LIST, tabs.SAVEABLE_IN_CSV)))
    parts = {book.sheet_part(sheet).name for sheet in (found.control, found.form, found.listed, found.csv)}
    if len(parts) < 4:
        raise Refused(
            _about_tabs("Two of the four tabs lead to one part of the package. Save the workbook in Excel and upload it again.")
        )
    return found


def same_tab(name: str, other: str) -> bool:
    """Whether two names are for one tab: upper and lower case, and the kind of dash, make no difference."""
    first, second = (_DASHES.sub("-", each).strip().casefold() for each in (name, other))
    return first == second


def first_entry(texts: Iterable[str]) -> int:
    """The row of the first entry: below the headings and the captions in column A. `texts`: addresses of cells with a text."""
    captions = [int(where[1:]) for where in texts if where[0] == "A" and where[1:].isdecimal()]
    return max([HEADINGS, *captions]) + 1


def texts_of(book: Workbook, sheet: Sheet, last_row: int = _HIGHEST) -> dict[str, str]:
    """What stands in the first rows of a tab, by address; a formula counts as nothing. Raises Refused."""
    reader = SheetReader(book.package, book.sheet_part(sheet), sheet.name, WHOLE_LIST)
    raw = {}
    for cell in reader.cells():
        if cell.row > last_row:
            break
        raw[cell.row, cell.column] = cell
    cells = cells_of(book, reader, raw)
    return {address(*place): cell.value for place, cell in cells.items() if cell.value and not raw[place].formula}


def _cut(book: Workbook, rules: RuleSet) -> Template:
    found = tabs_of(book)
    parts = parts_of(book.package)
    dates = date_styles(book.package, book.related("styles"))
    control, form, listed, csv = (book.sheet_part(sheet).name for sheet in (found.control, found.form, found.listed, found.csv))
    parts[form] = labelled(form, parts[form], FORM_LABEL)
    last_rows = {found.control.name: LAST_RELEASE, found.listed.name: LAST_ENTRY, found.csv.name: LAST_CSV_ROW}
    places = {str(place): hole for place, sheet in enumerate(book.sheets) if (hole := last_rows.get(sheet.name))}
    parts[book.part] = filters(book.part, parts[book.part], places)
    parts[csv] = parts.pop(csv)  # to the end: its rows are made in the pass that writes those of the list
    entries = first_entry(texts_of(book, found.listed))
    return Template(
        parts,
        history=cut(control, parts[control], tabs.FIRST_RELEASE, HISTORY_COLUMNS, dates, LAST_RELEASE, CONTROL_LABEL),
        listed=cut(listed, parts[listed], entries, list_columns(rules), dates, LAST_ENTRY),
        csv=cut(csv, parts[csv], tabs.FIRST_CSV_ROW, csv_columns(rules), dates, LAST_CSV_ROW),
        with_holes=frozenset({form, book.part}),
        shared_label=None,
    )


def _tab(book: Workbook, name: str) -> Sheet:
    alike = [sheet for sheet in book.sheets if same_tab(sheet.name, name)]
    if len(alike) != 1:
        count = "has no tab" if not alike else f"has {len(alike)} tabs"
        there = ", ".join(shown(sheet.name, 40) for sheet in book.sheets[:12])
        raise Refused(
            _about_tabs(
                f"The workbook {count} '{name}'; its tabs are {there}. Each of the four tabs must be there once, under its name."
            )
        )
    if alike[0].state != "visible":
        raise Refused(_about_tabs(f"The tab '{name}' is hidden. Make it visible (right-click on any tab, Unhide)."))
    return alike[0]


def _about_tabs(message: str) -> Finding:
    return Finding("T2", Severity.ERROR, message, guidance="5")
