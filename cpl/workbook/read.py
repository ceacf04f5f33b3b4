"""Reads the New Entry tab of an untrusted submission (guidance 5.2, 7.1 to 7.3, 8 step 1).

Only this one tab is parsed, piece by piece and within bounds; openpyxl never opens a submission. Nothing is raised for any bytes:
what cannot be read is a refusal (rules in cpl/workbook/refusals.py), what a person should know is a note.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cpl.domain.dictionary import DataItem, RuleSet
from cpl.domain.findings import Finding, Severity
from cpl.domain.form import CellKind, FormCell, FormReading
from cpl.domain.releases import Version, parse_label
from cpl.workbook.cells import Cell, Place, cells_of
from cpl.workbook.package import SUBMISSION, Limits
from cpl.workbook.refusals import FRESH_COPY, Refused, refuse, shown
from cpl.workbook.sheet import Area, RawCell, SheetReader, address
from cpl.workbook.structure import Sheet, Workbook, open_workbook, relationships_of, require_macro_workbook

NEW_ENTRY = "CPL - New Entry"
NEW_ENTRY_NAMES = (NEW_ENTRY, "CPL \N{EN DASH} New Entry")  # the guidance prints an en dash, the workbook has a hyphen
VERSION_CONTROL = "Version Control"
GROUP, ATTRIBUTE, ANSWER = 1, 2, 7  # columns A, B and G
_COLUMNS = frozenset({GROUP, ATTRIBUTE, ANSWER})
_LABEL_CELL, _VERSION_CONTROL_CELL = (2, 1), (3, 1)  # A2 and A3
_DASHES_AND_BLANKS = re.compile(r"[\s\-\u2010-\u2015\u2212]+")


@dataclass(frozen=True, slots=True)
class _Grid:
    """What was read of one tab: cells by (row, column), and the areas that matter."""

    name: str
    cells: Mapping[Place, Cell]
    hidden_columns: tuple[Area, ...]
    merged: tuple[Area, ...]

    def text(self, row: int, column: int) -> str:
        cell = self.cells.get((row, column))
        return cell.value if cell and cell.kind is CellKind.TEXT else ""


def read_form(data: bytes, rules: RuleSet, limits: Limits = SUBMISSION) -> FormReading:
    """The answers of the New Entry tab in these bytes, each found by its Data Group and Data Attribute.

    `cells` has every data item that has a row, "" where nothing was filled in. A date cell carries Excel's day number.
    With refusals of the kind P17 or F1 for an old version, `cells` still says what was read; after all others it is empty.
    """
    try:
        workbook = open_workbook(data, limits)
    except Refused as refused:
        return FormReading(refusals=(refused.finding,))
    try:
        return _read(workbook, rules)
    except Refused as refused:
        return FormReading(refusals=(refused.finding,), notes=tuple(workbook.notes), signed=workbook.signed, macro=workbook.macro)


def _read(workbook: Workbook, rules: RuleSet) -> FormReading:
    sheet = find_new_entry(workbook)
    relationships_of(workbook.package, workbook.sheet_part(sheet))  # refuses links to the outside
    grid = _grid(workbook, sheet)
    rows = _rows(grid, rules)
    label, version = _version(grid, workbook)
    _check_merges(grid, rows.values())
    return FormReading(
        cells={key: _form_cell(grid, key, row) for key, row in rows.items()},
        missing=tuple(item.key for item in rules.form_items if item.key not in rows),
        refusals=tuple(_soft_refusals(workbook, version, rules, sheet.name)),
        notes=(*workbook.notes, *_notes(grid, rows, rules)),
        version=(version.principal, version.sub) if version else None,
        version_label=label,
        sheet=sheet.name,
        signed=workbook.signed,
        macro=workbook.macro,
    )


def find_new_entry(workbook: Workbook) -> Sheet:
    """The one visible New Entry tab. Raises Refused (F1) when it is missing, renamed, hidden or there twice."""
    alike = [sheet for sheet in workbook.sheets if _squeeze(sheet.name) == _squeeze(NEW_ENTRY)]
    if len(alike) > 1:
        names = " and ".join(shown(sheet.name) for sheet in alike[:3])
        _refuse_tab(
            f"The workbook has more than one tab for the new entry ({names}), so nobody can say which counts. Keep one of them"
        )
    if not alike:
        tabs = ", ".join(shown(sheet.name, 40) for sheet in workbook.sheets[:8]) or "none"
        _refuse_tab(f"The tab '{NEW_ENTRY}' is missing or has been renamed; the tabs are {tabs}. Give it its name back")
    if alike[0].name not in NEW_ENTRY_NAMES:
        _refuse_tab(f"The tab '{NEW_ENTRY}' has been renamed to {shown(alike[0].name)}. Give it its name back")
    if alike[0].state != "visible":
        _refuse_tab(f"The tab '{NEW_ENTRY}' is hidden. Make it visible (right-click on any tab, Unhide)")
    return alike[0]


def _squeeze(name: str) -> str:
    return _DASHES_AND_BLANKS.sub("", unicodedata.normalize("NFKC", name)).casefold()


def _refuse_tab(message: str) -> None:
    refuse("F1", f"{message}, or fill in a fresh copy of the current CPL workbook, and send it again.", guidance="7.1")


def _grid(workbook: Workbook, sheet: Sheet, columns: Iterable[int] = _COLUMNS, last_row: int | None = None) -> _Grid:
    """Columns A, B and G of a tab; up to `last_row`, where the rest does not matter."""
    reader = SheetReader(workbook.package, workbook.sheet_part(sheet), sheet.name, columns=frozenset(columns))
    raw: dict[Place, RawCell] = {}
    for cell in reader.cells():
        if last_row is not None and cell.row > last_row:
            break
        raw[cell.row, cell.column] = cell
    cells = cells_of(workbook, reader, raw)
    return _Grid(sheet.name, cells, tuple(reader.around.hidden_columns), tuple(reader.around.merged))


def _rows(grid: _Grid, rules: RuleSet) -> dict[str, int]:
    """The row of each data item. Raises Refused (F1) when one has two."""
    rows: dict[str, int] = {}
    for row, column in grid.cells:
        if column != GROUP:
            continue
        item = rules.item_for(grid.text(row, GROUP), grid.text(row, ATTRIBUTE))
        if item is None:
            continue
        if item.key in rows:
            refuse(
                "F1",
                f"The data item {item.key} has two rows on the tab (rows {rows[item.key]} and {row}), so nobody can say which "
                f"one counts. {FRESH_COPY}",
                cell=f"{grid.name}!A{row}",
                guidance="5.2",
            )
        rows[item.key] = row
    if not rows:
        refuse(
            "F1",
            f"The tab '{NEW_ENTRY}' holds none of the data items of the form in columns A and B. {FRESH_COPY}",
            guidance="5.2",
        )
    return rows


def _form_cell(grid: _Grid, key: str, row: int) -> FormCell:
    place = f"{grid.name}!{address(row, ANSWER)}"
    cell = grid.cells.get((row, ANSWER))
    return FormCell(key, place, cell.value, cell.kind) if cell else FormCell(key, place, "")


def _check_merges(grid: _Grid, rows: Iterable[int]) -> None:
    """An answer in the middle of merged cells is not what Excel shows."""
    for row in rows:
        for area in grid.merged:
            if area.holds(row, ANSWER) and (area.first_row, area.first_column) != (row, ANSWER):
                place = f"{grid.name}!{address(row, ANSWER)}"
                refuse(
                    "P19",
                    f"Cell {place} is merged with others, so its contents are not what Excel shows. {FRESH_COPY}",
                    cell=place,
                )


def _version(grid: _Grid, workbook: Workbook) -> tuple[str, Version | None]:
    """The version label of the form, from A2 or, where that says nothing, from the Version Control tab; and what it means."""
    label = grid.text(*_LABEL_CELL)
    parsed = parse_label(label)
    if parsed is None:
        other = _version_control_label(workbook)
        parsed = parse_label(other)
        label = other if parsed else label or other
    return label, parsed[0] if parsed else None


def _version_control_label(workbook: Workbook) -> str:
    """The label in 'Version Control'!A3, for forms that do not repeat it in A2."""
    sheets = [sheet for sheet in workbook.sheets if sheet.name == VERSION_CONTROL]
    if len(sheets) != 1:
        return ""
    row, column = _VERSION_CONTROL_CELL
    try:
        return _grid(workbook, sheets[0], (column,), last_row=row).text(row, column)
    except Refused:
        return ""  # that tab may be anything: the form does not depend on it


def _soft_refusals(workbook: Workbook, version: Version | None, rules: RuleSet, sheet: str) -> Iterable[Finding]:
    """Reasons to send the form back although it could be read."""
    try:
        require_macro_workbook(workbook)
    except Refused as refused:
        yield refused.finding
    if version is not None and version.principal < rules.principal:
        yield Finding(
            "F1",
            Severity.ERROR,
            f"The form is of version {version}, but submissions are taken on forms of version {rules.principal}.000 and later: "
            f"the data items have changed since. {FRESH_COPY}",
            cell=f"{sheet}!A2",
            guidance="5.2",
        )


def _notes(grid: _Grid, rows: Mapping[str, int], rules: RuleSet) -> Iterable[Finding]:
    """What a person should know who looks at the form in Excel (P20)."""
    hidden = any(area.first_column <= column <= area.last_column for area in grid.hidden_columns for column in _COLUMNS)
    if hidden:
        yield Finding(
            "P20",
            Severity.WARNING,
            "Column A, B or G of the form is hidden, so Excel does not show all that was read here.",
            cell=f"{grid.name}!G1",
            guidance="5.2",
        )
    for key, row in rows.items():
        cell = grid.cells.get((row, ANSWER))
        if cell is not None:
            yield from _cell_notes(cell, rules.by_key[key], f"{grid.name}!{address(row, ANSWER)}")


def _cell_notes(cell: Cell, item: DataItem, place: str) -> Iterable[Finding]:
    where = f"{item.key} (cell {place.rpartition('!')[2]})"
    if cell.hidden and cell.value:
        text = f"{where}: the row is hidden, so Excel does not show the value that was read here."
        yield Finding("P20", Severity.WARNING, text, item.group, item.attribute, place, guidance="5.2")
    if cell.runs > 1:
        text = f"{where}: the cell mixes several fonts; the value was put together from all of them, seen or not."
        yield Finding("P20", Severity.INFO, text, item.group, item.attribute, place, guidance="5.2")
