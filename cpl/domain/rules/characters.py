"""Rule F19: which characters a value may hold, how long it may be in octets, and how a published value may not begin."""

import re
import unicodedata

from cpl.domain.dictionary import DataItem, Kind
from cpl.domain.rules.problem import Problem, error
from cpl.domain.rules.wording import say

# A spreadsheet takes a cell that begins like this for a formula; the CSV must stay byte for byte what was approved.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
UNWANTED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # control, invisible, half a character, line and paragraph separators
_NAMES = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
LONGEST_SCAN = 1000  # characters; every value that may be longer has the wrong form anyway
LOWEST, HIGHEST = 32, 126  # what the form calls "from space to tilde"


def character_problem(item: DataItem, value: str) -> Problem | None:
    """The first thing rule F19 has against the value."""
    return _too_long(item, value) or _unwanted_character(item, value) or _formula_start(item, value)


def octets(value: str) -> int:
    """Length in octets of UTF-8, as the form counts."""
    return len(value.encode("utf-8", "surrogatepass"))


def describe(character: str) -> str:
    """A character as a person can look it up."""
    code = f"U+{ord(character):04X}"
    return _NAMES.get(character) or f"{code} ({unicodedata.name(character, 'without a name').lower()})"


def outside_printable(value: str) -> str:
    """The first character outside 32 to 126, or ""."""
    return next((character for character in value if not LOWEST <= ord(character) <= HIGHEST), "")


def storable(value: str) -> str:
    """The value with what no database takes (half characters, the null character) shown as U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", value)


def _unwanted_character(item: DataItem, value: str) -> Problem | None:
    allowed = "\n" if item.multiline else ""
    for character in value[:LONGEST_SCAN]:
        if unicodedata.category(character) in UNWANTED and character not in allowed:
            what = say("unwanted.red") if item.red else describe(character)
            return error("F19", item.key, say("unwanted", what=what))
    return None


def _too_long(item: DataItem, value: str) -> Problem | None:
    length = octets(value)
    if item.kind in {Kind.HEX, Kind.PATH} or length <= item.max_octets:  # their form says it better
        return None
    signs = "" if value.isascii() else say("too_long.signs")
    return error("F19", item.key, say("too_long", octets=length, most=item.max_octets, signs=signs))


def _formula_start(item: DataItem, value: str) -> Problem | None:
    starts = FORMULA_STARTS if item.kind is not Kind.TELEPHONES else tuple(set(FORMULA_STARTS) - {"+"})
    if not item.published or not value.startswith(starts):
        return None
    first = say("formula.red") if item.red else f"'{value[0]}'"
    return error("F19", item.key, say("formula", first=first))
