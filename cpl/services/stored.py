"""The list as the database has it, a block of rows at a time, and the blocks that publishing has made of it before.

A block is known by everything its entries say, so one that was kept can only be used for just these entries.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain, islice
from pathlib import Path

import orjson
from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast

from cpl.domain import merkle
from cpl.models import EntryRow
from cpl.workbook.blocks import ROWS, Block, EntryColumns, RenderedEntry

logger = logging.getLogger(__name__)

_STRETCH = 4 * ROWS  # entries that are asked for at once
UNUSED = 30 * 24 * 3600  # seconds after which a block is forgotten
Row = tuple[str, str, str, str]  # number, status, values and kinds as JSON


@dataclass(frozen=True, slots=True)
class StoredEntries:
    """The entries of release `serial`, with those in `changed` (by number) instead or in addition; `count` in all."""

    serial: int
    count: int
    changed: Mapping[str, RenderedEntry] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[RenderedEntry]:
        return chain.from_iterable(block.load().entries() for block in self.blocks())

    def blocks(self) -> Iterator[Block]:
        """The same in blocks. Known by their digests; what the entries say is read only where their block has to be made."""
        digests, count = self._digests(), 0
        while stretch := list(islice(digests, _STRETCH)):
            count += len(stretch)
            yield from _Stretch(self, stretch).blocks()
        if count != self.count:
            raise ValueError(f"The list has {count} entries where {self.count} were counted.")

    def digests(self) -> Iterator[bytes]:
        """The hashed leaf of each entry in order (`cpl.domain.merkle`)."""
        return (bytes.fromhex(digest) for _, digest in self._digests())

    def _digests(self) -> Iterator[tuple[str, str]]:
        """Number and digest of each entry."""
        new = {number: _digest(entry) for number, entry in self.changed.items()}
        rows = EntryRow.objects.at(self.serial).order_by("number").values_list("number", "digest")
        for number, digest in rows.iterator(chunk_size=_STRETCH):
            yield number, new.pop(number, digest) if new else digest
        yield from sorted(new.items())  # new entries have higher numbers than all others


@dataclass(frozen=True)
class _Stretch:
    """Some blocks side by side, which ask the database together when one of them has to be made: it costs as much as they do."""

    listed: StoredEntries
    digests: list[tuple[str, str]]  # with the number of each entry

    def blocks(self) -> Iterator[Block]:
        for start in range(0, len(self.digests), ROWS):
            content = "".join(digest for _, digest in self.digests[start : start + ROWS])
            yield Block(content.encode(), partial(self._load, start))

    @cached_property
    def _rows(self) -> dict[str, Row]:
        texts = Cast("values", TextField()), Cast("kinds", TextField())
        ends = self.digests[0][0], self.digests[-1][0]
        rows = EntryRow.objects.at(self.listed.serial).filter(number__range=ends).order_by("number")
        known = {row[0]: row for row in rows.values_list("number", "status", *texts)}
        changed = self.listed.changed
        return known | {number: _row(changed[number]) for number, _ in self.digests if number in changed}

    def _load(self, start: int) -> EntryColumns:
        """The entries of the block that begins there; JSON is read once for all of them, which takes half the time."""
        rows = [self._rows[number] for number, _ in self.digests[start : start + ROWS]]
        numbers, statuses, values, kinds = zip(*rows, strict=True)
        return EntryColumns(numbers, statuses, _from_json(values), _from_json(kinds))


class Shelf:
    """Keeps blocks in files of the data folder. Whoever empties it, or takes the folder away, loses nothing but time."""

    def __init__(self) -> None:
        self._folder = Path(settings.CPL_DATA_DIR) / "blocks"

    def get(self, name: str) -> bytes | None:
        """The block of that name, if it is still there."""
        path = self._folder / name
        try:
            os.utime(path)
            return path.read_bytes()
        except OSError:
            return None

    def put(self, name: str, data: bytes) -> None:
        """Keep a block. A full or locked disk is no reason not to publish: then it is made again next time."""
        unfinished = self._folder / f"{name}.{os.getpid()}.{threading.get_ident()}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished.write_bytes(data)
            unfinished.rename(self._folder / name)
        except OSError as fault:
            logger.warning("blocks: cannot be kept (%s)", fault)
            with suppress(OSError):
                unfinished.unlink()

    def tidy(self, older_than: float = UNUSED) -> int:
        """Forget blocks that no release has used for so many seconds; returns how many."""
        forgotten = 0
        for path in self._folder.glob("*"):
            with suppress(OSError):  # a publication beside this gives its files their names; what is no block of ours stays
                if path.stat().st_mtime < time.time() - older_than:
                    path.unlink()
                    forgotten += 1
        return forgotten


def _digest(entry: RenderedEntry) -> str:
    return merkle.digest(merkle.leaf_of(entry.number, entry.status, entry.values, entry.kinds)).hex()


def _from_json(texts: Iterable[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = orjson.loads(f"[{','.join(texts)}]")
    return found


def _row(entry: RenderedEntry) -> Row:
    return entry.number, entry.status, json.dumps(dict(entry.values)), json.dumps(dict(entry.kinds))
