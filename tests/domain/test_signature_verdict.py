"""The verdict: every code is explained, the worst signature decides, and scripts get the agreed shape."""

import base64
import hashlib
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from submissions.signature import MEANINGS, Code, Outcome
from tests.builders.pki import ORGANISATION, pki
from tests.builders.signing import edited, parts_of, sign
from tests.builders.workbooks import rewrite
from tests.domain.signed_forms import codes, form, judge, signed, signed_form

SECTIONS = {"7.3", "7.5", "8.2", "Appendix 2"}


@pytest.mark.parametrize("code", list(Code))
def test_every_code_is_explained(code):
    meaning = MEANINGS[code]
    assert len(meaning.message) > 40
    assert meaning.message.endswith(".")
    assert meaning.guidance in SECTIONS


def test_every_code_is_tried():
    """Each code appears in a test of this folder that asserts it."""
    texts = "".join(path.read_text() for path in Path(__file__).parent.glob("test_signature_*.py"))
    assert not [code for code in Code if f"Code.{code.name}" not in texts]


def test_message_says_where():
    bad = rewrite(signed_form(), {"xl/sharedStrings.xml": lambda body: body.replace(b"Example", b"Exarnple")})
    reason = judge(bad).reasons[0]
    assert "changed after it was signed" in reason.message
    assert "xl/sharedStrings.xml" in reason.message
    assert reason.guidance == "8.2"


def test_json_of_a_valid_signature():
    document = json.loads(json.dumps(judge(signed_form()).to_json()))
    assert document["verdict"] == "valid"
    assert (document["codes"], document["reasons"]) == ([], [])
    assert document["signer"]["common_name"] == "Image Creator"
    assert document["signer"]["organisation"] == ORGANISATION
    assert document["signer"]["serial"] == f"{pki().good.certificate.serial_number:X}"
    assert document["signer"]["not_before"] == "2025-11-25T12:00:00+00:00"
    assert document["signer"]["not_after"] == "2027-11-25T12:00:00+00:00"
    assert len(document["signer"]["sha256"]) == 64
    assert document["signing_time"] == "2026-11-25T11:00:00+00:00"
    assert document["creator_matches"] is True
    assert document["not_covered"] == ["docProps/app.xml", "docProps/core.xml"]
    everything = set(parts_of(form())) - {"[Content_Types].xml", *document["not_covered"]}
    assert set(document["covers"]) == everything


@pytest.mark.parametrize(("make", "verdict", "code"), [(bytes, "unreadable", "NOT_OOXML"), (form, "unsigned", "NO_SIGNATURE")])
def test_json_without_a_signature(make, verdict, code):
    document = judge(make()).to_json()
    assert (document["verdict"], document["codes"], len(document["reasons"])) == (verdict, [code], 1)
    assert (document["signer"], document["signing_time"], document["creator_matches"]) == (None, None, None)
    assert (document["covers"], document["not_covered"], document["signatures"]) == ([], [], [])


def test_what_was_learned_before_a_check_failed_is_told():
    bad = rewrite(signed_form(), {"xl/sharedStrings.xml": lambda body: body.replace(b"Example", b"Exarnple")})
    assert judge(bad).deciding.signer.organisation == ORGANISATION
    assert judge(bad).deciding.creator_matches is None


def test_worst_of_several_signatures_decides():
    """Both are listed; whichever comes first."""
    for first, second in ((pki().good, pki().untrusted), (pki().untrusted, pki().good)):
        verdict = judge(sign(sign(form(), first), second))
        assert verdict.outcome is Outcome.UNTRUSTED
        assert verdict.codes == (Code.SIG_MULTIPLE, Code.CERT_UNTRUSTED)
        assert {one.outcome for one in verdict.signatures} == {Outcome.VALID, Outcome.UNTRUSTED}
        assert [one["part"] for one in verdict.to_json()["signatures"]] == ["_xmlsignatures/sig1.xml", "_xmlsignatures/sig2.xml"]


def test_second_signature_that_covers_less_decides():
    verdict = judge(sign(signed_form(), pki().good, leave_out=frozenset({"xl/styles.xml"})))
    assert (verdict.outcome, verdict.codes) == (Outcome.INVALID, (Code.SIG_MULTIPLE, Code.COV_UNSIGNED_PART))


def test_of_two_good_signatures_the_one_that_is_not_the_creators_is_shown():
    verdict = judge(sign(signed_form(), pki().other_organisation))
    assert verdict.outcome is Outcome.VALID
    assert verdict.to_json()["creator_matches"] is False


def test_sha1_of_the_named_certificate_alone_is_noted():
    """Its digest binds a key that the signature value binds already."""

    def weaken(text: str) -> str:
        value = base64.b64encode(hashlib.sha1(pki().good.der).digest()).decode()
        method = '<DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"></DigestMethod>'
        return re.sub("<DigestMethod.*?</DigestValue>", f"{method}<DigestValue>{value}</DigestValue>", text)

    assert codes(signed(edit_properties=weaken)) == (Code.SHA1_ALLOWED,)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<xd:SigningCertificate>", "<xd:SigningCertificate></xd:SigningCertificate><xd:SigningCertificate>"),
        ("xd:SigningCertificate>", "xd:OtherCertificate>"),
        ("<X509SerialNumber>", "<X509SerialNumber>1"),
    ],
)
def test_xades_that_does_not_name_one_certificate(old, new):
    assert codes(signed(edit_properties=lambda text: text.replace(old, new))) == (Code.SIG_XADES,)


def test_xades_of_another_signature():
    data = edited(signed(), 'Target="#idPackageSignature"><xd:S', 'Target="#x"><xd:S')
    assert codes(data) == (Code.SIG_XADES,)


def test_xades_not_signed():
    def drop(text: str) -> str:
        return re.sub(r'<Reference [^>]*URI="#idSignedProperties">.*?</Reference>', "", text)

    assert codes(signed(edit_signed_info=drop)) == (Code.SIG_UNSIGNED_OBJECT,)


def test_what_other_libraries_register_changes_neither_signing_nor_verifying(monkeypatch):
    """WeasyPrint registers the empty prefix for no namespace, for the whole process."""
    data = signed_form()
    monkeypatch.setitem(ElementTree._namespace_map, "", "")
    assert judge(data).outcome is Outcome.VALID
    assert judge(signed()).outcome is Outcome.VALID
