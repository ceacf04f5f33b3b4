"""Which digests and signature methods are accepted, and the check of a signature value."""

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from cpl.workbook.refusals import shown
from submissions.signature.codes import Code, reject
from submissions.signature.xmlpart import DSIG

_MORE, _ENCRYPTION = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/04/xmlenc#"
SHA1: Final = f"{DSIG}sha1"
RSA_SHA1: Final = f"{DSIG}rsa-sha1"
WEAK: Final = frozenset({SHA1, RSA_SHA1})
_KNOWN_WEAK = WEAK | {f"{_MORE}md5", f"{_MORE}rsa-md5", f"{DSIG}dsa-sha1", f"{DSIG}hmac-sha1", f"{_MORE}ecdsa-sha1"}
_DIGESTS = {SHA1: "sha1", f"{_ENCRYPTION}sha256": "sha256", f"{_MORE}sha384": "sha384", f"{_ENCRYPTION}sha512": "sha512"}
_METHODS: dict[str, tuple[str, Callable[[], hashes.HashAlgorithm]]] = {
    RSA_SHA1: ("rsa", hashes.SHA1),
    f"{_MORE}rsa-sha256": ("rsa", hashes.SHA256),
    f"{_MORE}rsa-sha384": ("rsa", hashes.SHA384),
    f"{_MORE}rsa-sha512": ("rsa", hashes.SHA512),
    f"{_MORE}ecdsa-sha256": ("ec", hashes.SHA256),
    f"{_MORE}ecdsa-sha384": ("ec", hashes.SHA384),
    f"{_MORE}ecdsa-sha512": ("ec", hashes.SHA512),
}
_SMALLEST_CURVE = 256


def digest_name(algorithm: str | None, allow_sha1: bool) -> str:
    """The name for hashlib. Raises Reject (WEAK_ALGORITHM, SIG_ALGORITHM)."""
    return _DIGESTS[_accepted(algorithm, allow_sha1, _DIGESTS)]


def signature_method(algorithm: str | None, allow_sha1: bool) -> str:
    """The method, when it is an accepted one. Raises Reject (WEAK_ALGORITHM, SIG_ALGORITHM)."""
    return _accepted(algorithm, allow_sha1, _METHODS)


def is_strong(key: CertificatePublicKeyTypes, smallest_rsa: int) -> bool:
    """Whether a key that made a signature is long enough (`smallest_rsa` in bits; elliptic curves from 256 bits)."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= smallest_rsa
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size >= _SMALLEST_CURVE


def verifies(key: CertificatePublicKeyTypes, method: str, signed: bytes, value: bytes) -> bool:
    """Whether the value is the signature of these octets by the holder of the key."""
    family, hash_algorithm = _METHODS[method]
    try:
        if family == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(value, signed, padding.PKCS1v15(), hash_algorithm())
            return True
        if family == "ec" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_der(value, key.curve.key_size), signed, ec.ECDSA(hash_algorithm()))
            return True
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return False


def _der(value: bytes, bits: int) -> bytes:
    """XML signatures write the two numbers of an ECDSA signature one behind the other, cryptography wants DER."""
    length = (bits + 7) // 8
    if len(value) != 2 * length:
        raise InvalidSignature
    return encode_dss_signature(int.from_bytes(value[:length]), int.from_bytes(value[length:]))


def _accepted(
    algorithm: str | None, allow_sha1: bool, known: dict[str, str] | dict[str, tuple[str, Callable[[], hashes.HashAlgorithm]]]
) -> str:
    name = algorithm or ""
    if name not in known or (name in WEAK and not allow_sha1):
        reject(Code.WEAK_ALGORITHM if name in _KNOWN_WEAK else Code.SIG_ALGORITHM, shown(name.rpartition("#")[2]))
    return name
