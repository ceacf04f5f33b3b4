"""The package as a signature sees it: parts with their content types, and relationships, in one strict reading.

Stricter than reading a form needs it: whatever two programs could understand differently is refused, because then the one could
check what the other does not show (ECMA-376 Part 2; reference attacks: malicious repair, content masking).
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from cpl.workbook.package import MIB, Limits, Package, Part, fold_name, open_package
from cpl.workbook.refusals import SAVE_AGAIN, Refused, shown
from cpl.workbook.structure import resolve
from cpl.workbook.xmlstream import CONTENT_TYPES, RELATIONSHIPS, Attributes, Start, walk
from submissions.signature.codes import Code, reject

RELATIONSHIPS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
TYPES_PART = "[content_types].xml"
_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
_RELATIONSHIPS_NAME = re.compile(r"(?:(.*)/)?_rels/([^/]*)\.rels")
_TRASH_NAME = re.compile(r"\[trash\]/[0-9a-f]{4}\.dat")  # what Office leaves of parts it has removed; nothing refers to it
_PLAIN_NAME = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=@ /\[\]]+")  # no escapes, so that every name has one spelling
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:|//|.*[?\\]|.*%25")
_LARGEST_DESCRIPTION, _MOST_ELEMENTS = MIB, 4_000
_CODES = {
    **dict.fromkeys(("P1", "P2"), Code.NOT_OOXML),
    **dict.fromkeys(("P3", "P5", "P6"), Code.ZIP_TOO_BIG),
    "P4": Code.ZIP_BAD,
    "P7": Code.ZIP_LAYOUT,
    "P8": Code.ZIP_DUPLICATE,
    "P9": Code.ZIP_NAME,
    **dict.fromkeys(("P10", "P11", "P12"), Code.ZIP_FEATURE),
    "P13": Code.XML_UNSAFE,
    "P14": Code.XML_BAD,
    "P19": Code.XML_TOO_BIG,
}


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship: `written` is its Target as it stands, `target` the folded name of the part it means ("" outside)."""

    identifier: str
    kind: str
    written: str
    target: str
    external: bool


@dataclass(slots=True)
class SignedPackage:
    """Parts, content types and relationships by folded name (`fold_name`); the package itself is the source ""."""

    package: Package
    defaults: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, str] = field(default_factory=dict)
    relationships: dict[str, dict[str, Relationship]] = field(default_factory=dict)
    _digests: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(fold_name(name) for name in self.package.names)

    def part(self, key: str) -> Part | None:
        return self.package.find(key)

    def name(self, key: str) -> str:
        """The name as the package writes it, for people."""
        part = self.part(key)
        return part.name if part else key

    def content_type(self, key: str) -> str:
        """As [Content_Types].xml says, "" where it says nothing."""
        override = self.overrides.get(key)
        return self.defaults.get(key.rpartition("/")[2].rpartition(".")[2], "") if override is None else override

    def chunks(self, part: Part) -> Iterator[bytes]:
        """The bytes of a part, piece by piece."""
        with refusals():
            yield from self.package.chunks(part)

    def read(self, part: Part, largest: int) -> bytes:
        """The bytes of a small part."""
        if part.size > largest:
            reject(Code.XML_TOO_BIG, f"part {shown(part.name)}")
        return b"".join(self.chunks(part))

    def digest(self, part: Part, algorithm: str) -> bytes:
        """Digest of the bytes of a part, computed once however many signatures there are."""
        known = self._digests.get((part.name, algorithm))
        if known is None:
            state = hashlib.new(algorithm)
            for chunk in self.chunks(part):
                state.update(chunk)
            known = self._digests[part.name, algorithm] = state.digest()
        return known


def open_signed(data: bytes, limits: Limits) -> SignedPackage:
    """Open the package; read content types and the package's own relationships. Raises Reject (ZIP_*, OPC_*, XML_*)."""
    with refusals(data):
        package = SignedPackage(open_package(data, limits))
    for name in package.package.names:
        if not _PLAIN_NAME.fullmatch(name):
            reject(Code.ZIP_NAME, f"part {shown(name)}")
    _read_content_types(package)
    root = package.part("_rels/.rels")
    package.relationships[""] = _read_relationships(package, root, "") if root else {}
    return package


def read_all_relationships(package: SignedPackage) -> None:
    """Read the relationships of every part. Raises Reject (OPC_RELS, OPC_CONTENT_TYPES)."""
    budget = 8 * _LARGEST_DESCRIPTION
    for key in package.keys:
        part = package.part(key)
        source = source_of(key)
        is_typed = package.content_type(key) == RELATIONSHIPS_TYPE
        if source is None or part is None:
            if is_typed:
                reject(Code.OPC_RELS, f"{shown(key)} says it describes relationships, but does not lie where it should")
            continue
        if not is_typed:
            reject(Code.OPC_CONTENT_TYPES, f"content type of {shown(part.name)}")
        if source and (package.part(source) is None or source_of(source) is not None):
            reject(Code.OPC_RELS, f"{shown(part.name)} describes a part that is not there")
        budget -= part.size
        if budget < 0:
            reject(Code.XML_TOO_BIG, f"part {shown(part.name)}")
        if source:
            package.relationships[source] = _read_relationships(package, part, source)


def source_of(key: str) -> str | None:
    """Of which part this part holds the relationships ("" for the package), or None when it holds none."""
    found = _RELATIONSHIPS_NAME.fullmatch(key)
    if not found:
        return None
    folder, name = found.groups()
    return f"{folder}/{name}" if folder else name


def relationships_key(source: str) -> str:
    """The part that holds the relationships of this source."""
    folder, _, name = source.rpartition("/")
    return f"{folder}/_rels/{name}.rels".removeprefix("/")


def is_trash(key: str) -> bool:
    """Whether the part is one of those that Office leaves behind and never reads."""
    return _TRASH_NAME.fullmatch(key) is not None


def canonical_relationships(relationships: Mapping[str, Relationship], identifiers: frozenset[str]) -> bytes:
    """The octets that stand for these relationships in a signature: those with the given ids, sorted, in canonical XML.

    TargetMode is written out where it was left away (ECMA-376 Part 2, relationship transform; MS-OI29500 2.1.1752).
    """
    lines = []
    for identifier in sorted(identifiers):
        relationship = relationships[identifier]
        mode = "External" if relationship.external else "Internal"
        pairs = (("Id", identifier), ("Target", relationship.written), ("TargetMode", mode), ("Type", relationship.kind))
        attributes = " ".join(f'{name}="{_canonical(value)}"' for name, value in pairs)
        lines.append(f"<Relationship {attributes}></Relationship>")
    return f'<Relationships xmlns="{_NAMESPACE}">{"".join(lines)}</Relationships>'.encode()


def _canonical(value: str) -> str:
    """An attribute value as canonical XML writes it: only these characters are escaped."""
    return escape(value, {'"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}).replace("&gt;", ">")


@contextmanager
def refusals(data: bytes = b"", otherwise: Code = Code.OPC_RELS) -> Iterator[None]:
    """Says in the codes of this package what the reader of packages refuses; `otherwise`: parts that do not hang together."""
    try:
        yield
    except Refused as refused:
        code = _CODES.get(refused.finding.rule, otherwise)
        if code is Code.ZIP_LAYOUT and data:
            code = _where(data)
        reject(code, refused.finding.message.removesuffix(SAVE_AGAIN).strip())


def _where(data: bytes) -> Code:
    """Whether a package that does not fill its file has something in front of it, behind it or inside."""
    if not data.startswith(b"PK\x03\x04"):
        return Code.ZIP_PREFIX
    return Code.ZIP_LAYOUT if data[-22:-18] == b"PK\x05\x06" else Code.ZIP_TRAILER


def _read_content_types(package: SignedPackage) -> None:
    part = package.part(TYPES_PART)
    if part is None:
        reject(Code.NOT_OOXML)

    def start(path: list[str], attributes: Attributes) -> None:
        match path:
            case ["Types"]:
                return
            case ["Types", "Default"]:
                target, key = package.defaults, attributes.get("Extension", "").casefold()
            case ["Types", "Override"]:
                target, key = package.overrides, fold_name(attributes.get("PartName", ""))
            case _:
                reject(Code.OPC_CONTENT_TYPES, "an element that does not belong there")
        if not key or key in target or "ContentType" not in attributes:
            reject(Code.OPC_CONTENT_TYPES, f"the content type of {shown(key)}")
        target[key] = attributes["ContentType"]

    _walk(package, part, CONTENT_TYPES, "Types", start)


def _read_relationships(package: SignedPackage, part: Part, source: str) -> dict[str, Relationship]:
    found: dict[str, Relationship] = {}
    seen: set[str] = set()

    def start(path: list[str], attributes: Attributes) -> None:
        if path == ["Relationships"] and not attributes:
            return
        if path != ["Relationships", "Relationship"] or set(attributes) - {"Id", "Type", "Target", "TargetMode"}:
            reject(Code.OPC_RELS, f"{shown(part.name)} holds something that does not belong there")
        relationship = _relationship(source, attributes)
        if relationship.identifier.casefold() in seen:
            reject(Code.OPC_RELS, f"two relationships in {shown(part.name)} have one id")
        seen.add(relationship.identifier.casefold())
        found[relationship.identifier] = relationship

    _walk(package, part, RELATIONSHIPS, "Relationships", start)
    return found


def _relationship(source: str, attributes: Attributes) -> Relationship:
    identifier, kind, written = (attributes.get(name, "") for name in ("Id", "Type", "Target"))
    mode = attributes.get("TargetMode", "Internal")
    if not identifier or not kind or "Target" not in attributes or mode not in ("Internal", "External"):
        reject(Code.OPC_RELS, f"relationship {shown(identifier)} of {shown(source or 'the package')}")
    external = mode == "External"
    return Relationship(identifier, kind, written, "" if external else _target(source, written), external)


def _target(source: str, written: str) -> str:
    path = written.partition("#")[0]
    if _ELSEWHERE.match(path):
        reject(Code.OPC_RELS, f"{shown(source or 'the package')} refers to {shown(written)}")
    if not path:
        return source
    with refusals():
        return fold_name(resolve(source.rpartition("/")[0], path))


def _walk(package: SignedPackage, part: Part, namespaces: frozenset[str], root: str, start: Start) -> None:
    if part.size > _LARGEST_DESCRIPTION:
        reject(Code.XML_TOO_BIG, f"part {shown(part.name)}")
    with refusals(otherwise=Code.OPC_CONTENT_TYPES if root == "Types" else Code.OPC_RELS):
        walk(package.package, part, namespaces, root, start, _MOST_ELEMENTS)
