"""The list as the database has it, a block of rows at a time, and the blocks that publishing has made of it before.

A block is known by everything its entries say, so one that was kept can only be used for just these entries.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast

from cpl.models import EntryRow
from cpl.workbook.blocks import ROWS, Block, RenderedEntry

logger = logging.getLogger(__name__)

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
        return chain.from_iterable(map(_entries, self._chunks()))

    def blocks(self) -> Iterator[Block]:
        """The same in blocks; what an entry says is looked at only where its block has to be made."""
        for chunk in self._chunks():
            yield Block("\n".join(map("\t".join, chunk)).encode(), partial(_entries, chunk))

    def _chunks(self) -> Iterator[list[Row]]:
        rows, count = self._rows(), 0
        while chunk := list(islice(rows, ROWS)):
            count += len(chunk)
            yield chunk
        if count != self.count:
            raise ValueError(f"The list has {count} entries where {self.count} were counted.")

    def _rows(self) -> Iterator[Row]:
        new = {number: _row(entry) for number, entry in self.changed.items()}
        texts = Cast("values", TextField()), Cast("kinds", TextField())
        rows = EntryRow.objects.at(self.serial).order_by("number").values_list("number", "status", *texts)
        for row in rows.iterator(chunk_size=ROWS):
            yield new.pop(row[0], row) if new else row
        yield from sorted(new.values())  # new entries have higher numbers than all others


class Shelf:
    """Keeps blocks in files of the data folder. Whoever empties it loses nothing but time."""

    def __init__(self) -> None:
        self._folder = Path(settings.CPL_DATA_DIR) / "blocks"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, name: str) -> bytes | None:
        """The block of that name, if it is still there."""
        path = self._folder / name
        try:
            os.utime(path)
            return path.read_bytes()
        except OSError:
            return None

    def put(self, name: str, data: bytes) -> None:
        """Keep a block. A full disk is no reason not to publish: then it is made again next time."""
        unfinished = self._folder / f"{name}.{os.getpid()}.{threading.get_ident()}"
        try:
            unfinished.write_bytes(data)
            unfinished.rename(self._folder / name)
        except OSError as fault:
            unfinished.unlink(missing_ok=True)
            logger.warning("blocks: cannot be kept (%s)", fault)

    def tidy(self, older_than: float = UNUSED) -> int:
        """Forget blocks that no release has used for so many seconds; returns how many."""
        old = [path for path in self._folder.iterdir() if path.stat().st_mtime < time.time() - older_than]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _entries(rows: list[Row]) -> list[RenderedEntry]:
    """Rows as entries; JSON is read once for all of them, which takes half the time."""
    numbers, statuses, values, kinds = zip(*rows, strict=True)
    said = zip(numbers, statuses, _from_json(values), _from_json(kinds), strict=True)
    return [RenderedEntry(*words) for words in said]


def _from_json(texts: Iterable[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(f"[{','.join(texts)}]")
    return found


def _row(entry: RenderedEntry) -> Row:
    return entry.number, entry.status, json.dumps(dict(entry.values)), json.dumps(dict(entry.kinds))
