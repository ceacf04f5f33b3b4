"""The last gate: is this Device Model on the list already, or in another open case (guidance 8 step 4)?

| rule | severity | says |
|------|----------|------|
| D1   | error    | same Device Model, device type, SMETS/CHTS and GBCS version as a Current entry or another open case |
| D2   | warning  | same Device Model under another device type, SMETS/CHTS or GBCS version (an entry or another open case) |
| D3   | warning  | same Device Model as a Removed entry |
| D4   | warning  | manufacturer and model identifier are listed under another device type |
| D5   | warning  | same image hash as an entry or open case with another firmware version |
| D6   | error    | same Device Model as a Current entry, but another image hash |
| D7   | warning  | same CPA certificate with another date, Security Characteristics version or manufacturer |
| D8   | warning  | manufacturer identifier or creator never seen before |
| D9   | warning  | bytes look swapped, or text was written where its bytes or numbers belong |
| D10  | note     | firmware version lower than the highest Current one of the same model and hardware |

Other cases are compared for D1, D2 and D5 only: a case is not yet on the list, so it cannot make another one wrong.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cpl.domain.entry import (
    CPA_NUMBER,
    CURRENT,
    DEVICE_TYPE,
    FIRMWARE,
    IMAGE_HASH,
    MANUFACTURER,
    MODEL,
    REMOVED,
    ListedEntry,
    Values,
    cpa_core,
    device_fields,
    twin_fields,
)
from cpl.domain.findings import Finding, Severity
from cpl.domain.rules.kinds import parse_date
from submissions.domain.suspicions import CREATOR, suspicions

CHARACTERISTICS = "CPA_Certificate.security_characteristics_version"
EXPIRY = "CPA_Certificate.expiry_date"
GUIDANCE = "8"
MOST_NAMED = 6  # entry numbers in one message

Makers = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Another case on its way to the list: its reference and the normalised values of its latest form."""

    reference: str
    values: Values


def check_duplicates(
    values: Values, neighbours: Sequence[ListedEntry], makers: Makers, others: Sequence[OpenCase]
) -> tuple[Finding, ...]:
    """What of rules D1 to D10 speaks against these normalised form values, the gravest rules first.

    `neighbours`: every entry with the same Device Model, manufacturer and model, image hash or CPA certificate; more do no harm.
    `makers`: manufacturer identifier -> image creators seen for it. `others`: the open cases without this one.
    Reads no RED data item. Guidance 8 step 4; rules D5 to D10 come from what went wrong on the real list.
    """
    same = [entry for entry in neighbours if device_fields(entry.values) == device_fields(values)]
    found = [
        *_same_device(values, same),
        *_same_open_case(values, others),
        *_other_device_type(values, neighbours),
        *_shared_hash(values, neighbours, others),
        *_certificate(values, neighbours),
        *_unknown_maker(values, makers),
        *suspicions(values, neighbours, makers),
        *_older_firmware(values, neighbours),
    ]
    return tuple(sorted(found, key=lambda finding: int(finding.rule[1:])))


def _same_device(values: Values, same: Sequence[ListedEntry]) -> Iterator[Finding]:
    current = [entry for entry in same if entry.status == CURRENT]
    twins = [entry for entry in current if twin_fields(entry.values) == twin_fields(values)]
    unlike = [entry for entry in same if twin_fields(entry.values) != twin_fields(values)]
    if twins:
        text = f"This Device Model is on the list already: {_named(twins)}. Nothing can be added; check the Device Model fields."
        yield _finding("D1", Severity.ERROR, text, values)
    if unlike:
        yield _finding("D2", Severity.WARNING, _unlike(_versions(unlike)), values)
    if removed := [entry for entry in same if entry.status == REMOVED]:
        text = f"The same hardware and firmware was listed and is Removed: {_named(removed)}. Find out why it was removed."
        yield _finding("D3", Severity.WARNING, text, values)
    other_hash = [entry for entry in current if _differs(_hash(entry.values), _hash(values))]
    if other_hash:
        text = (
            f"{_named(other_hash)} with the same hardware and firmware has another image hash. One of the two is wrong: "
            "the submitter must check the hash and the firmware version."
        )
        yield _finding("D6", Severity.ERROR, text, values, IMAGE_HASH)


def _same_open_case(values: Values, others: Sequence[OpenCase]) -> Iterator[Finding]:
    same = [case for case in others if device_fields(case.values) == device_fields(values)]
    twins = [case.reference for case in same if twin_fields(case.values) == twin_fields(values)]
    unlike = [case.reference for case in same if case.reference not in twins]
    if twins:
        text = f"This Device Model is submitted by another open case too: {_listing(twins)}. Keep one of them."
        yield _finding("D1", Severity.ERROR, text, values)
    if unlike:
        yield _finding("D2", Severity.WARNING, _unlike(f"open case {_listing(unlike)}"), values)


def _unlike(where: str) -> str:
    return (
        f"The same hardware and firmware stands under another device type, SMETS/CHTS or GBCS version: {where}. "
        "This can be right; check that both are meant."
    )


def _other_device_type(values: Values, neighbours: Sequence[ListedEntry]) -> Iterator[Finding]:
    kind = _text(values, DEVICE_TYPE).casefold()
    shared = [
        entry
        for entry in neighbours
        if device_fields(entry.values)[:2] == device_fields(values)[:2] and _text(entry.values, DEVICE_TYPE).casefold() != kind
    ]
    if shared:
        types = "; ".join(sorted({_text(entry.values, DEVICE_TYPE) for entry in shared}))
        text = (
            f"This manufacturer and model identifier is listed under another device type ({types}): {_named(shared)}. "
            "The DCC could once not load such an entry; check the device type and the model identifier."
        )
        yield _finding("D4", Severity.WARNING, text, values, DEVICE_TYPE)


def _shared_hash(values: Values, neighbours: Sequence[ListedEntry], others: Sequence[OpenCase]) -> Iterator[Finding]:
    if not _hash(values):
        return
    firmware = device_fields(values)[-1]

    def stranger(other: Values) -> bool:
        return _hash(other) == _hash(values) and device_fields(other)[-1] != firmware

    entries = [entry for entry in neighbours if stranger(entry.values)]
    cases = [case.reference for case in others if stranger(case.values)]
    where = [*([_named(entries)] if entries else []), *([f"open case {_listing(cases)}"] if cases else [])]
    if where:
        text = (
            f"The same image hash stands with another firmware version: {' and '.join(where)}. Check hash and firmware version."
        )
        yield _finding("D5", Severity.WARNING, text, values, IMAGE_HASH)


def _certificate(values: Values, neighbours: Sequence[ListedEntry]) -> Iterator[Finding]:
    core = cpa_core(_text(values, CPA_NUMBER))
    same = [entry for entry in neighbours if core and cpa_core(_text(entry.values, CPA_NUMBER)) == core]
    questions = (
        (EXPIRY, "date", _day),
        (CHARACTERISTICS, "Security Characteristics version", partial(_folded, CHARACTERISTICS)),
        (MANUFACTURER, "manufacturer identifier", partial(_folded, MANUFACTURER)),
    )
    for key, name, form in questions:
        others: dict[str, list[ListedEntry]] = defaultdict(list)
        for entry in same:
            if form(entry.values) and form(entry.values) != form(values):
                others[_text(entry.values, key)].append(entry)
        if others:
            stated = "; ".join(f"'{value}' in {_named(entries)}" for value, entries in sorted(others.items()))
            text = f"CPA certificate {core} is listed with another {name}: {stated}. Check it against the certificate."
            yield _finding("D7", Severity.WARNING, text, values, key, guidance="7.2.4")


def _unknown_maker(values: Values, makers: Makers) -> Iterator[Finding]:
    maker, creator = device_fields(values)[0], _text(values, CREATOR)
    if maker and maker not in makers:
        text = (
            "No entry has this manufacturer identifier yet. Check that the manufacturer holds it and that its bytes are in order."
        )
        yield _finding("D8", Severity.WARNING, text, values, MANUFACTURER, guidance="7.2.2")
    elif creator and creator not in makers.get(maker, ()):
        seen = _listing([f"'{name}'" for name in sorted(makers.get(maker, ()))]) or "none so far"
        text = f"This creator is new for manufacturer {maker} (seen: {seen}). Compare it with the signing certificate."
        yield _finding("D8", Severity.WARNING, text, values, CREATOR, guidance="7.2.7")


def _older_firmware(values: Values, neighbours: Sequence[ListedEntry]) -> Iterator[Finding]:
    *hardware, firmware = device_fields(values)
    rivals = [
        entry for entry in neighbours if entry.status == CURRENT and list(device_fields(entry.values)[:-1]) == hardware
    ]  # fmt: skip
    highest = max(rivals, key=lambda entry: _number(device_fields(entry.values)[-1]), default=None)
    if highest is not None and 0 <= _number(firmware) < _number(device_fields(highest.values)[-1]):
        newest = device_fields(highest.values)[-1]
        text = f"Entry {highest.number} of the same model and hardware has a higher firmware version ({newest})."
        yield _finding("D10", Severity.INFO, text, values, FIRMWARE)


def _number(firmware: str) -> int:
    """The firmware version as a number; -1 when it is not written as hexadecimal digits and colons."""
    digits = firmware.replace(":", "")
    return int(digits, 16) if re.fullmatch(r"[0-9A-F]{1,16}", digits) else -1


def _differs(one: str, other: str) -> bool:
    """Two hashes that contradict each other; an absent one contradicts nothing."""
    return bool(one and other and one != other)


def _hash(values: Values) -> str:
    return _text(values, IMAGE_HASH).upper()


def _day(values: Values) -> str:
    """The date for comparison: old rows write it with hyphens too."""
    text = _text(values, EXPIRY).replace("-", "/")
    day = parse_date(text)
    return day.isoformat() if day else text


def _folded(key: str, values: Values) -> str:
    return _text(values, key).casefold()


def _text(values: Values, key: str) -> str:
    return values.get(key, "").strip()


def _named(entries: Sequence[ListedEntry]) -> str:
    numbers = [entry.number for entry in entries]
    return f"{'entry' if len(numbers) == 1 else 'entries'} {_listing(numbers)}"


def _versions(entries: Sequence[ListedEntry]) -> str:
    """Entries with what they state in place of the submission's device type and versions."""
    said = [f"{entry.number} ({', '.join(_trio(entry.values))})" for entry in entries]
    return f"{'entry' if len(said) == 1 else 'entries'} {_listing(said)}"


def _trio(values: Values) -> tuple[str, ...]:
    return tuple(_text(values, key) for key in (DEVICE_TYPE, "SMETS/CHTS Version.Version_number", "GBCS Version.version_number"))


def _listing(items: Sequence[str]) -> str:
    more = len(items) - MOST_NAMED
    return ", ".join(items[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _finding(rule: str, severity: Severity, text: str, values: Values, key: str = MODEL, guidance: str = GUIDANCE) -> Finding:
    group, _, attribute = key.partition(".")
    return Finding(rule, severity, text, group, attribute, value=_text(values, key), guidance=guidance)
