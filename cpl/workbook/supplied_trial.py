"""A small release written with a supplied template and read back: what no check of its parts can promise."""

import csv
import datetime
import io
from collections.abc import Iterator

from cpl import csvfile
from cpl.domain.dictionary import Kind, RuleSet
from cpl.domain.entry import CURRENT, REMOVED
from cpl.domain.releases import Version
from cpl.workbook.read import read_form
from cpl.workbook.read_list import read_cpl
from cpl.workbook.render import ReleaseView, RenderedEntry, render
from cpl.workbook.supplied import open_supplied, opened, tabs_of, texts_of
from cpl.workbook.template import csv_columns

_DAY = datetime.date(2031, 6, 30)
_TEXTS = ("x", " a & <b>\n_x0041_ ")


def trial(data: bytes, rules: RuleSet) -> Iterator[str]:
    """What does not come back as it was written, and what the readers say of it."""
    label = Version(rules.principal, 1).label(_DAY)
    entries = [_entry(number, text, rules) for number, text in enumerate(_TEXTS, 1)]
    view = ReleaseView(label, _DAY, (("0.1", "30/06/2031", "first"), ("0.2", "30/06/2031", "a\nb")), entries)
    written = render(view, rules, opened(data, rules))
    yield from _list_faults(written, view)
    yield from _form_faults(written, view, rules)
    rows = csv.reader(io.StringIO(csvfile.render(label, entries, rules, bom=False).decode(), newline=""))
    if _saveable(written, len(entries) + 1, rules) != list(rows):
        yield "the tab for the CSV is not the CSV."


def _entry(number: int, text: str, rules: RuleSet) -> RenderedEntry:
    values = {item.key: text for item in rules.list_items if item.kind is not Kind.ALLOCATED}
    dates = {item.key: "date" for item in rules.list_items if item.kind is Kind.DATE}
    values |= dict.fromkeys(dates, f"{_DAY:%d/%m/%Y}")
    return RenderedEntry(f"{number:06d}", CURRENT if number % 2 else REMOVED, values, dates)


def _list_faults(written: bytes, view: ReleaseView) -> Iterator[str]:
    reading = read_cpl(written)
    yield from (refusal.message for refusal in reading.refusals)
    if reading.label != view.label:
        yield "the version label of 'Version Control' is another."
    if tuple((row.version, row.issued_on, row.changes) for row in reading.history) != view.history:
        yield "the history is another."
    read, listed = (
        [(entry.number, entry.status, entry.values, entry.kinds) for entry in entries]
        for entries in (reading.entries, view.entries)
    )
    if read != listed:
        yield "the entries of the list are others."


def _form_faults(written: bytes, view: ReleaseView, rules: RuleSet) -> Iterator[str]:
    form = read_form(written, rules)
    yield from (refusal.message for refusal in form.refusals)
    if form.version_label != view.label or form.missing:
        yield "the form is another."


def _saveable(written: bytes, rows: int, rules: RuleSet) -> list[list[str]]:
    """The first rows of the tab for the CSV."""
    book = open_supplied(written)
    texts = texts_of(book, tabs_of(book).csv, rows)
    return [[texts.get(f"{letters}{row}", "") for letters in csv_columns(rules)] for row in range(1, rows + 1)]
