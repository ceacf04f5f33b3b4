"""Signatures that verify and still say less than they seem to: transforms, algorithms, the list of parts, the certificate."""

import re

import pytest

from submissions.signature import Code, Outcome
from tests.builders.pki import pki, rsa_key
from tests.builders.signing import (
    C14N,
    DSIG,
    Manner,
    parts_of,
    signature_xml,
    with_signature,
)
from tests.builders.workbooks import rewrite, zip_of
from tests.domain.signed_forms import changed, codes, form, judge, signed, signed_form

OFFICE_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
WORKBOOK_RELS = "xl/_rels/workbook.xml.rels"
SIGNATURE = "_xmlsignatures/sig1.xml"


# --- Transforms and algorithms: signed correctly, but meaning less than it seems -------------------------------------------


@pytest.mark.parametrize(
    "uri",
    ["http://www.w3.org/TR/1999/REC-xslt-19991116", "http://www.w3.org/2001/10/xml-exc-c14n#", f"{DSIG}enveloped-signature", ""],
)
def test_other_transform_in_signed_info(uri):
    assert codes(
        signed(edit_signed_info=lambda text: text.replace(f'<Transform Algorithm="{C14N}"', f'<Transform Algorithm="{uri}"'))
    ) == (Code.SIG_TRANSFORM,)


def test_other_canonical_form_of_signed_info():
    exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
    assert codes(
        signed(edit_signed_info=lambda text: text.replace(f'Method Algorithm="{C14N}"', f'Method Algorithm="{exclusive}"'))
    ) == (Code.SIG_TRANSFORM,)


def test_transform_of_a_part():
    """Canonical XML without comments would let comments into a cell's value."""
    step = f'<Transforms><Transform Algorithm="{C14N}"></Transform></Transforms>'

    def transform(text: str) -> str:
        return text.replace('worksheet+xml">', f'worksheet+xml">{step}', 1)

    assert codes(signed(edit_manifest=transform)) == (Code.SIG_TRANSFORM,)


def test_relationships_chosen_by_type():
    group = f'<mdssi:RelationshipsGroupReference SourceType="{OFFICE_REL}/worksheet"></mdssi:RelationshipsGroupReference>'
    assert codes(signed(edit_manifest=lambda text: text.replace("<mdssi:", f"{group}<mdssi:", 1))) == (Code.SIG_TRANSFORM,)


def test_relationships_without_transform():
    assert codes(signed(edit_manifest=lambda text: re.sub("<Transforms>.*?</Transforms>", "", text))) == (Code.SIG_TRANSFORM,)


MORE = "http://www.w3.org/2001/04/xmldsig-more#"


@pytest.mark.parametrize("algorithm", [f"{DSIG}sha1", f"{MORE}md5"])
def test_weak_digest(algorithm):
    def weaken(text: str) -> str:
        return re.sub('Method Algorithm="[^"]*"', f'Method Algorithm="{algorithm}"', text)

    assert codes(signed(edit_manifest=weaken)) == (Code.WEAK_ALGORITHM,)


@pytest.mark.parametrize(
    ("method", "code"),
    [
        (f"{DSIG}hmac-sha1", Code.WEAK_ALGORITHM),
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", Code.SIG_ALGORITHM),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-md5", Code.WEAK_ALGORITHM),
        ("none", Code.SIG_ALGORITHM),
        ("", Code.SIG_ALGORITHM),
    ],
)
def test_other_signature_method(method, code):
    assert codes(
        signed(
            edit_signed_info=lambda text: re.sub(
                'SignatureMethod Algorithm="[^"]*"', f'SignatureMethod Algorithm="{method}"', text
            )
        )
    ) == (code,)


def test_method_with_parameters():
    def shorten(text: str) -> str:
        return text.replace("</SignatureMethod>", "<HMACOutputLength>0</HMACOutputLength></SignatureMethod>")

    assert codes(signed(edit_signed_info=shorten)) == (Code.SIG_ALGORITHM,)


def test_method_of_another_kind_of_key():
    assert codes(signed(edit_signed_info=lambda text: text.replace("rsa-sha256", "ecdsa-sha256"))) == (Code.SIG_VALUE,)


# --- The list of signed parts ----------------------------------------------------------------------------------------------


def test_cell_edited():
    assert codes(changed(signed_form(), "xl/sharedStrings.xml", "Example", "Exarnple")) == (Code.MAN_DIGEST,)


def test_relationship_turned_to_another_sheet():
    rels = parts_of(signed_form())[WORKBOOK_RELS].decode()
    swapped = rels.replace("sheet1.xml", "sheetX.xml").replace("sheet2.xml", "sheet1.xml").replace("sheetX.xml", "sheet2.xml")
    assert codes(rewrite(signed_form(), {WORKBOOK_RELS: swapped.encode()})) == (Code.MAN_DIGEST,)


def test_signed_part_removed():
    assert codes(rewrite(signed_form(), {"xl/theme/theme1.xml": None})) == (Code.MAN_MISSING_PART,)


def test_signed_relationship_removed():
    data = rewrite(signed_form(), {WORKBOOK_RELS: lambda body: re.sub(rb"<Relationship [^>]*/theme\"[^>]*/>", b"", body)})
    assert codes(data) == (Code.MAN_MISSING_REL,)


def test_part_listed_twice():
    def twice(text: str) -> str:
        first = re.search(r'<Reference URI="/xl/workbook.xml.*?</Reference>', text)[0]
        return text + first.replace("/xl/workbook", "/xl/WORKBOOK")

    assert codes(signed(edit_manifest=twice)) == (Code.MAN_DUPLICATE,)


@pytest.mark.parametrize(
    "uri", ["xl/workbook.xml?ContentType=x", "/xl/workbook.xml", "http://x/?ContentType=y", "#x", "", "/a%2525b?ContentType=c"]
)
def test_reference_to_no_part(uri):
    assert codes(
        signed(edit_manifest=lambda text: text.replace('<Reference URI="/xl/workbook.xml?', f'<Reference URI="{uri}" X="', 1))
    ) == (Code.MAN_REFERENCE,)
    assert codes(signed(edit_manifest=lambda text: re.sub('URI="/xl/workbook.xml[^"]*"', f'URI="{uri}"', text, count=1))) == (
        Code.MAN_REFERENCE,
    )


def test_foreign_element_in_the_list():
    assert codes(signed(edit_manifest=lambda text: f"{text}<Note></Note>")) == (Code.SIG_STRUCTURE,)


# --- The certificate -------------------------------------------------------------------------------------------------------


def test_certificate_swapped():
    """The same key with another name: the signature value still verifies."""
    other = pki().other_organisation
    swap = signature_xml(parts_of(form()), other, Manner(named=pki().good.certificate))
    assert codes(zip_of(with_signature(parts_of(form()), swap.encode()))) == (Code.SIG_XADES,)


def test_certificate_swapped_with_both_in_the_list():
    """What is named in the signed part counts, not what comes first."""
    other = pki().other_organisation
    both = signature_xml(parts_of(form()), other, Manner(named=pki().good.certificate, chain=(pki().good.certificate,)))
    verdict = judge(zip_of(with_signature(parts_of(form()), both.encode())))
    assert verdict.outcome is Outcome.VALID
    assert verdict.deciding.signer.organisation == "Example Meters Ltd"


def test_certificate_of_somebody_else_named():
    """Signed with the attacker's key, naming the creator's certificate."""
    attacker = pki().signer(key=rsa_key(number=7))
    fake = signature_xml(parts_of(form()), attacker, Manner(named=pki().good.certificate, chain=(pki().good.certificate,)))
    assert codes(zip_of(with_signature(parts_of(form()), fake.encode()))) == (Code.SIG_VALUE,)
