"""What may happen to a signed workbook without harm: it is packed anew, or something changes that shows nothing."""

import io
import re
import zipfile

import pytest

from cpl.dictionary import load
from cpl.workbook.read import read_form
from submissions.signature import OLD_OFFICE, Code, Outcome, verified_package
from tests.builders.pki import pki
from tests.builders.signing import RELATIONSHIPS, edited, parts_of, sign, with_relationship, with_type
from tests.builders.workbooks import rewrite, zip_of
from tests.domain.signed_forms import changed, codes, form, form_with_macro, judge, signed, signed_form

CORE = "docProps/core.xml"


def streamed(data: bytes) -> bytes:
    """Packed by a program that does not know the sizes beforehand, as mail gateways do: data descriptors follow the parts."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise io.UnsupportedOperation

    stream = Pipe()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name, body in parts_of(data).items():
            target.writestr(name, body)
    return stream.getvalue()


@pytest.mark.parametrize(
    "rewritten",
    [
        lambda data: rewrite(data, {}, zipfile.ZIP_STORED),
        lambda data: zip_of(dict(reversed(parts_of(data).items()))),
        streamed,
        lambda data: rewrite(data, {CORE: lambda body: body.replace(b"2026", b"2031")}),
        lambda data: rewrite(data, {CORE: b"nothing"}),
        lambda data: rewrite(data, {"[trash]/0000.dat": b"left behind by Word"}),
        lambda data: edited(data, "<Default ", '<Default Extension="x" ContentType="y/z"/><Default ', "[Content_Types].xml"),
        lambda data: changed(data, "xl/_rels/workbook.xml.rels", "><Relationship ", ">\n  <Relationship "),
    ],
)
def test_harmless_rewriting_is_accepted(rewritten):
    data = rewritten(signed_form())
    verdict = judge(data)
    assert (verdict.outcome, verdict.codes) == (Outcome.VALID, ())
    assert verified_package(data, verdict) == verified_package(signed_form(), judge(signed_form()))


def test_document_properties_taken_out():
    data = rewrite(signed_form(), {CORE: None, "_rels/.rels": lambda body: re.sub(rb"<Relationship [^>]*core[^>]*/>", b"", body)})
    assert judge(data).outcome is Outcome.VALID


def test_preview_picture_added():
    parts = parts_of(signed_form())
    parts["docProps/thumbnail.jpeg"] = b"picture"
    parts["_rels/.rels"] = with_relationship(
        parts["_rels/.rels"], "rIdT", f"{RELATIONSHIPS}/metadata/thumbnail", "docProps/thumbnail.jpeg"
    )
    parts["[Content_Types].xml"] = with_type(parts["[Content_Types].xml"], "/docProps/thumbnail.jpeg", "image/jpeg")
    verdict = judge(zip_of(parts))
    assert verdict.outcome is Outcome.VALID
    assert "docProps/thumbnail.jpeg" in verdict.deciding.not_covered


@pytest.mark.parametrize("signed_macro", [False, True])
def test_macro_and_stored_xml(signed_macro):
    verdict = judge(sign(form_with_macro(signed_macro), pki().good))
    assert (verdict.outcome, verdict.codes) == (Outcome.VALID, ())
    assert "xl/vbaProject.bin" in verdict.deciding.covers
    assert "customXml/item1.xml" in verdict.deciding.not_covered


def test_macro_changed():
    data = rewrite(sign(form_with_macro(True), pki().good), {"xl/vbaProject.bin": b"other"})
    assert codes(data) == (Code.MAN_DIGEST,)


@pytest.mark.parametrize(
    "manner",
    [
        {"digest": "sha384"},
        {"digest": "sha512"},
        {"signature_line": True},
        {"key_value": True},
        {"chain": (pki().intermediate.certificate, pki().root.certificate)},
    ],
)
def test_other_manners_of_signing(manner):
    assert judge(signed(**manner)).outcome is Outcome.VALID


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_elliptic_curve(digest):
    assert judge(sign(form(), pki().good_ec, digest=digest)).outcome is Outcome.VALID


def test_signature_written_with_other_white_space():
    """Between the elements of the signature that are not signed themselves."""
    data = edited(signed_form(), "<SignatureValue>", "\r\n  <SignatureValue>\n")
    assert judge(data).outcome is Outcome.VALID


def test_signature_of_old_office_only_when_the_policy_says_so():
    old = signed(digest="sha1", xades=False)
    assert codes(old) == (Code.WEAK_ALGORITHM,)
    verdict = judge(old, policy=OLD_OFFICE)
    assert (verdict.outcome, verdict.codes) == (Outcome.VALID, (Code.SHA1_ALLOWED,))
    assert codes(signed(xades=False)) == (Code.SIG_XADES,)


def test_signature_without_xades_among_several_certificates():
    chain = (pki().intermediate.certificate,)
    assert judge(signed(xades=False, chain=chain), policy=OLD_OFFICE).outcome is Outcome.VALID
    twins = (pki().other_organisation.certificate,)  # another certificate for the same key
    assert codes(signed(xades=False, chain=twins), policy=OLD_OFFICE) == (Code.SIG_XADES,)


# --- The package from which the form is read -------------------------------------------------------------------------------


def test_form_read_from_what_is_signed_is_the_form():
    rules = load(3)
    rebuilt = verified_package(signed_form(), judge(signed_form()))
    read, original = read_form(rebuilt, rules), read_form(form(), rules)
    assert read.cells == original.cells
    assert not any(name.startswith(("_xmlsignatures/", "docProps/")) for name in parts_of(rebuilt))


def test_parts_not_signed_are_left_behind():
    data = sign(form_with_macro(True), pki().good)
    rebuilt = parts_of(verified_package(data, judge(data)))
    assert "xl/vbaProject.bin" in rebuilt
    assert not any("customXml" in name or "Signature" in name for name in rebuilt)
    assert b"customXml" not in rebuilt["xl/_rels/workbook.xml.rels"]


def test_untrusted_is_still_what_was_signed():
    data = sign(form(), pki().self_signed)
    assert verified_package(data, judge(data)) == verified_package(signed_form(), judge(signed_form()))


def test_nothing_is_read_from_what_was_not_verified():
    verdict = judge(signed_form())
    with pytest.raises(ValueError, match="another file"):
        verified_package(signed_form() + b"x", verdict)
    bad = changed(signed_form(), "xl/sharedStrings.xml", "Example", "Exarnple")
    with pytest.raises(ValueError, match="intact"):
        verified_package(bad, judge(bad))


def test_two_signatures_vouch_for_what_both_cover():
    both = sign(signed_form(), pki().good_ec)
    verdict = judge(both)
    assert len(verdict.signatures) == 2
    assert verified_package(both, verdict) == verified_package(signed_form(), judge(signed_form()))
