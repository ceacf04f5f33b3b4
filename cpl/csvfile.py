"""The CSV that the DCC loads: column by column what 'CPL - Saveable in CSV' shows, written and read byte for byte.

One header row, then every entry, Current and Removed. Hexadecimal values stand without colons, everything else as stored
(trailing blanks too). Nothing is changed to please a spreadsheet: what could pass for a formula is refused at intake (rule F19).

Reading refuses a file that a spreadsheet has re-typed:

| rule | refused |
|------|---------|
| C1   | not UTF-8, not CSV, or empty |
| C2   | other columns than those of the list |
| C3   | an entry number that is not of six digits, or there twice |
| C4   | a hexadecimal value without all its digits ("NaN", "0") |
| C5   | a status that is neither 'Current' nor 'Removed' |
| C6   | a version label that cannot be read, or two different ones |
| C7   | model with hardware version not the same as its three parts |
Sources: the fourth tab and its export of version 2.051; guidance 9.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter

from cpl.domain.dictionary import CSV_MODEL_AND_HARDWARE, CSV_VERSION, CsvColumn, Kind, RuleSet
from cpl.domain.entry import (
    CURRENT,
    HARDWARE_REVISION,
    HARDWARE_VERSION,
    MODEL,
    REMOVED,
    ListedEntry,
)
from cpl.domain.findings import Finding, Severity
from cpl.domain.releases import parse_label

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_NUMBER, _STATUS = "Entry.number", "Entry.status"
NEWLINE = b"\r\n"
_ROW = b"\xff"  # stands for the beginning of a row with its label: no text in UTF-8 has this byte
_MOST_REFUSALS = 200
_LONGEST_FIELD = 4_096  # characters; no column of the CSV comes near
Row = Mapping[str, str]
Columns = Sequence[Sequence[str]]  # texts by column and row
_TOGETHER = (MODEL, HARDWARE_VERSION, HARDWARE_REVISION)  # in one column


@dataclass(frozen=True, slots=True)
class CsvReading:
    """What a CSV holds: the version label, and for each entry its texts by header. With refusals it must not be used."""

    label: str = ""
    rows: tuple[Row, ...] = ()
    refusals: tuple[Finding, ...] = ()


def render(label: str, entries: Iterable[ListedEntry], rules: RuleSet, bom: bool = True, final_newline: bool = False) -> bytes:
    """The whole file. `bom`: begin with the UTF-8 mark, as Excel does; `final_newline`: end the last row too."""
    rows = [(entry.number, entry.status, entry.values) for entry in entries]
    columns = csv_columns(rules)(listed_columns(rules)(*zip(*rows, strict=True))) if rows else []
    return heading(rules, bom=bom) + labelled(unlabelled(columns), label) + (NEWLINE if final_newline else b"")


def heading(rules: RuleSet, *, bom: bool = True) -> bytes:
    """The first row, which no line break ends: each row of an entry begins with one."""
    return (BOM if bom else "").encode() + _line([column.header for column in rules.csv_columns]).encode()


def listed_columns(rules: RuleSet) -> Callable[[Sequence[str], Sequence[str], Sequence[Row]], Columns]:
    """What makes the columns of the list of numbers, statuses and values: a text for each entry, "" where it has none."""
    keys = [item.key for item in rules.list_items]
    of_values = [key for key in keys if key not in (_NUMBER, _STATUS)]
    all_of = itemgetter(*of_values)

    def columns(numbers: Sequence[str], statuses: Sequence[str], values: Sequence[Row]) -> Columns:
        found: Iterable[Sequence[str]]
        try:
            found = list(zip(*map(all_of, values), strict=True))
        except KeyError:  # some entry does not have them all
            found = ([said.get(key, "") for said in values] for key in of_values)
        texts = dict(zip(of_values, found, strict=True)) | {_NUMBER: numbers, _STATUS: statuses}
        return [texts[key] for key in keys]

    return columns


def csv_columns(rules: RuleSet) -> Callable[[Columns], Columns]:
    """What makes the columns of the CSV of those of the list: all but the first, which has the version label in every row.

    The file and the fourth tab of the workbook both show them.
    """
    keys = [item.key for item in rules.list_items]
    hexadecimal = [column.item is None or column.item.kind is Kind.HEX for column in rules.csv_columns[1:]]
    sources = [(column.item.key,) if column.item else _TOGETHER for column in rules.csv_columns[1:]]
    places = [[keys.index(key) for key in source] for source in sources]

    def columns(listed: Columns) -> Columns:
        found = [_together([listed[place] for place in parts]) for parts in places]
        return [_bare(texts) if bare else texts for texts, bare in zip(found, hexadecimal, strict=True)]

    return columns


def _together(columns: Columns) -> Sequence[str]:
    return columns[0] if len(columns) == 1 else list(map("".join, zip(*columns, strict=True)))


def _bare(texts: Sequence[str]) -> Sequence[str]:
    """Hexadecimal values without colons; taken all at once, unless one of them has the sign that keeps them apart."""
    bare = "|".join(texts).replace(":", "").split("|")
    return bare if len(bare) == len(texts) else [text.replace(":", "") for text in texts]


def unlabelled(columns: Columns) -> bytes:
    """Rows for any version of the list, to be kept; `labelled` makes them those of one version."""
    table = list(zip(*columns, strict=True))
    plain = "\n".join(map(",".join, table))
    if plain.count(",") + plain.count("\n") != len(table) * len(columns) - 1 or '"' in plain or "\r" in plain:
        return b"".join(_ROW + _line(texts).encode() for texts in table)
    return _ROW + plain.encode().replace(b"\n", _ROW)


def labelled(piece: bytes, label: str) -> bytes:
    """Rows as they stand in the file of the version with this label."""
    return piece.replace(_ROW, NEWLINE + _line([label]).encode() + b",")


def _line(texts: Sequence[str]) -> str:
    """One row without its end, quoted where a reader needs it."""
    line = ",".join(texts)
    if line.count(",") == len(texts) - 1 and not ('"' in line or "\r" in line or "\n" in line):
        return line
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerow(texts)
    return stream.getvalue().removesuffix("\r\n")


def read_csv(data: bytes, rules: RuleSet) -> CsvReading:
    """What a CSV of the list says, refused where anything in it cannot have been published. Never raises for any bytes."""
    try:
        text = data.decode("utf-8").removeprefix(BOM)
        table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as fault:
        return CsvReading(refusals=(_refusal("C1", 1, f"The file is no CSV in UTF-8 ({type(fault).__name__})."),))
    headers = [column.header for column in rules.csv_columns]
    if len(table) < 2:
        return CsvReading(refusals=(_refusal("C1", 1, "The file holds no entries."),))
    if table[0] != headers:
        return CsvReading(refusals=(_refusal("C2", 1, f"The columns are not those of the list: {', '.join(headers)}."),))
    refusals = list(islice(_faults(table[1:], rules), _MOST_REFUSALS))
    found = tuple(dict(zip(headers, fields, strict=False)) for fields in table[1:])
    return CsvReading(found[0].get(CSV_VERSION, ""), found, tuple(refusals))


def _faults(table: list[list[str]], rules: RuleSet) -> Iterator[Finding]:
    columns = rules.csv_columns
    label = table[0][0] if table[0] else ""
    if parse_label(label) is None:
        yield _refusal("C6", 2, f"The version label {label[:60]!r} cannot be read.")
    seen: set[str] = set()
    for line, fields in enumerate(table, 2):
        if len(fields) != len(columns) or any(len(field) > _LONGEST_FIELD for field in fields):
            yield _refusal("C2", line, f"The row has {len(fields)} fields instead of {len(columns)}, or one of them is endless.")
            continue
        by_header = {column.header: field for column, field in zip(columns, fields, strict=True)}
        yield from _row_faults(line, by_header, columns, label)
        number = by_header[_NUMBER]
        if number in seen:
            yield _refusal("C3", line, f"The entry number {number} is there twice.", _NUMBER)
        seen.add(number)


def _row_faults(line: int, row: Row, columns: Iterable[CsvColumn], label: str) -> Iterator[Finding]:
    if row[CSV_VERSION] != label:
        yield _refusal(
            "C6", line, f"The version label differs from that of the first row: {row[CSV_VERSION][:60]!r}.", CSV_VERSION
        )
    if not re.fullmatch(r"[0-9]{6}", row[_NUMBER]):
        yield _refusal(
            "C3", line, f"The entry number {row[_NUMBER][:20]!r} is not of six digits: zeros in front are lost.", _NUMBER
        )
    if row[_STATUS] not in (CURRENT, REMOVED):
        yield _refusal("C5", line, f"The status {row[_STATUS][:20]!r} is neither '{CURRENT}' nor '{REMOVED}'.", _STATUS)
    for column in columns:
        item = column.item
        if item is not None and item.kind is Kind.HEX:
            yield from _hex_faults(line, column.header, row[column.header], item.octets, required=item.applies == "all")
    parts = "".join(row[header] for header in _TOGETHER)
    if row[CSV_MODEL_AND_HARDWARE] != parts:
        yield _refusal("C7", line, f"Model with hardware version is not {parts[:20]!r}, its three parts.", CSV_MODEL_AND_HARDWARE)


def _hex_faults(line: int, header: str, value: str, octets: int, required: bool) -> Iterator[Finding]:
    if not value and not required:
        return
    if value == "NaN":
        yield _refusal("C4", line, "The value is 'NaN': a program took hexadecimal digits such as 1F for something else.", header)
    elif not re.fullmatch(rf"[0-9A-F]{{{2 * octets}}}", value):
        yield _refusal("C4", line, f"The value {value[:70]!r} does not have {2 * octets} hexadecimal digits.", header)


def _refusal(rule: str, line: int, message: str, header: str = "") -> Finding:
    advice = "Export the file afresh from the published workbook, without opening it in a spreadsheet."
    where = f"Line {line}" + (f", {header}" if header else "")
    return Finding(rule, Severity.ERROR, f"{where}: {message} {advice}", cell=f"line {line}", guidance="9")
