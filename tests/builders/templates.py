"""Templates as SECAS would supply them: looks, macro and tabs of their own, and XML written as Excel writes it."""

import datetime
import io
import re
from collections.abc import Callable, Mapping
from typing import Any

from cpl.dictionary import load
from cpl.domain.dictionary import Kind, RuleSet
from cpl.workbook.ovba import Module, ModuleKind, vba_project
from tests.builders.workbooks import LIST_HEADINGS, new_book, rewrite, sample_entries, unpacked

CONTROL, FORM, LIST, CSV = "Version Control", "CPL - New Entry", "Central Products List", "CPL - Saveable in CSV"
HIDDEN = "Internal"
CODE_NAMES = {CONTROL: "Sheet1", HIDDEN: "Sheet9", FORM: "Sheet2", LIST: "Sheet3", CSV: "Sheet4"}
LABEL = "Version 3.000 Issued on 02-11-2026"
FIRST_ANSWER = 9  # row; another than in the workbooks of this site
PRINTER = bytes(range(256)) * 4
_ROW = re.compile(rb'<row r="(\d+)"')
_NAMESPACES = (
    b' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="x14ac"'
    b' xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"'
)
Sheets = Mapping[str, Any]
Edit = Callable[[Sheets, Any], None]


def supplied_template(edit: Edit = lambda sheets, book: None, rules: RuleSet | None = None, samples: int = 3) -> bytes:
    """A template with so many sample entries; `edit` changes tabs and book before they are saved."""
    rules = rules or load(3)
    stream, book = new_book()
    book.set_vba_name("ThisWorkbook")
    book.add_vba_project(io.BytesIO(_macro()), True)
    sheets = {name: book.add_worksheet(name) for name in CODE_NAMES}
    for name, sheet in sheets.items():
        sheet.set_vba_name(CODE_NAMES[name])
        sheet.protect()
    _control(sheets[CONTROL], book)
    _form(sheets[FORM], book, rules)
    _list(sheets[LIST], book, rules, samples)
    _saveable(sheets[CSV], book, rules)
    sheets[HIDDEN].write_string("A1", "How SECAS uses this workbook")
    sheets[HIDDEN].hide()
    edit(sheets, book)
    book.close()
    return _as_excel_writes(stream.getvalue())


def part_of(data: bytes, tab: str) -> str:
    """The name of the part of a tab; XlsxWriter numbers them in order."""
    place = list(CODE_NAMES).index(tab) + 1
    name = f"xl/worksheets/sheet{place}.xml"
    assert name in unpacked(data)
    return name


def _macro() -> bytes:
    documents = [Module("ThisWorkbook", ModuleKind.WORKBOOK), *(Module(name, ModuleKind.SHEET) for name in CODE_NAMES.values())]
    code = 'Option Explicit\n\nSub ValidateEntry()\n    MsgBox "The macro of SECAS"\nEnd Sub\n'
    return vba_project([*documents, Module("Checks", code=code)])


def _control(sheet: Any, book: Any) -> None:
    sheet.write_string("A1", "Smart Energy Code: Central Products List", book.add_format({"bold": True, "font_color": "#990000"}))
    sheet.write_string("A3", LABEL)
    for column, heading in enumerate(
        ("Version Number (each issued version will increment this number by one)", "Date Of Issue", "Changes incorporated")
    ):
        sheet.write_string(9, column, heading)
        sheet.write_string(10, column, "3.000", book.add_format({"italic": True, "border": column + 1}))


def _form(sheet: Any, book: Any, rules: RuleSet) -> None:
    answer = book.add_format({"locked": False, "num_format": "@", "bg_color": "#FFFFCC"})
    sheet.write_string("A2", LABEL, book.add_format({"bold": True}))
    sheet.merge_range("A4:I4", "Please answer in column G")
    for row, item in enumerate(rules.form_items, FIRST_ANSWER - 1):
        sheet.write_string(row, 0, item.group)
        sheet.write_string(row, 1, item.attribute)
        sheet.write_blank(row, 6, None, None if item.kind is Kind.ALLOCATED else answer)
    sheet.insert_button("I2", {"macro": "ValidateEntry", "caption": "Validate New Entry"})
    sheet.insert_textbox("K2", "A drawing")
    sheet.write_comment("G9", "A comment")
    sheet.write_formula("C1", "=1+1", None, 2)
    sheet.data_validation("G20", {"validate": "list", "source": ["a", "b"]})


def _list(sheet: Any, book: Any, rules: RuleSet, samples: int) -> None:
    for row, (caption, words_of) in enumerate(LIST_HEADINGS):
        sheet.write_string(row, 0, caption)
        for item in rules.list_items:
            sheet.write_string(f"{item.list_column}{row + 1}", words_of(item))
    colours = {item.key: book.add_format({"font_color": f"#0000{40 + place:02}"}) for place, item in enumerate(rules.list_items)}
    day = book.add_format({"num_format": "dd/mm/yyyy", "bold": True})
    for row, entry in enumerate(sample_entries(samples, rules.principal), len(LIST_HEADINGS) + 1):
        for item in rules.list_items:
            where = f"{item.list_column}{row}"
            if item.kind is Kind.DATE and row % 2:
                sheet.write_datetime(where, datetime.date(2030, 1, 1), day)
            else:
                sheet.write_string(where, entry.values.get(item.key, entry.number), colours[item.key])
    sheet.autofilter(1, 0, len(LIST_HEADINGS) + samples - 1, len(rules.list_items))
    sheet.conditional_format("B8:V500", {"type": "blanks", "format": book.add_format({"bg_color": "#EEEEEE"})})
    sheet.set_paper(9)


def _saveable(sheet: Any, book: Any, rules: RuleSet) -> None:
    for place, column in enumerate(rules.csv_columns):
        sheet.write_string(0, place, column.header, book.add_format({"bold": True}))
        sheet.write_blank(1, place, None, book.add_format({"font_name": "Courier New"}) if place else None)


def _as_excel_writes(data: bytes) -> bytes:
    """Rows with the attributes that Excel adds, and printer settings beside the list."""
    part = part_of(data, LIST)
    relationships = f"xl/worksheets/_rels/{part.rpartition('/')[2]}.rels"
    there = {part_of(data, name): _rows_as_in_excel for name in CODE_NAMES}
    settings = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/printerSettings"
    target = f'<Relationship Id="rIdPrinter" Type="{settings}" Target="../printerSettings/printerSettings1.bin"/>'
    whole = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    override = (
        '<Override PartName="/xl/printerSettings/printerSettings1.bin" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings"/></Types>'
    )
    return rewrite(
        data,
        {
            **there,
            part: lambda xml: _rows_as_in_excel(xml).replace(b"<pageSetup ", b'<pageSetup r:id="rIdPrinter" '),
            relationships: f"{whole}{target}</Relationships>".encode(),
            "xl/printerSettings/printerSettings1.bin": PRINTER,
            "[Content_Types].xml": lambda types: types.replace(b"</Types>", override.encode()),
        },
    )


def _rows_as_in_excel(xml: bytes) -> bytes:
    xml = _ROW.sub(rb'<row r="\1" x14ac:dyDescent="0.25"', xml)
    return re.sub(rb"<worksheet ([^>]*)>", rb"<worksheet \1" + _NAMESPACES + b">", xml, count=1)
