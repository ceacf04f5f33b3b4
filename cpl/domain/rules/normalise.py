"""Rule N1: the spelling in which a value is checked, kept and published, and what had to be changed for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from cpl.domain.dictionary import DataItem, Kind

NOT_APPLICABLE = "NA"
SEPARATED = frozenset({Kind.NAMES, Kind.TELEPHONES, Kind.EMAILS})
_HEX_CAPITALS = str.maketrans("abcdef", "ABCDEF")
_NOT_APPLICABLE_SPELLINGS = frozenset({"na", "n/a"})


@dataclass(frozen=True, slots=True)
class Normalised:
    """The value after rule N1, with a sentence for each thing that was changed."""

    value: str
    changes: tuple[str, ...] = ()


def normalise(item: DataItem, text: str, choices: Sequence[str]) -> Normalised:
    """Trim; hexadecimal digits to capitals; list values to the list's own spelling; N/A to NA; one form for separators.

    Never fails, and does nothing the second time. `choices`: the values of the item's selection list.
    """
    value = text.strip()
    changes = [] if value == text else ["Blanks or line breaks around the value were taken off."]
    respelled, sentence = _respell(item, value, choices)
    if respelled != value:
        changes.append(sentence)
    return Normalised(respelled, tuple(changes))


def _respell(item: DataItem, value: str, choices: Sequence[str]) -> tuple[str, str]:
    match item.kind:
        case Kind.HEX:
            return value.translate(_HEX_CAPITALS), "The digits a to f were read as capital letters."
        case Kind.LIST:
            spelling = _in_list(value, choices)
            return spelling, f"Read as the selection list writes it: '{spelling}'."
        case Kind.PATH:
            return _path(value), "Read with the spelling NA, or with a semicolon and a blank between two entry numbers."
        case Kind.TEXT if item.multiline:
            return value.replace("\r\n", "\n").replace("\r", "\n"), "Line breaks were made the same throughout."
        case kind if kind in SEPARATED:
            return _without_empty_parts(value), "Semicolons with nothing between or after them were taken out."
    return value, ""


def _in_list(value: str, choices: Sequence[str]) -> str:
    folded = value.casefold()
    if folded in _NOT_APPLICABLE_SPELLINGS and NOT_APPLICABLE in choices:
        return NOT_APPLICABLE
    return next((choice for choice in choices if choice.casefold() == folded), value)


def _path(value: str) -> str:
    if value.casefold() in _NOT_APPLICABLE_SPELLINGS:
        return NOT_APPLICABLE
    return "; ".join(parts(value))


def _without_empty_parts(value: str) -> str:
    return ";".join(part for part in value.split(";") if part.strip()).strip()


def parts(value: str) -> list[str]:
    """What stands between the semicolons, trimmed, empty parts left out."""
    return [part.strip() for part in value.split(";") if part.strip()]
