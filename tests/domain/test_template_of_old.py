"""A template as it may lie in the vault for years: whatever the program builds today, it is read as it was meant, to the byte."""

import datetime
import hashlib
import io
import zipfile

from cpl.dictionary import load
from cpl.workbook import blocks, template
from cpl.workbook.packing import DEFLATER
from cpl.workbook.read_list import read_cpl
from cpl.workbook.render import ReleaseView, RenderedEntry, render
from tests.builders.workbooks import sample_entries, zip_of

RULES = load(3)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TABS = ("Version Control", "CPL - New Entry", "Central Products List", "CPL - saveable in CSV")
EXPIRY = "CPA_Certificate.expiry_date"
TEXTS = ("{version label}", "Version number")


def sheet(number: int) -> bytes:
    """A tab with a sample row; the list has a second one for dates."""
    first, columns = {1: (11, list("ABC")), 3: (8, template.list_columns(RULES)), 4: (2, template.csv_columns(RULES))}.get(
        number, (7, [])
    )
    headings = "".join(
        f'<row r="{row}">'
        + "".join(
            f'<c r="{item.list_column}{row}" t="inlineStr"><is><t>{item.list_label[row - 1]}</t></is></c>'
            for item in RULES.list_items
        )
        + "</row>"
        for row in (1, 2)
        if number == 3
    )
    label = {1: '<row r="3"><c r="A3" t="s"><v>0</v></c></row>', 2: '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'}.get(
        number, ""
    )
    samples = "".join(
        f'<row r="{row}">' + "".join(f'<c r="{letters}{row}" s="{style}"/>' for letters in columns) + "</row>"
        for row, style in ((first, 1), (first + 1, 2))
        if columns and (style == 1 or number == 3)
    )
    filtered = f'<autoFilter ref="A2:V{first}"/>' if number == 3 else ""
    return (
        f'<worksheet xmlns="{MAIN}"><dimension ref="A1:V{first}"/>'
        f"<sheetData>{headings}{label}{samples}</sheetData>{filtered}</worksheet>"
    ).encode()


def old_template() -> bytes:
    """Written out here, so that no library has a hand in it."""
    names = "".join(f'<sheet name="{name}" sheetId="{place}" r:id="rId{place}"/>' for place, name in enumerate(TABS, 1))
    defined = "'Central Products List'!$A$2:$V$8"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets><definedNames>'
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="2" hidden="1">{defined}</definedName>'
        "</definedNames></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        + "".join(f'<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in range(1, 5))
        + f'<Relationship Id="rId5" Type="{OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="rId6" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs>'
        '<xf numFmtId="0"/><xf numFmtId="49"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}" count="2" uniqueCount="2">'
        + "".join(f"<si><t>{text}</t></si>" for text in TEXTS)
        + "</sst>",
        "docProps/core.xml": "<core>2000-01-01T00:00:00Z</core>",
    }
    sheets = {f"xl/worksheets/sheet{number}.xml": sheet(number) for number in range(1, 5)}
    return zip_of({name: text.encode() for name, text in parts.items()} | sheets, zipfile.ZIP_STORED)


def test_it_is_written_as_it_was_years_ago() -> None:
    """When this fails, old versions come out in other bytes: raise LAYOUT in cpl/workbook/blocks.py, then mend this test."""
    kinds = {EXPIRY: "date"}
    listed = tuple(
        RenderedEntry(entry.number, entry.status, entry.values, kinds if entry.values[EXPIRY] else {})
        for entry in sample_entries(20)
    )
    history = (("2.051", "21/09/2022", "first"), ("3.000", "25/11/2026", "two\nlines & more"))
    view = ReleaseView("Version 3.000 Issued on 25-11-2026", datetime.date(2026, 11, 25), history, listed)
    written = render(view, RULES, template.opened(old_template(), RULES))
    reading = read_cpl(written)
    assert (reading.refusals, reading.label) == ((), view.label)
    assert [(entry.values, entry.kinds) for entry in reading.entries] == [(entry.values, entry.kinds) for entry in listed]
    with zipfile.ZipFile(io.BytesIO(written)) as package:
        assert b"2026-11-25T" in package.read("docProps/core.xml")
        assert b"$A$2:$V$27<" in package.read("xl/workbook.xml")
    digest = hashlib.sha256(written).hexdigest()
    assert (blocks.LAYOUT, DEFLATER, digest[:16]) == (4, "zlib-ng 2.3.3", "141b81b871d52104")
