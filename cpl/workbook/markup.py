"""Text and cells as the XML of a worksheet writes them, so that every reader gets back exactly the same characters."""

import re

LONGEST_TEXT = 32_767  # UTF-16 units; Excel allows no more in a cell
# What XML cannot hold or would change (a carriage return) is written _xHHHH_; whoever wrote just that means it literally.
_UNWRITABLE = "\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff"
_ESCAPED = re.compile(f"[{_UNWRITABLE}]|_(?=x[0-9A-Fa-f]{{4}}[_{_UNWRITABLE}])")
_SUSPECT = re.compile(f"[{_UNWRITABLE}&<>]|_x")


def escaped(text: str) -> str:
    """The text as XML character data; `cpl.workbook.strings.unescape` undoes the _xHHHH_ in it. Any characters are allowed."""
    if not _SUSPECT.search(text):
        return text
    written = _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    return written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text_cell(place: str, style: int, text: str) -> str:
    """A cell with its text inside. Raises ValueError for a text that Excel would not take."""
    if len(text) * 2 > LONGEST_TEXT and units(text) > LONGEST_TEXT:
        raise ValueError(f"The text for cell {place} has {units(text)} characters; a cell holds {LONGEST_TEXT}.")
    space = ' xml:space="preserve"' if "\n" in text or text != text.strip() else ""
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t{space}>{escaped(text)}</t></is></c>'


def blank_cell(place: str, style: int) -> str:
    """An empty cell with a format."""
    return f'<c r="{place}" s="{style}"/>'


def number_cell(place: str, style: int, number: int) -> str:
    """A cell with a number; its style says whether it is a date."""
    return f'<c r="{place}" s="{style}"><v>{number}</v></c>'


def units(text: str) -> int:
    """The length of a text as Excel counts it: characters beyond U+FFFF are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
