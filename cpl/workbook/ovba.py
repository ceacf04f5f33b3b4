"""Writes a vbaProject.bin from VBA source text (MS-OVBA): the same source always gives the same bytes.

Only what Office needs to compile the source itself is written: no compiled code, no references, no password.
"""

import hashlib
import struct
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from cpl.workbook.cfb import compound_file

_NAME = "VBAProject"
_CODE_PAGE = 1252
_ENCODING = "cp1252"
_LANGUAGE = 0x409
_CHUNK = 4096
_FULL_CHUNK = 0x3000  # marks a chunk header; with _COMPRESSED set its data is tokens
_COMPRESSED = 0x8000
_SHORTEST_COPY = 3
_DOCUMENT_ATTRIBUTES = (
    "VB_GlobalNameSpace = False",
    "VB_Creatable = False",
    "VB_PredeclaredId = True",
    "VB_Exposed = True",
    "VB_TemplateDerived = False",
    "VB_Customizable = True",
)
_UNCOMPILED = bytes.fromhex("CC61FFFF000000")  # the stream _VBA_PROJECT of a project without compiled code


class ModuleKind(Enum):
    """What a module belongs to; the value is the class of the document it is the code of."""

    STANDARD = ""
    WORKBOOK = "0{00020819-0000-0000-C000-000000000046}"
    SHEET = "0{00020820-0000-0000-C000-000000000046}"


@dataclass(frozen=True, slots=True)
class Module:
    """One module. `code`: for a standard module the text of its .bas file; the modules of documents may be empty."""

    name: str
    kind: ModuleKind = ModuleKind.STANDARD
    code: str = ""

    def source(self) -> bytes:
        """The text as Office stores it. Raises UnicodeEncodeError for a character outside its code page."""
        head = [] if self.kind is ModuleKind.STANDARD else list(self._attributes())
        return ("\r\n".join([*head, *self.code.splitlines()]) + "\r\n").encode(_ENCODING)

    def _attributes(self) -> Iterator[str]:
        yield f'Attribute VB_Name = "{self.name}"'
        yield f'Attribute VB_Base = "{self.kind.value}"'
        yield from (f"Attribute {attribute}" for attribute in _DOCUMENT_ATTRIBUTES)


def vba_project(modules: Sequence[Module]) -> bytes:
    """The vbaProject.bin with these modules. Raises ValueError when two names are alike, upper or lower case ignored."""
    if len({module.name.casefold() for module in modules}) != len(modules):
        raise ValueError("Two modules have the same name.")
    digest = hashlib.sha256(b"\0".join(module.source() for module in modules)).hexdigest()
    identity = "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, digest)).upper() + "}"
    streams = {"dir": compress(_directory(modules)), "_VBA_PROJECT": _UNCOMPILED}
    streams |= {module.name: compress(module.source()) for module in modules}
    return compound_file({"VBA": streams, "PROJECT": _project(modules, identity), "PROJECTwm": _name_map(modules)})


def compress(data: bytes) -> bytes:
    """MS-OVBA 2.4.1: chunks of 4096 octets, each on its own."""
    return b"\x01" + b"".join(_chunk(data[start : start + _CHUNK]) for start in range(0, len(data), _CHUNK))


def _chunk(data: bytes) -> bytes:
    tokens = list(_tokens(data))
    groups = [tokens[start : start + 8] for start in range(0, len(tokens), 8)]
    body = b"".join(
        bytes([sum(1 << place for place, token in enumerate(group) if len(token) > 1)]) + b"".join(group) for group in groups
    )
    if len(body) > _CHUNK:  # does not shrink: a raw chunk, which always has the full length
        return struct.pack("<H", _FULL_CHUNK | (_CHUNK - 1)) + data.ljust(_CHUNK, b"\0")
    return struct.pack("<H", _COMPRESSED | _FULL_CHUNK | (len(body) - 1)) + body


def _tokens(data: bytes) -> Iterator[bytes]:
    """Single octets, and pairs of octets that say how far back and how long to copy."""
    seen: dict[bytes, list[int]] = {}
    place = 0
    while place < len(data):
        length_bits = 16 - max((place - 1).bit_length(), 4) if place else 12
        longest = min((1 << length_bits) - 1 + _SHORTEST_COPY, len(data) - place)
        source, length = _longest_copy(data, place, longest, seen.get(data[place : place + _SHORTEST_COPY], []))
        if length < _SHORTEST_COPY:
            yield data[place : place + 1]
            length = 1
        else:
            yield struct.pack("<H", ((place - source - 1) << length_bits) | (length - _SHORTEST_COPY))
        for step in range(place, place + length):
            seen.setdefault(data[step : step + _SHORTEST_COPY], []).append(step)
        place += length


def _longest_copy(data: bytes, place: int, longest: int, candidates: list[int]) -> tuple[int, int]:
    """(where, how long) of the nearest longest earlier text that the data repeats here."""
    best, best_length = 0, 0
    for candidate in reversed(candidates):
        length = 0
        while length < longest and data[candidate + length] == data[place + length]:
            length += 1
        if length > best_length:
            best, best_length = candidate, length
        if best_length == longest:
            break
    return best, best_length


def _record(number: int, content: bytes) -> bytes:
    return struct.pack("<HI", number, len(content)) + content


def _text(number: int, unicode_number: int, text: str) -> bytes:
    """A text twice, in the code page and in UTF-16."""
    return _record(number, text.encode(_ENCODING)) + _record(unicode_number, text.encode("utf-16-le"))


def _long(number: int, value: int) -> bytes:
    return _record(number, struct.pack("<I", value))


def _short(number: int, value: int) -> bytes:
    return _record(number, struct.pack("<H", value))


def _directory(modules: Sequence[Module]) -> bytes:
    """The stream `dir` before compression (2.3.4.2): the project, no references, the modules."""
    information = [
        _long(0x01, 3),  # for 64-bit Windows, as current Excel writes it
        _long(0x02, _LANGUAGE),
        _long(0x14, _LANGUAGE),
        _short(0x03, _CODE_PAGE),
        _record(0x04, _NAME.encode(_ENCODING)),
        _text(0x05, 0x40, ""),
        _record(0x06, b"") + _record(0x3D, b""),
        _long(0x07, 0),
        _long(0x08, 0),
        struct.pack("<HIIH", 0x09, 4, 1, 1),  # the version: its length says 4, but 6 octets follow
        _text(0x0C, 0x3C, ""),
    ]
    head = _short(0x0F, len(modules)) + _short(0x13, 0xFFFF)
    return b"".join([*information, head, *map(_module_record, modules), _record(0x10, b"")])


def _module_record(module: Module) -> bytes:
    kind = 0x21 if module.kind is ModuleKind.STANDARD else 0x22
    return b"".join(
        [
            _text(0x19, 0x47, module.name),
            _text(0x1A, 0x32, module.name),
            _text(0x1C, 0x48, ""),
            _long(0x31, 0),  # the source begins at once, since nothing is compiled
            _long(0x1E, 0),
            _short(0x2C, 0xFFFF),
            _record(kind, b""),
            _record(0x2B, b""),
        ]
    )


def _project(modules: Sequence[Module], identity: str) -> bytes:
    """The stream `PROJECT` (2.3.1): not locked, no password, visible."""
    documents = [module for module in modules if module.kind is not ModuleKind.STANDARD]
    standard = [module for module in modules if module.kind is ModuleKind.STANDARD]
    lines = [
        f'ID="{identity}"',
        *(f"Document={module.name}/&H00000000" for module in documents),
        *(f"Module={module.name}" for module in standard),
        f'Name="{_NAME}"',
        'HelpContextID="0"',
        'VersionCompatible32="393222000"',
        f'CMG="{_hidden(bytes(4), identity, seed=0x14)}"',
        f'DPB="{_hidden(bytes(1), identity, seed=0x28)}"',
        f'GC="{_hidden(bytes([0xFF]), identity, seed=0x3C)}"',
        "",
        "[Host Extender Info]",
        "&H00000001={3832D640-CF90-11CF-8E43-00A0C911005A};VBE;&H00000000",
        "",
        "[Workspace]",
        *(f"{module.name}=0, 0, 0, 0, C" for module in modules),
    ]
    return ("\r\n".join(lines) + "\r\n").encode(_ENCODING)


def _hidden(content: bytes, identity: str, seed: int) -> str:
    """MS-OVBA 2.4.3.2: a state of the project as hexadecimal digits. Any seed will do; it decides how many octets are ignored."""
    key = sum(identity.encode(_ENCODING)) & 0xFF
    written = [seed, seed ^ 2, seed ^ key]
    last = key
    for plain in [0] * ((seed & 6) // 2) + list(struct.pack("<I", len(content)) + content):
        written.append(plain ^ ((written[-2] + last) & 0xFF))
        last = plain
    return bytes(written).hex().upper()


def _name_map(modules: Sequence[Module]) -> bytes:
    """The stream `PROJECTwm` (2.3.3), never compressed."""
    names = [module.name.encode(_ENCODING) + b"\0" + module.name.encode("utf-16-le") + b"\0\0" for module in modules]
    return b"".join(names) + b"\0\0"
