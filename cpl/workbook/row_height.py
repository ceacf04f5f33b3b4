"""How tall a row must be to show its wrapped texts. Excel would find out by itself when a cell is edited, but not on opening."""

import math
from collections.abc import Iterable

LINE, SMALL_LINE = 15.0, 12.5  # points
_TALLEST = 409.0  # points; Excel allows no more
_CHARACTERS = 1.05  # for one unit of width, which is a digit: most letters are narrower


def row_height(texts: Iterable[tuple[str, float]], line: float = LINE) -> float:
    """Points for the tallest of these texts, each with the width of its column in characters."""
    return min(max((_lines(text, width) for text, width in texts), default=1) * line, _TALLEST)


def _lines(text: str, width: float) -> int:
    """Lines of a text that is wrapped at blanks."""
    room = max(int(width * _CHARACTERS), 1)
    return sum(_wrapped(paragraph, room) for paragraph in text.rstrip().split("\n"))


def _wrapped(paragraph: str, room: int) -> int:
    lines, used = 1, 0
    for word in paragraph.split(" "):
        if used and used + 1 + len(word) > room:
            lines, used = lines + 1, 0
        used += len(word) + (1 if used else 0)
        if used > room:
            lines, used = lines + math.ceil(used / room) - 1, used % room
    return lines
