"""Signed forms that the tests of the signature gate start from, and how they are judged."""

from functools import lru_cache
from typing import Any

from submissions.signature import STRICT, Code, Policy, TrustStore, Verdict, verify
from tests.builders.pki import AT, ORGANISATION, Pki, pki
from tests.builders.signing import RELATIONSHIPS, parts_of, sign, with_relationship, with_type
from tests.builders.values import SINGLE_ELEMENT, valid_values
from tests.builders.workbooks import form_workbook, rewrite, zip_of

OFFICE_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MICROSOFT = "http://schemas.microsoft.com/office"
MACRO = "application/vnd.ms-office.vbaProject"
STORED_XML_PROPERTIES = "application/vnd.openxmlformats-officedocument.customXmlProperties+xml"


@lru_cache
def form() -> bytes:
    """A submission with two tabs, as it was before it was signed."""
    return form_workbook(valid_values(SINGLE_ELEMENT) | {"Manufacturer_Image.creator": ORGANISATION}, version_control=True)


@lru_cache
def signed_form() -> bytes:
    """The same, signed by its creator as Excel does it."""
    return sign(form(), pki().good)


def signed(**manner: Any) -> bytes:
    """The form, signed by the good signer in another manner."""
    return sign(form(), pki().good, **manner)


def judge(data: bytes, *, trust: TrustStore | None = None, policy: Policy = STRICT, **more: Any) -> Verdict:
    """The verdict as the gate would ask for it, at the time of the tests."""
    known: Pki = pki()
    return verify(
        data, trust=known.trust if trust is None else trust, policy=policy, **{"at": AT, "creator": ORGANISATION} | more
    )


def codes(data: bytes, **more: Any) -> tuple[Code, ...]:
    return judge(data, **more).codes


def changed(data: bytes, name: str, old: str, new: str) -> bytes:
    """The package with a text in a part replaced wherever it stands. It must stand there."""

    def edit(body: bytes) -> bytes:
        assert old.encode() in body, f"{old!r} is not in {name}"
        return body.replace(old.encode(), new.encode())

    return rewrite(data, {name: edit})


def form_with_macro(signed_macro: bool = True) -> bytes:
    """The form with a macro and, if asked for, the macro's own signatures, and stored XML of an add-in."""
    parts = parts_of(form())
    book, types = "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
    parts |= {"xl/vbaProject.bin": b"macro", "customXml/item1.xml": b"<x/>", "customXml/itemProps1.xml": b"<y/>"}
    parts[book] = with_relationship(parts[book], "rIdV", f"{MICROSOFT}/2006/relationships/vbaProject", "vbaProject.bin")
    parts[book] = with_relationship(parts[book], "rIdX", f"{OFFICE_REL}/customXml", "../customXml/item1.xml")
    parts[types] = with_type(parts[types], "/xl/vbaProject.bin", MACRO)
    parts[types] = with_type(parts[types], "/customXml/itemProps1.xml", STORED_XML_PROPERTIES)
    empty = f'<Relationships xmlns="{RELATIONSHIPS}"></Relationships>'.encode()
    parts["customXml/_rels/item1.xml.rels"] = with_relationship(empty, "rId1", f"{OFFICE_REL}/customXmlProps", "itemProps1.xml")
    if signed_macro:
        parts["xl/_rels/vbaProject.bin.rels"] = empty
        for number, (year, word) in enumerate((("2006", ""), ("2014", "Agile"), ("2020/07", "V3"))):
            name = f"vbaProjectSignature{word}"
            kind = f"{MICROSOFT}/{year}/relationships/{name}"
            rels = "xl/_rels/vbaProject.bin.rels"
            parts[rels] = with_relationship(parts[rels], f"rId{number}", kind, f"{name}.bin")
            parts[f"xl/{name}.bin"] = b"signature"
            parts[types] = with_type(parts[types], f"/xl/{name}.bin", f"{MACRO}Signature{word}")
    return zip_of(parts)
