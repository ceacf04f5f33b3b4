"""The difference of two versions as documents, data item by data item: a CSV for people, a JSON for programs.

Both hold the same rows, by entry number and in the order of the list:

| field  | what it says |
|--------|--------------|
| entry  | entry number, six digits |
| change | "added", "removed", "reinstated" or "amended" |
| item   | the data item as `Data Group.Data Attribute`; "removed" and "reinstated" are about `Entry.status` |
| before | its text in the earlier version; empty where it had none, as every item of an added entry |
| after  | its text in the later version |

An added entry is there whole, one row for each item that has a text. So the rows, applied to the entries of the earlier
version, give those of the later one. An entry that was removed and amended has rows of both kinds.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import compress
from typing import NamedTuple

from cpl.domain import listing
from cpl.domain.entry import REMOVED, ListedEntry
from cpl.domain.releases import Version
from cpl.domain.rules.characters import FORMULA_STARTS

CSV, JSON = SUFFIXES = ("csv", "json")
FORMAT = 1  # of the JSON: another number when a program that reads it would have to change
WRITING = 1  # of both: another number when the same two lists would give other bytes
STATUS = "Entry.status"
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
GUARD = "'"  # in front of a text, so that it is one for a spreadsheet


class FieldChange(NamedTuple):
    """One row of both documents."""

    entry: str
    change: str
    item: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions: "3.012", its date of issue as yyyy-mm-dd."""

    version: str
    issued_on: str


COLUMNS = (*FieldChange._fields, "guarded")


def name_of(earlier: Version, later: Version, suffix: str) -> str:
    """ "CPL_v3.011_to_v3.012.csv" """
    return f"CPL_v{earlier}_to_v{later}.{suffix}"


def field_changes(before: Iterable[ListedEntry], after: Iterable[ListedEntry], order: Sequence[str]) -> Iterator[FieldChange]:
    """The rows between two lists, or between the entries in which they differ. `order`: the keys of the data items."""
    place = {key: index for index, key in enumerate(order)}
    old = {entry.number: entry for entry in before}
    for entry in sorted(after, key=lambda entry: entry.number):
        was = old.get(entry.number) or ListedEntry(entry.number, "", {})
        if was.status != entry.status:
            yield FieldChange(entry.number, _kind(was.status, entry.status), STATUS, was.status, entry.status)
        found = listing.amendments(entry.number, was.values, entry.values)
        for item in sorted(found, key=lambda item: (place.get(item.key, len(place)), item.key)):
            yield FieldChange(entry.number, "amended" if was.status else "added", item.key, item.old, item.new)


def as_json(changes: Iterable[FieldChange], earlier: Side, later: Side) -> bytes:
    """The document for programs, in UTF-8: every text exactly as it was published."""
    rows = [change._asdict() for change in changes]
    document = {"format": FORMAT, "earlier": asdict(earlier), "later": asdict(later), "changes": rows}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def as_csv(changes: Iterable[FieldChange], bom: bool = True) -> bytes:
    """The document for people, who open it in a spreadsheet. `bom`: begin with the UTF-8 mark, as Excel wants it.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, and the last column says where, so that
    nothing is changed unseen. (The CSV of the list does without: the DCC loads it, and rule F19 keeps such texts out of new
    entries. Entries taken over from earlier workbooks were never asked.)
    """
    stream = io.StringIO(newline="")
    stream.write(BOM if bom else "")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(_guarded, changes))
    return stream.getvalue().encode()


def _kind(was: str, now: str) -> str:
    if not was:
        return "added"
    return "removed" if now == REMOVED else "reinstated"


def _guarded(change: FieldChange) -> list[str]:
    unsafe = [text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) for text in change]
    texts = [GUARD + text if guarded else text for text, guarded in zip(change, unsafe, strict=True)]
    return [*texts, " ".join(compress(COLUMNS, unsafe))]
