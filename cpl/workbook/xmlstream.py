"""Walks an XML part piece by piece with expat, within bounds: no document type, no deep nesting, no endless tag, few elements."""

from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn
from xml.parsers import expat

from cpl.workbook.package import Package, Part
from cpl.workbook.refusals import SAVE_AGAIN, refuse, shown

SPREADSHEET = frozenset(
    {"http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"}
)
RELATIONSHIPS = frozenset({"http://schemas.openxmlformats.org/package/2006/relationships"})
CONTENT_TYPES = frozenset({"http://schemas.openxmlformats.org/package/2006/content-types"})
OFFICE_RELATIONSHIP = frozenset(
    {
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "http://purl.oclc.org/ooxml/officeDocument/relationships",
    }
)
FOREIGN = "?"  # stands in a path for every element of another namespace

_ENCODINGS = frozenset({"utf-8", "utf-16"})  # all that the Open Packaging Conventions allow
_DEEPEST = 64
_MOST_ATTRIBUTES = 200
_LONGEST_ATTRIBUTE = 64 << 10  # characters
_LONGEST_TAG = 512 << 10  # bytes; expat reads an unfinished tag again with every piece

Attributes = Mapping[str, str]
Start = Callable[[list[str], Attributes], None]
End = Callable[[list[str]], None]


class Walk:
    """One pass over one part. `feed` takes its bytes; `start` and `end` see each element with its path from the root.

    A path is the list of local names, the element itself last; elements outside `namespaces` appear as FOREIGN.
    `start` and `end` must not change the path. Set `text` to a function to receive character data, to None to let it pass.
    `elements`: how many may still come. `careful`: whether very long attributes are refused.
    Every fault of the XML raises Refused (P13, P14, P19).
    """

    def __init__(self, name: str, namespaces: frozenset[str], root: str, start: Start, end: End | None, elements: int) -> None:
        self.name = name
        self.path: list[str] = []
        self._root = root
        self._known: dict[str, str] = {}
        self._namespaces = namespaces
        self._start = start
        self._end = end
        self.elements = elements
        self.careful = True
        self._fed = 0
        self._parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close

    @property
    def text(self) -> Callable[[str], None] | None:
        return self._parser.CharacterDataHandler

    @text.setter
    def text(self, receiver: Callable[[str], None] | None) -> None:
        self._parser.CharacterDataHandler = receiver

    @property
    def position(self) -> int:
        """Where the markup that `start` or `end` is called for begins, in bytes from the first one fed."""
        return self._parser.CurrentByteIndex

    def feed(self, piece: bytes, last: bool = False) -> None:
        """Take the next bytes."""
        try:
            self._parser.Parse(piece, last)
        except (expat.ExpatError, ValueError, LookupError) as fault:  # unknown encodings are ValueError and LookupError
            reason = expat.ErrorString(fault.code) if isinstance(fault, expat.ExpatError) else "unknown encoding"
            refuse("P14", f"Part {shown(self.name)} of the workbook is no readable XML ({reason}). {SAVE_AGAIN}")
        self._fed += len(piece)
        if self._fed - self._parser.CurrentByteIndex > _LONGEST_TAG:
            self.misbuilt("a tag without an end")

    def misbuilt(self, what: str) -> NoReturn:
        """Refuse the part: `what` stands in it, and no spreadsheet program writes that."""
        refuse("P14", f"Part {shown(self.name)} of the workbook holds {what}. {SAVE_AGAIN}")

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.casefold() not in _ENCODINGS:
            self.misbuilt(f"text in the encoding {shown(encoding)}")

    def _doctype(self, *_: object) -> None:
        refuse(
            "P13",
            f"Part {shown(self.name)} of the workbook has a document type declaration, which Excel never writes. {SAVE_AGAIN}",
        )

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        known = self._known.get(name)
        if known is None:
            known = self._learn(name)
        self.elements -= 1
        if self.elements < 0:
            refuse(
                "P19",
                f"Part {shown(self.name)} of the workbook has more cells and settings than a form needs. Delete the empty "
                "formatted rows and columns around the form, or fill in a fresh copy of the workbook.",
            )
        if self.careful and attributes and max(map(len, attributes.values())) > _LONGEST_ATTRIBUTE:
            self.misbuilt("an endless attribute")
        if len(attributes) > _MOST_ATTRIBUTES:
            self.misbuilt("an element with very many attributes")
        self.path.append(known)
        if len(self.path) > _DEEPEST:
            self.misbuilt("elements nested too deeply")
        self._start(self.path, attributes)

    def _close(self, name: str) -> None:
        if self._end is not None:
            self._end(self.path)
        self.path.pop()

    def _learn(self, name: str) -> str:
        namespace, _, local = name.rpartition(" ")
        known = local if namespace in self._namespaces else FOREIGN
        if not self.path and known != self._root:
            refuse("P18", f"Part {shown(self.name)} of the workbook is not what it should be ({self._root}). {SAVE_AGAIN}")
        if len(self._known) < 1000:
            self._known[name] = known
        return known


def walk(
    package: Package, part: Part, namespaces: frozenset[str], root: str, start: Start, elements: int, end: End | None = None
) -> None:
    """Walk a whole part at once."""
    walker = Walk(part.name, namespaces, root, start, end, elements)
    for _ in pieces(package, part, walker):
        pass


def pieces(package: Package, part: Part, walker: Walk) -> Iterator[None]:
    """Feed the part to the walker, stopping after each piece so that the caller can take what was found."""
    for piece in package.chunks(part):
        walker.feed(piece)
        yield
    walker.feed(b"", last=True)
    yield
