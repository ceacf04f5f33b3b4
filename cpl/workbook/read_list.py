"""Reads a published CPL workbook for import by staff: label, version history, every entry as stored, and what is odd about it.

The bytes are bounded as those of a submission, only wider. Nothing is raised for any bytes. `refusals` (those of
cpl/workbook/refusals.py and I1 to I6) stop the import; `oddities` are for the report and change nothing.

| rule | about |
|------|-------|
| I1   | a tab of the list is missing or cannot be told apart |
| I2   | a heading of 'Central Products List' is missing or there twice |
| I3   | an entry number is not of six digits, or there twice |
| I4   | an entry status is neither 'Current' nor 'Removed' |
| I5   | a cell holds a formula, an error or TRUE/FALSE, or a date that is none |
| I6   | the version label or the history cannot be read |
| I10  | blanks or line breaks around a value |
| I11  | a date stored as text among real dates |
| I12  | a value not in the form of its data item |
| I13  | a number stored where text is usual |
| I14  | entry numbers missing in the series |
| I15  | a value that its selection list no longer has |
| I16  | two entries for one Device Model |
| I17  | a column that is no data item |
| I18  | a history that skips, repeats or goes back |
Source: guidance 5.1 and 5.3; the published workbook 2.051.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cpl.dictionary import PRINCIPALS, load
from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.domain.entry import CURRENT, REMOVED
from cpl.domain.findings import Finding, Severity
from cpl.domain.form import CellKind
from cpl.domain.releases import Version, parse, parse_label
from cpl.workbook.cells import Cell, Place, cells_of, date_text
from cpl.workbook.list_oddities import oddities_of
from cpl.workbook.package import STAFF_IMPORT, Limits
from cpl.workbook.refusals import Refused, shown
from cpl.workbook.sheet import WHOLE_LIST, RawCell, SheetReader, address
from cpl.workbook.structure import Sheet, Workbook, open_workbook

VERSION_CONTROL, CENTRAL_LIST = "Version Control", "Central Products List"
_LABEL, _HISTORY_FROM = (3, 1), 11
_HEADINGS = (1, 2)  # Data Group and Data Attribute; rows 3 to 7 explain them and have a caption in column A
_CAPTION = 1
_NUMBER, _STATUS = "Entry.number", "Entry.status"
_NO_VALUE = frozenset({CellKind.FORMULA, CellKind.ERROR, CellKind.BOOLEAN})
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One release of the Version Control tab, exactly as stored: "1.10", "21/09/2022", what changed."""

    version: str
    issued_on: str
    changes: str


@dataclass(frozen=True, slots=True)
class ImportedEntry:
    """One row of the list: `values` by key of every data item that has a column, exactly as stored, "" where empty.

    `kinds` names those not stored as text: "date" (the value is then dd/mm/yyyy) and "number".
    """

    number: str
    status: str
    values: Mapping[str, str]
    kinds: Mapping[str, str] = field(default_factory=dict)
    row: int = 0


@dataclass(frozen=True, slots=True)
class CplReading:
    """What an import found. With refusals the rest may be incomplete."""

    label: str = ""
    version: Version | None = None
    history: tuple[HistoryRow, ...] = ()
    entries: tuple[ImportedEntry, ...] = ()
    oddities: tuple[Finding, ...] = ()
    refusals: tuple[Finding, ...] = ()


def read_cpl(data: bytes, limits: Limits = STAFF_IMPORT) -> CplReading:
    """The list in a published workbook (.xlsm or .xlsx, layout of principal version 2 or 3)."""
    try:
        workbook = open_workbook(data, limits)
        return _read(workbook)
    except Refused as refused:
        return CplReading(refusals=(refused.finding,))


def _read(workbook: Workbook) -> CplReading:
    refusals: list[Finding] = []
    tabs = [_tab(workbook, name, refusals) for name in (VERSION_CONTROL, CENTRAL_LIST)]
    if refusals:
        return CplReading(refusals=tuple(refusals))
    control, listed = (_Table(workbook, tab) for tab in tabs if tab is not None)
    label = control.text(_LABEL)
    parsed = parse_label(label)
    if parsed is None:
        refusals.append(
            _refusal("I6", f"'{VERSION_CONTROL}'!A3 does not hold a version label but {shown(label)}.", control.place(_LABEL))
        )
    history = tuple(_history(control))
    rules = load(parsed[0].principal if parsed and parsed[0].principal in PRINCIPALS else max(PRINCIPALS))
    columns = _Columns(listed, rules)
    refusals += columns.refusals
    entries = () if columns.refusals else tuple(_entries(listed, columns, refusals))
    _check_numbers(entries, listed.name, refusals)
    return CplReading(
        label=label,
        version=parsed[0] if parsed else None,
        history=history,
        entries=entries,
        oddities=(
            *_history_oddities(history, parsed[0] if parsed else None),
            *columns.oddities,
            *oddities_of(entries, columns.place, rules),
        ),
        refusals=tuple(refusals),
    )


class _Table:
    """All cells of one tab."""

    def __init__(self, workbook: Workbook, sheet: Sheet) -> None:
        self.name = sheet.name
        reader = SheetReader(workbook.package, workbook.sheet_part(sheet), sheet.name, WHOLE_LIST)
        raw: dict[Place, RawCell] = {(cell.row, cell.column): cell for cell in reader.cells()}
        self.rows: dict[int, dict[int, Cell]] = {}
        for (row, column), cell in cells_of(workbook, reader, raw).items():
            self.rows.setdefault(row, {})[column] = cell

    def text(self, place: Place) -> str:
        cell = self.rows.get(place[0], {}).get(place[1])
        return cell.value if cell else ""

    def place(self, place: Place) -> str:
        return f"{self.name}!{address(*place)}"


class _Columns:
    """Which column holds which data item, by the headings in rows 1 and 2."""

    def __init__(self, table: _Table, rules: RuleSet) -> None:
        self.items: dict[int, DataItem] = {}
        self.refusals: list[Finding] = []
        self.oddities: list[Finding] = []
        self._sheet = table.name
        for column in sorted({column for row in _HEADINGS for column in table.rows.get(row, {})} - {_CAPTION}):
            self._add(column, table, rules)
        for item in rules.list_items:
            if item.key not in self._of:
                heading = " / ".join(item.list_label)
                self.refusals.append(
                    _refusal("I2", f"The tab '{CENTRAL_LIST}' has no column {shown(heading)}.", table.place((1, 1)))
                )

    @property
    def _of(self) -> dict[str, int]:
        return {item.key: column for column, item in self.items.items()}

    def _add(self, column: int, table: _Table, rules: RuleSet) -> None:
        group, attribute = (table.text((row, column)) for row in _HEADINGS)
        item = rules.item_for(group, attribute)
        place = table.place((1, column))
        if item is None:
            words = f"Column {shown(f'{group} / {attribute}')} is no data item of the list and was left out."
            self.oddities.append(Finding("I17", Severity.WARNING, words, group, attribute, place, guidance="5.3"))
        elif item.key in self._of:
            self.refusals.append(_refusal("I2", f"The data item {item.key} has two columns.", place))
        else:
            self.items[column] = item

    def place(self, key: str, row: int) -> str:
        """Sheet and cell of a data item in a row."""
        return f"{self._sheet}!{address(row, self._of[key])}"


def _tab(workbook: Workbook, name: str, refusals: list[Finding]) -> Sheet | None:
    found = [sheet for sheet in workbook.sheets if sheet.name.strip().casefold() == name.casefold()]
    if len(found) == 1:
        return found[0]
    count = "no tab" if not found else f"{len(found)} tabs"
    refusals.append(_refusal("I1", f"The workbook has {count} '{name}'. An import needs the published CPL workbook."))
    return None


def _history(control: _Table) -> Iterator[HistoryRow]:
    for row in sorted(control.rows):
        cells = control.rows[row]
        if row >= _HISTORY_FROM and any(cell.value for cell in cells.values()):
            yield HistoryRow(*(_history_text(cells.get(column)) for column in (1, 2, 3)))


def _history_text(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return (date_text(cell.value) if cell.kind is CellKind.DATE else "") or cell.value


def _history_oddities(history: tuple[HistoryRow, ...], labelled: Version | None) -> Iterator[Finding]:
    """A history that cannot be followed from row to row (I18)."""
    before: Version | None = None
    for row in history:
        version = parse(row.version)
        if version is None:
            yield _odd_history(f"The history has a version {shown(row.version)}, which is no version number.")
            continue
        if before is not None and version not in (Version(before.principal, before.sub + 1), Version(before.principal + 1, 0)):
            yield _odd_history(f"The history goes from version {before} to {version}.")
        before = version
    if labelled is not None and before is not None and labelled != before:
        yield _odd_history(f"The label says version {labelled}, but the history ends with {before}.")


def _odd_history(words: str) -> Finding:
    return Finding("I18", Severity.WARNING, words, cell=f"{VERSION_CONTROL}!A{_HISTORY_FROM}", guidance="5.1")


def _entries(table: _Table, columns: _Columns, refusals: list[Finding]) -> Iterator[ImportedEntry]:
    """The rows below the headings that have no caption in column A and any value at all."""
    for row in sorted(table.rows):
        cells = table.rows[row]
        if (
            row > max(_HEADINGS)
            and not _filled(cells.get(_CAPTION))
            and any(_filled(cells.get(column)) for column in columns.items)
        ):
            yield _entry(row, cells, columns, refusals)


def _filled(cell: Cell | None) -> bool:
    return cell is not None and bool(cell.value)


def _entry(row: int, cells: Mapping[int, Cell], columns: _Columns, refusals: list[Finding]) -> ImportedEntry:
    values: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for column, item in columns.items.items():
        cell = cells.get(column)
        values[item.key] = _value(cell, item, columns.place(item.key, row), refusals) if cell else ""
        if cell and cell.kind in (CellKind.DATE, CellKind.NUMBER) and values[item.key]:
            kinds[item.key] = cell.kind.value
    number, status = values.pop(_NUMBER, ""), values.pop(_STATUS, "")
    if status not in (CURRENT, REMOVED):
        words = f"The status of entry {shown(number)} is {shown(status)}, neither '{CURRENT}' nor '{REMOVED}'."
        refusals.append(_refusal("I4", words, columns.place(_STATUS, row)))
    return ImportedEntry(number, status, values, kinds, row)


def _value(cell: Cell, item: DataItem, place: str, refusals: list[Finding]) -> str:
    """The text of a cell as the list publishes it."""
    if cell.kind in _NO_VALUE:
        refusals.append(
            _refusal("I5", f"{item.key} is not a value but a {cell.kind.value} cell. Put the value itself there.", place)
        )
    if cell.kind is not CellKind.DATE:
        return cell.value
    text = date_text(cell.value)
    if item.kind is not Kind.DATE or not text:
        refusals.append(
            _refusal("I5", f"{item.key} was turned into a date or time by Excel (stored as {shown(cell.value)}).", place)
        )
    return text or cell.value


def _check_numbers(entries: tuple[ImportedEntry, ...], sheet: str, refusals: list[Finding]) -> None:
    seen: dict[str, int] = {}
    for entry in entries:
        number = entry.number
        if not (len(number) == _DIGITS and number.isascii() and number.isdecimal()):
            words = f"The entry number {shown(number)} in row {entry.row} is not of six digits; zeros in front may be lost."
            refusals.append(_refusal("I3", words, f"{sheet}!B{entry.row}"))
        elif number in seen:
            words = f"The entry number {number} is there twice, in rows {seen[number]} and {entry.row}."
            refusals.append(_refusal("I3", words, f"{sheet}!B{entry.row}"))
        seen.setdefault(number, entry.row)


def _refusal(rule: str, message: str, cell: str = "") -> Finding:
    return Finding(rule, Severity.ERROR, message, cell=cell, guidance="5.1" if rule == "I6" else "5.3")
