"""The rows of the list in blocks: each is written and deflated by itself, so that what has not changed need not be made again.

A block made once and kept has the same bytes as one made anew, so a release is the same file either way.
"""

import datetime
import hashlib
import struct
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Protocol

from cpl import csvfile
from cpl.domain.dictionary import RuleSet
from cpl.domain.entry import ListedEntry
from cpl.workbook.cells import EPOCH
from cpl.workbook.markup import RowWriter, are_plain
from cpl.workbook.packing import Piece, deflated
from cpl.workbook.splice import Slot

ROWS = 256  # in a block
# Raise this whenever rows come out in other bytes than before: blocks of another layout are never used.
LAYOUT = 1
_LEVEL = 2  # of zlib: a third of the time of the usual level 6, and a tenth more bytes
_FIRST_SAFE_DAY = datetime.date(1900, 3, 1)  # Excel believes in a 29/02/1900
_NO_DAYS: Mapping[int, int] = {}
_CHECKSUM = struct.Struct("<L")
_SIZES = struct.Struct("<8L")


@dataclass(frozen=True, slots=True)
class RenderedEntry(ListedEntry):
    """One entry of a release. `kinds` names the values that are real dates in the workbook ("date"); all others are text."""

    kinds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Block:
    """Up to 256 entries side by side. `content`: all they say, b"" where no block shall be kept; `load` reads it."""

    content: bytes
    load: Callable[[], Collection[RenderedEntry]]


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
        numbers = [
            number for piece in (self.listed, self.tab) for number in (len(piece.data), piece.size, piece.crc, piece.shift)
        ]
        content = _SIZES.pack(*numbers) + self.listed.data + self.tab.data + self.csv
        return _CHECKSUM.pack(zlib.crc32(content)) + content


def loaded(data: bytes) -> Encoded | None:
    """What `dump` wrote; None when the bytes are damaged."""
    content = memoryview(data)[_CHECKSUM.size :]
    if len(content) < _SIZES.size or _CHECKSUM.pack(zlib.crc32(content)) != data[: _CHECKSUM.size]:
        return None
    first, *listed, second, tab_size, tab_crc, tab_shift = _SIZES.unpack_from(content)
    middle = _SIZES.size + first
    end = middle + second
    return Encoded(
        Piece(bytes(content[_SIZES.size : middle]), *listed),
        Piece(bytes(content[middle:end]), tab_size, tab_crc, tab_shift),
        bytes(content[end:]),
    )


def blocks_of(entries: Iterable[RenderedEntry]) -> Iterator[Block]:
    """Entries in memory as blocks that are not kept."""
    rest = iter(entries)
    while chunk := list(islice(rest, ROWS)):
        yield Block(b"", chunk.copy)


class Encoder:
    """Makes the rows of one rule set. `label`: what each row of the CSV tab begins with, a text or the number of a shared one."""

    def __init__(self, listed: Slot, tab: Slot, label: int | str, rules: RuleSet) -> None:
        self._label = [label] if isinstance(label, str) else []
        self._first_listed, self._listed = listed.row, RowWriter(*listed.styles)
        self._first_tab, self._tab = tab.row, RowWriter(*tab.styles, fixed=() if isinstance(label, str) else (label,))
        self._positions = {item.key: position for position, item in enumerate(rules.list_items)}
        self._texts_of, self._row_of = csvfile.texts_of(rules), csvfile.row_of(rules)
        manner = LAYOUT, ROWS, _LEVEL, zlib.ZLIB_RUNTIME_VERSION, label
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

    def _encoded(self, place: int, entries: Iterable[RenderedEntry]) -> Encoded:
        listed, tab, table = [], [], []
        for number, entry in enumerate(entries, place):
            texts = self._texts_of(entry)
            shown = self._row_of(texts)
            plain = are_plain(texts)
            days = self._days(entry.kinds, texts) if entry.kinds else _NO_DAYS
            listed.append(self._listed.row(self._first_listed + number, texts, days, plain=plain))
            tab.append(self._tab.row(self._first_tab + number, [*self._label, *shown], plain=plain))
            table.append(shown)
        return Encoded(_packed(listed), _packed(tab), csvfile.unlabelled(table))

    def _days(self, kinds: Mapping[str, str], texts: Sequence[str]) -> dict[int, int]:
        """The days that go out as real dates, by position."""
        dates = [self._positions[key] for key, kind in kinds.items() if kind == "date" and key in self._positions]
        return {position: day for position in dates if (day := _day_number(texts[position]))}


def _packed(rows: Iterable[str]) -> Piece:
    return deflated("".join(rows).encode(), _LEVEL)


@lru_cache(maxsize=4096)
def _day_number(text: str) -> int | None:
    """A date dd/mm/yyyy as Excel counts days; None when the text is not one that comes back the same."""
    try:
        day = datetime.datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a day, no moment
    except ValueError:
        return None
    return (day - EPOCH).days if day >= _FIRST_SAFE_DAY and f"{day:%d/%m/%Y}" == text else None
