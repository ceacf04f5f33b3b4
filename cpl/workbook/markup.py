"""Rows of text as the XML of a worksheet writes them, so that every reader gets back exactly the same characters."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

LONGEST_TEXT = 32_767  # UTF-16 units; Excel allows no more in a cell
# What XML cannot hold or would change (a carriage return) is written _xHHHH_; whoever wrote just that means it literally.
_UNWRITABLE = "\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff"
_ESCAPED = re.compile(f"[{_UNWRITABLE}]|_(?=x[0-9A-Fa-f]{{4}}[_{_UNWRITABLE}])")
# Texts joined by "|" in which nothing needs care: no character to escape, no white space at either end, no line break.
_CARE = re.compile(rf"[{_UNWRITABLE}&<>\n]|_x|\|\s|\s\|")
_NO_DAYS: Mapping[int, int] = MappingProxyType({})


class RowWriter:
    """Writes the rows of one tab. `styles`: the cell format of each column by its letters, in order; `day_styles`: for dates."""

    def __init__(self, styles: Mapping[str, int], day_styles: Mapping[str, int]) -> None:
        self._letters = tuple(styles)
        self._columns = [(f'<c r="{letters}', f'" s="{style}"') for letters, style in styles.items()]
        self._day_styles = [day_styles.get(letters, 0) for letters in styles]

    def row(self, number: int, texts: Sequence[str], days: Mapping[int, int] = _NO_DAYS, attributes: str = "") -> str:
        """One row with a text for each column, "" for an empty cell.

        `days`: what goes out as a date instead, by position: the number of the day as Excel counts. Raises ValueError for a text
        that Excel would not take.
        """
        joined = f"|{'|'.join(texts)}|"
        begin = ' t="inlineStr"><is><t>'
        if len(joined) * 2 > LONGEST_TEXT:
            self._check_lengths(number, texts)
        if _CARE.search(joined):
            begin = ' t="inlineStr"><is><t xml:space="preserve">'
            texts = [escaped(text) for text in texts]
        cells = [
            f"{place}{number}{style}{begin}{text}</t></is></c>" if text else f"{place}{number}{style}/>"
            for (place, style), text in zip(self._columns, texts, strict=True)
        ]
        for position, day in days.items():
            cells[position] = f'{self._columns[position][0]}{number}" s="{self._day_styles[position]}"><v>{day}</v></c>'
        return f'<row r="{number}"{attributes}>{"".join(cells)}</row>'

    def _check_lengths(self, number: int, texts: Iterable[str]) -> None:
        for letters, text in zip(self._letters, texts, strict=True):
            if units(text) > LONGEST_TEXT:
                raise ValueError(
                    f"The text for cell {letters}{number} has {units(text)} characters; a cell holds {LONGEST_TEXT}."
                )


def escaped(text: str) -> str:
    """The text as XML character data; `cpl.workbook.strings.unescape` undoes the _xHHHH_ in it. Any characters are allowed."""
    written = _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    return written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def units(text: str) -> int:
    """The length of a text as Excel counts it: characters beyond U+FFFF are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
