"""Signatures by Office itself and by another implementation, judged as the lists beside them say. Not in the repository."""

import csv
from datetime import UTC, datetime

import pytest

from submissions.signature import OLD_OFFICE, STRICT, Code, Outcome, TrustStore, Verdict, verified_package, verify
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared

OFFICE, MADE = SHARED / "corpus/signatures/office", SHARED / "corpus/signatures/made"
RECEIVED = datetime(2026, 11, 24, 21, tzinfo=UTC)
OFFICE_VERDICTS = {"OK": "intact", "OK_WEAK": "intact", "UNSIGNED": "invalid", "REJECT": "invalid", "NO_SIGNATURE": "unsigned"}


def rows(folder) -> list[dict[str, str]]:
    path = folder / "MANIFEST.tsv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def expectation(row: dict[str, str]) -> str:
    return next(value for name, value in row.items() if name.startswith("expected"))


def names(found: list[dict[str, str]]) -> list[str]:
    return [row["file"] for row in found]


def trust() -> TrustStore:
    folders = ("anchors", "intermediates", "crls")
    return TrustStore.load(*([path.read_bytes() for path in sorted((MADE / "pki" / name).iterdir())] for name in folders))


def judge_made(name: str) -> Verdict:
    return verify((MADE / name).read_bytes(), trust=trust(), at=RECEIVED, creator="Example Meters Ltd")


@pytest.mark.parametrize("row", rows(OFFICE), ids=names(rows(OFFICE)))
def test_office_file_with_sha1_allowed_and_xades_optional(row):
    data = (OFFICE / row["file"]).read_bytes()
    verdict = verify(data, trust=TrustStore(), policy=OLD_OFFICE, at=RECEIVED)
    kind = "intact" if verdict.intact else verdict.outcome.value
    assert kind == OFFICE_VERDICTS[expectation(row)]
    assert verdict.outcome is not Outcome.VALID
    assert (Code.SHA1_ALLOWED in verdict.codes) == (expectation(row) == "OK_WEAK")
    if expectation(row) == "UNSIGNED":
        assert verdict.codes == (Code.COV_UNSIGNED_REL,)
    if verdict.intact:
        assert verified_package(data, verdict).startswith(b"PK")


@pytest.mark.parametrize("row", rows(OFFICE), ids=names(rows(OFFICE)))
def test_office_file_by_the_strict_policy(row):
    verdict = verify((OFFICE / row["file"]).read_bytes(), trust=TrustStore(), at=RECEIVED)
    match expectation(row):
        case "NO_SIGNATURE":
            assert verdict.codes == (Code.NO_SIGNATURE,)
        case "OK":
            assert verdict.outcome is Outcome.UNTRUSTED
        case _:
            assert Code.WEAK_ALGORITHM in verdict.codes
            assert verdict.outcome is Outcome.INVALID


@pytest.mark.parametrize("row", rows(MADE), ids=names(rows(MADE)))
def test_made_file(row):
    verdict = judge_made(row["file"])
    outcome, _, rest = row["verdict"].partition(",")
    assert verdict.outcome.value in outcome.replace(" or ", " ").split()
    code = row["code"].split()[0]
    assert verdict.codes == (() if code == "ACCEPT" else (Code(code),))
    if verdict.intact:
        assert verdict.deciding.creator_matches is ("creator_matches false" not in rest)


def test_purpose_asked_for_by_the_policy():
    from dataclasses import replace

    data = (MADE / "jdk-leaf-noeku.xlsm").read_bytes()
    verdict = verify(data, trust=trust(), policy=replace(STRICT, usage_stated=True), at=RECEIVED)
    assert verdict.codes == (Code.CERT_USAGE,)


def test_revocation_lists_that_do_not_count():
    """Stale, forged by another authority, signed with another key: as if there were none."""
    root = (MADE / "pki/crls/root.crl").read_bytes()
    data = (MADE / "jdk-leaf-good.xlsm").read_bytes()
    anchors = [(MADE / "pki/anchors/root.crt.pem").read_bytes()]
    for name in ("intermediate-stale.crl", "forged.crl", "intermediate-wrongkey.crl"):
        store = TrustStore.load(anchors, crls=[root, (MADE / "pki/others" / name).read_bytes()])
        assert verify(data, trust=store, at=RECEIVED).codes == (Code.CRL_UNAVAILABLE,)


def test_every_leaf_by_itself():
    """Certificates for which no signed workbook is at hand, held against the same authorities."""
    from cryptography import x509

    from submissions.signature.codes import Reject
    from submissions.signature.trust import check_certificate
    from submissions.signature.xades import Signatory

    found = {}
    for path in sorted((MADE / "pki/leaves").iterdir()):
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        try:
            check_certificate(Signatory(certificate, certificate.public_key(), ()), trust(), STRICT, RECEIVED, None)
            found[path.name.split(".")[0]] = ""
        except Reject as rejected:
            found[path.name.split(".")[0]] = rejected.code.value
    assert found == {
        "leaf-expired": "CERT_EXPIRED",
        "leaf-good": "",
        "leaf-good-ec": "",
        "leaf-noeku": "",
        "leaf-noorg": "",
        "leaf-notyet": "CERT_NOT_YET_VALID",
        "leaf-otherorg": "",
        "leaf-revoked": "CERT_REVOKED",
        "leaf-selfsigned": "CERT_UNTRUSTED",
        "leaf-tlseku": "CERT_USAGE",
        "leaf-untrusted": "CERT_UNTRUSTED",
    }
