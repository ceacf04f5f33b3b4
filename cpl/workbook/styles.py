"""Which cell formats show a number as a date or time, and which let a protected cell be typed into."""

import re
from collections.abc import Sequence

from cpl.workbook.package import Package, Part
from cpl.workbook.xmlstream import SPREADSHEET, Attributes, walk

# Built-in number formats for dates and times, those of East Asian languages among them (ECMA-376 part 1, 18.8.30).
_BUILT_IN = frozenset(map(str, [*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)]))
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE | re.DOTALL)
_DATE_LETTER = re.compile(r"[dmyhs]", re.IGNORECASE)
_FALSE = ("0", "false", "off")
_ELEMENTS = 100_000  # Excel allows 65,490 cell formats


def date_styles(package: Package, part: Part | None) -> Sequence[bool]:
    """For each cell format (the `s` of a cell) whether it is one for dates or times. Raises Refused."""
    if part is None:
        return ()
    own: dict[str, str] = {}
    used: list[str] = []

    def start(path: list[str], attributes: Attributes) -> None:
        if path == ["styleSheet", "numFmts", "numFmt"]:
            own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif path == ["styleSheet", "cellXfs", "xf"]:
            used.append(attributes.get("numFmtId", "0"))

    walk(package, part, SPREADSHEET, "styleSheet", start, _ELEMENTS)
    return [_shows_date(own[number]) if number in own else number in _BUILT_IN for number in used]


def unlocked_styles(package: Package, part: Part | None) -> Sequence[bool]:
    """For each cell format whether a cell of a protected tab can be typed into. Raises Refused."""
    if part is None:
        return ()
    unlocked: list[bool] = []

    def start(path: list[str], attributes: Attributes) -> None:
        if path == ["styleSheet", "cellXfs", "xf"]:
            unlocked.append(False)
        elif path == ["styleSheet", "cellXfs", "xf", "protection"]:
            unlocked[-1] = attributes.get("locked", "1") in _FALSE

    walk(package, part, SPREADSHEET, "styleSheet", start, _ELEMENTS)
    return unlocked


def _shows_date(code: str) -> bool:
    return bool(_DATE_LETTER.search(_LITERAL.sub("", code)))
