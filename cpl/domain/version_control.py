"""Drafts the 'Changes incorporated' text of the Version Control tab in the manner of the published history; people edit it."""

from collections.abc import Iterable, Mapping, Sequence

from cpl.domain.applicability import is_smets1
from cpl.domain.changes import PlannedChange
from cpl.domain.dictionary import RuleSet
from cpl.domain.entry import CPA_NUMBER, DEVICE_TYPE, FIRMWARE, MANUFACTURER, MODEL, ListedEntry, Values

_ONES = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS_END = 100

_HEADINGS = {
    "add": "{count} new {generation} device {noun} added:",
    "remove": "{count} {generation} device {noun} removed:",
    "reinstate": "{count} {generation} device {noun}, status changed to 'Current':",
    "correct": "{count} {generation} device {noun} corrected:",
    "amend": "{count} {generation} device {noun} amended:",
}


def version_control_text(changes: Sequence[PlannedChange], entries: Iterable[ListedEntry] = ()) -> str:
    """The draft for these changes. `entries` is the list before them: it tells names and old values of what is changed."""
    before = {entry.number: entry.values for entry in entries}
    paragraphs = []
    for kind, heading in _HEADINGS.items():
        for generation in ("SMETS2", "SMETS1"):
            chosen = [change for change in changes if change.kind == kind and _generation(change, before) == generation]
            if chosen:
                lines = _lines(kind, chosen, before)
                noun = "model" if len(chosen) == 1 else "models"
                first = heading.format(count=in_words(len(chosen)), generation=generation, noun=noun)
                paragraphs.append("\n".join([first, *lines]))
    return "\n\n".join(paragraphs)


def form_text(before: RuleSet, after: RuleSet) -> str:
    """The paragraph on what the New Entry form asks otherwise than it did; "" where lists of values and TSAT are the same."""
    moved = [
        (item.key, before.choices(known), after.choices(item))
        for item in after.items
        if (known := before.by_key.get(item.key)) and before.choices(known) != after.choices(item)
    ]
    lines = [f"{name}: {words}" for name, old, new in moved if (words := _moved(old, new))]
    old_trios, new_trios = (sorted(map(" / ".join, rules.combinations)) for rules in (before, after))
    if words := _moved(old_trios, new_trios):
        lines.append(f"Device Level Versions (TSAT): {words}")
    return "\n".join(["CPL New Entry form amended:", *lines]) if lines else ""


def _moved(old: Sequence[str], new: Sequence[str]) -> str:
    """ "CTT 4.0 and CTT 4.1 added; CTT 3.0 removed" """
    steps = {"added": [text for text in new if text not in old], "removed": [text for text in old if text not in new]}
    return "; ".join(f"{_listed(texts)} {what}" for what, texts in steps.items() if texts)


def _listed(texts: Sequence[str]) -> str:
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def in_words(count: int) -> str:
    """A count as a sentence begins with it: "Two", "Twenty-six"; figures from one hundred on."""
    if count >= _WORDS_END:
        return str(count)
    tens, ones = divmod(count, 10)
    if count < len(_ONES):
        return _ONES[count].capitalize()
    return (_TENS[tens] + (f"-{_ONES[ones]}" if ones else "")).capitalize()


def line_of(number: str, designation: str, values: Values) -> str:
    """ "000726 - maker and model firmware": the plain-English name, or what the entry says where nobody gave one."""
    firmware = values.get(FIRMWARE, "").strip()
    name = designation.strip() or " ".join(values.get(key, "").strip() for key in (DEVICE_TYPE, MANUFACTURER, MODEL)).strip()
    words = [name] if firmware in name else [name, firmware]
    return " - ".join(part for part in (number, " ".join(words).strip()) if part)


def _generation(change: PlannedChange, before: Mapping[str, Values]) -> str:
    return "SMETS1" if is_smets1(_identity(change, before)) else "SMETS2"


def _identity(change: PlannedChange, before: Mapping[str, Values]) -> Values:
    """Values by which the entry is named: those of the change where it has any."""
    return change.values or before.get(change.number or "", {})


def _lines(kind: str, changes: Sequence[PlannedChange], before: Mapping[str, Values]) -> list[str]:
    if kind in {"amend", "correct"}:
        return _amended(changes, before)
    return [_named(change, before) for change in changes]


def _named(change: PlannedChange, before: Mapping[str, Values]) -> str:
    line = line_of(change.number or "", change.designation, _identity(change, before))
    reason = " ".join(change.reason.split()).rstrip(".")  # an entry has one line
    return f"{line} ({reason})" if reason else line


def _amended(changes: Sequence[PlannedChange], before: Mapping[str, Values]) -> list[str]:
    """Entries by what changed in them: a certificate renewed for 48 entries is said once, not 48 times."""
    groups: dict[tuple[str, ...], list[PlannedChange]] = {}
    for change in changes:
        groups.setdefault(_what_changed(change, before), []).append(change)
    lines = []
    for sentences, members in groups.items():
        lines += [_named(change, before) for change in members]
        lines += sentences
    return lines


def _what_changed(change: PlannedChange, before: Mapping[str, Values]) -> tuple[str, ...]:
    old = before.get(change.number or "")
    if old is None:
        return ()
    keys = [key for key in change.values if change.values[key] != old.get(key, "")]
    return tuple(_sentence(key, old.get(key, "").strip(), change.values[key].strip()) for key in keys)


def _sentence(key: str, old: str, new: str) -> str:
    if key == CPA_NUMBER and old and new:
        return f"The new certificate, {new}, replaces {old}."
    if not old:
        return f"{key} added: {new}"
    if not new:
        return f"{key} {old} taken out."
    return f"{key} changed from {old} to {new}."
