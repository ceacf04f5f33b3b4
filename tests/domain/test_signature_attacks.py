"""Every known way to get a changed or faked workbook past a signature check, each named after the attack it tries."""

import base64
import re

import pytest

from submissions.signature import Code, Outcome
from tests.builders.pki import pki
from tests.builders.signing import (
    DSIG,
    RELATIONSHIPS,
    SIGNATURE_TYPE,
    edited,
    kind_of,
    parts_of,
    sign,
    signature_of,
    with_relationship,
    with_signature,
    with_type,
)
from tests.builders.workbooks import MACRO_TYPE, rewrite, zip_of
from tests.domain.signed_forms import changed, codes, form, judge, signed, signed_form

OFFICE_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
WORKBOOK_RELS = "xl/_rels/workbook.xml.rels"
SIGNATURE = "_xmlsignatures/sig1.xml"


def with_part(data: bytes, name: str, kind: str, source: str = "", relationship: str = "") -> bytes:
    """The package with a part more and, when a type is given, a relationship to it from the part or package `source`."""
    parts = parts_of(data)
    parts[name] = b"<x/>"
    parts["[Content_Types].xml"] = with_type(parts["[Content_Types].xml"], f"/{name}", kind)
    if relationship:
        parts[source] = with_relationship(parts[source], "rIdMore", relationship, f"/{name}")
    return zip_of(parts)


def test_the_form_they_start_from_is_valid():
    verdict = judge(signed_form())
    assert (verdict.outcome, verdict.codes, verdict.deciding.creator_matches) == (Outcome.VALID, (), True)


# --- Content injection: something is added that the signature does not know ------------------------------------------------


@pytest.mark.parametrize("kind", ["sharedStrings", "worksheet", "person", "externalLink", "image", "theme"])
def test_content_injection_by_an_unsigned_relationship(kind):
    data = with_part(signed_form(), "xl/injected.xml", SHEET_TYPE, WORKBOOK_RELS, f"{OFFICE_REL}/{kind}")
    assert codes(data) == (Code.COV_UNSIGNED_REL,)


def test_content_injection_at_the_root_of_the_package():
    data = with_part(signed_form(), "injected.xml", "application/xml", "_rels/.rels", f"{OFFICE_REL}/customXml")
    assert codes(data) == (Code.COV_UNSIGNED_REL,)


def test_content_injection_of_a_part_to_which_nothing_leads():
    assert codes(with_part(signed_form(), "xl/worksheets/sheet9.xml", SHEET_TYPE)) == (Code.COV_ORPHAN,)


def test_content_injection_from_outside():
    parts = parts_of(signed_form())
    link = f"{OFFICE_REL}/externalLinkPath"
    parts[WORKBOOK_RELS] = with_relationship(parts[WORKBOOK_RELS], "rIdOut", link, "file:///c:/other.xlsx", "External")
    assert codes(zip_of(parts)) == (Code.COV_UNSIGNED_REL,)


def test_content_injection_under_the_cloak_of_a_harmless_relationship():
    """A sheet as "core properties", and properties that hang from the workbook: neither type nor place may be borrowed."""
    core = f"{RELATIONSHIPS}/metadata/core-properties"
    without = rewrite(
        form(), {"docProps/core.xml": None, "_rels/.rels": lambda body: re.sub(rb"<Relationship [^>]*core[^>]*/>", b"", body)}
    )
    assert codes(with_part(sign(without, pki().good), "xl/more.xml", SHEET_TYPE, "_rels/.rels", core)) == (Code.COV_UNSIGNED_REL,)
    kind = "application/vnd.openxmlformats-package.core-properties+xml"
    assert codes(with_part(signed_form(), "xl/more.xml", kind, WORKBOOK_RELS, core)) == (Code.COV_UNSIGNED_REL,)


# --- Content masking: prepared before signing, put back afterwards ---------------------------------------------------------


def prepared() -> tuple[bytes, bytes]:
    """The form without the relationship to its styles, and the relationships as they were."""
    whole = parts_of(form())[WORKBOOK_RELS]
    cut = re.sub(rb"<Relationship [^>]*/styles\"[^>]*/>", b"", whole)
    assert cut != whole
    return rewrite(form(), {WORKBOOK_RELS: cut}), whole


def test_content_masking_the_prepared_workbook():
    assert codes(sign(prepared()[0], pki().good)) == (Code.COV_ORPHAN,)


def test_content_masking_the_style_put_back():
    workbook, whole = prepared()
    assert codes(rewrite(sign(workbook, pki().good), {WORKBOOK_RELS: whole})) == (Code.COV_UNSIGNED_REL,)


def test_content_masking_by_a_signer_who_leaves_a_relationship_out():
    theme = re.search(rb'Id="(\w+)"[^>]*theme|theme[^>]*Id="(\w+)"', parts_of(form())[WORKBOOK_RELS])
    identifier = (theme[1] or theme[2]).decode()
    assert codes(signed(unsigned=frozenset({f"xl/workbook.xml#{identifier}"}))) == (Code.COV_UNSIGNED_REL,)


@pytest.mark.parametrize(
    "name", ["xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", "xl/styles.xml", "xl/sharedStrings.xml"]
)
def test_content_masking_by_a_signer_who_leaves_a_part_out(name):
    assert codes(signed(leave_out=frozenset({name}))) == (Code.COV_UNSIGNED_PART,)


# --- Legacy wrapping and malicious repair: which document is the one? ------------------------------------------------------


def test_legacy_wrapping_with_the_way_to_the_document_unsigned():
    assert codes(signed(unsigned=frozenset({"#rId1"}))) == (Code.COV_UNSIGNED_REL,)


def test_legacy_wrapping_with_the_document_unsigned():
    assert codes(signed(leave_out=frozenset({"xl/workbook.xml"}))) == (Code.COV_MAIN,)


def test_legacy_wrapping_of_streams_of_an_old_workbook():
    assert codes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) == (Code.NOT_OOXML,)


@pytest.mark.parametrize(
    "kind", [f"{OFFICE_REL}/officeDocument", "http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument"]
)
def test_malicious_repair_with_two_documents(kind):
    assert codes(with_part(signed_form(), "xl/other.xml", MACRO_TYPE, "_rels/.rels", kind)) == (Code.COV_MAIN,)


def test_malicious_repair_with_no_document():
    assert codes(changed(signed_form(), "_rels/.rels", '/officeDocument"', '/officeDocumentX"')) == (Code.MAN_DIGEST,)


def test_malicious_repair_by_another_content_type():
    assert codes(changed(signed_form(), "[Content_Types].xml", MACRO_TYPE, SHEET_TYPE)) == (Code.MAN_CONTENT_TYPE,)


def test_malicious_repair_by_a_signer_with_a_document_of_another_kind():
    other = changed(form(), "[Content_Types].xml", MACRO_TYPE, "application/vnd.ms-excel.addin.macroEnabled.main+xml")
    assert codes(sign(other, pki().good)) == (Code.COV_MAIN_TYPE,)


def test_malicious_repair_of_a_relationship_that_leads_nowhere():
    kind = f"{OFFICE_REL}/image"
    parts = parts_of(form())
    parts[WORKBOOK_RELS] = with_relationship(parts[WORKBOOK_RELS], "rIdGone", kind, "media/gone.png")
    assert codes(sign(zip_of(parts), pki().good)) == (Code.COV_DANGLING,)


# --- Universal signature forgery: a genuine SignedInfo over something else -------------------------------------------------


def forged(references: str) -> bytes:
    """A signature, correct by itself, of which SignedInfo refers to something else; the manifest beside it is made up."""
    return signed(edit_signed_info=lambda text: re.sub(r"(?s)<Reference .*</Reference>", references, text))


def foreign_reference(uri: str) -> str:
    digest = base64.b64encode(bytes(32)).decode()
    return (
        f'<Reference URI="{uri}"><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></DigestMethod>'
        f"<DigestValue>{digest}</DigestValue></Reference>"
    )


@pytest.mark.parametrize(
    "uri", ["content.xml", "", "#", "#elsewhere", "#idPackageSignature", "#idOfficeV1Details", "http://x.example/"]
)
def test_universal_signature_forgery_with_a_foreign_signed_info(uri):
    assert codes(forged(foreign_reference(uri))) == (Code.SIG_REFERENCE,)


def test_universal_signature_forgery_with_the_manifest_unsigned():
    def drop(text: str) -> str:
        return re.sub(r'<Reference [^>]*URI="#idPackageObject">.*?</Reference>', "", text)

    assert codes(signed(edit_signed_info=drop)) == (Code.SIG_NO_PACKAGE_OBJECT,)


def test_universal_signature_forgery_with_a_second_manifest():
    def double(objects: list[str]) -> list[str]:
        return [*objects, objects[0].replace("idPackageObject", "idOther").replace("idSignatureTime", "idOtherTime")]

    assert codes(signed(edit_objects=double)) == (Code.SIG_NO_PACKAGE_OBJECT,)


def test_universal_signature_forgery_with_the_manifest_elsewhere():
    """The list of parts is moved into an object that does not count, and left empty where it does."""
    hidden = f'<Object xmlns="{DSIG}" Id="idHidden"><Wrapper><Manifest></Manifest></Wrapper></Object>'
    assert codes(signed(edit_objects=lambda objects: [*objects, hidden])) == (Code.SIG_NO_PACKAGE_OBJECT,)


def test_universal_signature_forgery_with_an_empty_manifest():
    assert codes(signed(edit_manifest=lambda _: "")) == (Code.COV_UNSIGNED_REL,)


def test_forged_signature_over_an_object_twice():
    assert codes(signed(edit_signed_info=lambda text: text.replace("#idOfficeObject", "#idPackageObject"))) == (
        Code.SIG_REFERENCE,
    )


def test_forged_type_of_a_reference():
    assert codes(signed(edit_signed_info=lambda text: text.replace(f'"{DSIG}Object"', f'"{DSIG}Manifest"', 1))) == (
        Code.SIG_REFERENCE,
    )


# --- The signature part itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"\0", b"<Signature", b"   "])
def test_empty_signature_part(body):
    """Office for Mac has shown such a file as signed."""
    assert codes(rewrite(signed_form(), {SIGNATURE: body})) == (Code.XML_BAD,)


@pytest.mark.parametrize("body", [b"<x/>", f'<Signature xmlns="{DSIG}"/>'.encode()])
def test_hollow_signature_part(body):
    assert codes(rewrite(signed_form(), {SIGNATURE: body})) == (Code.SIG_STRUCTURE,)


def test_duplicate_id():
    assert codes(edited(signed_form(), 'Id="idOfficeV1Details"', 'Id="idPackageObject"')) == (Code.SIG_DUPLICATE_ID,)
    assert codes(edited(signed_form(), 'Id="idOfficeV1Details"', 'ID="idPackageObject"')) == (Code.SIG_DUPLICATE_ID,)


@pytest.mark.parametrize("inserted", ["<!-- x -->", "<?x y?>", "<![CDATA[]]>"])
def test_comment_splitting_a_digest(inserted):
    assert codes(edited(signed_form(), "<DigestValue>", f"<DigestValue>{inserted}")) == (Code.SIG_STRUCTURE,)


def test_element_splitting_a_digest():
    assert codes(edited(signed_form(), "<DigestValue>", "<DigestValue><x/>")) == (Code.SIG_STRUCTURE,)


def test_document_type_in_the_signature():
    assert codes(edited(signed_form(), "?>", '?><!DOCTYPE x [<!ENTITY a "b">]>')) == (Code.XML_UNSAFE,)
    assert codes(changed(signed_form(), "_rels/.rels", "?>", '?><!DOCTYPE x [<!ENTITY a "b">]>')) == (Code.XML_UNSAFE,)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-7", "iso-8859-1"])
def test_signature_in_another_encoding(encoding):
    assert codes(edited(signed_form(), "UTF-8", encoding)) == (Code.XML_UNSAFE,)
    assert codes(rewrite(signed_form(), {SIGNATURE: signature_of(signed_form()).encode("utf-16")})) == (Code.XML_BAD,)


def test_inherited_xml_attributes():
    assert codes(edited(signed_form(), "<Signature ", '<Signature xml:space="preserve" ')) == (Code.SIG_STRUCTURE,)


@pytest.mark.parametrize("attribute", ['mc:Ignorable="x"', 'x="y"'])
def test_markup_compatibility_in_relationships(attribute):
    space = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    data = changed(signed_form(), WORKBOOK_RELS, "<Relationships ", f"<Relationships {space} {attribute} ")
    assert codes(data) == (Code.OPC_RELS,)


def test_markup_compatibility_in_the_signature():
    assert codes(edited(signed_form(), "<Signature ", '<Signature Ignorable="x" ')) == (Code.SIG_STRUCTURE,)


def test_value_of_the_signature_changed():
    value = re.search("<SignatureValue>(.{8})", signature_of(signed_form()))[1]
    assert codes(edited(signed_form(), value, "AAAAAAAA")) == (Code.SIG_VALUE,)


def test_signed_info_changed():
    data = edited(signed_form(), '<Reference Type="http://www.w3.org/2000/09/xmldsig#Object" URI', "<Reference URI")
    assert codes(data) == (Code.SIG_VALUE,)


def test_object_changed():
    assert codes(edited(signed_form(), "<SignatureComments>", "<SignatureComments>I approve")) == (Code.SIG_DIGEST,)


def test_unsigned_object():
    assert codes(edited(signed_form(), "</Signature>", '<Object Id="x">y</Object></Signature>')) == (Code.SIG_UNSIGNED_OBJECT,)
    assert codes(edited(signed_form(), "</Signature>", "<Object>y</Object></Signature>")) == (Code.SIG_UNSIGNED_OBJECT,)


@pytest.mark.parametrize("name", ["_xmlsignatures/sig2.xml", "xl/sig2.xml"])
def test_stray_signature_part(name):
    assert codes(with_part(signed_form(), name, SIGNATURE_TYPE)) == (Code.SIG_ORIGIN,)


def test_stray_signature_part_in_an_unsigned_workbook():
    assert codes(with_part(form(), "_xmlsignatures/sig1.xml", SIGNATURE_TYPE)) == (Code.SIG_ORIGIN,)


def test_signature_with_relationships_of_its_own():
    rels = f'<Relationships xmlns="{RELATIONSHIPS}"/>'.encode()
    assert codes(rewrite(signed_form(), {"_xmlsignatures/_rels/sig1.xml.rels": rels})) == (Code.SIG_ORIGIN,)


def test_origin_that_is_not_empty():
    assert codes(rewrite(signed_form(), {"_xmlsignatures/origin.sigs": b"x"})) == (Code.SIG_ORIGIN,)


def test_two_origins():
    parts = parts_of(signed_form())
    parts["_rels/.rels"] = with_relationship(parts["_rels/.rels"], "rIdTwo", kind_of("origin"), "_xmlsignatures/origin.sigs")
    assert codes(zip_of(parts)) == (Code.SIG_ORIGIN,)


def test_signature_removed():
    bare = f'<Relationships xmlns="{RELATIONSHIPS}"/>'.encode()
    assert codes(rewrite(signed_form(), {"_xmlsignatures/_rels/origin.sigs.rels": bare})) == (Code.NO_SIGNATURE,)
    assert judge(form()).outcome is Outcome.UNSIGNED


def test_very_many_signatures():
    parts = parts_of(signed_form())
    body = parts[SIGNATURE]
    for number in range(2, 10):
        parts = with_signature(parts, body, number)
    assert codes(zip_of(parts)) == (Code.SIG_TOO_MANY,)
