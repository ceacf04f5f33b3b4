"""Files that break each rule of cpl/workbook/refusals.py, made from one good form."""

import io
import re
import struct
import zipfile
from collections.abc import Callable
from functools import partial

from msoffcrypto.format.ooxml import OOXMLFile

from cpl.dictionary import load
from cpl.workbook.package import SUBMISSION
from tests.builders.workbooks import (
    MACRO_TYPE,
    form_workbook,
    password_protected,
    rewrite,
    truncated,
    valid_values,
    with_bomb,
    with_duplicate,
    with_lying_size,
    zip_of,
)

RULES = load(3)
VALUES = valid_values(with_hash=True)
FORM = form_workbook(VALUES)
SHEET, WORKBOOK, STRINGS, TYPES, RELS = (
    "xl/worksheets/sheet1.xml",
    "xl/workbook.xml",
    "xl/sharedStrings.xml",
    "[Content_Types].xml",
    "xl/_rels/workbook.xml.rels",
)
OUTSIDE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
Change = Callable[[bytes], bytes]


def swap(old: str, new: str) -> Change:
    """Replace one place of a part."""

    def change(part: bytes) -> bytes:
        assert old.encode() in part, old
        return part.replace(old.encode(), new.encode(), 1)

    return change


def edit(part: str, old: str, new: str) -> bytes:
    return rewrite(FORM, {part: swap(old, new)})


def encrypted() -> bytes:
    """A workbook that really is encrypted under a password."""
    stream = io.BytesIO()
    OOXMLFile(io.BytesIO(FORM)).encrypt("secret", stream)
    return stream.getvalue()


def zipped(compression: int) -> bytes:
    return rewrite(FORM, {}, compression)


def with_flag(flag: int) -> bytes:
    """A bit set in the flags of the last part, in both places."""
    data = bytearray(FORM)
    struct.pack_into("<H", data, data.rfind(b"PK\x01\x02") + 8, flag)
    struct.pack_into("<H", data, data.rfind(b"PK\x03\x04") + 6, flag)
    return bytes(data)


def with_mode(mode: int) -> bytes:
    stream = io.BytesIO(FORM)
    with zipfile.ZipFile(stream, "a") as target:
        info = zipfile.ZipInfo("xl/link")
        info.external_attr = mode << 16
        target.writestr(info, "/etc/passwd")
    return stream.getvalue()


def overlapping() -> bytes:
    """The directory names one part a second time under another name."""
    last = FORM.rfind(b"PK\x01\x02")
    end = FORM.rfind(b"PK\x05\x06")
    record = FORM[last:end]
    twin = record.replace(b"docProps/app.xml", b"docProps/apq.xml").replace(b"xl/", b"xm/")
    count, size = struct.unpack_from("<H", FORM, end + 10)[0], struct.unpack_from("<L", FORM, end + 12)[0]
    tail = bytearray(FORM[end:])
    struct.pack_into("<HHL", tail, 8, count + 1, count + 1, size + len(twin))
    return FORM[:end] + twin + bytes(tail)


def with_gap() -> bytes:
    """Foreign bytes between the parts and the directory."""
    start = FORM.find(b"PK\x01\x02")
    end = bytearray(FORM[FORM.rfind(b"PK\x05\x06") :])
    struct.pack_into("<L", end, 16, start + 7)
    return FORM[:start] + b"payload" + FORM[start : -len(end)] + bytes(end)


def with_comment() -> bytes:
    stream = io.BytesIO(FORM)
    with zipfile.ZipFile(stream, "a") as target:
        target.comment = b"PK\x05\x06 and what it hides"
    return stream.getvalue()


def other_name_in_front() -> bytes:
    """The header in front of a part names it otherwise than the directory."""
    return FORM.replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheet9.xml", 1)


def flipped(mark: bytes, offset: int) -> bytes:
    """One bit of a field after the last such mark turned over."""
    data = bytearray(FORM)
    data[data.rfind(mark) + offset] ^= 1
    return bytes(data)


def with_wrong_checksum(part: str) -> bytes:
    """The checksum of a part wrong in both places."""
    data = bytearray(FORM)
    for mark, name_at, crc_at in ((b"PK\x03\x04", 30, 14), (b"PK\x01\x02", 46, 16)):
        place = data.find(part.encode())
        while data[place - name_at : place - name_at + 4] != mark:
            place = data.find(part.encode(), place + 1)
        data[place - name_at + crc_at] ^= 0xFF
    return bytes(data)


def doctype(part: str) -> bytes:
    return rewrite(FORM, {part: lambda xml: re.sub(rb"(<\?xml[^>]*\?>)", rb'\1<!DOCTYPE x [<!ENTITY a "aa">]>', xml)})


def relationship(part: str, kind: str, target: str, external: bool = True) -> bytes:
    mode = ' TargetMode="External"' if external else ""
    return edit(
        part, "</Relationships>", f'<Relationship Id="rId77" Type="{OUTSIDE}/{kind}" Target="{target}"{mode}/></Relationships>'
    )


def sheet_rels(kind: str, target: str) -> bytes:
    text = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{OUTSIDE}/{kind}" Target="{target}" TargetMode="External"/></Relationships>'
    )
    return rewrite(FORM, {"xl/worksheets/_rels/sheet1.xml.rels": text.encode()})


def in_utf16(declared: str, extra: str = "") -> Change:
    def change(part: bytes) -> bytes:
        text = part.decode().replace('encoding="UTF-8"', f'encoding="{declared}"').replace("<worksheet", extra + "<worksheet", 1)
        return text.encode("utf-16")

    return change


CELL = '<c r="G44" t="s"><v>0</v></c>'


def rows(text: str) -> bytes:
    """The form with more rows at the end of its cells."""
    return edit(SHEET, "</sheetData>", text + "</sheetData>")


def row_44(cells: str) -> bytes:
    return rows(f'<row r="44">{cells}</row>')


def before(text: str) -> bytes:
    return edit(SHEET, "<sheetData>", text + "<sheetData>")


def after(text: str) -> bytes:
    return edit(SHEET, "</sheetData>", "</sheetData>" + text)


def tabs(text: str) -> bytes:
    return edit(WORKBOOK, "</sheets>", text)


def of_type(content_type: str) -> bytes:
    return edit(TYPES, MACRO_TYPE, content_type)


UNSAFE_NAMES = (
    "../x",
    "/etc/x",
    "xl\\x",
    "C:\\x",
    "xl//x",
    "xl/./x",
    "xl/x.",
    "xl/%2e%2e/x",
    "xl/%2Fx",
    "xl/a\u202eb",
    "xl/x/[0].piece",
)
WITH_DOCTYPE = (SHEET, STRINGS, WORKBOOK, TYPES, RELS, "xl/styles.xml", "_rels/.rels")
BROKEN: tuple[tuple[str, str, Callable[[], bytes]], ...] = (
    ("P1", "an empty file", lambda: b""),
    ("P1", "a page of the web", lambda: b"<html><table><tr><td>01:02</td></tr></table></html>"),
    ("P1", "four letters", lambda: b"PK\x03"),
    ("P2", "an old or encrypted workbook", password_protected),
    ("P2", "a workbook encrypted under a password", encrypted),
    ("P3", "too many bytes", lambda: FORM + bytes(SUBMISSION.file)),
    ("P4", "half a file", lambda: truncated(FORM)),
    ("P4", "nearly a whole file", lambda: truncated(FORM, 0.99)),
    ("P4", "a wrong checksum", lambda: with_wrong_checksum(SHEET)),
    ("P4", "a part that is not where it should be", lambda: flipped(b"PK\x01\x02", 42)),
    ("P5", "a small part that unpacks to 80 MiB", lambda: with_bomb(FORM)),
    ("P5", "a part that says it is small", lambda: with_lying_size(FORM, SHEET, 100)),
    ("P5", "a part that swells 900 times", lambda: rewrite(FORM, {"xl/a.bin": bytes(3 << 20)})),
    ("P5", "many parts, each within its limit", lambda: zip_of(large_parts(10))),
    ("P6", "400 parts too many", lambda: rewrite(FORM, {f"junk/{number}": b"" for number in range(400)})),
    ("P7", "bytes in front", lambda: b"MZ" + FORM),
    ("P7", "a PDF in front", lambda: b"%PDF-1.4\n" + FORM),
    ("P7", "bytes behind", lambda: FORM + b"\0"),
    ("P7", "a comment", with_comment),
    ("P7", "bytes between", with_gap),
    ("P7", "overlapping parts", overlapping),
    ("P7", "a part with two names", other_name_in_front),
    ("P7", "a part with two sizes", lambda: flipped(b"PK\x03\x04", 22)),
    ("P8", "a sheet twice", lambda: with_duplicate(FORM, SHEET, b"<worksheet/>")),
    ("P8", "a sheet twice but for case", lambda: with_duplicate(FORM, "xl/worksheets/Sheet1.XML", b"<worksheet/>")),
    ("P8", "names that differ in Unicode form", lambda: rewrite(FORM, {"xl/\u00e9.xml": b"", "xl/e\u0301.xml": b""})),
    *(("P9", f"the name {name!a}", partial(rewrite, FORM, {name: b""})) for name in UNSAFE_NAMES),
    ("P10", "the flag of encryption", lambda: with_flag(1)),
    ("P10", "the flag of strong encryption", lambda: with_flag(0x41)),
    ("P11", "bzip2", lambda: zipped(zipfile.ZIP_BZIP2)),
    ("P11", "LZMA", lambda: zipped(zipfile.ZIP_LZMA)),
    ("P12", "a symbolic link", lambda: with_mode(0o120777)),
    ("P12", "a device", lambda: with_mode(0o020666)),
    *(("P13", f"a document type in {part}", partial(doctype, part)) for part in WITH_DOCTYPE),
    ("P13", "a document type in UTF-16", lambda: rewrite(FORM, {SHEET: in_utf16("UTF-16", "<!DOCTYPE x>")})),
    ("P14", "XML cut off", lambda: rewrite(FORM, {SHEET: lambda xml: xml[:-20]})),
    ("P14", "UTF-7", lambda: edit(SHEET, 'encoding="UTF-8"', 'encoding="UTF-7"')),
    ("P14", "a code page", lambda: edit(SHEET, 'encoding="UTF-8"', 'encoding="cp1252"')),
    ("P14", "bytes that are not UTF-8", lambda: rewrite(FORM, {STRINGS: lambda xml: xml.replace(b"Device_Type", b"\xff\xfe")})),
    ("P14", "deep nesting", lambda: before("<a>" * 70 + "</a>" * 70)),
    ("P14", "an endless attribute", lambda: before(f'<a b="{"x" * 70_000}"/>')),
    ("P14", "very many attributes", lambda: before("<a" + "".join(f" b{number}='1'" for number in range(300)) + "/>")),
    ("P14", "an endless tag", lambda: before(f"<!--{random_text(900_000)}-->")),
    ("P14", "two tables of cells", lambda: after("<sheetData></sheetData>")),
    ("P14", "no table of cells", lambda: rewrite(FORM, {SHEET: partial(re.sub, rb"(?s)<sheetData>.*</sheetData>", b"")})),
    ("P14", "a table of cells to choose", lambda: after("<a><sheetData/></a>")),
    ("P14", "a row twice", lambda: rows(f'<row r="43">{CELL}</row>')),
    ("P14", "a row before the first", lambda: rows('<row r="-5"></row>')),
    ("P14", "a row below the last", lambda: rows('<row r="1048577"></row>')),
    ("P14", "a row of the Arabic number 99", lambda: rows('<row r="\u0669\u0669"></row>')),
    ("P14", "a cell twice", lambda: row_44(CELL + CELL)),
    ("P14", "cells in the wrong order", lambda: row_44(CELL + CELL.replace("G44", "B44"))),
    ("P14", "a cell in another's row", lambda: rows(f'<row r="45">{CELL}</row>')),
    ("P14", "a column after the last", lambda: row_44('<c r="XFE44"/>')),
    ("P14", "a cell of an unknown type", lambda: row_44('<c r="G44" t="z"><v>0</v></c>')),
    ("P14", "a cell with two values", lambda: row_44('<c r="G44"><v>0</v><v>1</v></c>')),
    ("P14", "a cell with value and text", lambda: row_44('<c r="G44" t="inlineStr"><v>0</v><is><t>1</t></is></c>')),
    ("P14", "a cell with two texts", lambda: row_44('<c r="G44" t="inlineStr"><is><t>0</t></is><is><t>1</t></is></c>')),
    ("P14", "a text in two versions", lambda: row_44('<c r="G44" t="inlineStr"><is><t>1</t><t>2</t></is></c>')),
    ("P14", "text that is no inline text", lambda: row_44('<c r="G44" t="inlineStr"><v>1</v></c>')),
    ("P14", "foreign elements among the cells", lambda: row_44('<x xmlns="urn:x"/>')),
    ("P14", "a text that is not there", lambda: row_44('<c r="G44" t="s"><v>99999</v></c>')),
    ("P14", "a text of a negative number", lambda: row_44('<c r="G44" t="s"><v>-1</v></c>')),
    ("P14", "tabs where none belong", lambda: tabs("</sheets><a><sheets/></a>")),
    ("P15", "a link to another workbook", lambda: relationship(RELS, "externalLink", "externalLinks/x.xml", external=False)),
    ("P15", "references to other workbooks", lambda: tabs("</sheets><externalReferences/>")),
    ("P15", "a linked picture on the tab", lambda: sheet_rels("image", "file://198.51.100.1/share/x.png")),
    ("P15", "a linked template", lambda: relationship("_rels/.rels", "attachedTemplate", "http://198.51.100.1/x")),
    ("P17", "a workbook without macros", lambda: form_workbook(VALUES, macro_type=False)),
    ("P17", "a binary workbook", lambda: of_type("application/vnd.ms-excel.sheet.binary.macroEnabled.main")),
    ("P17", "a template", lambda: of_type("application/vnd.ms-excel.template.macroEnabled.main+xml")),
    ("P18", "some zip archive", lambda: zip_of({"readme.txt": b"hello"})),
    (
        "P18",
        "a text document",
        lambda: of_type("application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"),
    ),
    ("P18", "no workbook part", lambda: rewrite(FORM, {WORKBOOK: None})),
    ("P18", "no relationships", lambda: rewrite(FORM, {"_rels/.rels": None})),
    ("P18", "two workbook parts", lambda: relationship("_rels/.rels", "officeDocument", "xl/workbook.xml", external=False)),
    ("P18", "a tab outside of the package", lambda: edit(RELS, "worksheets/sheet1.xml", "../../../etc/passwd")),
    ("P18", "a tab that is not there", lambda: edit(RELS, "worksheets/sheet1.xml", "worksheets/nope.xml")),
    ("P18", "the workbook as its own tab", lambda: edit(RELS, "worksheets/sheet1.xml", "workbook.xml")),
    ("P18", "a tab of another kind", lambda: edit(RELS, '/worksheet"', '/chartsheet"')),
    ("P18", "a relationship id twice", lambda: edit(RELS, 'Id="rId2"', 'Id="rId1"')),
    (
        "P18",
        "a part with two types",
        lambda: edit(TYPES, "</Types>", f'<Override PartName="/{WORKBOOK}" ContentType="a/b"/></Types>'),
    ),
    ("P18", "two tables of texts", lambda: relationship(RELS, "sharedStrings", "sharedStrings.xml", external=False)),
    ("P19", "something at the far corner", lambda: rows('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
    ("P19", "too long a text in a cell", lambda: edit(STRINGS, "Device_Type", "x" * 32_768)),
    ("P19", "too long a number in a cell", lambda: row_44(f'<c r="G44"><v>{"1" * 32_768}</v></c>')),
    ("P19", "a merge over the whole tab", lambda: after('<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')),
    ("P19", "very many merges", lambda: after("<mergeCells>" + '<mergeCell ref="A99:B99"/>' * 2_001 + "</mergeCells>")),
    ("P19", "very many settings", lambda: after(random_elements(40_001))),
    ("P19", "very many tabs", lambda: tabs("".join(f'<sheet name="s{n}" sheetId="{n}"/>' for n in range(9, 300)) + "</sheets>")),
    (
        "P19",
        "very many empty cells",
        lambda: rows("".join(f'<row r="{n}"><c r="A{n}" s="{n}"/></row>' for n in range(100, 101_000))),
    ),
)


def random_text(length: int) -> str:
    """Text that does not pack too well, always the same."""
    return "".join(f"{number * number % 99_991:05d}" for number in range(length // 5))


def random_elements(count: int) -> str:
    return "".join(f'<a b="{number * number % 99_991}"/>' for number in range(count))


def large_parts(count: int) -> dict[str, bytes]:
    """Parts of 20 MiB that do not pack too well."""
    content = random_text(2000).encode() * ((20 << 20) // 2000) + random_text(1 << 20).encode()
    return {f"xl/{number}.bin": content for number in range(count)}
