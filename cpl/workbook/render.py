"""The published CPL workbook (.xlsm): a template of the rule set with the rows of one release put in.

Layout: guidance 5.1 to 5.4. Every value goes out character for character as it stands in the entry, as text; only what came in as
a real date goes out as one. The CSV is made on the way: it has the same rows.
"""

import datetime
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import BinaryIO, Protocol

from cpl import csvfile
from cpl.domain.dictionary import RuleSet
from cpl.workbook import template
from cpl.workbook import template_tabs as tabs
from cpl.workbook.blocks import Block, Encoded, Encoder, Keeper, RenderedEntry, blocks_of
from cpl.workbook.markup import LONGEST_TEXT, RowWriter, escaped, units
from cpl.workbook.packing import Packer, Piece, deflated
from cpl.workbook.row_height import row_height
from cpl.workbook.splice import DAY, LABEL, LAST_CSV_ROW, LAST_ENTRY, LAST_RELEASE, Slot, filled
from cpl.workbook.template import Template

__all__ = ["ReleaseView", "RenderedEntry", "StoredEntries", "render", "write"]

_CUT_SHORT = " [shortened]"
_REFERENCES = re.compile(rb'(?<=<sst )([^>]*?\bcount=")(\d+)')


class StoredEntries(Protocol):
    """The entries of a release where they are too many to hold in memory: how many, and they themselves block by block."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[RenderedEntry]: ...
    def blocks(self) -> Iterable[Block]: ...


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """What the workbook shows: label, day of issue, history (version, dd/mm/yyyy, changes) oldest first, entries in order."""

    label: str
    issued_on: datetime.date
    history: tuple[tuple[str, str, str], ...]
    entries: Sequence[RenderedEntry] | StoredEntries

    def blocks(self) -> Iterable[Block]:
        """The entries in blocks."""
        return blocks_of(self.entries) if isinstance(self.entries, Sequence) else self.entries.blocks()


def render(view: ReleaseView, rules: RuleSet, made: Template | None = None) -> bytes:
    """The .xlsm of a release; the same view, rules and template always give the same bytes. Raises as `write`.

    `made`: its template; without one, that of the rule set as it is built today.
    """
    stream = io.BytesIO()
    write(view, rules, made or template.build(rules), stream, io.BytesIO())
    return stream.getvalue()


def write(
    view: ReleaseView,
    rules: RuleSet,
    made: Template,
    workbook: BinaryIO,
    spare: BinaryIO,
    csv: BinaryIO | None = None,
    keeper: Keeper | None = None,
) -> None:
    """Write the .xlsm from its template to a stream that can seek, and the rows of the CSV below its heading to another.

    The entries pass through once, block by block; the rows of the last tab wait in `spare`, an empty stream that can seek. So
    memory does not grow with the list. With a `keeper` only blocks that are not kept yet are made. Raises ValueError for an entry
    with a text that does not fit into a cell.
    """
    encoder = Encoder(made.listed, made.csv, view.label if made.shared_label is None else made.shared_label, rules)
    count = len(view.entries)
    package = Packer(workbook)
    waiting = _Waiting(spare, csv, view.label)
    holes = _holes(made, view)
    parts: dict[str, Iterable[Piece]] = {name: [_ending(filled(made.parts[name], holes))] for name in made.with_holes}
    if made.shared_label is not None:
        parts[template.STRINGS] = [_ending(_counted(filled(made.parts[template.STRINGS], holes), count))]
    parts[made.history.part] = [deflated(_history(made.history, view, holes), last=True)]
    parts[made.listed.part] = _with_rows(made.listed, waiting.passing(encoder.encode(view.blocks(), keeper)), holes)
    parts[made.csv.part] = _with_rows(made.csv, waiting.pieces(), holes)
    for name, content in made.parts.items():
        package.add(name, parts.get(name) or [_ending(content)])
    package.close()


def _holes(made: Template, view: ReleaseView) -> dict[bytes, bytes]:
    """What this release puts into the holes of its template."""
    last_rows = {
        LAST_RELEASE: made.history.row + len(view.history),
        LAST_ENTRY: made.listed.row + len(view.entries),
        LAST_CSV_ROW: made.csv.row + len(view.entries),
    }
    texts = {LABEL: escaped(view.label), DAY: view.issued_on.isoformat()}
    return {hole: text.encode() for hole, text in texts.items()} | {hole: b"%d" % (row - 1) for hole, row in last_rows.items()}


class _Waiting:
    """What one pass through the blocks makes besides the tab with the list: the CSV at once, the last tab for later."""

    def __init__(self, spare: BinaryIO, csv: BinaryIO | None, label: str) -> None:
        self._spare = spare
        self._csv = csv
        self._label = label
        self._put_aside: list[tuple[int, Piece]] = []

    def passing(self, blocks: Iterable[Encoded]) -> Iterator[Piece]:
        """The rows of the list; those of the other files are put aside."""
        for block in blocks:
            if self._csv is not None:
                self._csv.write(csvfile.labelled(block.csv, self._label))
            self._spare.write(block.tab.data)
            self._put_aside.append((len(block.tab.data), replace(block.tab, data=b"")))
            yield block.listed

    def pieces(self) -> Iterator[Piece]:
        """The rows of the last tab."""
        self._spare.seek(0)
        for packed, piece in self._put_aside:
            yield replace(piece, data=self._spare.read(packed))


def _with_rows(slot: Slot, rows: Iterable[Piece], holes: Mapping[bytes, bytes]) -> Iterator[Piece]:
    """The sheet with its rows."""
    yield deflated(filled(slot.head, holes))
    yield from rows
    yield _ending(filled(slot.tail, holes))


def _history(slot: Slot, view: ReleaseView, holes: Mapping[bytes, bytes]) -> bytes:
    columns = list(zip(*((version, issued_on, _fitting(changes)) for version, issued_on, changes in view.history), strict=True))
    heights = [row_height([(changes, tabs.CHANGES_WIDTH)]) for _, _, changes in view.history]
    rows = RowWriter(*slot.styles).rows(slot.row, columns, heights=heights) if columns else ""
    return filled(slot.head, holes) + rows.encode() + filled(slot.tail, holes)


@lru_cache(maxsize=128)
def _ending(content: bytes) -> Piece:
    """A whole part, or the end of one. Most are the same in every release of a rule set, so the last ones stay in memory."""
    return deflated(content, last=True)


def _counted(strings: bytes, more: int) -> bytes:
    """The shared texts, said to be used so many times more."""
    return _REFERENCES.sub(lambda match: match[1] + b"%d" % (int(match[2]) + more), strings)


def _fitting(text: str) -> str:
    """The description of a release, cut where a cell can hold no more; the record of the release has it whole."""
    if units(text) <= LONGEST_TEXT:
        return text
    room = (LONGEST_TEXT - len(_CUT_SHORT)) * 2
    return text.encode("utf-16-le", "surrogatepass")[:room].decode("utf-16-le", "ignore") + _CUT_SHORT
