"""Zip packages put together from parts that are deflated piece by piece, so that a piece made once can be used again.

A piece begins afresh and ends on a byte, so pieces follow each other in any order; checksums are put together without the bytes.
Names, order and dates come from the caller or are fixed, and zlib-ng deflates alike on every processor: the same input always
gives the same bytes.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from zlib_ng import zlib_ng as zlib

_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
_VERSION, _UTF8, _DEFLATED, _DAY = 20, 0x800, 8, 33  # 33: 1 January 1980
DEFLATER = f"zlib-ng {zlib.ZLIBNG_RUNTIME_VERSION}"  # another one, or another version of it, may give other bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """A deflated piece of a part; `size` and `crc` are those of the plain bytes."""

    data: bytes
    size: int
    crc: int


def deflated(plain: bytes, level: int = 6, *, last: bool = False) -> Piece:
    """These bytes as a piece; `last`: the piece that ends its part."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = packer.compress(plain) + packer.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
    return Piece(data, len(plain), zlib.crc32(plain))


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
            crc = zlib.crc32_combine(crc, piece.crc, piece.size)
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
