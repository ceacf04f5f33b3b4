"""The rows of the list in blocks: each is written and deflated by itself, so that what has not changed need not be made again.

A block made once and kept has the same bytes as one made anew, so a release is the same file either way.
"""

import datetime
import hashlib
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from typing import NamedTuple, Protocol

from cpl import csvfile
from cpl.domain.dictionary import RuleSet
from cpl.domain.entry import ListedEntry
from cpl.workbook.cells import EPOCH
from cpl.workbook.markup import Days, RowWriter, are_plain
from cpl.workbook.packing import DEFLATER, Piece, deflated
from cpl.workbook.splice import Slot

ROWS = 512  # in a block: half of it costs a release of ten thousand entries a twentieth more time
# Raise this whenever rows come out in other bytes than before: blocks of another layout are never used.
LAYOUT = 4
_LEVEL = 2  # two fifths of the time of the usual level 6, and an eighth more bytes
_FIRST_SAFE_DAY = datetime.date(1900, 3, 1)  # Excel believes in a 29/02/1900
_CHECKSUM = struct.Struct("<L")
_SIZES = struct.Struct("<6L")


@dataclass(frozen=True, slots=True)
class RenderedEntry(ListedEntry):
    """One entry of a release. `kinds` names the values that are real dates in the workbook ("date"); all others are text."""

    kinds: Mapping[str, str] = field(default_factory=dict)


class EntryColumns(NamedTuple):
    """Entries side by side: their numbers, their statuses and so on."""

    numbers: Sequence[str]
    statuses: Sequence[str]
    values: Sequence[Mapping[str, str]]
    kinds: Sequence[Mapping[str, str]]

    @classmethod
    def of(cls, entries: Iterable[RenderedEntry]) -> "EntryColumns":
        """One entry or more."""
        return cls(*zip(*((entry.number, entry.status, entry.values, entry.kinds) for entry in entries), strict=True))

    def entries(self) -> Iterator[RenderedEntry]:
        """One by one."""
        return map(RenderedEntry, *self)


@dataclass(frozen=True, slots=True)
class Block:
    """Up to 512 entries side by side. `content`: all they say, or its digests, b"" where no block shall be kept."""

    content: bytes
    load: Callable[[], EntryColumns]


class Keeper(Protocol):
    """Where blocks are kept, by names of 64 hexadecimal digits; it may forget any of them."""

    def get(self, name: str) -> bytes | None: ...
    def put(self, name: str, data: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Encoded:
    """The rows of a block in the list, in the tab that is saveable as CSV, and in the CSV (without the label of a version)."""

    listed: Piece
    tab: Piece
    csv: bytes

    def dump(self) -> bytes:
        """Everything in one; `loaded` reads it."""
        numbers = [number for piece in (self.listed, self.tab) for number in (len(piece.data), piece.size, piece.crc)]
        content = _SIZES.pack(*numbers) + self.listed.data + self.tab.data + self.csv
        return _CHECKSUM.pack(zlib.crc32(content)) + content


def loaded(data: bytes) -> Encoded | None:
    """What `dump` wrote; None when the bytes are damaged."""
    content = memoryview(data)[_CHECKSUM.size :]
    if len(content) < _SIZES.size or _CHECKSUM.pack(zlib.crc32(content)) != data[: _CHECKSUM.size]:
        return None
    first, *listed, second, tab_size, tab_crc = _SIZES.unpack_from(content)
    middle = _SIZES.size + first
    end = middle + second
    return Encoded(
        Piece(bytes(content[_SIZES.size : middle]), *listed),
        Piece(bytes(content[middle:end]), tab_size, tab_crc),
        bytes(content[end:]),
    )


def blocks_of(entries: Iterable[RenderedEntry]) -> Iterator[Block]:
    """Entries in memory as blocks that are not kept."""
    rest = iter(entries)
    while chunk := list(islice(rest, ROWS)):
        yield Block(b"", partial(EntryColumns.of, chunk))


class Encoder:
    """Makes the rows of one rule set. `label`: what each row of the CSV tab begins with, a text or the number of a shared one."""

    def __init__(self, listed: Slot, tab: Slot, label: int | str, rules: RuleSet) -> None:
        self._label = [label] if isinstance(label, str) else []
        self._first_listed, self._listed = listed.row, RowWriter(*listed.styles)
        self._first_tab, self._tab = tab.row, RowWriter(*tab.styles, fixed=() if isinstance(label, str) else (label,))
        _, of_days = listed.styles
        self._positions = {item.key: place for place, item in enumerate(rules.list_items) if item.list_column in of_days}
        self._listed_columns, self._csv_columns = csvfile.listed_columns(rules), csvfile.csv_columns(rules)
        manner = LAYOUT, ROWS, _LEVEL, DEFLATER, label
        columns = [(item.key, str(item.kind), sorted(item.published)) for item in rules.list_items]
        self._manner = repr((manner, columns, [(slot.row, *map(dict, slot.styles)) for slot in (listed, tab)]))

    def encode(self, blocks: Iterable[Block], keeper: Keeper | None = None) -> Iterator[Encoded]:
        """The rows of these blocks in order; those that are kept are taken as they are."""
        for place, block in enumerate(blocks):
            if keeper is None or not block.content:
                yield self._encoded(place * ROWS, block.load())
                continue
            name = self._name(place, block.content)
            kept = keeper.get(name)
            encoded = loaded(kept) if kept is not None else None
            if encoded is None:
                encoded = self._encoded(place * ROWS, block.load())
                keeper.put(name, encoded.dump())
            yield encoded

    def _name(self, place: int, content: bytes) -> str:
        """The name of a block says how and of what it is made, and where in the list it stands."""
        digest = hashlib.sha256(f"{self._manner} {place} ".encode())
        digest.update(content)
        return digest.hexdigest()

    def _encoded(self, place: int, entries: EntryColumns) -> Encoded:
        listed = self._listed_columns(entries.numbers, entries.statuses, entries.values)
        tab = self._csv_columns(listed)
        labels = [[label] * len(entries.numbers) for label in self._label]
        plain = all(map(are_plain, listed))  # then those of the CSV are, which have the same texts without some of the signs
        return Encoded(
            _packed(self._listed.rows(self._first_listed + place, listed, self._days(entries.kinds, listed), plain=plain)),
            _packed(self._tab.rows(self._first_tab + place, [*labels, *tab], plain=plain)),
            csvfile.unlabelled(tab),
        )

    def _days(self, kinds: Sequence[Mapping[str, str]], listed: csvfile.Columns) -> Mapping[int, Days]:
        """What goes out as real dates, by column and row: nothing in a column without a format for dates."""
        days: dict[int, dict[int, int]] = {}
        for row, named in enumerate(kinds):
            for key, kind in named.items():
                column = self._positions.get(key) if kind == "date" else None
                if column is not None and (day := _day_number(listed[column][row])):
                    days.setdefault(column, {})[row] = day
        return days


def _packed(rows: str) -> Piece:
    return deflated(rows.encode(), _LEVEL)


@lru_cache(maxsize=4096)
def _day_number(text: str) -> int | None:
    """A date dd/mm/yyyy as Excel counts days; None when the text is not one that comes back the same."""
    try:
        day = datetime.datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a day, no moment
    except ValueError:
        return None
    return (day - EPOCH).days if day >= _FIRST_SAFE_DAY and f"{day:%d/%m/%Y}" == text else None
