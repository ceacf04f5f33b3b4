"""Rows of text as the XML of a worksheet writes them, so that every reader gets back exactly the same characters.

Rows come column by column: most columns of a block need no care anywhere, and that is found out for all their texts at once.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

LONGEST_TEXT = 32_767  # UTF-16 units; Excel allows no more in a cell
_SURELY_FITS = LONGEST_TEXT // 6  # characters of one to two units each, and up to three texts together in one cell
# What XML cannot hold or would change (a carriage return) is written _xHHHH_; whoever wrote just that means it literally.
_UNWRITABLE = "\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff"
_ESCAPED = re.compile(f"[{_UNWRITABLE}]|_(?=x[0-9A-Fa-f]{{4}}[_{_UNWRITABLE}])")
_SPACE = re.compile(r"^\s|\s$|[\n\t]")  # white space that a reader may drop unless told not to
_ROW_BEGIN, _CELL_BEGIN, _ROW_END = '<row r="', '<c r="{}', "</row>"
_TEXT_END, _NUMBER_END = "</t></is></c>", "</v></c>"
_BEFORE_CELLS, _OF_CELL = 3, 3  # pieces of a row
Days = Mapping[int, int]  # by row: the number of the day as Excel counts
Cells = tuple[Sequence[str], Sequence[str], Sequence[str]]  # of one column: begins, contents and ends, for each row
_NO_DAYS: Mapping[int, Days] = MappingProxyType({})


class RowWriter:
    """Writes the rows of one tab. `styles`: the cell format of each column by its letters, in order; `day_styles`: for dates.

    `fixed`: for the first columns, where every row shows the same shared text, the number of that text.

    A row is made of pieces: its begin, its number, its attributes with the begin of the first cell; then for each cell the number
    of the row with its format and kind, what it holds, and its end with the begin of the next one.
    """

    def __init__(self, styles: Mapping[str, int], day_styles: Mapping[str, int], fixed: Sequence[int] = ()) -> None:
        self._letters = tuple(styles)
        self._fixed = [str(shared) for shared in fixed]
        self._empty = [f'" s="{style}"/>' for style in styles.values()]
        self._text = [f'" s="{style}" t="inlineStr"><is><t>' for style in styles.values()]
        self._shared = [f'" s="{style}" t="s"><v>' for style in styles.values()]
        self._day = [f'" s="{day_styles.get(letters, 0)}"><v>' for letters in styles]
        self._next = [*map(_CELL_BEGIN.format, self._letters[1:]), _ROW_END]
        self._row = [_ROW_BEGIN, "", f'">{_CELL_BEGIN.format(self._letters[0])}', *[""] * _OF_CELL * len(self._letters)]

    def rows(
        self,
        first: int,
        columns: Sequence[Sequence[str]],
        days: Mapping[int, Days] = _NO_DAYS,
        *,
        heights: Sequence[float] = (),
        plain: bool = False,
    ) -> str:
        """Rows from number `first` on, of the texts of each column that is not fixed, "" for an empty cell.

        `days`: what goes out as a date instead, by column. `heights`: of each row, in points. `plain`: all columns are known to
        be. Raises ValueError for a text that Excel would not take.
        """
        numbers = [str(number) for number in range(first, first + len(columns[0]))]
        begins, pieces, step = _Begins(numbers), self._row * len(numbers), len(self._row)
        pieces[1::step] = numbers
        if heights:
            pieces[2::step] = [self._row[2].replace('">', f'" ht="{height:g}">', 1) for height in heights]
        for place, shared in enumerate(self._fixed):
            end = _NUMBER_END + self._next[place]
            self._put(pieces, place, (begins[self._shared[place]], [shared] * len(numbers), [end] * len(numbers)))
        for column, texts in enumerate(columns):
            place = column + len(self._fixed)
            if column in days or not (plain or are_plain(texts)):
                cells = self._with_care(place, numbers, texts, days.get(column, {}))
            else:
                cells = self._plain(place, begins, texts)
            self._put(pieces, place, cells)
        return "".join(pieces)

    def _put(self, pieces: list[str], place: int, cells: Cells) -> None:
        at, step = _BEFORE_CELLS + _OF_CELL * place, len(self._row)
        pieces[at::step], pieces[at + 1 :: step], pieces[at + 2 :: step] = cells

    def _plain(self, place: int, begins: "_Begins", texts: Sequence[str]) -> Cells:
        full, empty_end = begins[self._text[place]], self._next[place]
        end = _TEXT_END + empty_end
        if all(texts):
            return full, texts, [end] * len(texts)
        empty = begins[self._empty[place]]
        shown = [filled if text else blank for text, filled, blank in zip(texts, full, empty, strict=True)]
        return shown, texts, [end if text else empty_end for text in texts]

    def _with_care(self, place: int, numbers: Sequence[str], texts: Sequence[str], days: Days) -> Cells:
        begins, contents, ends = [], [], []
        for row, (number, text) in enumerate(zip(numbers, texts, strict=True)):
            if units(text) > LONGEST_TEXT:
                cell = f"{self._letters[place]}{number}"
                raise ValueError(f"The text for cell {cell} has {units(text)} characters; a cell holds {LONGEST_TEXT}.")
            begin, content, end = self._text[place], escaped(text), _TEXT_END
            if row in days:
                begin, content, end = self._day[place], str(days[row]), _NUMBER_END
            elif not text:
                begin, end = self._empty[place], ""
            elif _SPACE.search(text):
                begin = begin.replace("<t>", '<t xml:space="preserve">')
            begins.append(number + begin)
            contents.append(content)
            ends.append(end + self._next[place])
        return begins, contents, ends


class _Begins(dict[str, list[str]]):
    """The number of each row with what follows it in a cell; the columns of one format share them."""

    def __init__(self, numbers: Sequence[str]) -> None:
        super().__init__()
        self._numbers = numbers

    def __missing__(self, follows: str) -> list[str]:
        self[follows] = [number + follows for number in self._numbers]
        return self[follows]


def are_plain(texts: Sequence[str]) -> bool:
    """Whether every one of these texts can be written as it is, and again as the CSV shows it: without colons, three together.

    Nearly always so, and found out at a fraction of what looking at each text takes.
    """
    joined = f"|{'|'.join(texts)}|"
    return (
        joined.isprintable()
        and not ("&" in joined or "<" in joined or ">" in joined or "_" in joined)
        and not (" " in joined and ("| " in joined or " |" in joined or "|:" in joined or ":|" in joined))
        and (len(joined) <= _SURELY_FITS or max(map(len, texts)) <= _SURELY_FITS)
    )


def escaped(text: str) -> str:
    """The text as XML character data; `cpl.workbook.strings.unescape` undoes the _xHHHH_ in it. Any characters are allowed."""
    written = _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    return written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def units(text: str) -> int:
    """The length of a text as Excel counts it: characters beyond U+FFFF are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
