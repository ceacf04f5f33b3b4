"""Packages that are no clean workbook: files that break each rule of cpl/workbook/refusals.py, and both sides of each limit."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpl.domain.findings import Severity
from cpl.workbook import package, refusals, sheet
from cpl.workbook.package import SUBMISSION, Limits, open_package
from cpl.workbook.read import read_form
from cpl.workbook.refusals import Refused
from tests.builders.workbooks import (
    rewrite,
    with_bomb,
    with_lying_size,
    zip_of,
)
from tests.domain.broken_forms import BROKEN, FORM, RULES, SHEET, VALUES, before, edit, in_utf16, sheet_rels, zipped


@pytest.mark.parametrize(("rule", "make"), [pytest.param(rule, make, id=what) for rule, what, make in BROKEN])
def test_is_refused_by_its_rule(rule: str, make: Callable[[], bytes]) -> None:
    reading = read_form(make(), RULES)
    (finding,) = reading.refusals
    assert (finding.rule, finding.severity) == (rule, Severity.ERROR), finding.message
    assert finding.guidance
    assert len(finding.message) > 40
    assert bool(reading.cells) is (rule == "P17")


def test_every_rule_has_a_file_that_breaks_it() -> None:
    listed = set(re.findall(r"^\| (P\d+) ", refusals.__doc__ or "", re.MULTILINE))
    assert {rule for rule, _, _ in BROKEN} == listed


def test_the_same_bytes_give_the_same_refusal() -> None:
    data = with_bomb(FORM)
    assert read_form(data, RULES) == read_form(data, RULES)


def test_what_is_harmless_is_read() -> None:
    harmless = {
        "UTF-16": rewrite(FORM, {SHEET: in_utf16("UTF-16")}),
        "a hyperlink, never followed": sheet_rels("hyperlink", "javascript:alert(1)"),
        "16,384 columns": before("<cols>" + "".join(f'<col min="{n}" max="{n}"/>' for n in range(1, 16_385)) + "</cols>"),
        "a dimension that lies": edit(SHEET, '<dimension ref="', '<dimension ref="A1:XFD1048576" x="'),
        "a zip without compression": zipped(zipfile.ZIP_STORED),
        "a folder": rewrite(FORM, {"xl/media/": b""}),
        "parts whose size follows them": streamed(FORM),
        "rows and cells without numbers": unnumbered(),
    }
    answers = {what: read_form(data, RULES) for what, data in harmless.items()}
    assert {what: reading.refusals for what, reading in answers.items()} == dict.fromkeys(harmless, ())
    for reading in answers.values():
        assert {key: cell.value for key, cell in reading.cells.items() if key in VALUES} == VALUES


class OneWay(io.RawIOBase):
    """A stream without a way back, as a network connection: zipfile then writes sizes behind the parts."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self.written += piece
        return len(piece)


def streamed(data: bytes) -> bytes:
    stream = OneWay()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:  # type: ignore[call-overload]
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return bytes(stream.written)


def unnumbered() -> bytes:
    """Without `r`, rows and cells follow on each other: so every row from 1 on and every cell of it is written."""

    def change(xml: bytes) -> bytes:
        rows = dict(re.findall(r'<row r="(\d+)"[^>]*>(.*?)</row>', xml.decode(), re.DOTALL))
        written = "".join(f"<row>{cells_without_numbers(rows.get(str(row), ''))}</row>" for row in range(1, 44))
        return re.sub(
            r"<sheetData>.*</sheetData>", lambda _: f"<sheetData>{written}</sheetData>", xml.decode(), flags=re.DOTALL
        ).encode()

    return rewrite(FORM, {SHEET: change})


def cells_without_numbers(row: str) -> str:
    found = {match[1]: match[0] for match in re.finditer(r'<c r="([A-Z]+)\d+"[^>]*?(?:/>|>.*?</c>)', row, re.DOTALL)}
    return "".join(re.sub(r' r="[A-Z]+\d+"', "", found.get(column, "<c/>")) for column in "ABCDEFG")


# --- Limits have two sides -------------------------------------------------------------------------------------------------


def refusal(data: bytes, limits: Limits) -> str:
    try:
        open_package(data, limits)
    except Refused as refused:
        return refused.finding.rule
    return ""


def test_limits_hold_to_the_byte() -> None:
    with zipfile.ZipFile(io.BytesIO(FORM)) as source:
        sizes = [info.file_size for info in source.infolist()]
    exact = Limits(file=len(FORM), parts=len(sizes), part=max(sizes), total=sum(sizes))
    assert refusal(FORM, exact) == ""
    tighter = {name: replace(exact, **{name: getattr(exact, name) - 1}) for name in ("file", "parts", "part", "total")}
    assert {name: refusal(FORM, limits) for name, limits in tighter.items()} == {
        "file": "P3",
        "parts": "P6",
        "part": "P5",
        "total": "P5",
    }


def test_a_part_may_swell_so_far() -> None:
    part = (b"0123456789abcdef" * 4096 * 20)[: (1 << 20) + 1]
    data = zip_of({"a": part})
    packed = zipfile.ZipFile(io.BytesIO(data)).infolist()[0].compress_size
    enough = -(-len(part) // packed)
    assert refusal(data, replace(SUBMISSION, ratio=enough)) == ""
    assert refusal(data, replace(SUBMISSION, ratio=enough - 1)) == "P5"
    assert refusal(zip_of({"a": part[:-1]}), replace(SUBMISSION, ratio=2)) == "", "a part of 1 MiB may swell as it likes"


def test_no_more_is_unpacked_than_was_announced() -> None:
    data = with_lying_size(rewrite(FORM, {"xl/a.bin": bytes(50 << 20)}), "xl/a.bin", 1000)
    opened = open_package(data, replace(SUBMISSION, ratio=10_000))
    part = opened.find("xl/a.bin")
    assert part is not None
    pieces = opened.chunks(part)
    with pytest.raises(Refused, match="more bytes than it announces"):
        next(pieces)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=5000),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    st.integers(1, 300),
    st.integers(1, 300),
)
def test_parts_come_out_as_they_went_in(content: bytes, method: int, packed_step: int, plain_step: int) -> None:
    """Whatever the steps in which it is unpacked."""
    before = package._PACKED_STEP, package._PLAIN_STEP
    package._PACKED_STEP, package._PLAIN_STEP = packed_step, plain_step
    try:
        opened = open_package(zip_of({"a": content, "b/c": content * 2}, method))
        parts = [opened.find(name) for name in ("A", "/b/C")]
        assert [opened.read(part) for part in parts if part] == [content, content * 2]
        assert all(len(piece) <= plain_step for piece in pieces_of(opened, "a"))
    finally:
        package._PACKED_STEP, package._PLAIN_STEP = before


def pieces_of(opened: package.Package, name: str) -> Iterator[bytes]:
    part = opened.find(name)
    assert part is not None
    return opened.chunks(part)


@pytest.mark.parametrize(("number", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16_384, "XFD")])
def test_columns_by_letters(number: int, letters: str) -> None:
    assert sheet.column_letters(number) == letters
    assert sheet.column_number(letters) == number
