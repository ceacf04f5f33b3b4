"""The certificate of a signature, bound to it by the digest that XAdES puts among what is signed.

Without that binding a certificate in KeyInfo is a mere claim: it can be exchanged for another with the same key.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from submissions.signature import algorithms
from submissions.signature.codes import Code, reject
from submissions.signature.xmldsig import (
    PACKAGE_SIGNATURE,
    SIGNED_PROPERTIES,
    XADES,
    XmlSignature,
    decoded,
    ds,
    only,
    signed_octets,
    stated_digest,
)
from submissions.signature.xmlpart import Element

_MOST_HINTS = 16


@dataclass(frozen=True, slots=True)
class Signatory:
    """The certificate a signature was made with, its key, and further certificates that may lead to an authority (DER)."""

    certificate: x509.Certificate
    key: CertificatePublicKeyTypes
    hints: tuple[bytes, ...]


def find_signatory(signature: XmlSignature, signed: Sequence[Element], required: bool) -> Signatory:
    """The one certificate that the signature names. Raises Reject (SIG_XADES, CERT_BAD)."""
    properties = list(signature.root.iter(SIGNED_PROPERTIES))
    if len(properties) > 1 or (properties and not any(properties[0] is element for element in signed)):
        reject(Code.SIG_XADES, "what names the certificate is not signed")
    if properties:
        chosen = _bound(signature, properties[0])
    elif required:
        reject(Code.SIG_XADES, "no certificate is named in what is signed (XAdES)")
    else:
        chosen = _unbound(signature)
    certificate = _certificate(chosen)
    others = [der for der in (*signature.certificates, *_enclosed(signature.root)) if der != chosen]
    return Signatory(certificate, _key(certificate), tuple(dict.fromkeys(others))[:_MOST_HINTS])


def signing_time(signature: XmlSignature) -> datetime | None:
    """When the signer says to have signed, from what is signed; None when nothing readable is said. It proves nothing."""
    time = signature.root.find(f".//{SIGNED_PROPERTIES}//{{{XADES}}}SigningTime")
    if time is None:
        time = signature.package_object.find(f".//{{{PACKAGE_SIGNATURE}}}SignatureTime/{{{PACKAGE_SIGNATURE}}}Value")
    try:
        stated = datetime.fromisoformat((time.text or "").strip()) if time is not None else None
        if stated is None:
            return None
        return stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _bound(signature: XmlSignature, properties: Element) -> bytes:
    """The certificate of KeyInfo whose digest the XAdES properties state."""
    qualifying = properties.getparent()
    if qualifying is None or qualifying.get("Target") != f"#{signature.root.get('Id')}":
        reject(Code.SIG_XADES, "the properties belong to another signature")
    details = only(properties, f"{{{XADES}}}SignedSignatureProperties")
    named = [*details.findall(f"{{{XADES}}}SigningCertificate"), *details.findall(f"{{{XADES}}}SigningCertificateV2")]
    certificates = named[0].findall(f"{{{XADES}}}Cert") if len(named) == 1 else []
    if not certificates:
        reject(Code.SIG_XADES, "not exactly one certificate is named")
    # SHA-1 is bearable here: the key is bound by the signature value, and a second certificate would have to be forged to match.
    name, expected = stated_digest(only(certificates[0], f"{{{XADES}}}CertDigest"), allow_sha1=True)
    found = [
        der for der in dict.fromkeys(signature.certificates) if hmac.compare_digest(hashlib.new(name, der).digest(), expected)
    ]
    if len(found) != 1:
        reject(Code.SIG_XADES, "the certificate is not the one that is named in what is signed")
    _check_serial(certificates[0], found[0])
    return found[0]


def _check_serial(named: Element, der: bytes) -> None:
    """The serial number, where it is written beside the digest, must be that of the certificate."""
    serial = named.find(f"{{{XADES}}}IssuerSerial/{ds('X509SerialNumber')}")
    if serial is not None and (serial.text or "").strip() != str(_certificate(der).serial_number):
        reject(Code.SIG_XADES, "the serial number is not that of the certificate")


def _unbound(signature: XmlSignature) -> bytes:
    """The only certificate of KeyInfo whose key made the signature, for signatures without XAdES."""
    different = list(dict.fromkeys(signature.certificates))
    if len(different) == 1:
        return different[0]
    octets = signed_octets(signature)
    found = [der for der in different if algorithms.verifies(_key(_certificate(der)), signature.method, octets, signature.value)]
    if len(found) != 1:
        reject(Code.SIG_XADES, "it cannot be told which of several certificates was used")
    return found[0]


def _enclosed(root: Element) -> list[bytes]:
    """Certificates that XAdES encloses; no more than hints for the way to an authority."""
    return [decoded(element) for element in root.iter(f"{{{XADES}}}EncapsulatedX509Certificate")]


def _certificate(der: bytes) -> x509.Certificate:
    """Raises Reject (CERT_BAD) for bytes of which any field that is looked at later cannot be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        whole = certificate.public_bytes(Encoding.DER) == der
        _ = (certificate.subject, certificate.issuer, certificate.extensions, certificate.serial_number)
        _ = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension) as fault:
        reject(Code.CERT_BAD, type(fault).__name__)
    if not whole:
        reject(Code.CERT_BAD, "bytes after the certificate")
    return certificate


def _key(certificate: x509.Certificate) -> CertificatePublicKeyTypes:
    try:
        return certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        reject(Code.CERT_BAD, f"its key cannot be read ({type(fault).__name__})")
