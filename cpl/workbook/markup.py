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
_NOTHING, _TEXT, _DAY, _SHARED = range(4)  # what a cell holds
_NO_DAYS: Mapping[int, int] = MappingProxyType({})


class RowWriter:
    """Writes the rows of one tab. `styles`: the cell format of each column by its letters, in order; `day_styles`: for dates.

    `fixed`: for the first columns, where every row shows the same shared text, the number of that text.
    """

    def __init__(self, styles: Mapping[str, int], day_styles: Mapping[str, int], fixed: Sequence[int] = ()) -> None:
        self._letters = tuple(styles)
        self._styles = tuple(styles.values())
        self._day_styles = [day_styles.get(letters, 0) for letters in styles]
        self._fixed, self._fixed_shape = [str(shared) for shared in fixed], bytes([_SHARED]) * len(fixed)
        self._patterns: dict[tuple[bytes, bool], list[str]] = {}

    def row(
        self,
        number: int,
        texts: Sequence[str],
        days: Mapping[int, int] = _NO_DAYS,
        *,
        attributes: str = "",
        plain: bool = False,
    ) -> str:
        """One row with a text for each column that is not fixed, "" for an empty cell.

        `days`: what goes out as a date instead, by position: the number of the day as Excel counts. `plain`: `are_plain` said so.
        Raises ValueError for a text that Excel would not take.
        """
        care = not plain and self._needs_care(number, texts)
        if care:
            texts = [escaped(text) for text in texts]
        shape = bytes(map(bool, texts))
        if days:
            texts, shape = _with_days(texts, shape, days)
        if self._fixed:
            texts, shape = [*self._fixed, *texts], self._fixed_shape + shape
        row = (self._patterns.get((shape, care)) or self._pattern(shape, care)).copy()
        written = str(number)
        row[1], row[3] = written, attributes
        row[5::4] = [written] * len(texts)
        row[7::4] = texts
        return "".join(row)

    def _pattern(self, shape: bytes, care: bool) -> list[str]:
        """The pieces of all rows whose cells hold something of the same kind; every other piece is yet to be filled in.

        These are the number of the row and its attributes, then for each cell the number of the row and what it holds.
        """
        text = '<is><t xml:space="preserve">' if care else "<is><t>"
        ends = {_NOTHING: ("/>", ""), _TEXT: (f' t="inlineStr">{text}', "</t></is></c>"), _SHARED: (' t="s"><v>', "</v></c>")}
        pattern = ['<row r="', "", '"', ""]
        before = ">"
        for letters, style, day_style, kind in zip(self._letters, self._styles, self._day_styles, shape, strict=True):
            begin, after = ends.get(kind, ("><v>", "</v></c>"))
            pattern += [f'{before}<c r="{letters}', "", f'" s="{day_style if kind == _DAY else style}"{begin}', ""]
            before = after
        pattern.append(f"{before}</row>")
        self._patterns[shape, care] = pattern
        return pattern

    def _needs_care(self, number: int, texts: Sequence[str]) -> bool:
        joined = f"|{'|'.join(texts)}|"
        if len(joined) * 2 > LONGEST_TEXT:
            self._check_lengths(number, texts)
        return _CARE.search(joined) is not None

    def _check_lengths(self, number: int, texts: Iterable[str]) -> None:
        for letters, text in zip(self._letters[len(self._fixed) :], texts, strict=True):
            if units(text) > LONGEST_TEXT:
                raise ValueError(
                    f"The text for cell {letters}{number} has {units(text)} characters; a cell holds {LONGEST_TEXT}."
                )


def are_plain(texts: Sequence[str]) -> bool:
    """Whether these texts, and all that is made of them by leaving out characters inside, can be written as they are.

    Nearly always so, and found out at a fraction of what looking for each character takes.
    """
    joined = f"|{'|'.join(texts)}|"
    return (
        joined.isprintable()
        and not ("&" in joined or "<" in joined or ">" in joined or "_" in joined or "| " in joined or " |" in joined)
        and len(joined) * 2 <= LONGEST_TEXT
    )


def _with_days(texts: Sequence[str], shape: bytes, days: Mapping[int, int]) -> tuple[list[str], bytes]:
    written, kinds = list(texts), bytearray(shape)
    for position, day in days.items():
        written[position], kinds[position] = str(day), _DAY
    return written, bytes(kinds)


def escaped(text: str) -> str:
    """The text as XML character data; `cpl.workbook.strings.unescape` undoes the _xHHHH_ in it. Any characters are allowed."""
    written = _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    return written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def units(text: str) -> int:
    """The length of a text as Excel counts it: characters beyond U+FFFF are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
