"""What stands against a template that SECAS supplies: each rule by a template that breaks it and says so, in which cell."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest

from cpl.dictionary import load
from cpl.domain.dictionary import Kind
from cpl.domain.findings import Severity
from cpl.workbook import supplied, supplied_trial, template
from cpl.workbook.render import ReleaseView, render
from cpl.workbook.supplied_checks import check
from tests.builders import templates
from tests.builders.templates import CONTROL, CSV, FORM, HIDDEN, LIST, part_of, supplied_template
from tests.builders.workbooks import rewrite, truncated, unpacked, with_bomb, with_duplicate, with_lying_size

RULES = load(3)
VIEW = ReleaseView("Version 2.001 Issued on 25-11-2026", datetime.date(2026, 11, 25), (("2.001", "25/11/2026", "-"),), ())
GOOD = supplied_template()


def errors(data: bytes) -> list[tuple[str, str]]:
    """Rule and cell of what stands against a template."""
    return [(found.rule, found.cell) for found in check(data, RULES) if found.severity is Severity.ERROR]


def changed(tab: str, where: str, text: str) -> bytes:
    return supplied_template(
        lambda sheets, book: sheets[tab].write_string(where, text) if text else blank(sheets, book, tab, where)
    )


def blank(sheets: templates.Sheets, book: Any, tab: str, *places: str) -> None:
    for where in places:
        sheets[tab].write_blank(where, None, book.add_format({"bold": True}))


def edited(tab: str, edit: Callable[[Any], Any]) -> bytes:
    return supplied_template(lambda sheets, book: edit(sheets[tab]))


def in_xml(tab: str, old: str, new: str) -> bytes:
    data = GOOD

    def change(xml: bytes) -> bytes:
        assert old.encode() in xml
        return xml.replace(old.encode(), new.encode(), 1)

    return rewrite(data, {part_of(data, tab) if tab else "xl/workbook.xml": change})


def without_macro() -> bytes:
    types = 'Extension="bin" ContentType="application/vnd.ms-office.vbaProject"'
    return rewrite(
        GOOD,
        {
            "xl/vbaProject.bin": None,
            "[Content_Types].xml": lambda part: part.replace(
                types.encode(), b'Extension="bin" ContentType="application/octet-stream"'
            ),
            "xl/_rels/workbook.xml.rels": lambda part: re.sub(rb"<Relationship [^>]*vbaProject[^>]*/>", b"", part),
        },
    )


def signed() -> bytes:
    override = (
        b'<Override PartName="/_xmlsignatures/sig1.xml" '
        b'ContentType="application/vnd.openxmlformats-package.digital-signature-xmlsignature+xml"/></Types>'
    )
    return rewrite(
        GOOD,
        {
            "_xmlsignatures/sig1.xml": b"<Signature/>",
            "[Content_Types].xml": lambda part: part.replace(b"</Types>", override),
        },
    )


def second_tab_in_one_part() -> bytes:
    return rewrite(
        GOOD,
        {"xl/_rels/workbook.xml.rels": lambda part: part.replace(b"worksheets/sheet5.xml", b"worksheets/sheet4.xml")},
    )


def linked_picture(name: str = "xl/drawings/_rels/drawing1.xml.rels") -> bytes:
    """A drawing that shows a picture from elsewhere: everybody who opens the workbook would be known there."""
    relationship = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" '
        b'Target="https://elsewhere.example/p.png" TargetMode="External"/></Relationships>'
    )
    return rewrite(GOOD, {name: relationship})


def prefixed() -> bytes:
    """XML that means the same, but in which our rows would be strangers."""
    data = GOOD

    def change(xml: bytes) -> bytes:
        names = rb"(</?)(worksheet|sheetData|row|c|v|is|t|dimension|sheetViews|sheetView|cols|col|pane|selection)([ />])"
        return re.sub(names, rb"\1x:\2\3", xml).replace(b' xmlns="', b' xmlns:x="', 1)

    return rewrite(data, {part_of(data, CSV): change})


def without_addresses() -> bytes:
    """Cells that stand where the ones before them leave off, as some programs write them; their formats would be lost."""
    part = part_of(GOOD, LIST)
    return rewrite(GOOD, {part: lambda xml: re.sub(rb'<c r="[A-Z]+9"', b"<c", xml.replace(b'<c r="B9"', b'<c/><c r="B9"'))})


def in_utf_16() -> bytes:
    def change(xml: bytes) -> bytes:
        return xml.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")

    data = GOOD
    return rewrite(data, {part_of(data, CSV): change})


def a_second_number(sheet: Any) -> None:
    sheet.write_string("A5", "Entry")
    sheet.write_string("B5", "number")


LAST = RULES.list_items[-1]
LINK = '<hyperlink ref="A1"/>'
BROKEN: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "no macro": (without_macro, "T1", ""),
    "a signature": (signed, "T1", ""),
    "days from 1904": (lambda: in_xml("", "<workbookPr", '<workbookPr date1904="1"'), "T1", ""),
    "a workbook without macros": (
        lambda: rewrite(GOOD, {"[Content_Types].xml": lambda part: part.replace(
            b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
            b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml")}),
        "T1", "",
    ),
    "a tab renamed": (lambda: in_xml("", f'name="{LIST}"', 'name="The list"'), "T2", ""),
    "a tab hidden": (lambda: edited(CSV, lambda sheet: sheet.hide()), "T2", ""),
    "a tab twice": (lambda: in_xml("", f'name="{HIDDEN}"', f'name="{LIST} "'), "T2", ""),
    "two tabs in one part": (second_tab_in_one_part, "T2", ""),
    "a group in other words": (lambda: changed(LIST, "C1", "Entries"), "T3", f"{LIST}!C1"),
    "an attribute in other words": (lambda: changed(LIST, "V2", LAST.list_label[1].upper()), "T3", f"{LIST}!V2"),
    "a column without name": (lambda: changed(LIST, "D2", ""), "T3", f"{LIST}!D2"),
    "a column too many": (lambda: changed(LIST, "W2", "Remarks"), "T3", f"{LIST}!W2"),
    "a CSV column in other words": (lambda: changed(CSV, "M1", "hash"), "T3", f"{CSV}!M1"),
    "a CSV column too many": (lambda: changed(CSV, "N1", "more"), "T3", f"{CSV}!N1"),
    "a history in other words": (lambda: changed(CONTROL, "B10", "Day"), "T3", f"{CONTROL}!B10"),
    "no label": (lambda: changed(CONTROL, "A3", ""), "T4", f"{CONTROL}!A3"),
    "more than a label": (lambda: changed(FORM, "A2", f"Form of {templates.LABEL}"), "T4", f"{FORM}!A2"),
    "a label that is a formula": (
        lambda: edited(FORM, lambda sheet: sheet.write_formula("A2", f"='{CONTROL}'!A3", None, templates.LABEL)),
        "T4", f"{FORM}!A2",
    ),
    "a data item too few": (lambda: changed(FORM, "B12", "something else"), "T5", FORM),
    "a data item twice": (lambda: edited(FORM, a_second_number), "F1", f"{FORM}!A9"),
    "an answer locked": (lambda: changed(FORM, "G15", ""), "T5", f"{FORM}!G15"),
    "an answer filled in": (
        lambda: supplied_template(lambda sheets, book: sheets[FORM].write_string("G15", "x", book.add_format({"locked": False}))),
        "T5", f"{FORM}!G15",
    ),
    "no sample": (lambda: supplied_template(samples=0), "T6", f"{LIST}!A8"),
    "no sample of a date": (lambda: supplied_template(samples=1), "T6", f"{LIST}!N8"),
    "a formula among the samples": (lambda: edited(LIST, lambda sheet: sheet.write_formula("C9", "=1")), "T7", f"{LIST}!C9"),
    "a formula in the history": (lambda: edited(CONTROL, lambda sheet: sheet.write_formula("A11", "=1")), "T7", f"{CONTROL}!A11"),
    "merged cells": (lambda: edited(CSV, lambda sheet: sheet.merge_range("A2:B2", "x")), "T7", f"{CSV}!A2"),
    "a link": (lambda: edited(LIST, lambda sheet: sheet.write_url("D8", "https://secas.example")), "T7", f"{LIST}!D8"),
    "a table": (lambda: edited(CSV, lambda sheet: sheet.add_table("P1:Q3")), "T7", f"{CSV}!A2"),
    "a filter at work": (lambda: edited(LIST, lambda sheet: sheet.filter_column("C", "x == Current")), "T7", f"{LIST}!A8"),
    "a comment on an entry": (lambda: edited(CSV, lambda sheet: sheet.write_comment("D2", "?")), "T7", f"{CSV}!D2"),
    "a comment on a release": (lambda: edited(CONTROL, lambda sheet: sheet.write_comment("C11", "?")), "T7", f"{CONTROL}!C11"),
    "a linked picture": (linked_picture, "P15", ""),
    "a linked picture under another spelling": (lambda: linked_picture("xl/drawings/_RELS/Drawing1.xml.rels"), "P15", ""),
    "nothing": (lambda: b"", "P1", ""),
    "another file": (lambda: b"%PDF-1.7 template", "P1", ""),
    "half a file": (lambda: truncated(GOOD), "P4", ""),
    "a bomb": (lambda: with_bomb(GOOD), "P5", ""),
    "a part twice": (lambda: with_duplicate(GOOD, "xl/workbook.xml", b"<workbook/>"), "P8", ""),
    "a part that lies": (lambda: with_lying_size(GOOD, "xl/styles.xml", 99), "P5", ""),
    "a document type": (lambda: in_xml(LIST, "<worksheet", "<!DOCTYPE worksheet [<!ENTITY a 'b'>]><worksheet"), "P13", ""),
    "no XML": (lambda: in_xml(LIST, "</sheetData>", ""), "P14", ""),
    "a prefix for everything": (prefixed, "P14", ""),
    "samples without addresses": (without_addresses, "P14", ""),
    "many ranges": (lambda: in_xml(CSV, "<sheetViews>", '<dimension ref="A1:B2"/>' * 50 + "<sheetViews>"), "P14", ""),
    "many formulas": (lambda: in_xml(LIST, "</sheetData>", f"<row>{'<c><f>1</f></c>' * 10_001}</row></sheetData>"), "P19", ""),
    "many links": (lambda: in_xml(LIST, "<pageMargins", f"<hyperlinks>{LINK * 10_001}</hyperlinks><pageMargins"), "P19", ""),
    "another encoding": (in_utf_16, "P14", ""),
    "a further tab that is no XML": (lambda: in_xml(HIDDEN, "</sheetData>", ""), "P14", ""),
    "a theme that is no XML": (lambda: rewrite(GOOD, {"xl/theme/theme1.xml": b"<theme>"}), "P14", ""),
}  # fmt: skip


@pytest.mark.parametrize(("make", "rule", "cell"), BROKEN.values(), ids=BROKEN)
def test_what_is_refused(make: Callable[[], bytes], rule: str, cell: str) -> None:
    found = [finding for finding in check(make(), RULES) if finding.severity is Severity.ERROR]
    assert rule in {finding.rule for finding in found} or not rule and not found
    assert not cell or cell in {finding.cell for finding in found}
    assert all(len(finding.message.split(". ")) >= 2 for finding in found)  # what is wrong, and what to do
    assert not any("fresh copy" in finding.message or "send it again" in finding.message for finding in found)


def test_every_heading_counts() -> None:
    """None of them may be missing."""
    places = [(LIST, f"{item.list_column}{row}") for item in RULES.list_items for row in (1, 2)]
    places += [(CSV, f"{letters}1") for letters in template.csv_columns(RULES)]
    data = supplied_template(lambda sheets, book: [blank(sheets, book, *place) for place in places] and None)
    assert {cell for rule, cell in errors(data) if rule == "T3"} == {f"{tab}!{where}" for tab, where in places}


def test_every_answer_counts() -> None:
    rows = [row for row, item in enumerate(RULES.form_items, templates.FIRST_ANSWER) if item.kind is not Kind.ALLOCATED]
    locked = supplied_template(lambda sheets, book: blank(sheets, book, FORM, *(f"G{row}" for row in rows)))
    assert {cell for rule, cell in errors(locked) if rule == "T5"} == {f"{FORM}!G{row}" for row in rows}
    without = supplied_template(lambda sheets, book: blank(sheets, book, FORM, *(f"A{row}" for row in rows)))
    assert len([rule for rule, cell in errors(without) if rule == "T5"]) == len(rows)


def test_a_template_of_another_principal_version_is_refused() -> None:
    data = supplied_template(rules=load(2))
    assert {rule for rule, _ in errors(data)} >= {"T3"}
    assert [found for found in check(data, load(2)) if found.severity is Severity.ERROR] == []


@pytest.mark.parametrize("empty", [True, False], ids=["empty", "not there"])
def test_before_version_3_the_form_need_not_show_the_label(empty: bool) -> None:
    def spoil(sheets: templates.Sheets, book: Any) -> None:
        if empty:
            blank(sheets, book, FORM, "A2")
        else:
            del sheets[FORM].table[1][0]

    data = supplied_template(spoil, rules=load(2))
    assert [found for found in check(data, load(2)) if found.severity is Severity.ERROR] == []
    assert (
        unpacked(render(VIEW, load(2), supplied.opened(data, load(2))))[part_of(data, FORM)]
        == unpacked(data)[part_of(data, FORM)]
    )
    assert errors(supplied_template(spoil)) == [("T4", f"{FORM}!A2")]


def test_what_cannot_be_read_back_is_found_by_trial() -> None:
    data = in_xml("", "<workbookPr", '<workbookPr date1904="1"')
    assert list(supplied_trial.trial(data, RULES)) == ["the entries of the list are others."]


def test_an_embedded_object_is_named_to_the_reviewers() -> None:
    (note, _) = check(rewrite(GOOD, {"xl/embeddings/oleObject1.bin": b"?"}), RULES)
    assert (note.rule, note.severity) == ("P16", Severity.WARNING)
    assert "oleObject1" in note.message


def test_what_would_be_said_of_every_submission_is_said_to_the_reviewers() -> None:
    (note, _) = check(edited(FORM, lambda sheet: sheet.set_column("G:G", 10, None, {"hidden": True})), RULES)
    assert note.severity is not Severity.ERROR
    assert "Column A, B or G of the form is hidden" in note.message


def test_what_reviewers_should_know() -> None:
    """A tab that everybody sees, one that nobody does and one that nobody protects are no reason to refuse a template."""
    data = supplied_template(lambda sheets, book: book.add_worksheet("News") and None)
    data = rewrite(data, {part_of(data, LIST): lambda xml: re.sub(rb"<sheetProtection[^>]*>", b"", xml)})
    assert [(found.rule, found.severity, found.cell) for found in check(data, RULES)] == [
        ("T9", Severity.WARNING, LIST),
        ("T9", Severity.WARNING, CONTROL),
        ("T9", Severity.WARNING, CONTROL),
    ]
    assert f"'{HIDDEN}'" in check(data, RULES)[-1].message
