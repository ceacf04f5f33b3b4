"""Who may be trusted: dates, usage, the way to an authority, revocation; with certificates made at run time."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from submissions.signature import Code, Outcome, Policy, Revocation, TrustStore
from tests.builders.pki import AT, DOCUMENTS, YEAR, Holder, ec_key, issue, pki, revocation_list, rsa_key
from tests.builders.signing import sign
from tests.domain.signed_forms import codes, form, judge, signed, signed_form

DAY = timedelta(days=1)
SOFT = Policy(revocation=Revocation.SOFT_FAIL)


def by(holder: Holder, **manner) -> bytes:
    return sign(form(), holder, **manner)


def store(*crls: bytes, anchors: tuple[Holder, ...] = (), intermediates: tuple[Holder, ...] | None = None) -> TrustStore:
    """The test authorities with other revocation lists."""
    known = (pki().intermediate,) if intermediates is None else intermediates
    return TrustStore.load([one.pem for one in anchors or (pki().root,)], [one.pem for one in known], crls)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("expired", Code.CERT_EXPIRED),
        ("not_yet_valid", Code.CERT_NOT_YET_VALID),
        ("revoked", Code.CERT_REVOKED),
        ("untrusted", Code.CERT_UNTRUSTED),
        ("self_signed", Code.CERT_UNTRUSTED),
        ("wrong_usage", Code.CERT_USAGE),
    ],
)
def test_signer_who_is_not_trusted(name, code):
    verdict = judge(by(getattr(pki(), name)))
    assert (verdict.outcome, verdict.codes, verdict.intact) == (Outcome.UNTRUSTED, (code,), True)
    assert verdict.deciding.creator_matches is True


@pytest.mark.parametrize("name", ["good", "good_ec", "no_usage"])
def test_signer_who_is_trusted(name):
    assert judge(by(getattr(pki(), name))).codes == ()


def test_empty_trust_store_trusts_nobody():
    assert codes(signed_form(), trust=TrustStore()) == (Code.CERT_UNTRUSTED,)


def test_message_names_dates_and_issuer():
    reason = judge(by(pki().expired)).reasons[0]
    assert "25/11/2025" in reason.message
    assert "Foreign Root CA" in judge(by(pki().untrusted)).reasons[0].message
    assert "15/11/2026" in judge(by(pki().revoked)).reasons[0].message


# --- Dates: at receipt and at the time the signer claims ------------------------------------------------------------------


def test_certificate_that_expired_between_signing_and_receipt():
    holder = pki().signer(validity=(AT - YEAR, AT - DAY))
    assert codes(by(holder, signed_at=AT - 2 * DAY)) == (Code.CERT_EXPIRED,)


def test_signed_after_the_certificate_had_expired_by_its_own_account():
    holder = pki().signer(validity=(AT - YEAR, AT + timedelta(minutes=1)))
    assert codes(by(holder, signed_at=AT + timedelta(hours=2))) == (Code.CERT_EXPIRED,)


def test_signed_before_the_certificate_was_valid():
    holder = pki().signer(validity=(AT - DAY, AT + YEAR))
    assert codes(by(holder, signed_at=AT - 2 * DAY)) == (Code.CERT_NOT_YET_VALID,)


def test_clock_of_the_signer_far_ahead_is_noted():
    verdict = judge(signed(signed_at=AT + 3 * DAY))
    assert (verdict.outcome, verdict.codes) == (Outcome.VALID, (Code.SIGNED_AFTER_RECEIPT,))
    assert judge(signed(signed_at=AT + timedelta(hours=3))).codes == ()


@pytest.mark.parametrize(
    "time", ["", "yesterday", "2026-13-40T99:99:99Z", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00"]
)
def test_unreadable_signing_time_is_no_time(time):
    verdict = judge(signed(edit_properties=lambda text: text.replace(f"{AT - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}", time)))
    assert verdict.deciding.signing_time is None
    assert verdict.codes == ()


def test_time_of_receipt_needs_a_zone():
    with pytest.raises(ValueError, match="time zone"):
        judge(signed_form(), at=AT.replace(tzinfo=None))


# --- Usage and keys --------------------------------------------------------------------------------------------------------


def test_usage_is_a_matter_of_policy():
    assert codes(by(pki().no_usage), policy=Policy(usage_stated=True)) == (Code.CERT_USAGE,)
    server = frozenset({"1.3.6.1.5.5.7.3.1"})
    assert codes(by(pki().wrong_usage), policy=Policy(usages=server)) == ()


def test_key_that_may_not_sign():
    assert codes(by(pki().signer(may_sign=False))) == (Code.CERT_USAGE,)


def test_authority_that_signs_workbooks_itself():
    authority = issue("Own CA", issuer=pki().root, authority=True)
    assert codes(by(authority)) == (Code.CERT_USAGE,)


@pytest.mark.parametrize("key", [rsa_key(1024), ec_key(curve=ec.SECP224R1)])
def test_short_key(key):
    assert codes(by(pki().signer(key=key))) == (Code.CERT_WEAK_KEY,)


def test_chain_with_a_weak_digest():
    weak = issue("Weak CA", ("Weak",), issuer=pki().root, key=rsa_key(number=4), authority=True)
    holder = issue("Creator", issuer=weak, hash_algorithm=hashes.SHA256())
    trust = store(*pki().lists, revocation_list(weak), intermediates=(weak,))
    assert codes(by(holder), trust=trust) == ()
    short = issue("Short CA", ("Short",), issuer=pki().root, key=rsa_key(1024), authority=True)
    trust = store(*pki().lists, revocation_list(short), intermediates=(short,))
    assert codes(by(issue("Creator", issuer=short)), trust=trust) == (Code.CERT_UNTRUSTED,)


# --- The way to an authority -----------------------------------------------------------------------------------------------


def test_intermediate_from_the_signature_itself():
    trust = store(*pki().lists, intermediates=())
    assert codes(signed_form(), trust=trust) == (Code.CERT_UNTRUSTED,)
    assert codes(signed(chain=(pki().intermediate.certificate,)), trust=trust) == ()


def test_root_from_the_signature_itself_is_not_trusted():
    assert codes(by(pki().untrusted, chain=(pki().foreign.certificate,))) == (Code.CERT_UNTRUSTED,)


def test_authority_of_the_same_name_with_another_key():
    false = issue("Test Issuing CA", ("Test Trust Services",), key=rsa_key(number=5), authority=True)
    holder = issue("Image Creator", issuer=false)
    assert codes(by(holder, chain=(false.certificate,))) == (Code.CERT_UNTRUSTED,)


def test_signer_who_issued_a_certificate():
    """A certificate of a signer is no authority, whoever signed it."""
    holder = issue("Image Creator", issuer=pki().good, key=rsa_key(number=6))
    assert codes(by(holder, chain=(pki().good.certificate,))) == (Code.CERT_UNTRUSTED,)


def test_authority_that_has_expired():
    old = issue("Old Root", ("Old",), key=rsa_key(number=8), authority=True, validity=(AT - 2 * YEAR, AT - DAY))
    holder = issue("Image Creator", issuer=old)
    trust = store(revocation_list(old), anchors=(old,), intermediates=())
    assert codes(by(holder), trust=trust) == (Code.CERT_UNTRUSTED,)
    between = issue("Old CA", ("Old",), issuer=pki().root, key=rsa_key(number=8), authority=True, validity=(AT - YEAR, AT - DAY))
    trust = store(*pki().lists, revocation_list(between), intermediates=(between,))
    assert codes(by(issue("Image Creator", issuer=between)), trust=trust) == (Code.CERT_EXPIRED,)


def test_intermediate_as_an_anchor():
    """The way would be found, but no revocation list can be checked below it, not even one that revokes."""
    with pytest.raises(ValueError, match=r"Test Issuing CA.*is no root"):
        store(*pki().lists, anchors=(pki().intermediate,), intermediates=())


# --- Revocation ------------------------------------------------------------------------------------------------------------


def root_list() -> bytes:
    return pki().lists[0]


def test_revocation_lists_are_required():
    assert codes(signed_form(), trust=store()) == (Code.CRL_UNAVAILABLE,)
    assert codes(signed_form(), trust=store(root_list())) == (Code.CRL_UNAVAILABLE,)
    assert codes(signed_form(), trust=store(pki().lists[1])) == (Code.CRL_UNAVAILABLE,)


def test_revocation_list_that_is_out_of_date():
    stale = revocation_list(pki().intermediate, issued=AT - 60 * DAY)
    assert codes(signed_form(), trust=store(root_list(), stale)) == (Code.CRL_UNAVAILABLE,)


def test_revocation_list_signed_by_somebody_else():
    forged = revocation_list(pki().intermediate, (pki().good.certificate,), key=rsa_key(number=9))
    assert codes(signed_form(), trust=store(root_list(), forged)) == (Code.CRL_UNAVAILABLE,)
    assert codes(signed_form(), trust=store(*pki().lists, forged)) == ()


def test_revocation_list_of_another_authority():
    foreign = revocation_list(pki().foreign, (pki().good.certificate,))
    assert codes(signed_form(), trust=store(*pki().lists, foreign)) == ()


def test_authority_that_was_revoked():
    trust = store(revocation_list(pki().root, (pki().intermediate.certificate,)), pki().lists[1])
    assert codes(signed_form(), trust=trust) == (Code.CERT_REVOKED,)


def test_revoked_after_receipt_does_not_count():
    """The workbook was there before; a list issued later says all the more about the time of receipt."""
    later = revocation_list(pki().intermediate, (pki().good.certificate,), issued=AT + 5 * DAY, revoked_on=AT + 2 * DAY)
    assert codes(signed_form(), trust=store(root_list(), later)) == ()
    before = revocation_list(pki().intermediate, (pki().good.certificate,), issued=AT + 5 * DAY, revoked_on=AT - 2 * DAY)
    assert codes(signed_form(), trust=store(root_list(), before)) == (Code.CERT_REVOKED,)


def test_list_issued_after_the_certificate_had_expired_says_nothing():
    """Authorities drop expired certificates from their lists."""
    late = revocation_list(pki().intermediate, issued=AT + 2 * YEAR)
    assert codes(signed_form(), trust=store(root_list(), late)) == (Code.CRL_UNAVAILABLE,)


def test_soft_fail_passes_what_is_missing_and_says_so():
    verdict = judge(signed_form(), trust=store(), policy=SOFT)
    assert (verdict.outcome, verdict.codes) == (Outcome.VALID, (Code.REVOCATION_UNKNOWN,))
    assert codes(signed_form(), policy=SOFT) == ()


@pytest.mark.parametrize("lists", [0, 1])
def test_soft_fail_still_rejects_what_a_list_revokes(lists):
    """Also where the list of the other authority is missing."""
    crls = pki().lists[1:] if lists == 0 else pki().lists
    assert codes(by(pki().revoked), trust=store(*crls), policy=SOFT) == (Code.CERT_REVOKED,)
    revoking = revocation_list(pki().root, (pki().intermediate.certificate,))
    assert codes(signed_form(), trust=store(revoking), policy=SOFT) == (Code.CERT_REVOKED,)


# --- Reading a trust store -------------------------------------------------------------------------------------------------


def test_trust_store_reads_pem_and_der():
    both = TrustStore.load([pki().root.der], [pki().intermediate.pem + pki().foreign.pem], pki().lists)
    assert (len(both.anchors), len(both.intermediates), len(both.crls)) == (1, 2, 2)
    assert codes(signed_form(), trust=both) == ()


@pytest.mark.parametrize("junk", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", bytes(40)])
def test_trust_store_refuses_what_it_cannot_read(junk):
    for place in range(3):
        with pytest.raises(ValueError, match="."):
            TrustStore.load(*[[junk] if place == which else [] for which in range(3)])


def test_trust_store_refuses_a_certificate_as_a_list():
    with pytest.raises(ValueError, match="."):
        TrustStore.load(crls=[pki().root.pem])
    with pytest.raises(ValueError, match="."):
        TrustStore.load(anchors=[root_list()])


# --- Certificates nobody should have made ----------------------------------------------------------------------------------


@pytest.mark.parametrize("start", range(0, 700, 23))
def test_certificate_with_a_broken_byte_never_raises(start):
    """Whatever cannot be read in the signer's or another certificate ends in a verdict."""
    broken = bytearray(pki().good.der)
    broken[start] ^= 0x55
    hint = _Der(bytes(broken))
    verdict = judge(signed(chain=(hint,)))
    assert verdict.outcome in (Outcome.VALID, Outcome.UNTRUSTED, Outcome.INVALID)
    named = judge(signed(chain=(hint,), named=hint))
    assert named.outcome in (Outcome.UNTRUSTED, Outcome.INVALID)


class _Der:
    """Stands where the builder expects a certificate, with bytes that need not be one."""

    def __init__(self, der: bytes) -> None:
        self.der = der
        self.issuer = pki().good.certificate.issuer
        self.serial_number = pki().good.certificate.serial_number

    def public_bytes(self, _: object) -> bytes:
        return self.der


def test_certificate_for_another_kind_of_key():
    from cryptography.hazmat.primitives.asymmetric import ed25519

    holder = pki().signer()
    key = ed25519.Ed25519PrivateKey.generate()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(holder.certificate.subject)
        .issuer_name(pki().intermediate.certificate.subject)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(AT - DAY)
        .not_valid_after(AT + DAY)
        .add_extension(x509.ExtendedKeyUsage(DOCUMENTS), critical=False)
        .sign(pki().intermediate.key, hashes.SHA256())
    )
    assert codes(signed(named=certificate, chain=(certificate,))) == (Code.SIG_VALUE,)
