"""Forms as another program reads them, and bytes of any kind: always a reading or a refusal, never an exception."""

import io
import re
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders.values import GAS_METER, HCALCS, POLYPHASE, PPMID
from tests.builders.workbooks import form_workbook, list_workbook, rewrite, sample_entries, valid_values
from tests.domain.form_reading import SHEET, answers, read

# --- Another program ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device_type", [GAS_METER, HCALCS, POLYPHASE, PPMID])
def test_another_reader_finds_the_same(device_type: str) -> None:
    data = list_workbook(sample_entries(20), values=valid_values(device_type, with_hash=True))
    sheet = openpyxl.load_workbook(io.BytesIO(data))["CPL - New Entry"]
    for cell in read(data).cells.values():
        assert (sheet[cell.cell.rpartition("!")[2]].value or "") == cell.value


# --- Nothing is raised ------------------------------------------------------------------------------------------------

FORM = form_workbook(valid_values(with_hash=True), version_control=True)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2_000) | st.binary(max_size=500).map(lambda tail: b"PK\x03\x04" + tail))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    assert read(data).refusals


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(FORM) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_workbook_damaged_in_some_places_is_refused_or_right(changes: list[tuple[int, int]]) -> None:
    data = bytearray(FORM)
    for place, value in changes:
        data[place] = value
    reading = read(bytes(data))
    assert reading.refusals or answers(reading) == valid_values(with_hash=True)


def shuffled_xml(draw: Callable[..., Any], xml: bytes) -> bytes:
    """The XML with a piece cut out, doubled, moved or replaced at the borders of its tags."""
    borders = [match.start() for match in re.finditer(rb'[<>"/]', xml)]
    first, second, third = (draw(st.sampled_from(borders)) for _ in range(3))
    start, stop = sorted((first, min(second, first + 400)))
    piece = draw(
        st.sampled_from(
            [b"", xml[start:stop] * 2, xml[third : third + 50], b"<si/>", b"<!-- -->", b"&x;", b'r="G9"', b"\0", b"<row>"]
        )
    )
    return xml[:start] + piece + xml[stop:]


@settings(max_examples=250, deadline=None)
@given(
    st.data(),
    st.sampled_from([SHEET.replace("1", "2"), "xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml"]),
)
def test_shuffled_xml_ends_in_a_reading_or_a_refusal(data: st.DataObject, part: str) -> None:
    reading = read(rewrite(FORM, {part: lambda xml: shuffled_xml(data.draw, xml)}))
    assert reading.refusals or reading.cells
