"""The site's two keys: the Ed25519 key that signs releases and the AES-256 keys under which RED is kept.

Both come from settings (`CPL_RELEASE_KEY`, `CPL_RED_KEY`, each also as `…_FILE`); an embedded site without them makes its own
once in `CPL_KEY_DIR`. Sealed bytes carry the id of their key, so RED keys rotate by putting a new one in front of the old.
"""

import base64
import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

FORMAT = b"\x01"
KEY_ID_SIZE = 8  # bytes
NONCE_SIZE = 12  # bytes; random, so one key is good for 2**32 seals
HEADER_SIZE = len(FORMAT) + KEY_ID_SIZE + NONCE_SIZE
OVERHEAD = HEADER_SIZE + 16  # bytes that sealing adds: header and tag


class Unreadable(Exception):  # noqa: N818 - reads as crypto.Unreadable
    """The bytes were altered, cut, or sealed for another context."""


class UnknownKey(Exception):  # noqa: N818 - reads as crypto.UnknownKey
    """The bytes were sealed under a key this site does not have."""


class NoPrivateKey(Exception):  # noqa: N818 - reads as crypto.NoPrivateKey
    """This process knows only the public half of the release key, so it cannot sign."""


# --- RED -----------------------------------------------------------------------------------------------------------------


def encrypt(text: str, context: str) -> bytes:
    """Seal a text under the first RED key. CONTEXT says what and where it is; it is authenticated, not stored."""
    return encrypt_bytes(text.encode(), context)


def decrypt(blob: bytes | memoryview, context: str) -> str:
    """The text sealed for CONTEXT. Raises Unreadable or UnknownKey."""
    return decrypt_bytes(blob, context).decode()


def encrypt_bytes(data: bytes, context: str) -> bytes:
    """As `encrypt`, for bytes: format, key id, nonce, then ciphertext with its tag (37 bytes longer than the data)."""
    key_id, key = next(iter(_red_keys().items()))
    nonce = os.urandom(NONCE_SIZE)
    header = FORMAT + key_id + nonce
    return header + AESGCM(key).encrypt(nonce, data, header + context.encode())


def decrypt_bytes(blob: bytes | memoryview, context: str) -> bytes:
    """As `decrypt`, for bytes."""
    blob = bytes(blob)
    header, sealed = blob[:HEADER_SIZE], blob[HEADER_SIZE:]
    if len(header) < HEADER_SIZE or not header.startswith(FORMAT):
        raise Unreadable("These are not sealed bytes.")
    key_id, nonce = header[1 : 1 + KEY_ID_SIZE], header[1 + KEY_ID_SIZE :]
    key = _red_keys().get(key_id)
    if key is None:
        raise UnknownKey(f"No RED key with id {key_id.hex()} is set (CPL_RED_KEY).")
    try:
        return AESGCM(key).decrypt(nonce, sealed, header + context.encode())
    except InvalidTag:
        raise Unreadable("The sealed bytes were altered or belong elsewhere.") from None


def _red_keys() -> dict[bytes, bytes]:
    """Key by key id; the first one seals, all of them open."""
    return _parse_red_keys(settings.CPL_RED_KEY or _own("red.key", lambda: base64.b64encode(AESGCM.generate_key(256))))


@lru_cache(maxsize=8)
def _parse_red_keys(text: str) -> dict[bytes, bytes]:
    try:
        keys = [base64.b64decode(word, validate=True) for word in text.replace(",", " ").split()]
    except ValueError:
        keys = []
    if not keys or any(len(key) != 32 for key in keys):
        raise ImproperlyConfigured("CPL_RED_KEY must be 32 bytes in base64 (more than one: separated by commas, newest first).")
    return {hashlib.sha256(b"CPL RED key id" + key).digest()[:KEY_ID_SIZE]: key for key in keys}


# --- Releases ------------------------------------------------------------------------------------------------------------


def sign(data: bytes) -> bytes:
    """The Ed25519 signature (64 bytes) that `openssl pkeyutl -verify -rawin` checks. Raises NoPrivateKey."""
    key = _release_key()
    if isinstance(key, Ed25519PublicKey):
        raise NoPrivateKey("CPL_RELEASE_KEY holds only the public half here; releases are signed where the private half is.")
    return key.sign(data)


def verify(data: bytes, signature: bytes, pem: str) -> bool:
    """Whether SIGNATURE was made over DATA with the key whose public half is PEM; False also when PEM is no Ed25519 key."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError:
        return False
    if not isinstance(key, Ed25519PublicKey):
        return False
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def public_key_pem() -> str:
    """The public half of the release key, for downloaders and beside every release."""
    return _public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def key_id() -> str:
    """Short name of the release key: 16 hex digits of the SHA-256 of its public half (DER)."""
    der = _public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()[:16]


def _public_key() -> Ed25519PublicKey:
    key = _release_key()
    return key if isinstance(key, Ed25519PublicKey) else key.public_key()


def _release_key() -> Ed25519PrivateKey | Ed25519PublicKey:
    return _parse_release_key(settings.CPL_RELEASE_KEY or _own("release.pem", _new_release_key))


@lru_cache(maxsize=8)
def _parse_release_key(pem: str) -> Ed25519PrivateKey | Ed25519PublicKey:
    data = pem.encode()
    try:
        key = (
            serialization.load_pem_public_key(data)
            if "PUBLIC KEY" in pem
            else serialization.load_pem_private_key(data, password=None)
        )
    except (ValueError, TypeError):
        key = None
    if isinstance(key, Ed25519PrivateKey | Ed25519PublicKey):
        return key
    raise ImproperlyConfigured("CPL_RELEASE_KEY must be an Ed25519 key in PEM (openssl genpkey -algorithm ed25519).")


def _new_release_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


# --- Keys an embedded site makes for itself ------------------------------------------------------------------------------


def _own(name: str, make: Callable[[], bytes]) -> str:
    """The embedded site's own key NAME, made at the first call. Two processes at once end up with the same key."""
    path = Path(settings.CPL_KEY_DIR) / name
    if not path.exists():
        if not settings.EMBEDDED:
            raise ImproperlyConfigured("Set CPL_RELEASE_KEY and CPL_RED_KEY (or …_FILE); only embedded sites make their own.")
        _write_once(path, make())
    return path.read_text(encoding="ascii")


def _write_once(path: Path, data: bytes) -> None:
    """Write a complete file, readable by its owner alone, unless one is there already."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A link fails where a rename would silently replace the key another process has just made and used.
        Path(path).hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink()
