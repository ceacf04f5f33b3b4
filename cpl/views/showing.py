"""How entries and differences are laid out for reading: by Data Group, and old beside new."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from core import audit
from cpl.dictionary import PRINCIPALS, load
from cpl.domain import listing
from cpl.domain.dictionary import DataItem, RuleSet
from cpl.domain.entry import DEVICE_MODEL, DEVICE_TYPE, ListedEntry, Values

STATUS = "Entry status"
_NAMING = (DEVICE_TYPE, *DEVICE_MODEL)


@dataclass(frozen=True, slots=True)
class Row:
    """One data item and its value."""

    label: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Moved:
    """One data item before and after."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What happened to one entry: "added" names the device only, everything else says each data item."""

    number: str
    what: str
    device: str
    moved: tuple[Moved, ...] = ()


def dictionary(principal: int) -> RuleSet:
    """The dictionary of a principal version, or the newest where it has none."""
    return load(principal if principal in PRINCIPALS else max(PRINCIPALS))


def listed_items(rules: RuleSet) -> list[DataItem]:
    """The published data items but number and status, in the order of the list."""
    return [item for item in rules.list_items if item.applies != "secas"]


def groups(values: Values, rules: RuleSet) -> list[tuple[str, list[Row]]]:
    """The values by Data Group, in the order of the list."""
    return [
        (group, [Row(item.label, item.key, values.get(item.key, "")) for item in items])
        for group, items in groupby(listed_items(rules), key=lambda item: item.group)
    ]


def device(values: Values) -> str:
    """ "Gas Smart Meter 7A:01 00:07 01 00 01:02:03:04" """
    return " ".join(part for key in _NAMING if (part := values.get(key, "").strip()))


def list_order() -> list[str]:
    """The keys of the data items in the order of the newest list; differences of lists of any principal version follow it."""
    return [item.key for item in load(max(PRINCIPALS)).list_items]


def label_of(key: str) -> str:
    """The plain name of a data item."""
    item = load(max(PRINCIPALS)).by_key.get(key)
    return item.label if item else key


def moved(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Moved, ...]:
    """The data items in which two versions of an entry differ, in the order of the list."""
    place = {key: index for index, key in enumerate(list_order())}
    found = sorted(listing.amendments("", old, new), key=lambda item: place.get(item.key, len(place)))
    return tuple(Moved(label_of(item.key), item.old, item.new) for item in found)


def entry_changes(before: Iterable[ListedEntry], after: Iterable[ListedEntry]) -> list[EntryChange]:
    """What happened between two lists, or between the rows in which they differ, by entry number."""
    old = {entry.number: entry for entry in before}
    found = []
    for entry in sorted(after, key=lambda entry: entry.number):
        was = old.get(entry.number)
        if was is None:
            found.append(EntryChange(entry.number, "added", device(entry.values)))
        elif was != entry:
            found.append(_change(was, entry))
    return found


def _change(was: ListedEntry, now: ListedEntry) -> EntryChange:
    items = moved(was.values, now.values)
    if was.status == now.status:
        return EntryChange(now.number, "changed", device(now.values), items)
    what = "removed" if now.status == "Removed" else "reinstated"
    return EntryChange(now.number, what, device(now.values), (Moved(STATUS, was.status, now.status), *items))


def trail(record: Any) -> list[dict[str, Any]]:
    """Who did what to a record, and when; people by their address."""
    return [
        {"verb": step.verb, "who": step.actor.rpartition(" ")[2], "at": step.at, "detail": step.detail}
        for step in audit.trail(record)
    ]
