"""The whole list: what changes do to it, what stands in their way, and how two lists differ."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cpl.domain.changes import ChangeKind, PlannedChange
from cpl.domain.entry import CURRENT, REMOVED, ListedEntry, twin_fields

__all__ = [
    "Amendment", "ChangeKind", "Difference", "ListedEntry", "PlannedChange",
    "amendments", "apply", "conflicts", "difference",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Amendment:
    """One data item of one entry, before and after, exactly as stored."""

    number: str
    key: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Difference:
    """From one list to another, entry numbers in order. `vanished` must be empty: no entry is ever deleted."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()  # status now Removed
    reinstated: tuple[str, ...] = ()  # status now Current again
    amended: tuple[Amendment, ...] = ()
    vanished: tuple[str, ...] = ()


def apply(changes: Iterable[PlannedChange], entries: Iterable[ListedEntry]) -> list[ListedEntry]:
    """The list after the changes, by entry number. A change that `conflicts` objects to for its number alone is left out."""
    rows = {entry.number: entry for entry in entries}
    for change in changes:
        number = change.number or _next_number(rows)
        after = _after(change, number, rows.get(number))
        if after is not None:
            rows[number] = after
    return [rows[number] for number in sorted(rows)]


def conflicts(changes: Sequence[PlannedChange], entries: Iterable[ListedEntry]) -> list[str]:
    """Why these changes cannot become one release, in plain English; empty when they can."""
    before = {entry.number: entry for entry in entries}
    problems = [problem for change in changes if (problem := _conflict(change, before.get(change.number or "")))]
    counts = Counter(change.number for change in changes if change.number)
    problems += [
        f"Entry {number} is changed {count} times. Keep one change, or publish them one after the other."
        for number, count in counts.items()
        if count > 1
    ]
    return problems + _twins(changes, before)


def difference(before: Iterable[ListedEntry], after: Iterable[ListedEntry]) -> Difference:
    """What changed between two lists, by status and by data item; blanks count, since the published bytes differ."""
    old = {entry.number: entry for entry in before}
    new = {entry.number: entry for entry in after}
    kept = sorted(old.keys() & new.keys())
    moved = [number for number in kept if old[number].status != new[number].status]
    return Difference(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(number for number in moved if new[number].status == REMOVED),
        reinstated=tuple(number for number in moved if new[number].status == CURRENT),
        amended=tuple(amendment for number in kept for amendment in amendments(number, old[number].values, new[number].values)),
        vanished=tuple(sorted(old.keys() - new.keys())),
    )


def amendments(number: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[Amendment]:
    """The data items in which two versions of an entry differ; an absent one counts as empty."""
    if old is new:
        return []
    keys = dict.fromkeys([*new, *old])
    return [Amendment(number, key, old.get(key, ""), new.get(key, "")) for key in keys if old.get(key, "") != new.get(key, "")]


def _next_number(rows: Mapping[str, ListedEntry]) -> str:
    return f"{max((int(number) for number in rows if number.isdecimal()), default=0) + 1:06d}"


def _after(change: PlannedChange, number: str, row: ListedEntry | None) -> ListedEntry | None:
    """The entry after the change; None where there is nothing to change, or already something where an entry is to be added."""
    if change.kind == ChangeKind.ADD:
        return ListedEntry(number, CURRENT, change.values) if row is None else None
    if row is None:
        return None
    if change.kind == ChangeKind.REMOVE:
        return ListedEntry(number, REMOVED, row.values)
    if change.kind == ChangeKind.REINSTATE:
        return ListedEntry(number, CURRENT, row.values)
    return ListedEntry(number, row.status, change.values)


def _conflict(change: PlannedChange, row: ListedEntry | None) -> str:
    if change.kind not in list(ChangeKind):
        return f"'{change.kind}' is not a kind of change."
    if change.kind == ChangeKind.ADD:
        return f"Entry number {change.number} is on the list already; a new entry needs a new number." if row else ""
    if row is None:
        return f"Entry {change.number or '(no number)'} is not on the list, so nothing can be done to it."
    if change.kind == ChangeKind.REMOVE and row.status == REMOVED:
        return f"Entry {row.number} is Removed already."
    if change.kind == ChangeKind.REINSTATE and row.status == CURRENT:
        return f"Entry {row.number} is Current already."
    return ""


def _twins(changes: Sequence[PlannedChange], before: Mapping[str, ListedEntry]) -> list[str]:
    """Entries that the changes make Current twins of another entry (rule D1); pairs already on the list are left alone."""
    after = apply(changes, before.values())
    fresh = {entry.number for entry in after if before.get(entry.number) != entry}
    seen: dict[tuple[str, ...], str] = {}
    problems = []
    for entry in after:
        if entry.status != CURRENT:
            continue
        first = seen.setdefault(twin_fields(entry.values), entry.number)
        if first != entry.number and {first, entry.number} & fresh:
            problems.append(
                f"Entries {first} and {entry.number} would both be Current with the same Device Model, device type, "
                "SMETS/CHTS and GBCS version. Withdraw one change or remove the other entry (rule D1, guidance 8)."
            )
    return problems
