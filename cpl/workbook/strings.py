"""Texts of a workbook: shared strings, looked up without keeping them all, and how a text is put together from its runs."""

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from cpl.workbook.package import Package, Part
from cpl.workbook.refusals import FRESH_COPY, SAVE_AGAIN, Refused, refuse
from cpl.workbook.xmlstream import FOREIGN, SPREADSHEET, Attributes, Walk, pieces

LONGEST_TEXT = 32_767  # characters; Excel allows no more in a cell
_LONGEST_WRITTEN = LONGEST_TEXT * len("_xHHHH_")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_OPEN, _CLOSE, _JOINT = b"<si>", b"</si>", b"</si><si>"
_PLAIN_OPEN, _PLAIN_CLOSE, _PLAIN_JOINT = b"<si><t", b"</t></si>", b"</t></si><si><t"
_MARKUP = re.compile(rb"<si[\s/]|</si\s|<[!?]|<[A-Za-z_][^\s<>/]*:si\b|AlternateContent|xmlns")
_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'](?i:utf-8)[\"'])?[^?<>]*\?>")
_ROOT = re.compile(
    rb"\s*<sst xmlns=[\"']http://(?:schemas\.openxmlformats\.org/spreadsheetml/2006|purl\.oclc\.org/ooxml/spreadsheetml)/main[\"']"
    rb"[^<>]*(?<!/)>"
)
_LONGEST_ITEM = 1 << 20  # bytes of one string with all its formatting
_ALLOWED = {"t": ("si", "is", "r", "rPh"), "r": ("si", "is"), "rPh": ("si", "is"), "phoneticPr": ("si", "is"), "rPr": ("r",)}
_LONGEST_HEAD = 4_096  # bytes before the first string
_ELEMENTS_OF_ONE = 10_000


@dataclass(frozen=True, slots=True)
class Text:
    """A text as stored and of how many formatting runs it was made (0: plain)."""

    text: str
    runs: int = 0


class TextCollector:
    """Puts the text of one <si> or <is> together: runs are joined, phonetic hints left out, anything else refused."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._begin()

    def _begin(self) -> None:
        self._texts: list[str] = []
        self._pieces: list[str] = []
        self._length = 0
        self._runs = 0

    def start(self, path: list[str]) -> None:
        """An element inside the string has begun."""
        name, parent = path[-1], path[-2]
        if "rPr" in path[-6:-1] or "extLst" in path:
            return
        if parent not in _ALLOWED.get(name, ()):
            self._walk.misbuilt(f"<{name}> inside a text" if name != FOREIGN else "foreign elements inside a text")
        if name == "r":
            self._runs += 1
        elif name == "t" and parent != "rPh":
            self._walk.text = self._receive

    def end(self, path: list[str]) -> None:
        """An element inside the string has ended."""
        if path[-1] == "t" and self._walk.text is not None:
            self._walk.text = None
            self._texts.append(unescape("".join(self._pieces)))
            self._pieces.clear()

    def take(self) -> Text:
        """The finished text; the collector is ready for the next."""
        if len(self._texts) > (self._runs or 1):
            self._walk.misbuilt("a text in two versions")
        text = Text("".join(self._texts), self._runs)
        if len(text.text) > LONGEST_TEXT:
            _too_long()
        self._begin()
        return text

    def _receive(self, piece: str) -> None:
        self._length += len(piece)
        if self._length > _LONGEST_WRITTEN:
            _too_long()
        self._pieces.append(piece)


def _too_long() -> NoReturn:
    refuse("P19", f"A cell holds more than {LONGEST_TEXT} characters, which Excel does not allow. Shorten it and send it again.")


def unescape(text: str) -> str:
    """Characters that the file format writes as _xHHHH_; halves of one character are joined again."""
    if "_x" not in text:
        return text
    plain = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if plain != text else text


class Wanted:
    """The shared strings that are asked for, and those found so far. `most_text`: characters that may be kept in all."""

    def __init__(self, numbers: Collection[int], most_text: int) -> None:
        self.numbers = sorted(numbers)
        self.found: dict[int, Text] = {}
        self._room = most_text

    def among(self, first: int, after: int) -> Sequence[int]:
        """Those numbered from `first` on, but before `after`."""
        return self.numbers[bisect_left(self.numbers, first) : bisect_left(self.numbers, after)]

    def keep(self, number: int, text: Text) -> None:
        self._room -= len(text.text)
        if self._room < 0:
            too_much_text()
        self.found[number] = text


def shared_strings(package: Package, part: Part, wanted: Wanted, elements: int) -> Mapping[int, Text]:
    """The shared strings that are wanted; numbers that do not exist are left out. Raises Refused.

    The part is scanned by counting; when it is not built as Excel builds it, it is parsed in full, up to so many `elements`.
    """
    if wanted.numbers and not _Scan(package, part, wanted).run():
        wanted.found.clear()
        _parse(package, part, wanted, elements)
    return wanted.found


def _parse(package: Package, part: Part, wanted: Wanted, elements: int) -> None:
    """Every `<si>` by expat."""
    reader = _Items(part.name, elements, frozenset(wanted.numbers))
    for _ in pieces(package, part, reader.walk):
        for number, text in reader.found:
            wanted.keep(number, text)
        reader.found.clear()


class _Items:
    """Takes the texts of the wanted `<si>` elements of a table of shared strings as they come; the others are counted."""

    def __init__(self, name: str, elements: int, wanted: Collection[int]) -> None:
        self.found: list[tuple[int, Text]] = []
        self.walk = Walk(name, SPREADSHEET, "sst", self._start, self._end, elements)
        self._collector = TextCollector(self.walk)
        self._wanted = wanted
        self._number = 0
        self._collecting = False

    def _start(self, path: list[str], attributes: Attributes) -> None:
        if len(path) == 2:
            if path[1] not in ("si", "extLst"):
                self.walk.misbuilt("something else than texts")
            self._collecting = path[1] == "si" and self._number in self._wanted
        elif self._collecting and len(path) > 2:
            self._collector.start(path)
        elif "si" in path[2:]:
            self.walk.misbuilt("a text inside a text")

    def _end(self, path: list[str]) -> None:
        if len(path) == 2 and path[1] == "si":
            if self._collecting:
                self.found.append((self._number, self._collector.take()))
            self._number += 1
            self._collecting = False
        elif self._collecting:
            self._collector.end(path)


class _Scan:
    """Finds single strings by counting: right only where every `<si>` follows directly on a `</si>` and nothing hides one.

    Each block of whole strings is held against that first; where it cannot be shown by counting, the scan gives up.
    """

    def __init__(self, package: Package, part: Part, wanted: Wanted) -> None:
        self._package = package
        self._part = part
        self._wanted = wanted
        self._passed = 0

    def run(self) -> bool:
        """Find them all. False when the part is not plain enough."""
        rest = b""
        head = True
        for piece in self._package.chunks(self._part):
            block = rest + piece
            if head:
                after = _after_head(block)
                if after is None and len(block) < _LONGEST_HEAD:
                    rest = block
                    continue
                if after is None:
                    return False
                block, head = block[after:], False
            cut = block.rfind(_CLOSE) + len(_CLOSE) if _CLOSE in block else 0
            if len(block) - cut > _LONGEST_ITEM or (cut and not self._take(block[:cut])):
                return False
            rest = block[cut:]
        return rest.strip() == b"</sst>"

    def _take(self, block: bytes) -> bool:
        """Pass a block that ends with `</si>`, reading the wanted strings in it. False: not plain."""
        count = _plain_count(block) or _flat_count(block)
        first, self._passed = self._passed, self._passed + count
        wanted = self._wanted.among(first, self._passed)
        items = block.split(_CLOSE) if wanted else []
        return count > 0 and all(self._read(number, items[number - first]) for number in wanted)

    def _read(self, number: int, item: bytes) -> bool:
        text = _single(self._part.name, item)
        if text is not None:
            self._wanted.keep(number, text)
        return text is not None


def _after_head(block: bytes) -> int | None:
    """Where the strings begin; None when the part does not start as Excel starts it."""
    declaration = _DECLARATION.match(block)
    begin = declaration.end() if declaration else 0
    root = _ROOT.match(block, begin)
    return root.end() if root else None


def _plain_count(block: bytes) -> int:
    """How many strings a block has, if each is `<si><t…>…</t></si>`: then every `<` belongs to a joint or to an end. Else 0."""
    joints = block.count(_PLAIN_JOINT)
    whole = block.startswith(_PLAIN_OPEN) and block.endswith(_PLAIN_CLOSE) and block.count(b"<") == 4 * joints + 4
    return joints + 1 if whole else 0


def _flat_count(block: bytes) -> int:
    """How many strings a block has, formatting allowed, if none can hide in another or in a comment. Else 0."""
    closes = block.count(_CLOSE)
    flat = block.startswith(_OPEN) and block.count(_OPEN) == closes == block.count(_JOINT) + 1
    return closes if flat and not _MARKUP.search(block) else 0


def _single(name: str, item: bytes) -> Text | None:
    """The text of one `<si>…` cut out of its part; None when it cannot stand by itself."""
    reader = _Items(name, _ELEMENTS_OF_ONE, (0,))
    head = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    try:
        reader.walk.feed(head + item + _CLOSE + b"</sst>", last=True)
    except Refused:
        return None  # the full parse says what is wrong with it
    return reader.found[0][1] if len(reader.found) == 1 else None


def too_much_text() -> NoReturn:
    """Refuse a tab whose columns hold more text than any form."""
    refuse("P19", f"The tab holds far more text than a form. {FRESH_COPY}", guidance="7.1")


def missing_string(cell: str) -> NoReturn:
    """Refuse a cell that refers to a shared string that does not exist."""
    refuse("P14", f"Cell {cell} refers to a text that is not in the workbook. {SAVE_AGAIN}", cell=cell)
