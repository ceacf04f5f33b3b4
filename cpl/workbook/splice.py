"""Finds where the rows of a release go in the sheets of a template.

The template shows by example: the rows from the first one that grows down to the last of the sheet are samples whose cell formats
are taken over. They are replaced by the rows to publish; every other byte of the template stays as it is.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

_SAMPLE = re.compile(rb'<row r="\d+"[^>]*>(.*?)</row>', re.DOTALL)
_SAMPLE_CELL = re.compile(rb'<c r="([A-Z]+)\d+" s="(\d+)"')
_EXTENT = re.compile(rb'(<(?:dimension|autoFilter) ref="[A-Z]+\d+:[A-Z]+)\d+(?=")')
_FILTERED = re.compile(rb"(<definedName name=\"_xlnm\._FilterDatabase\"[^>]*>[^<]*\$)\d+(?=</definedName>)")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the rows of a tab go: from `row` on, between `head` and `tail`.

    `styles`: cell formats by column letters, those of texts and those of dates.
    """

    row: int
    head: bytes
    tail: bytes
    styles: tuple[Mapping[str, int], Mapping[str, int]]


def cut(xml: bytes, row: int) -> Slot:
    """Cut the sample rows, from this row on, out of a sheet: one with cells for texts and, maybe, one with cells for dates.

    Raises ValueError when there are none.
    """
    begin, end = xml.find(b'<row r="%d"' % row), xml.find(b"</sheetData>")
    if not 0 < begin < end:
        raise ValueError(f"The template has no sample in row {row}.")
    texts, *dates = (
        {letters.decode(): int(style) for letters, style in _SAMPLE_CELL.findall(cells)}
        for cells in _SAMPLE.findall(xml, begin, end)
    )
    return Slot(row, xml[:begin], xml[end:], (texts, dates[0] if dates else {}))


def extent(xml: bytes, last_row: int) -> bytes:
    """The XML of a sheet or of the workbook with its used range and its filter reaching down to this row."""
    return _FILTERED.sub(rb"\g<1>%d" % last_row, _EXTENT.sub(rb"\g<1>%d" % last_row, xml))


def unpacked(data: bytes) -> dict[str, bytes]:
    """The parts of a package made by this application, by name and in order."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {info.filename: package.read(info) for info in package.infolist()}
