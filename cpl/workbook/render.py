"""The published CPL workbook (.xlsm): a template of the rule set with the rows of one release put in.

Layout: guidance 5.1 to 5.4. Every value goes out character for character as it stands in the entry, as text; only what came in as
a real date goes out as one. The CSV is made on the way: it has the same rows.
"""

import datetime
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import BinaryIO, Protocol

from cpl import csvfile
from cpl.domain.dictionary import RuleSet
from cpl.workbook import template
from cpl.workbook import template_tabs as tabs
from cpl.workbook.blocks import Block, Encoded, Encoder, Keeper, RenderedEntry, blocks_of
from cpl.workbook.markup import LONGEST_TEXT, RowWriter, units
from cpl.workbook.packing import Packer, Piece, deflated
from cpl.workbook.row_height import row_height
from cpl.workbook.splice import Slot, extent

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


def render(view: ReleaseView, rules: RuleSet) -> bytes:
    """The .xlsm of a release; the same view and rules always give the same bytes. Raises as `write`."""
    stream = io.BytesIO()
    write(view, rules, stream, io.BytesIO())
    return stream.getvalue()


def write(
    view: ReleaseView,
    rules: RuleSet,
    workbook: BinaryIO,
    spare: BinaryIO,
    csv: BinaryIO | None = None,
    keeper: Keeper | None = None,
) -> None:
    """Write the .xlsm to a stream that can seek, and the rows of the CSV below its heading to another.

    The entries pass through once, block by block; the rows of the last tab wait in `spare`, an empty stream that can seek. So
    memory does not grow with the list. With a `keeper` only blocks that are not kept yet are made. Raises ValueError for an entry
    with a text that does not fit into a cell.
    """
    made = template.build(rules)
    encoder = Encoder(made.listed, made.csv, _shared_label(made), rules)
    count = len(view.entries)
    package = Packer(workbook)
    waiting = _Waiting(spare, csv, view.label)
    parts = {
        template.STRINGS: [_ending(_counted(made.strings(view.label), count))],
        template.PROPERTIES: [_ending(made.properties(view.issued_on))],
        template.WORKBOOK: [_ending(extent(made.parts[template.WORKBOOK], made.listed.row + count - 1))],
        template.HISTORY_PART: _history(made.history, view),
        template.LIST_PART: _filled(made.listed, waiting.passing(encoder.encode(view.blocks(), keeper)), count),
        template.CSV_PART: _filled(made.csv, waiting.pieces(), count),
    }
    for name, content in made.parts.items():
        package.add(name, parts.get(name) or [_ending(content)])
    package.close()


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


def _filled(slot: Slot, rows: Iterable[Piece], count: int) -> Iterator[Piece]:
    """The sheet with so many rows."""
    last = slot.row + count - 1
    yield deflated(extent(slot.head, last))
    yield from rows
    yield _ending(extent(slot.tail, last))


def _history(slot: Slot, view: ReleaseView) -> Iterator[Piece]:
    rows = "".join(_history_rows(slot, view)).encode()
    last = slot.row + len(view.history) - 1
    yield _ending(extent(slot.head, last) + rows + extent(slot.tail, last))


def _history_rows(slot: Slot, view: ReleaseView) -> Iterator[str]:
    writer = RowWriter(*slot.styles)
    for row, (version, issued_on, changes) in enumerate(view.history, slot.row):
        height = row_height([(changes, tabs.CHANGES_WIDTH)])
        yield writer.row(row, (version, issued_on, _fitting(changes)), attributes=f' ht="{height:g}"')


@lru_cache(maxsize=128)
def _ending(content: bytes) -> Piece:
    """A whole part, or the end of one. Most are the same in every release of a rule set, so the last ones stay in memory."""
    return deflated(content, last=True)


def _shared_label(made: template.Template) -> int:
    """Which of the shared texts is the version label."""
    before, _, _ = made.parts[template.STRINGS].partition(tabs.LABEL.encode())
    return before.count(b"<si>") - 1


def _counted(strings: bytes, more: int) -> bytes:
    """The shared texts, said to be used so many times more."""
    return _REFERENCES.sub(lambda match: match[1] + b"%d" % (int(match[2]) + more), strings)


def _fitting(text: str) -> str:
    """The description of a release, cut where a cell can hold no more; the record of the release has it whole."""
    if units(text) <= LONGEST_TEXT:
        return text
    room = (LONGEST_TEXT - len(_CUT_SHORT)) * 2
    return text.encode("utf-16-le", "surrogatepass")[:room].decode("utf-16-le", "ignore") + _CUT_SHORT
