"""What is odd about the entries of an imported list (rules I10 to I16, see cpl/workbook/read_list.py): for the report only."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.domain.entry import DEVICE_MODEL, device_key
from cpl.domain.findings import Finding, Severity

_DATE = re.compile(r"\d{2}/\d{2}/\d{4}", re.ASCII)
_LINE_BREAK = re.compile(r"[\r\n]")
_GUIDANCE = "5.3"


class Entry(Protocol):
    """What an imported entry must have."""

    @property
    def number(self) -> str: ...
    @property
    def values(self) -> Mapping[str, str]: ...
    @property
    def kinds(self) -> Mapping[str, str]: ...
    @property
    def row(self) -> int: ...


CellOf = Callable[[str, int], str]


def oddities_of(entries: Sequence[Entry], cell_of: CellOf, rules: RuleSet) -> Iterator[Finding]:
    """Everything odd, value by value in the order of the list, then across entries. `cell_of`: from key and row to the cell."""
    real_dates = {key for entry in entries for key, kind in entry.kinds.items() if kind == "date"}
    for entry in entries:
        for key, value in entry.values.items():
            item = rules.by_key[key]
            for rule, severity, words in _of_value(item, value, entry.kinds.get(key, ""), key in real_dates, rules):
                message = f"Entry {entry.number}, {key}: {words}"
                yield Finding(
                    rule, severity, message, item.group, item.attribute, cell_of(key, entry.row), value[:200], _GUIDANCE
                )
    yield from _gaps(entries)
    yield from _same_models(entries, cell_of)


def _of_value(item: DataItem, value: str, kind: str, real_dates: bool, rules: RuleSet) -> Iterator[tuple[str, Severity, str]]:
    if not value:
        return
    bare = value.strip()
    if bare != value:
        yield "I10", Severity.INFO, "blanks or line breaks around the value; kept as they are."
    if kind == "number":
        yield "I13", Severity.INFO, "stored as a number, read as text."
    if item.kind is Kind.DATE and not kind and real_dates:
        yield "I11", Severity.INFO, "the date is stored as text, others as dates; kept as it is."
    if fault := _fault(item, bare):
        yield "I12", Severity.WARNING, fault
    choices = rules.choices(item)
    if choices and bare.casefold() not in {choice.casefold() for choice in choices}:
        yield "I15", Severity.INFO, "the selection list no longer has this value."


def _fault(item: DataItem, bare: str) -> str:
    """What is wrong with the form of a value, blanks around it aside."""
    if item.kind is Kind.HEX and not re.fullmatch(rf"(?:[0-9A-F]{{2}}:){{{item.octets - 1}}}[0-9A-F]{{2}}", bare):
        return f"not {item.octets} pairs of the digits 0 to 9 and A to F with colons between them."
    if item.kind is Kind.DATE and not _DATE.fullmatch(bare):
        return "not a date dd/mm/yyyy."
    if not item.multiline and _LINE_BREAK.search(bare):
        return "a line break inside the value."
    return ""


def _gaps(entries: Iterable[Entry]) -> Iterator[Finding]:
    """Entry numbers are serial and never deleted: a gap needs an explanation."""
    numbers = sorted({int(entry.number) for entry in entries if entry.number.isascii() and entry.number.isdecimal()})
    missing = [
        number
        for before, after in zip([0, *numbers], numbers, strict=False)
        for number in range(before + 1, min(after, before + 1001))
    ]
    if missing:
        listed = ", ".join(f"{number:06d}" for number in missing[:50])
        more = f" and {len(missing) - 50} more" if len(missing) > 50 else ""
        words = f"{len(missing)} entry numbers are missing in the series: {listed}{more}."
        yield Finding("I14", Severity.INFO, words, "Entry", "number", guidance=_GUIDANCE)


def _same_models(entries: Iterable[Entry], cell_of: CellOf) -> Iterator[Finding]:
    """Two entries for one Device Model: legitimate when their specification versions differ, but a person should know."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if all(entry.values.get(key) for key in DEVICE_MODEL):
            groups[device_key(entry.values)].append(entry)
    for group in groups.values():
        if len(group) > 1:
            numbers = " and ".join(entry.number for entry in group)
            place = cell_of(DEVICE_MODEL[0], group[-1].row)
            words = f"Entries {numbers} are for one Device Model (manufacturer, model, hardware and firmware are the same)."
            yield Finding("I16", Severity.WARNING, words, "Device_Model", cell=place, guidance=_GUIDANCE)
