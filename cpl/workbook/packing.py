"""Zip packages put together from parts that are deflated piece by piece, so that a piece made once can be used again.

A piece begins afresh and ends on a byte, so pieces follow each other in any order; checksums are put together without the bytes.
Names, order and dates come from the caller or are fixed: the same input always gives the same bytes.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
_VERSION, _UTF8, _DEFLATED, _DAY = 20, 0x800, 8, 33  # 33: 1 January 1980
_POLYNOMIAL = 0xEDB88320  # of the checksum of zip files, bits reversed
_ONE = 1 << 31  # the polynomial "1" in the same order of bits


@dataclass(frozen=True, slots=True)
class Piece:
    """A deflated piece of a part; `size` and `crc` are those of the plain bytes, `shift` is how far they move a checksum."""

    data: bytes
    size: int
    crc: int
    shift: int


def deflated(plain: bytes, level: int = 6, *, last: bool = False) -> Piece:
    """These bytes as a piece; `last`: the piece that ends its part."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = packer.compress(plain) + packer.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
    return Piece(data, len(plain), zlib.crc32(plain), _shift(len(plain)))


class Packer:
    """Writes a package to a stream that can seek. Raises ValueError for one beyond the 4 GiB of an ordinary zip file."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._directory: list[bytes] = []

    def add(self, name: str, pieces: Iterable[Piece]) -> None:
        """The next part; the last of its pieces must be one that ends it."""
        raw = name.encode()
        flags = 0 if raw.isascii() else _UTF8
        start = self._stream.tell()
        self._stream.write(bytes(_LOCAL.size) + raw)
        packed = size = crc = 0
        for piece in pieces:
            self._stream.write(piece.data)
            packed += len(piece.data)
            size += piece.size
            crc = _product(piece.shift, crc) ^ piece.crc
        end = self._stream.tell()
        manner = _VERSION, flags, _DEFLATED, 0, _DAY
        try:
            local = _LOCAL.pack(b"PK\x03\x04", *manner, crc, packed, size, len(raw), 0)
            central = _CENTRAL.pack(b"PK\x01\x02", _VERSION, *manner, crc, packed, size, len(raw), 0, 0, 0, 0, 0, start)
        except struct.error:
            raise ValueError(f"Part {name} does not fit into a zip file.") from None
        self._stream.seek(start)
        self._stream.write(local)
        self._stream.seek(end)
        self._directory.append(central + raw)

    def close(self) -> None:
        """Write the directory, without which there is no package."""
        start, directory, count = self._stream.tell(), b"".join(self._directory), len(self._directory)
        self._stream.write(directory + _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0))


def _product(one: int, other: int) -> int:
    """The product of two polynomials modulo that of the checksum."""
    result, bit = 0, _ONE
    while bit:
        if one & bit:
            result ^= other
        other = other >> 1 ^ _POLYNOMIAL if other & 1 else other >> 1
        bit >>= 1
    return result


def _squares() -> list[int]:
    """x to the power of 8, 16, 32 …: how far one, two, four … bytes move a checksum."""
    powers = [_ONE >> 8]
    while len(powers) < 32:
        powers.append(_product(powers[-1], powers[-1]))
    return powers


_POWERS = _squares()


def _shift(count: int) -> int:
    """x to the power of eight times so many bytes."""
    result = _ONE
    for power in _POWERS:
        if not count:
            break
        if count & 1:
            result = _product(power, result)
        count >>= 1
    return result
