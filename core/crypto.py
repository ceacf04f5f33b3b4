"""The site's keys: the Ed25519 keys that sign releases and the AES-256 keys under which RED is kept.

Both come from settings (`CPL_RELEASE_KEY`, `CPL_RED_KEY`, each also as `…_FILE`); an embedded site without them makes its own
in `CPL_KEY_DIR`. Sealed bytes carry the id of their key, so RED keys rotate by putting a new one in front of the old. How
release keys follow each other is told to the whole world: `cpl.services.keys`. Only what publishes needs them.
"""

import base64
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
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
PUBLIC = serialization.PublicFormat.SubjectPublicKeyInfo
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL)


class Unreadable(Exception):  # noqa: N818 - reads as crypto.Unreadable
    """The bytes were altered, cut, or sealed for another context."""


class UnknownKey(Exception):  # noqa: N818 - reads as crypto.UnknownKey
    """The bytes were sealed under a key this site does not have."""


class NoPrivateKey(Exception):  # noqa: N818 - reads as crypto.NoPrivateKey
    """This process does not have the private half of the release key that is asked for, so it cannot sign."""


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


def sealed_under(blob: bytes) -> str:
    """Id (hex) of the RED key that opens sealed bytes, of which the beginning is enough; "" when they are none."""
    sealed = len(blob) >= HEADER_SIZE and blob.startswith(FORMAT)
    return blob[len(FORMAT) :][:KEY_ID_SIZE].hex() if sealed else ""


def red_key_ids() -> list[str]:
    """Ids (hex) of the RED keys that are here; the first one seals."""
    return [key_id.hex() for key_id in _red_keys()]


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


def sign(data: bytes, name: str) -> bytes:
    """The Ed25519 signature (64 bytes) by the release key of that id; `openssl pkeyutl -verify -rawin` checks it.

    Raises NoPrivateKey where only other keys are, or none.
    """
    key = _release_keys().get(name)
    if key is None:
        raise NoPrivateKey(f"The private half of release key {name} is not here (CPL_RELEASE_KEY), so nothing can be signed.")
    return key.sign(data)


def verify(data: bytes, signature: bytes, pem: str) -> bool:
    """Whether SIGNATURE was made over DATA with the key whose public half is PEM; False also when PEM is no Ed25519 key."""
    key = _public_key(pem)
    if key is None:
        return False
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def key_id(pem: str) -> str:
    """Short name of a release key: 16 hex digits of the SHA-256 of its public half; "" when PEM is no Ed25519 key."""
    return fingerprint(pem)[:16]


def fingerprint(pem: str) -> str:
    """SHA-256 of a public key (DER), as `openssl pkey -pubin -outform DER | sha256sum` has it; "" when PEM is none."""
    key = _public_key(pem)
    if key is None:
        return ""
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, PUBLIC)).hexdigest()


def held() -> dict[str, str]:
    """Public halves (PEM) by id of the release keys whose private halves are here, in the order in which they are set."""
    return {name: _pem(key.public_key()) for name, key in _release_keys().items()}


def own_release_keys() -> bool:
    """Whether this site keeps its release keys itself, in CPL_KEY_DIR, because none are set."""
    return settings.EMBEDDED and not settings.CPL_RELEASE_KEY


def make_release_key() -> str:
    """A further key in CPL_KEY_DIR, beside the one in force; its id. Until the site puts it in force, it signs nothing."""
    private = _new_release_key()
    (name,) = _parse_release_keys(private.decode())
    _write_once(Path(settings.CPL_KEY_DIR) / f"release-{name}.pem", private)
    return name


def set_aside(name: str) -> Path | None:
    """Rename the file of a release key in CPL_KEY_DIR so that it signs no more; its new place, None when it is not there."""
    for path in _release_files():
        if name in _parse_release_keys(_text_of(path)):
            return path.rename(path.with_name(f"retired-{name}.pem"))
    return None


def _public_key(pem: str) -> Ed25519PublicKey | None:
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def _pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(serialization.Encoding.PEM, PUBLIC).decode()


def _release_keys() -> dict[str, Ed25519PrivateKey]:
    """Key by key id. Which of them signs is not for this file to say: cpl.services.keys."""
    if not own_release_keys():
        return _parse_release_keys(settings.CPL_RELEASE_KEY)
    kept = "".join(map(_text_of, _release_files()))
    return _parse_release_keys(kept or _own("release.pem", _new_release_key))


def _release_files() -> list[Path]:
    return sorted(Path(settings.CPL_KEY_DIR).glob("release*.pem"))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:  # set aside in this moment
        return ""


@lru_cache(maxsize=8)
def _parse_release_keys(text: str) -> dict[str, Ed25519PrivateKey]:
    """Keys by id, in their order. What stands around them is refused, lest a broken key be passed over."""
    keys = [_private_key(pem) for pem in _PEM.findall(text)]
    found = {key_id(_pem(key.public_key())): key for key in keys if key}
    if None in keys or _PEM.sub("", text).strip():
        raise ImproperlyConfigured(
            "CPL_RELEASE_KEY must be an Ed25519 private key in PEM (openssl genpkey -algorithm ed25519), or several in a row."
        )
    return found


def _private_key(pem: str) -> Ed25519PrivateKey | None:
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, Ed25519PrivateKey) else None


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
            raise ImproperlyConfigured("Set CPL_RED_KEY (or …_FILE); only embedded sites make their own keys.")
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
