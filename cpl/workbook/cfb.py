"""Writes compound files (MS-CFB, version 3), the container of a vbaProject.bin: the same content always gives the same bytes."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Union

Storage = Mapping[str, Union[bytes, "Storage"]]

_SECTOR, _SMALL_SECTOR, _SMALL_STREAM = 512, 64, 4096
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_BLACK = 1
_FREE, _END, _TABLE_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_IN_HEADER = 109  # sectors of the allocation table that the header can name
_LONGEST_NAME = 31
_ENTRY = struct.Struct("<64sHBBIII16sIQQIQ")


@dataclass(slots=True)
class _Entry:
    """One line of the directory; `left`, `right` and `child` are numbers of other lines."""

    name: str
    kind: int
    content: bytes = b""
    left: int = _FREE
    right: int = _FREE
    child: int = _FREE
    start: int = 0
    size: int = 0

    def packed(self) -> bytes:
        name = self.name.encode("utf-16-le") + b"\0\0"
        links = self.left, self.right, self.child
        return _ENTRY.pack(name, len(name), self.kind, _BLACK, *links, b"", 0, 0, 0, self.start, self.size)


_UNUSED_ENTRY = _ENTRY.pack(b"", 0, 0, 0, _FREE, _FREE, _FREE, b"", 0, 0, 0, 0, 0)


@dataclass(slots=True)
class _Space:
    """Sectors of one size, one after the other, and the table that chains those that belong together."""

    sector: int
    data: bytearray = field(default_factory=bytearray)
    table: list[int] = field(default_factory=list)

    def store(self, content: bytes, padding: bytes = b"\0") -> int:
        """The number of the first sector."""
        if not content:
            return _END
        first, count = len(self.table), _sectors(len(content), self.sector)
        self.table += [*range(first + 1, first + count), _END]
        self.data += content.ljust(count * self.sector, padding)
        return first


def compound_file(root: Storage) -> bytes:
    """The compound file with these streams (bytes) and storages (mappings) by name.

    Raises ValueError for a name that is not allowed, and for more than about seven megabytes.
    """
    entries = [_Entry("Root Entry", _ROOT)]
    _add(root, 0, entries)
    space, small = _Space(_SECTOR), _Space(_SMALL_SECTOR)
    for entry in entries:
        if entry.kind == _STREAM:
            entry.size = len(entry.content)
            entry.start = (small if entry.size < _SMALL_STREAM else space).store(entry.content)
    entries[0].start, entries[0].size = space.store(bytes(small.data)), len(small.data)
    small_table = _numbers(small.table)
    small_table_start = space.store(small_table, b"\xff")
    directory = b"".join(entry.packed() for entry in entries)
    directory_start = space.store(directory + _UNUSED_ENTRY * (-len(entries) % (_SECTOR // _ENTRY.size)))
    table_start, tables = _close(space)
    header = _header(tables, table_start, directory_start, small_table_start, _sectors(len(small_table), _SECTOR))
    return header + bytes(space.data)


def _add(storage: Storage, parent: int, entries: list[_Entry]) -> None:
    """Put the contents of a storage into the directory, as a balanced tree below `parent`."""
    numbers = []
    for name in sorted(storage, key=_order):
        if not 0 < len(name) <= _LONGEST_NAME or set(name) & set("/\\:!"):
            raise ValueError(f"A compound file cannot hold the name {name!r}.")
        content = storage[name]
        numbers.append(len(entries))
        entries.append(_Entry(name, _STREAM, content) if isinstance(content, bytes) else _Entry(name, _STORAGE))
    entries[parent].child = _tree(numbers, entries)
    for number in numbers:
        content = storage[entries[number].name]
        if not isinstance(content, bytes):
            _add(content, number, entries)


def _order(name: str) -> tuple[int, str]:
    """How readers search the tree: shorter names first, then by capital letters."""
    return len(name.encode("utf-16-le")), name.upper()


def _tree(numbers: list[int], entries: list[_Entry]) -> int:
    """The root of a search tree over these entries, which are in order."""
    if not numbers:
        return _FREE
    middle = len(numbers) // 2
    root = entries[numbers[middle]]
    root.left, root.right = _tree(numbers[:middle], entries), _tree(numbers[middle + 1 :], entries)
    return numbers[middle]


def _close(space: _Space) -> tuple[int, int]:
    """Append the allocation table, which counts its own sectors too; its first sector and how many it has."""
    per_sector = _SECTOR // 4
    count = 1
    while count * per_sector < len(space.table) + count:
        count += 1
    if count > _IN_HEADER:
        raise ValueError("The content is too large for this compound file writer.")
    first = len(space.table)
    space.data += _numbers([*space.table, *[_TABLE_SECTOR] * count]).ljust(count * _SECTOR, b"\xff")
    return first, count


def _header(tables: int, table_start: int, directory_start: int, small_start: int, small_count: int) -> bytes:
    def words() -> Iterator[int]:
        yield from (0, tables, directory_start, 0, _SMALL_STREAM, small_start, small_count, _END, 0)
        yield from (table_start + number if number < tables else _FREE for number in range(_IN_HEADER))

    signature = bytes.fromhex("D0CF11E0A1B11AE1").ljust(24, b"\0")
    version, byte_order, shifts = (0x3E, 3), 0xFFFE, (9, 6)
    return signature + struct.pack("<5H6x", *version, byte_order, *shifts) + _numbers(list(words()))


def _numbers(values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def _sectors(size: int, sector: int) -> int:
    return -(-size // sector)
