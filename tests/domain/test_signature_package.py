"""Containers in which a signature cannot be looked for, and packages that can be read in two ways."""

import struct
import zipfile

import pytest

from submissions.signature import Code, Outcome, Policy
from tests.builders.signing import ORIGIN_TYPE, RELATIONSHIPS, edited, parts_of, with_relationship, with_type
from tests.builders.workbooks import password_protected, rewrite, with_bomb, with_duplicate, zip_of
from tests.domain.signed_forms import changed, codes, judge, signed_form

WORKBOOK_RELS = "xl/_rels/workbook.xml.rels"


def moved(data: bytes, junk: bytes) -> bytes:
    """The package with bytes between its last part and its directory, and a directory that knows about it."""
    end = data.rfind(b"PK\x05\x06")
    (directory,) = struct.unpack_from("<L", data, end + 16)
    changed_data = bytearray(data[:directory] + junk + data[directory:])
    struct.pack_into("<L", changed_data, end + len(junk) + 16, directory + len(junk))
    return bytes(changed_data)


def renamed_in_local_header(data: bytes) -> bytes:
    """The local header says another name than the directory (LibreOffice's signature-forgery-cdh-lfh does this)."""
    return data.replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheetX.xml", 1)


def with_flag(data: bytes, mark: bytes, offset: int, value: int) -> bytes:
    at = data.find(mark)
    return data[: at + offset] + bytes([value]) + data[at + offset + 1 :]


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda data: b"", Code.NOT_OOXML),
        (lambda data: b"%PDF-1.7", Code.NOT_OOXML),
        (lambda data: password_protected(), Code.NOT_OOXML),
        (lambda data: zip_of({"readme.txt": b"x"}), Code.NOT_OOXML),
        (lambda data: b"MZ" + data, Code.ZIP_PREFIX),
        (lambda data: data + b"x", Code.ZIP_TRAILER),
        (lambda data: moved(data, b"JUNK"), Code.ZIP_LAYOUT),
        (renamed_in_local_header, Code.ZIP_LAYOUT),
        (lambda data: with_duplicate(data, "xl/workbook.xml", b"<x/>"), Code.ZIP_DUPLICATE),
        (lambda data: with_duplicate(data, "XL/Workbook.xml", b"<x/>"), Code.ZIP_DUPLICATE),
        (lambda data: rewrite(data, {"xl/../x.xml": b""}), Code.ZIP_NAME),
        (lambda data: rewrite(data, {"xl/%73.xml": b""}), Code.ZIP_NAME),
        (lambda data: rewrite(data, {"xl/caf\u00e9.xml": b""}), Code.ZIP_NAME),
        (lambda data: rewrite(data, {}, zipfile.ZIP_BZIP2), Code.ZIP_FEATURE),
        (lambda data: with_flag(data, b"PK\x01\x02", 8, 1), Code.ZIP_FEATURE),
        (lambda data: with_flag(data, b"PK\x01\x02", 6, 90), Code.ZIP_FEATURE),
        (lambda data: data[: len(data) // 2], Code.ZIP_BAD),
        (with_bomb, Code.ZIP_TOO_BIG),
    ],
)
def test_container_that_cannot_be_read(damage, code):
    verdict = judge(damage(signed_form()))
    assert (verdict.outcome, verdict.codes) == (Outcome.UNREADABLE, (code,))


def test_part_that_cannot_be_unpacked():
    """Found only when the part is digested; the verdict is the same as for one found at once."""
    data = rewrite(signed_form(), {}, zipfile.ZIP_STORED)
    assert codes(data) == ()
    verdict = judge(data.replace(b"Example Meters Ltd", b"Example Meters LTD"))
    assert (verdict.outcome, verdict.codes) == (Outcome.UNREADABLE, (Code.ZIP_BAD,))


def test_largest_part_of_the_signature():
    for name, size in (("_xmlsignatures/sig1.xml", 5 << 20), ("_rels/.rels", 2 << 20), ("[Content_Types].xml", 2 << 20)):
        assert codes(rewrite(signed_form(), {name: b" " * size}, zipfile.ZIP_STORED)) == (Code.XML_TOO_BIG,)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("</Types>", "", Code.XML_BAD),
        ("</Types>", "<x/></Types>", Code.OPC_CONTENT_TYPES),
        ("</Types>", '<Override PartName="/XL/workbook.xml" ContentType="x"/></Types>', Code.OPC_CONTENT_TYPES),
        ("</Types>", '<Default Extension="RELS" ContentType="x"/></Types>', Code.OPC_CONTENT_TYPES),
        ("</Types>", '<Override PartName="/x"/></Types>', Code.OPC_CONTENT_TYPES),
        ("</Types>", '<Default ContentType="x"/></Types>', Code.OPC_CONTENT_TYPES),
        ("content-types", "content-typos", Code.OPC_CONTENT_TYPES),
        ("package.relationships+xml", "package.relationship+xml", Code.OPC_CONTENT_TYPES),
        (ORIGIN_TYPE, "x", Code.SIG_ORIGIN),
    ],
)
def test_content_types_that_say_two_things_or_nothing(old, new, code):
    assert codes(changed(signed_form(), "[Content_Types].xml", old, new)) == (code,)


@pytest.mark.parametrize(
    "added",
    [
        '<Relationship Id="RID1" Type="t" Target="x"/>',
        '<Relationship Type="t" Target="x"/>',
        '<Relationship Id="n" Target="x"/>',
        '<Relationship Id="n" Type="t"/>',
        '<Relationship Id="n" Type="t" Target="x" TargetMode="internal"/>',
        '<Relationship Id="n" Type="t" Target="x" Note="y"/>',
        '<Relationship Id="n" Type="t" Target="x"><x/></Relationship>',
        '<Relationship Id="n" Type="t" Target="../../x"/>',
        '<Relationship Id="n" Type="t" Target="http://x.example/"/>',
        '<Relationship Id="n" Type="t" Target="//host/x"/>',
        '<Relationship Id="n" Type="t" Target="a\\b"/>',
        '<Relationship Id="n" Type="t" Target="a%255fb"/>',
        "<Other/>",
    ],
)
def test_relationships_that_can_be_understood_in_two_ways(added):
    assert codes(changed(signed_form(), WORKBOOK_RELS, "</Relationships>", f"{added}</Relationships>")) == (Code.OPC_RELS,)


def test_relationships_of_a_part_that_is_not_there():
    body = f'<Relationships xmlns="{RELATIONSHIPS}"/>'.encode()
    assert codes(rewrite(signed_form(), {"xl/_rels/gone.xml.rels": body})) == (Code.OPC_RELS,)
    assert codes(rewrite(signed_form(), {"_rels/_rels/.rels.rels": body})) == (Code.OPC_RELS,)


def test_relationships_at_a_wrong_place():
    parts = parts_of(signed_form())
    parts["xl/x.xml"] = b""
    kind = "application/vnd.openxmlformats-package.relationships+xml"
    parts["[Content_Types].xml"] = with_type(parts["[Content_Types].xml"], "/xl/x.xml", kind)
    assert codes(zip_of(parts)) == (Code.OPC_RELS,)


def test_origin_outside_of_the_package():
    data = changed(
        signed_form(), "_rels/.rels", 'Target="_xmlsignatures/origin.sigs"', 'Target="http://x.example/" TargetMode="External"'
    )
    assert codes(data) == (Code.SIG_ORIGIN,)


def test_way_to_the_signature_of_another_kind():
    rels = "_xmlsignatures/_rels/origin.sigs.rels"
    assert codes(changed(signed_form(), rels, "digital-signature/signature", "digital-signature/certificate")) == (
        Code.SIG_ORIGIN,
    )
    parts = parts_of(signed_form())
    twice = with_relationship(parts[rels], "rId7", f"{RELATIONSHIPS}/digital-signature/signature", "sig1.xml")
    assert codes(zip_of(parts | {rels: twice})) == (Code.SIG_ORIGIN,)


def test_no_certificate():
    data = edited(signed_form(), "<X509Data>", "<X509Data><!-- -->")
    assert codes(data) == (Code.SIG_STRUCTURE,)
    text = parts_of(signed_form())["_xmlsignatures/sig1.xml"].decode()
    start, end = text.index("<X509Certificate>"), text.index("</X509Certificate>") + len("</X509Certificate>")
    assert codes(edited(signed_form(), text[start:end], "")) == (Code.CERT_MISSING,)
    assert codes(edited(signed_form(), text[start:end], text[start:end] * 20)) == (Code.CERT_BAD,)
    assert codes(edited(signed_form(), "<X509Data>", "<KeyName>x</KeyName><X509Data>")) == (Code.SIG_STRUCTURE,)


def test_document_of_another_kind_than_the_policy_expects():
    assert codes(signed_form(), policy=Policy(main_types=frozenset({"application/x"}))) == (Code.COV_MAIN_TYPE,)
