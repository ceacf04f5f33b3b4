"""The zip package of an untrusted workbook, read from bytes within bounds.

Written out rather than left to `zipfile`, because only one reading of a package may be possible: every byte belongs to exactly
one part or to the one directory at the end, each part is described twice in the same words, and nothing is unpacked further than
announced.
"""

import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from cpl.workbook.refusals import SAVE_AGAIN, refuse, shown

MIB = 1 << 20
OLE_HEADER = bytes.fromhex("d0cf11e0a1b11ae1")
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x2041  # traditional, strong, masked directory
_NEWEST = 63  # of the features a reader needs, as 10 times the version of the zip specification
_PATCHED, _DESCRIPTOR = 0x20, 0x08
_DESCRIPTOR_BYTES = (12, 16, 20, 24)  # what may follow a part whose size was not known beforehand
_ZIP64_SHORT, _ZIP64_LONG = 0xFFFF, 0xFFFFFFFF
_FILE_KINDS = (0, 0o100000, 0o040000)  # not said, regular file, folder
_ESCAPED_PLAIN = re.compile(r"%(?:2d|2e|5f|7e|3[0-9]|[46][1-9a-f]|[57][0-9a]|2f|5c|00)", re.IGNORECASE)
_PACKED_STEP, _PLAIN_STEP = 32 << 10, 256 << 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What a package may hold: bytes of the file, number of parts, inflated bytes of one and of all, how far a part may swell."""

    file: int = 20 * MIB
    parts: int = 400
    part: int = 64 * MIB
    total: int = 192 * MIB
    ratio: int = 200


SUBMISSION = Limits()
STAFF_IMPORT = Limits(file=96 * MIB, part=512 * MIB, total=1536 * MIB)
_RATIO_FROM = MIB  # a small part may swell as it likes


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name, where its packed bytes lie in the file, and what they must unpack to."""

    name: str
    method: int
    start: int
    packed: int
    size: int
    crc: int


class Package:
    """The parts of a workbook by name; upper and lower case make no difference (Open Packaging Conventions)."""

    def __init__(self, data: bytes, parts: Mapping[str, Part]) -> None:
        self._data = data
        self._parts = parts

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(part.name for part in self._parts.values())

    def find(self, name: str) -> Part | None:
        return self._parts.get(fold_name(name))

    def chunks(self, part: Part) -> Iterator[bytes]:
        """The inflated bytes piece by piece. Raises Refused as soon as they differ from what the directory announced."""
        packed = memoryview(self._data)[part.start : part.start + part.packed]
        pieces = _stored(packed) if part.method == _STORED else _inflated(packed, part.name)
        size = crc = 0
        for piece in pieces:
            size += len(piece)
            crc = zlib.crc32(piece, crc)
            if size > part.size:
                refuse("P5", f"Part {shown(part.name)} unpacks to more bytes than it announces. {SAVE_AGAIN}")
            yield piece
        if size != part.size or crc != part.crc:
            refuse("P4", f"The file is damaged: the checksum of part {shown(part.name)} is wrong. {SAVE_AGAIN}")

    def read(self, part: Part) -> bytes:
        """All inflated bytes of a (small) part."""
        return b"".join(self.chunks(part))


def fold_name(name: str) -> str:
    """The form in which part names are compared: no leading slash, %-escapes resolved, one Unicode form, no case."""
    return unicodedata.normalize("NFC", unquote(name.removeprefix("/"))).casefold()


def open_package(data: bytes, limits: Limits = SUBMISSION) -> Package:
    """The package in these bytes. Raises Refused (rules P1 to P12) for anything that is not exactly one clean zip file."""
    _check_kind(data, limits)
    end = len(data) - _END.size
    count, directory = _directory(data, end)
    if count > limits.parts:
        refuse(
            "P6", f"The package has {count} parts; a workbook may have {limits.parts}. Remove what does not belong to the form."
        )
    parts: dict[str, Part] = {}
    spans: list[tuple[int, int, bool]] = []
    position = directory
    for _ in range(count):
        part, span, position = _part(data, position, end, directory)
        _check_size(part, limits)
        key = fold_name(part.name)
        if key in parts:
            refuse("P8", f"Two parts of the package are named {shown(part.name)}; nobody can say which one counts. {SAVE_AGAIN}")
        parts[key] = part
        spans.append(span)
    if position != end:
        refuse("P7", f"The directory of the package does not fill its place. {SAVE_AGAIN}")
    _check_total(parts, limits)
    _check_layout(spans, directory)
    return Package(data, {key: part for key, part in parts.items() if not part.name.endswith("/")})


def _check_kind(data: bytes, limits: Limits) -> None:
    if not data:
        refuse("P1", f"The file is empty. {SAVE_AGAIN}")
    if data.startswith(OLE_HEADER):
        refuse(
            "P2",
            "The workbook is password-protected or an old .xls file, so it cannot be read. Remove the password "
            "(File > Info > Protect Workbook) or save it as .xlsm, and send it again.",
        )
    if len(data) > limits.file:
        refuse(
            "P3",
            f"The file has {len(data) / MIB:.0f} MiB; a workbook may have {limits.file // MIB} MiB. Remove the tabs and pictures "
            "that do not belong to the form.",
        )
    if not data.startswith(_LOCAL_MARK):
        if _LOCAL_MARK in data:
            refuse("P7", f"There are foreign bytes before the workbook in the file. {SAVE_AGAIN}")
        refuse("P1", f"This is not an Excel workbook (.xlsm), whatever its name says. {SAVE_AGAIN}")


def _directory(data: bytes, end: int) -> tuple[int, int]:
    """Number of parts and where the directory begins. The end record must be the last bytes of the file."""
    if end < 0 or data[end : end + 4] != _END_MARK:
        if data.rfind(_END_MARK) >= 0:
            refuse("P7", f"There are foreign bytes after the workbook in the file. {SAVE_AGAIN}")
        refuse("P4", "The file is damaged: its end is missing. It may have been cut off on its way; please send it again.")
    _, disk, first_disk, here, count, size, offset, comment = _END.unpack_from(data, end)
    if _ZIP64_SHORT in (here, count) or _ZIP64_LONG in (size, offset):
        refuse("P7", f"The package is laid out for files of more than 4 GiB. {SAVE_AGAIN}")
    if disk or first_disk or comment or here != count or offset + size != end:
        refuse("P7", f"The directory of the package contradicts itself. {SAVE_AGAIN}")
    return count, offset


def _part(data: bytes, position: int, end: int, directory: int) -> tuple[Part, tuple[int, int, bool], int]:
    """The part described at `position` of the directory, the span it fills (start, end, descriptor?), and the next position."""
    if position + _CENTRAL.size > end or data[position : position + 4] != _CENTRAL_MARK:
        refuse("P4", f"The file is damaged: its directory of parts cannot be read. {SAVE_AGAIN}")
    central = _CENTRAL.unpack_from(data, position)
    flags, method, crc, packed, size, name_size, extra_size, comment_size, attributes, start = (
        central[index] for index in (3, 4, 7, 8, 9, 10, 11, 12, 15, 16)
    )
    after = position + _CENTRAL.size + name_size + extra_size + comment_size
    raw_name = data[position + _CENTRAL.size : position + _CENTRAL.size + name_size]
    name = _name(raw_name, flags)
    if after > end:
        refuse("P4", f"The file is damaged: its directory of parts cannot be read. {SAVE_AGAIN}")
    _check_method(name, flags, method, attributes >> 16, central[2])
    if _ZIP64_LONG in (packed, size, start):
        refuse("P5", f"Part {shown(name)} claims to be far larger than a form can be. {SAVE_AGAIN}")
    described = bool(flags & _DESCRIPTOR)
    sizes = None if described else (crc, packed, size)
    body = _local(data, start, directory, raw_name, (method, flags & _ENCRYPTED), sizes)
    if body + packed > directory:
        refuse("P4", f"The file is damaged: part {shown(name)} does not end within it. {SAVE_AGAIN}")
    return Part(name, method, body, packed, size, crc), (start, body + packed, described), after


def _local(
    data: bytes, start: int, directory: int, raw_name: bytes, manner: tuple[int, int], sizes: tuple[int, int, int] | None
) -> int:
    """Where the packed bytes begin. The header in front of them must say the same as the directory."""
    if start + _LOCAL.size > directory or data[start : start + 4] != _LOCAL_MARK:
        refuse("P4", f"The file is damaged: a part is not where the directory says. {SAVE_AGAIN}")
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack_from(data, start)
    name_start = start + _LOCAL.size
    same = data[name_start : name_start + name_size] == raw_name and (method, flags & _ENCRYPTED) == manner
    if sizes is not None and _ZIP64_LONG not in (packed, size):
        same = same and (crc, packed, size) == sizes
    if not same:
        refuse("P7", f"Part {shown(raw_name.decode('ascii', 'replace'))} is described in two different ways. {SAVE_AGAIN}")
    body: int = name_start + name_size + extra_size
    return body


def _name(raw: bytes, flags: int) -> str:
    """The part's name. Raises Refused (P9) for one that could mean another place or another part."""
    try:
        name = raw.decode("utf-8" if flags & 0x800 else "ascii")
    except UnicodeDecodeError:
        refuse("P9", f"A part has a name that cannot be read: {shown(raw.decode('ascii', 'replace'))}. {SAVE_AGAIN}")
    segments = unquote(name).removesuffix("/").split("/")
    suspicious = (
        any(not segment or segment.endswith((".", " ")) for segment in segments)
        or any(character in "\\:" or not character.isprintable() for character in unquote(name))
        or _ESCAPED_PLAIN.search(name)
        or name.casefold().endswith(".piece")
    )
    if suspicious:
        refuse("P9", f"A part of the package has an unsafe name: {shown(name)}. {SAVE_AGAIN}")
    return name


def _check_method(name: str, flags: int, method: int, mode: int, needed: int) -> None:
    if flags & _ENCRYPTED:
        refuse("P10", f"Part {shown(name)} is encrypted. Save the workbook without a password and send it again.")
    if method not in (_STORED, _DEFLATED) or flags & _PATCHED or needed & 0xFF > _NEWEST:
        refuse("P11", f"Part {shown(name)} is compressed in a way Excel does not use. {SAVE_AGAIN}")
    if mode & 0o170000 not in _FILE_KINDS:
        refuse("P12", f"Part {shown(name)} is a link to another place, not a file. {SAVE_AGAIN}")


def _check_size(part: Part, limits: Limits) -> None:
    if part.size > limits.part:
        refuse("P5", f"Part {shown(part.name)} unpacks to {part.size / MIB:.0f} MiB, more than a form can need. {SAVE_AGAIN}")
    if part.size > _RATIO_FROM and part.size > limits.ratio * part.packed:
        refuse("P5", f"Part {shown(part.name)} unpacks to more than {limits.ratio} times its size. {SAVE_AGAIN}")
    if part.method == _STORED and part.size != part.packed:
        refuse("P7", f"Part {shown(part.name)} is described in two different ways. {SAVE_AGAIN}")
    if part.name.endswith("/") and part.size:
        refuse("P9", f"A folder in the package holds bytes of its own: {shown(part.name)}. {SAVE_AGAIN}")


def _check_total(parts: Mapping[str, Part], limits: Limits) -> None:
    total = sum(part.size for part in parts.values())
    if total > limits.total:
        refuse("P5", f"The package unpacks to {total / MIB:.0f} MiB, more than a form can need. {SAVE_AGAIN}")


def _check_layout(spans: list[tuple[int, int, bool]], directory: int) -> None:
    """Parts lie one behind the other from the first byte to the directory; only a data descriptor may follow a part."""
    expected = 0
    described = False
    for start, stop, has_descriptor in [*sorted(spans), (directory, directory, False)]:
        gap = start - expected
        if gap and not (described and gap in _DESCRIPTOR_BYTES):
            what = "overlap" if gap < 0 else "have foreign bytes between them"
            refuse("P7", f"The parts of the package {what}. {SAVE_AGAIN}")
        expected, described = stop, has_descriptor


def _stored(packed: memoryview) -> Iterator[bytes]:
    for start in range(0, len(packed), _PLAIN_STEP):
        yield bytes(packed[start : start + _PLAIN_STEP])


def _inflated(packed: memoryview, name: str) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    position = 0
    try:
        while not inflater.eof:
            source: bytes | memoryview = inflater.unconsumed_tail
            if not source:
                source = packed[position : position + _PACKED_STEP]
                position += len(source)
            piece = inflater.decompress(source, _PLAIN_STEP)
            if piece:
                yield piece
            elif not source and not inflater.eof:
                break
    except zlib.error:
        refuse("P4", f"The file is damaged: part {shown(name)} cannot be unpacked. {SAVE_AGAIN}")
    if not inflater.eof or inflater.unused_data or position != len(packed):
        refuse("P4", f"The file is damaged: part {shown(name)} does not end where it should. {SAVE_AGAIN}")
