"""`manage.py verify_signature`: shape, exit codes, trust folders, and files that are no use."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from submissions.models import RevocationList
from tests.builders.pki import AT, ORGANISATION, pki
from tests.builders.signing import sign
from tests.domain.signed_forms import form, signed_form
from tests.trusting import authority, signed_workbook, with_image
from tests.trusting import trusted as trusted_site

AT_TEXT = AT.isoformat()
pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    """A trust folder as the interface describes it, and a signed workbook beside it."""
    for name, files in (
        ("anchors", {"root.pem": pki().root.pem}),
        ("intermediates", {"issuing.pem": pki().intermediate.pem}),
        ("crls", {f"{number}.crl": one for number, one in enumerate(pki().lists)}),
    ):
        (tmp_path / "trust" / name).mkdir(parents=True)
        for file, content in files.items():
            (tmp_path / "trust" / name / file).write_bytes(content)
    (tmp_path / "form.xlsm").write_bytes(signed_form())
    return tmp_path


def run(path, *options: str) -> tuple[int, str]:
    """Exit code and what was printed."""
    out = StringIO()
    try:
        call_command("verify_signature", str(path), *options, stdout=out, stderr=StringIO())
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def trusted(folder) -> tuple[str, ...]:
    return "--trust", str(folder / "trust"), "--at", AT_TEXT


def test_valid_signature(folder):
    code, text = run(folder / "form.xlsm", *trusted(folder), "--creator", ORGANISATION, "--json")
    document = json.loads(text)
    assert (code, document["file"], document["verdict"], document["codes"]) == (0, "form.xlsm", "valid", [])
    assert document["creator_matches"] is True
    assert set(document) >= {
        *("file", "verdict", "codes", "reasons", "signer", "signing_time"),
        *("covers", "not_covered", "creator_matches"),
    }


def test_people_read_lines(folder):
    code, text = run(folder / "form.xlsm", *trusted(folder), "--creator", "Example Meters Limited")
    assert code == 1
    assert text.startswith("form.xlsm: valid")
    assert "ORG_MISMATCH" in text
    assert "guidance Appendix 2" in text
    assert "Signer: Image Creator, organisation: Example Meters Ltd" in text
    assert "not covered: docProps/app.xml, docProps/core.xml" in text


def test_without_a_trust_store_nobody_is_trusted(folder):
    code, text = run(folder / "form.xlsm", "--at", AT_TEXT, "--json")
    assert (code, json.loads(text)["verdict"], json.loads(text)["codes"]) == (1, "untrusted", ["CERT_UNTRUSTED"])


def test_the_site_s_own_trust_store_is_the_default(folder, settings):
    trusted_site()
    values = with_image(ORGANISATION)
    (folder / "now.xlsm").write_bytes(signed_workbook(values, authority().good))
    code, text = run(folder / "now.xlsm", "--creator", ORGANISATION, "--json")
    assert (code, json.loads(text)["verdict"]) == (0, "valid")
    RevocationList.objects.all().delete()
    code, text = run(folder / "now.xlsm", "--json")
    assert (code, json.loads(text)["codes"]) == (1, ["CRL_UNAVAILABLE"])
    settings.CPL_SIGNATURE_REVOCATION = "soft-fail"
    code, text = run(folder / "now.xlsm", "--json")
    assert (code, json.loads(text)["codes"]) == (0, ["REVOCATION_UNKNOWN"])
    settings.CPL_SIGNATURE_USAGES = ["1.3.6.1.5.5.7.3.1"]
    code, text = run(folder / "now.xlsm", "--json")
    assert (code, json.loads(text)["codes"]) == (1, ["CERT_USAGE"])


def test_without_revocation_lists_it_says_so(folder):
    for path in (folder / "trust/crls").iterdir():
        path.unlink()
    code, text = run(folder / "form.xlsm", *trusted(folder), "--json")
    assert (code, json.loads(text)["codes"]) == (0, ["REVOCATION_UNKNOWN"])


def test_time_of_receipt(folder):
    code, text = run(folder / "form.xlsm", "--trust", str(folder / "trust"), "--at", "2031-01-01T10:00", "--json")
    assert (code, json.loads(text)["codes"]) == (1, ["CERT_EXPIRED"])
    with pytest.raises(CommandError, match="--at"):
        run(folder / "form.xlsm", "--at", "yesterday")


def test_old_office(folder):
    (folder / "old.xlsm").write_bytes(sign(form(), pki().good, digest="sha1", xades=False))
    code, text = run(folder / "old.xlsm", *trusted(folder), "--json")
    assert (code, json.loads(text)["codes"]) == (1, ["WEAK_ALGORITHM"])
    code, text = run(folder / "old.xlsm", *trusted(folder), "--allow-sha1", "--json")
    assert (code, json.loads(text)["codes"]) == (0, ["SHA1_ALLOWED"])


def test_unsigned_and_unreadable(folder):
    (folder / "plain.xlsm").write_bytes(form())
    (folder / "text.xlsm").write_bytes(b"no workbook")
    code, text = run(folder / "plain.xlsm", "--json")
    assert (code, json.loads(text)["verdict"]) == (1, "unsigned")
    code, text = run(folder / "text.xlsm", "--json")
    assert (code, json.loads(text)["verdict"]) == (2, "unreadable")


def test_several_signatures_are_all_listed(folder):
    (folder / "two.xlsm").write_bytes(sign(signed_form(), pki().untrusted))
    code, text = run(folder / "two.xlsm", *trusted(folder))
    assert code == 1
    assert "_xmlsignatures/sig1.xml: valid" in text
    assert "_xmlsignatures/sig2.xml: untrusted" in text


def test_call_that_cannot_be_used(folder):
    with pytest.raises(CommandError, match="cannot be read") as missing:
        run(folder / "missing.xlsm")
    assert missing.value.returncode == 2
    with pytest.raises(CommandError, match="no trusted authority"):
        run(folder / "form.xlsm", "--trust", str(folder))
    (folder / "trust/anchors/root.pem").write_bytes(b"junk")
    with pytest.raises(CommandError, match="cannot be read"):
        run(folder / "form.xlsm", *trusted(folder))
