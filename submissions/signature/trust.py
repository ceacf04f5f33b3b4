"""Whether a certificate may be trusted: dates, usage, the way to a trusted authority, revocation. Nothing is fetched.

Path building and revocation follow RFC 5280 as pyhanko-certvalidator implements it; authorities, intermediates and revocation
lists are handed in, so the same question has the same answer years later.
"""

from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from asn1crypto import crl as asn1_crl
from asn1crypto import pem
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext, errors
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    DisallowWeakAlgorithmsPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from cpl.workbook.refusals import shown
from submissions.signature.algorithms import is_strong
from submissions.signature.codes import Code, Reject, reject
from submissions.signature.policy import Policy, Revocation
from submissions.signature.verdict import Reason
from submissions.signature.xades import Signatory

_WEAK_HASHES = frozenset({"md2", "md5", "sha1"})
_MOST_HINTS = 5
_CHECK, _SKIP = RevocationCheckingRule.CRL_REQUIRED, RevocationCheckingRule.NO_CHECK
_EVERYTHING = RevocationCheckingPolicy(_CHECK, _CHECK)
# What soft-fail tries, strictest first: a list that is there is always used, one that is missing does not hide the others.
_LADDER = (
    _EVERYTHING,
    RevocationCheckingPolicy(ee_certificate_rule=_CHECK, intermediate_ca_cert_rule=_SKIP),
    RevocationCheckingPolicy(ee_certificate_rule=_SKIP, intermediate_ca_cert_rule=_CHECK),
    RevocationCheckingPolicy(_SKIP, _SKIP),
)


Kind = TypeVar("Kind", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Authorities to trust (roots), intermediates that are known, and revocation lists; the lists may be of any age."""

    anchors: tuple[Any, ...] = ()
    intermediates: tuple[Any, ...] = ()
    crls: tuple[Any, ...] = ()

    @classmethod
    def load(cls, anchors: Iterable[bytes] = (), intermediates: Iterable[bytes] = (), crls: Iterable[bytes] = ()) -> Self:
        """From the bytes of files, PEM or DER; a PEM file may hold several.

        Raises ValueError for bytes that are neither, and for an anchor that is no root: revocation lists below an intermediate
        taken as an anchor could not be checked.
        """
        return cls(
            tuple(_root(der) for data in anchors for der in _ders(data)),
            tuple(_known_certificate(der) for data in intermediates for der in _ders(data)),
            tuple(_known_list(der) for data in crls for der in _ders(data)),
        )


def check_certificate(
    signatory: Signatory, trust: TrustStore, policy: Policy, received: datetime, signed: datetime | None
) -> list[Reason]:
    """What is to be noted about a trusted certificate. Raises Reject (CERT_*, CRL_UNAVAILABLE) when it is not.

    `received` is beyond doubt, `signed` only claimed, so the certificate must have been valid at both.
    """
    certificate = signatory.certificate
    _check_dates(certificate, received, "when the workbook was received")
    if signed is not None:
        _check_dates(certificate, signed, "when it was signed, by its own account")
    _check_usage(certificate, policy)
    if not is_strong(signatory.key, policy.smallest_rsa):
        reject(Code.CERT_WEAK_KEY)
    try:
        return _check_path(signatory, trust, policy, received)
    except Reject:
        raise
    except Exception as fault:  # noqa: BLE001 - certificates are the sender's bytes; no oddity in them may get past this line
        reject(Code.CERT_UNTRUSTED, f"the way to an authority cannot be read ({type(fault).__name__})")


def _check_dates(certificate: x509.Certificate, moment: datetime, when: str) -> None:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if moment < start:
        reject(Code.CERT_NOT_YET_VALID, f"valid from {start:%d/%m/%Y %H:%M} UTC, not yet {when} ({moment:%d/%m/%Y %H:%M})")
    if moment > end:
        reject(Code.CERT_EXPIRED, f"valid until {end:%d/%m/%Y %H:%M} UTC, no longer {when} ({moment:%d/%m/%Y %H:%M})")


def _check_usage(certificate: x509.Certificate, policy: Policy) -> None:
    """A signer's certificate, not an authority's, for signatures, and where it states its purposes, for documents."""
    basic = _extension(certificate, x509.BasicConstraints)
    if basic is not None and basic.ca:
        reject(Code.CERT_USAGE, "it is the certificate of an authority")
    key_usage = _extension(certificate, x509.KeyUsage)
    if key_usage is not None and not (key_usage.digital_signature or key_usage.content_commitment):
        reject(Code.CERT_USAGE, "its key may not be used for signatures")
    extended = _extension(certificate, x509.ExtendedKeyUsage)
    stated = {usage.dotted_string for usage in extended} if extended is not None else set()
    if (stated or policy.usage_stated) and not stated & policy.usages:
        reject(Code.CERT_USAGE, f"purposes stated: {', '.join(sorted(stated)[:5]) or 'none'}")


def _extension(certificate: x509.Certificate, kind: type[Kind]) -> Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _check_path(signatory: Signatory, trust: TrustStore, policy: Policy, moment: datetime) -> list[Reason]:
    """Build and validate the way to an authority, on the rungs of the ladder that the policy allows."""
    rungs = _LADDER if policy.revocation is Revocation.SOFT_FAIL else (_EVERYTHING,)
    missing = [_attempt(signatory, trust, policy, moment, rungs[0])]
    while missing[-1] and len(missing) < len(rungs):
        missing.append(_attempt(signatory, trust, policy, moment, rungs[len(missing)]))
    if missing[-1]:
        reject(Code.CRL_UNAVAILABLE, missing[0])
    return [Reason(Code.REVOCATION_UNKNOWN, missing[0])] if missing[0] else []


def _attempt(signatory: Signatory, trust: TrustStore, policy: Policy, moment: datetime, rules: RevocationCheckingPolicy) -> str:
    """Which revocation list is missing on the way to an authority; "" when the way is good. Raises Reject when it is not."""
    issuer = f"issued by {shown(signatory.certificate.issuer.rfc4514_string(), 120)}"
    try:
        _validate(signatory, trust, policy, moment, rules)
    except errors.InsufficientRevinfoError as fault:
        age = "is out of date" if isinstance(fault, errors.StaleRevinfoError) else "is missing"
        return f"the revocation list for {_whose(fault)} {age}"
    except errors.RevokedError as fault:
        reject(Code.CERT_REVOKED, f"{_whose(fault)}, on {fault.revocation_dt:%d/%m/%Y}, reason: {fault.reason.human_friendly}")
    except errors.ExpiredError as fault:
        reject(Code.CERT_EXPIRED, f"{_whose(fault)}, on {fault.expired_dt:%d/%m/%Y}")
    except errors.PathBuildingError:
        reject(Code.CERT_UNTRUSTED, issuer)
    except errors.InvalidCertificateError:
        reject(Code.CERT_UNTRUSTED, "it was issued by its own holder (self-signed)")
    except errors.ValidationError as fault:
        reject(Code.CERT_UNTRUSTED, f"{issuer}; {fault.failure_msg}")
    return ""


def _validate(signatory: Signatory, trust: TrustStore, policy: Policy, moment: datetime, rules: RevocationCheckingPolicy) -> None:
    """One attempt. Raises the errors of pyhanko-certvalidator."""
    certificate = _certificate(signatory.certificate.public_bytes(Encoding.DER))
    context = ValidationContext(
        trust_roots=[anchor for anchor in trust.anchors if anchor.not_valid_before <= moment <= anchor.not_valid_after],
        crls=_usable(trust.crls, certificate),
        moment=moment,
        allow_fetching=False,
        # A list issued after receipt says all the more about that moment: what was revoked later does not count against it.
        revinfo_policy=CertRevTrustPolicy(rules, retroactive_revinfo=True),
        algorithm_usage_policy=DisallowWeakAlgorithmsPolicy(_WEAK_HASHES, rsa_key_size_threshold=policy.smallest_rsa),  # type: ignore[no-untyped-call]
        time_tolerance=timedelta(0),
    )
    hints = [*trust.intermediates, *_leading_up(certificate, _readable(signatory.hints))]
    _finish(CertificateValidator(certificate, hints, context).async_validate_path())


def _leading_up(certificate: Any, hints: list[Any]) -> list[Any]:
    """The hints that by their names could stand above the certificate. Few: the ways through certificates that could all have
    issued each other are beyond counting."""
    names, chosen = {certificate.issuer.hashable}, list[Any]()
    for _ in range(_MOST_HINTS):
        found = [hint for hint in hints if hint.subject.hashable in names and hint not in chosen][:1]
        chosen += found
        names |= {hint.issuer.hashable for hint in found}
    return chosen


def _readable(hints: Iterable[bytes]) -> list[Any]:
    """Hints are a courtesy: one that cannot be read is as good as none."""
    found = []
    for der in hints:
        with suppress(ValueError):
            found.append(_known_certificate(der))
    return found


def _usable(crls: Iterable[Any], certificate: Any) -> list[Any]:
    """Lists issued while the certificate could be on them: authorities may drop what has expired."""
    return [crl for crl in crls if crl["tbs_cert_list"]["this_update"].native <= certificate.not_valid_after]


def _finish(work: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that has nothing to wait for, since nothing is fetched; works where an event loop runs already."""
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise RuntimeError("The check of a chain must not wait for anything.")


def _whose(fault: errors.PathValidationError) -> str:
    return "the signer's certificate" if fault.is_ee_cert else "the certificate of an authority above it"


def _ders(data: bytes) -> list[bytes]:
    if not pem.detect(data):
        return [data]
    return [der for _, _, der in pem.unarmor(data, multiple=True)]


def _certificate(der: bytes) -> Any:
    return asn1.Certificate.load(der, strict=True)


def _known_certificate(der: bytes) -> Any:
    """For a trust store, where it should be found out at once what cannot be read: asn1crypto looks only when it has to."""
    x509.load_der_x509_certificate(der)
    return _certificate(der)


def _root(der: bytes) -> Any:
    certificate = _known_certificate(der)
    if certificate.issuer != certificate.subject:
        raise ValueError(f"{certificate.subject.human_friendly} is no root; it belongs to the intermediates.")
    return certificate


def _known_list(der: bytes) -> Any:
    x509.load_der_x509_crl(der)
    return asn1_crl.CertificateList.load(der, strict=True)
