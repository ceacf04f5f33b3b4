"""What the reader tells a person beside the values: what is hidden, embedded, signed or merged."""

import pytest

from cpl.domain.findings import Severity
from tests.builders.workbooks import form_workbook, rewrite, valid_values
from tests.domain.form_reading import FIRMWARE, answers, cell_of, in_sheet, read, refused


def test_hidden_rows_and_columns_are_noted() -> None:
    data = form_workbook({FIRMWARE: "01:02:03:04"})
    place = cell_of(FIRMWARE)
    row = in_sheet(data, f'<row r="{place[1:]}"', f'<row r="{place[1:]}" hidden="1"')
    column = in_sheet(data, "<sheetData>", '<cols><col min="5" max="9" width="0" hidden="1"/></cols><sheetData>')
    harmless = in_sheet(data, "<sheetData>", '<cols><col min="8" max="9" width="0" hidden="1"/></cols><sheetData>')
    (note,) = read(row).notes
    assert (note.rule, note.severity, note.cell) == ("P20", Severity.WARNING, f"CPL - New Entry!{place}")
    assert [note.rule for note in read(column).notes] == ["P20"]
    assert read(harmless).notes == ()


def test_a_note_never_shows_a_value() -> None:
    key = "Device_ZigBee_Information_Repository.Stack_Vendor"
    place = cell_of(key)
    data = in_sheet(form_workbook({key: "RED-canary"}), f'<row r="{place[1:]}"', f'<row r="{place[1:]}" hidden="1"')
    reading = read(data)
    assert reading.cells[key].value == "RED-canary"
    assert len(reading.notes) == 1
    assert "RED-canary" not in repr(reading.notes)


def test_embedded_objects_are_noted() -> None:
    data = rewrite(form_workbook(valid_values()), {"xl/embeddings/oleObject1.bin": b"MZ"})
    reading = read(data)
    assert [(note.rule, note.severity) for note in reading.notes] == [("P16", Severity.WARNING)]
    assert not reading.refusals


def test_signature_and_macro_are_seen() -> None:
    data = form_workbook(valid_values())
    bin_type = '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/><Default '
    with_macro = rewrite(in_sheet(data, "<Default ", bin_type, "[Content_Types].xml"), {"xl/vbaProject.bin": b"x"})
    signed = rewrite(data, {"_xmlsignatures/sig1.xml": b"<Signature/>"})
    assert [(reading.macro, reading.signed) for reading in map(read, (data, with_macro, signed))] == [
        (False, False),
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize(("area", "fine"), [("G11:H11", True), ("A1:F1", True), ("F11:G11", False), ("G10:G11", False)])
def test_an_answer_inside_merged_cells_is_refused(area: str, fine: bool) -> None:
    data = in_sheet(
        form_workbook(valid_values()), "</sheetData>", f'</sheetData><mergeCells><mergeCell ref="{area}"/></mergeCells>'
    )
    reading = read(data)
    if fine:
        assert not reading.refusals
    else:
        assert refused(reading).startswith("P19: ")


def test_empty_formatted_cells_are_passed_over() -> None:
    rows = "".join(f'<row r="{row}"><c r="B{row}" s="1"/><c r="G{row}" s="1"/></row>' for row in range(100, 30_000))
    values = valid_values()
    assert answers(read(in_sheet(form_workbook(values), "</sheetData>", rows + "</sheetData>"))) == values
