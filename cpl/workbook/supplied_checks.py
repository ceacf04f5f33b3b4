"""What a template that SECAS supplies must be like, so that releases can be written with it.

Its package is taken under the bounds of a submission (rules of cpl/workbook/refusals.py). Beyond that:

| rule | the template is refused because |
|------|----------------------------------|
| T1   | it has no macro, counts days from 1904, or is digitally signed, which no workbook written with it could stay |
| T2   | one of the four tabs is missing, hidden or there twice |
| T3   | a heading is not that of the rule set |
| T4   | the version label is not where each release puts its own |
| T5   | the form lacks a data item, or an answer is locked or filled in |
| T6   | there is no sample row to take the cell formats from |
| T7   | something hangs on rows that each release replaces |
| T8   | a release written with it cannot be read back |

T9 is a note for the people who review it; T0, that its bytes are lost, comes from cpl/services/templates.py.
Sources: guidance 5.1 to 5.4 (tabs and headings), 7.3 and 7.4 (form and macro).
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cpl.domain.dictionary import Kind, RuleSet
from cpl.domain.findings import Finding, Severity
from cpl.domain.releases import Version, parse_label
from cpl.workbook import template_tabs as tabs
from cpl.workbook.read import ANSWER, NEW_ENTRY, read_form
from cpl.workbook.read_list import CENTRAL_LIST, VERSION_CONTROL
from cpl.workbook.refusals import FRESH_COPY, SAVE_AGAIN, Refused, shown
from cpl.workbook.sheet import address
from cpl.workbook.splice import LAST_ENTRY, cut
from cpl.workbook.structure import MACRO_WORKBOOK, Sheet, Workbook, relationships_of
from cpl.workbook.styles import date_styles, unlocked_styles
from cpl.workbook.supplied import (
    CONTROL_LABEL,
    FIRST_WITH_FORM_LABEL,
    FORM_LABEL,
    Tabs,
    first_entry,
    open_supplied,
    same_tab,
    tabs_of,
    texts_of,
)
from cpl.workbook.supplied_trial import trial
from cpl.workbook.survey import Survey
from cpl.workbook.template import HISTORY_COLUMNS, csv_columns, list_columns
from cpl.workbook.xmlstream import FOREIGN, walk

CORRECT = "Correct it in Excel and upload the template again."
# What readers of submissions advise, and what to do about a template instead.
_ADVICE = {
    SAVE_AGAIN: "Save it in Excel as 'Excel Macro-Enabled Workbook' (.xlsm) and upload it again.",
    FRESH_COPY: CORRECT,
    ", or fill in a fresh copy of the workbook": "",
    "; or fill in a fresh copy of the current CPL workbook": "",
    "send it again": "upload it again",
}
_HISTORY_HEADINGS = ("Version number", "Date of issue", "Changes incorporated")
_EXAMPLE = Version(3, 0).label(datetime.date(2026, 11, 25))
_MOST = 5  # cells named in one finding
_ELEMENTS = 3_000_000  # a list of 100,000 entries


def check(data: bytes, rules: RuleSet) -> tuple[Finding, ...]:
    """What stands against a template for releases of this rule set (errors), and what its reviewers should know (the rest)."""
    try:
        return tuple(_findings(data, rules))
    except Refused as refused:
        message = refused.finding.message
        for advice, instead in _ADVICE.items():
            message = message.replace(advice, instead)
        return (replace(refused.finding, message=message),)


def _findings(data: bytes, rules: RuleSet) -> Iterator[Finding]:
    book = open_supplied(data)
    found = tabs_of(book)
    _check_parts(book)
    against = [*_package(book), *_headings(book, found, rules), *_form(data, book, found, rules), *_rows(book, found, rules)]
    yield from against or (
        _error("T8", f"A version written with this template cannot be read back: {why}") for why in trial(data, rules)
    )
    yield from read_form(data, rules).notes  # what would be said of every submission made with it
    yield from _notes(book, found)


def _check_parts(book: Workbook) -> None:
    """Of every part, whether we read it or not: raises Refused when it takes contents from outside (P15) or is no XML (P14)."""
    for name in book.package.names:
        if part := book.package.find(name):
            relationships_of(book.package, part)
            if name.casefold().endswith(".xml"):
                walk(book.package, part, frozenset(), FOREIGN, lambda *_: None, _ELEMENTS)


def _package(book: Workbook) -> Iterator[Finding]:
    if book.content_type != MACRO_WORKBOOK:
        yield _error("T1", "The file is no Excel Macro-Enabled Workbook, whatever its name says. Save it as .xlsm.")
    elif not book.macro:
        yield _error("T1", "The workbook has no macro, so the button 'Validate New Entry' would do nothing. Put the macro in.")
    if book.signed:
        yield _error(
            "T1",
            "The workbook is digitally signed, and what is published would no longer be what was signed. Remove the signature "
            "(File > Info > View Signatures).",
        )
    if book.epoch_1904:
        yield _error(
            "T1",
            "The workbook counts days from 1904. Turn that off (File > Options > Advanced > Use 1904 date system), and look at "
            "its dates again.",
        )


def _headings(book: Workbook, found: Tabs, rules: RuleSet) -> Iterator[Finding]:
    """The version label above the history and on the form; the headings of the three growing tabs."""
    control, form = texts_of(book, found.control), texts_of(book, found.form)
    yield from _label(found.control, control, CONTROL_LABEL)
    if rules.principal >= FIRST_WITH_FORM_LABEL or form.get(FORM_LABEL):
        yield from _label(found.form, form, FORM_LABEL)
    row = tabs.FIRST_RELEASE - 1
    for letters, heading in zip(HISTORY_COLUMNS, _HISTORY_HEADINGS, strict=True):
        if not _text(control, letters, row).casefold().startswith(heading.casefold()):
            yield _heading(found.control, letters, row, heading, control)
    columns = [(item.list_column, row, words) for item in rules.list_items for row, words in enumerate(item.list_label, 1)]
    yield from _columns(found.listed, texts_of(book, found.listed), columns, captions=["A"])
    columns = [(letters, 1, column.header) for letters, column in zip(csv_columns(rules), rules.csv_columns, strict=True)]
    yield from _columns(found.csv, texts_of(book, found.csv), columns, captions=[])


def _columns(
    sheet: Sheet, texts: Mapping[str, str], columns: Sequence[tuple[str, int, str]], captions: Sequence[str]
) -> Iterator[Finding]:
    """`columns`: what each cell (letters, row) must say; other cells of these rows must be empty, but for those with captions."""
    for letters, row, heading in columns:
        if _text(texts, letters, row) != heading:
            yield _heading(sheet, letters, row, heading, texts)
    known, rows = {*captions, *(letters for letters, _, _ in columns)}, {str(row) for _, row, _ in columns}
    for where, text in texts.items():
        letters = where.rstrip("0123456789")
        if where[len(letters) :] in rows and letters not in known:
            yield _error(
                "T3", f"Cell {where} names a column {shown(text)}, which the list does not have. Remove it.", sheet, where
            )


def _text(texts: Mapping[str, str], letters: str, row: int) -> str:
    return texts.get(f"{letters}{row}", "")


def _heading(sheet: Sheet, letters: str, row: int, heading: str, texts: Mapping[str, str]) -> Finding:
    there = _text(texts, letters, row)
    instead = f"not {shown(there)}" if there else "and is empty"
    return _error("T3", f"Cell {letters}{row} must say {shown(heading)}, {instead}.", sheet, f"{letters}{row}")


def _label(sheet: Sheet, texts: Mapping[str, str], where: str) -> Iterator[Finding]:
    text = texts.get(where, "").strip()
    parsed = parse_label(text)
    if text != tabs.LABEL and (parsed is None or text != parsed[0].label(parsed[1])):
        instead = f"It says {shown(text)}." if text else "It is empty or holds a formula."
        yield _error(
            "T4",
            f"Cell {where} is where each version puts its label. {instead} Write any label there, for example '{_EXAMPLE}'.",
            sheet,
            where,
        )


def _form(data: bytes, book: Workbook, found: Tabs, rules: RuleSet) -> Iterator[Finding]:
    """Every data item has its row, with an answer that is empty and can be typed in."""
    reading = read_form(data, rules)
    refusals = [refusal for refusal in reading.refusals if refusal.rule != "P17"]  # which T1 has said
    if refusals:
        raise Refused(refusals[0])
    for key in reading.missing:
        item = rules.by_key[key]
        words = f"The form has no row with {shown(item.group)} in column A and {shown(item.attribute)} in column B. Add it."
        yield replace(_error("T5", words, found.form, ""), group=item.group, attribute=item.attribute)
    unlocked = unlocked_styles(book.package, book.related("styles"))
    formats = Survey(book.package, book.sheet_part(found.form), ANSWER)
    for key, cell in reading.cells.items():
        where = cell.cell.rpartition("!")[2]
        style = formats.format_of(int(where.lstrip("G")))
        if rules.by_key[key].kind is Kind.ALLOCATED:
            continue
        if style >= len(unlocked) or not unlocked[style]:
            words = f"Cell {where}, the answer to {shown(key)}, is locked. Unlock it (Format Cells > Protection)."
            yield _error("T5", words, found.form, where)
        if cell.value:
            yield _error("T5", f"Cell {where}, the answer to {shown(key)}, is filled in. Empty it.", found.form, where)


def _rows(book: Workbook, found: Tabs, rules: RuleSet) -> Iterator[Finding]:
    """The rows that each release replaces: there, with formats to take over, and nothing that hangs on them."""
    entries = first_entry(texts_of(book, found.listed))
    firsts = ((found.control, tabs.FIRST_RELEASE), (found.listed, entries), (found.csv, tabs.FIRST_CSV_ROW))
    missing = False
    for sheet, first in firsts:
        seen = Survey(book.package, book.sheet_part(sheet))
        yield from _hanging(sheet, first, seen)
        if seen.last_row < first:
            missing = True
            words = f"There is no row {first} to take the cell formats from. Format one row as the rows of the list shall look."
            yield _error("T6", words, sheet, f"A{first}")
    if not missing:
        yield from _dates(book, found, rules, entries)


def _dates(book: Workbook, found: Tabs, rules: RuleSet, first: int) -> Iterator[Finding]:
    """Dates that came in as dates go out as dates, so their columns need a format for them."""
    part = book.sheet_part(found.listed)
    dates = date_styles(book.package, book.related("styles"))
    _, days = cut(part.name, book.package.read(part), first, list_columns(rules), dates, LAST_ENTRY).styles
    for item in rules.list_items:
        if item.kind is Kind.DATE and item.list_column not in days:
            words = (
                f"No cell of column {item.list_column} from row {first} on has the format of a date. Format one as dd/mm/yyyy, "
                "in a second sample row if the first is to be text."
            )
            yield _error("T6", words, found.listed, f"{item.list_column}{first}")


def _hanging(sheet: Sheet, first: int, seen: Survey) -> Iterator[Finding]:
    formulas = [address(*place) for place in seen.formulas if place[0] >= first]
    if formulas:
        words = f"Rows from {first} on are replaced, but {', '.join(formulas[:_MOST])} hold formulas. Put values in their place."
        yield _error("T7", words, sheet, formulas[0])
    for what, area in seen.hanging:
        if area.last_row >= first:
            where = address(area.first_row, area.first_column)
            yield _error("T7", f"Rows from {first} on are replaced, but there is {what} at {where}. Remove it.", sheet, where)
    if seen.tables:
        words = (
            "The tab holds a table of Excel's own kind, which cannot grow with the list. Choose Table Design > Convert to Range."
        )
        yield _error("T7", words, sheet, f"A{first}")
    if seen.filtered:
        yield _error("T7", "A filter hides rows. Choose Data > Clear, and leave the filter itself.", sheet, f"A{first}")


def _notes(book: Workbook, found: Tabs) -> Iterator[Finding]:
    """What reviewers should look at."""
    four = (found.control, found.form, found.listed, found.csv)
    for sheet in four:
        if not Survey(book.package, book.sheet_part(sheet)).protected:
            yield _note(f"The tab '{sheet.name}' is not protected, so that anybody can change it by mistake.", sheet)
    further = [sheet for sheet in book.sheets if sheet not in four]
    if others := [shown(sheet.name) for sheet in further if sheet.state == "visible"]:
        yield _note(f"Everybody sees further tabs: {', '.join(others)}. They are published as they are.", found.control)
    if others := [shown(sheet.name) for sheet in further if sheet.state != "visible"]:
        words = f"There are hidden tabs: {', '.join(others)}. They are published too, and anybody can make them visible."
        yield _note(words, found.control)


def _error(rule: str, message: str, sheet: Sheet | None = None, cell: str = "") -> Finding:
    """An error with the section of the guidance that describes the tab."""
    place = f"{sheet.name}!{cell}" if sheet and cell else sheet.name if sheet else ""
    return Finding(rule, Severity.ERROR, f"{message} {CORRECT}", cell=place, guidance=_guidance(sheet))


def _note(message: str, sheet: Sheet) -> Finding:
    return Finding("T9", Severity.WARNING, message, cell=sheet.name, guidance=_guidance(sheet))


def _guidance(sheet: Sheet | None) -> str:
    sections = {VERSION_CONTROL: "5.1", NEW_ENTRY: "5.2", CENTRAL_LIST: "5.3"}
    return next((section for name, section in sections.items() if sheet and same_tab(sheet.name, name)), "5")
