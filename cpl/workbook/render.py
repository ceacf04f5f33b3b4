"""The published CPL workbook (.xlsm): a template of the rule set with the rows of one release put in.

Layout: guidance 5.1 to 5.4. Every value goes out character for character as it stands in the entry, as text; only what came in as
a real date goes out as one.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from cpl import csvfile
from cpl.domain.dictionary import RuleSet
from cpl.domain.entry import ListedEntry
from cpl.workbook import template
from cpl.workbook import template_tabs as tabs
from cpl.workbook.cells import EPOCH
from cpl.workbook.markup import LONGEST_TEXT, RowWriter, units
from cpl.workbook.row_height import row_height
from cpl.workbook.splice import Slot, extent, filled, packed

_FIRST_SAFE_DAY = datetime.date(1900, 3, 1)  # Excel believes in a 29/02/1900
_CUT_SHORT = " [shortened]"


@dataclass(frozen=True, slots=True)
class RenderedEntry(ListedEntry):
    """One entry of a release. `kinds` names the values that are real dates in the workbook ("date"); all others are text."""

    kinds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """What the workbook shows: label, day of issue, history (version, dd/mm/yyyy, changes) oldest first, entries in order."""

    label: str
    issued_on: datetime.date
    history: tuple[tuple[str, str, str], ...]
    entries: tuple[RenderedEntry, ...]


def render(view: ReleaseView, rules: RuleSet) -> bytes:
    """The .xlsm of a release; the same view and rules always give the same bytes.

    Raises ValueError for an entry with a text that does not fit into a cell.
    """
    made = template.build(rules)
    last = tabs.FIRST_ENTRY + len(view.entries) - 1
    changed: dict[str, Iterable[bytes]] = {
        template.STRINGS: [made.strings(view.label)],
        template.PROPERTIES: [made.properties(view.issued_on)],
        template.WORKBOOK: [extent(made.parts[template.WORKBOOK], last)],
        template.HISTORY_PART: filled(made.history, _history_rows(made.history, view), len(view.history)),
        template.LIST_PART: filled(made.listed, _list_rows(made.listed, view, rules), len(view.entries)),
        template.CSV_PART: filled(made.csv, _csv_rows(made.csv, view, rules), len(view.entries)),
    }
    return packed((name, changed.get(name, [content])) for name, content in made.parts.items())


def _history_rows(slot: Slot, view: ReleaseView) -> Iterator[str]:
    writer = RowWriter(*slot.styles)
    for row, (version, issued_on, changes) in enumerate(view.history, slot.row):
        height = row_height([(changes, tabs.CHANGES_WIDTH)])
        yield writer.row(row, (version, issued_on, _fitting(changes)), attributes=f' ht="{height:g}"')


def _list_rows(slot: Slot, view: ReleaseView, rules: RuleSet) -> Iterator[str]:
    """The entries from column B on."""
    writer = RowWriter(*slot.styles)
    keys = [item.key for item in rules.list_items]
    positions = {key: position for position, key in enumerate(keys)}
    for row, entry in enumerate(view.entries, slot.row):
        values = {**entry.values, "Entry.number": entry.number, "Entry.status": entry.status}
        dates = [key for key, kind in entry.kinds.items() if kind == "date" and key in positions]
        days = {positions[key]: day for key in dates if (day := _day_number(values.get(key, "")))}
        yield writer.row(row, [values.get(key, "") for key in keys], days)


def _csv_rows(slot: Slot, view: ReleaseView, rules: RuleSet) -> Iterator[str]:
    writer = RowWriter(*slot.styles)
    for row, texts in enumerate(csvfile.table(view.label, view.entries, rules), slot.row):
        yield writer.row(row, texts)


@lru_cache(maxsize=4096)
def _day_number(text: str) -> int | None:
    """A date dd/mm/yyyy as Excel counts days; None when the text is not one that comes back the same."""
    try:
        day = datetime.datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a day, no moment
    except ValueError:
        return None
    return (day - EPOCH).days if day >= _FIRST_SAFE_DAY and f"{day:%d/%m/%Y}" == text else None


def _fitting(text: str) -> str:
    """The description of a release, cut where a cell can hold no more; the record of the release has it whole."""
    if units(text) <= LONGEST_TEXT:
        return text
    room = (LONGEST_TEXT - len(_CUT_SHORT)) * 2
    return text.encode("utf-16-le", "surrogatepass")[:room].decode("utf-16-le", "ignore") + _CUT_SHORT
