"""The firmware upgrade path: entry numbers that must exist and make sense (rules F16 and F17, guidance 7.2.10)."""

from collections.abc import Iterator, Mapping

from cpl.domain.entry import DEVICE_TYPE, HARDWARE_REVISION, HARDWARE_VERSION, MANUFACTURER, MODEL, REMOVED, ListedEntry
from cpl.domain.rules.kinds import ENTRY_NUMBER, MOST_PATH_NUMBERS
from cpl.domain.rules.normalise import NOT_APPLICABLE, parts
from cpl.domain.rules.ota import no_upgrades
from cpl.domain.rules.problem import Problem, Subject, error, warning
from cpl.domain.rules.wording import say

PATH = "Firmware_Upgrade.Path"
_SAME = {
    DEVICE_TYPE: "is another device type",
    MANUFACTURER: "is of another manufacturer",
    MODEL: "is another model",
    HARDWARE_VERSION: "has another hardware version",
    HARDWARE_REVISION: "has another hardware revision",
}


def path_numbers(values: Mapping[str, str]) -> tuple[str, ...]:
    """The entry numbers in Firmware_Upgrade.Path, once each and in order, whatever else stands there; the caller fetches them."""
    numbers = [part for part in parts(values.get(PATH, "")) if ENTRY_NUMBER.fullmatch(part)]
    return tuple(dict.fromkeys(numbers))[:MOST_PATH_NUMBERS]


def check(subject: Subject) -> Iterator[Problem]:
    """Numbers against the list. The form of the value has its own finding."""
    value = subject.value(PATH)
    if PATH not in subject.rules.by_key or PATH in subject.refused or not value or value == NOT_APPLICABLE:
        return
    numbers = path_numbers(subject.values)
    if numbers and not subject.profile.has_hash:
        yield error("F16", PATH, say("path.no_hash"))
        return
    if reason := no_upgrades(subject):
        yield warning("F16", PATH, say("path.no_upgrade", reason=reason))
    for number in numbers:
        yield from _target(subject, number)


def _target(subject: Subject, number: str) -> Iterator[Problem]:
    target = subject.targets.get(number)
    if target is None:
        yield error("F16", PATH, f"There is no entry {number} on the Central Products List. Correct the number or take it out.")
        return
    if reasons := _doubts(subject, target):
        text = f"Entry {number} {' and '.join(reasons)}. Make sure that it can be upgraded directly to this Device Model."
        yield warning("F17", PATH, text)


def _doubts(subject: Subject, target: ListedEntry) -> list[str]:
    doubts = ["is Removed"] if target.status == REMOVED else []
    for key, difference in _SAME.items():
        if _folded(subject.value(key)) != _folded(target.values.get(key, "")):
            doubts.append(difference)
    return doubts


def _folded(value: str) -> str:
    return value.strip().casefold()
