"""The vault: bytes kept under their SHA-256, never changed, never deleted.

Two areas: the plain one (`CPL_VAULT_DIR`) and the RED one (`CPL_RED_DIR`), whose files are sealed with the RED key; there too
the name is the SHA-256 of the plain bytes. Whatever is read is verified first.
"""

import hashlib
import io
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from core import crypto

logger = logging.getLogger(__name__)

INCOMING = "incoming"  # half-written files live here, so that nothing half-written ever has a name in the vault
CHUNK = 1024 * 1024
NAME = re.compile(r"[0-9a-f]{64}")


class Unavailable(Exception):  # noqa: N818 - like the two below
    """Bytes that cannot be had. `sha256`: their name here; `known_as`: what people call them, where whoever asked said so."""

    says = "The vault cannot give out {}."

    def __init__(self, sha256: str, known_as: str = "") -> None:
        super().__init__(self.says.format(sha256))
        self.sha256, self.known_as = sha256, known_as


class Missing(Unavailable):
    """The vault holds no such bytes."""

    says = "The vault has no {}."


class Damaged(Unavailable):
    """What the vault holds under this name is not what was put there."""

    says = "The vault's {} is damaged."


class Sealed(Unavailable):
    """RED bytes under a key that this site does not have, as after a restoring without it."""

    says = "The vault's {} is sealed under a RED key this site does not have (CPL_RED_KEY)."


def put(data: bytes | BinaryIO, red: bool = False) -> str:
    """Keep DATA; returns its SHA-256 in hex. On disk for good on return. Raises OSError when the disk will not have it.

    A stream is read from its start, twice, and never stands in memory whole unless it is RED.
    """
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    sha256 = digest(stream)
    path = _path(sha256, red)
    if path.exists():
        if _intact(sha256, red):
            # Whoever wrote it may have been killed before this step; the promise of this call must not depend on it.
            sync_folder(path.parent)
            return sha256
        logger.error("vault: damaged %s replaced by the right bytes", sha256)
    stream.seek(0)
    _write(path, io.BytesIO(crypto.encrypt_bytes(stream.read(), _context(sha256))) if red else stream, red)
    return sha256


def read(sha256: str, red: bool = False, known_as: str = "") -> bytes:
    """The bytes of that name, verified. Raises Missing, Damaged or Sealed.

    KNOWN_AS: what people call them, such as the name of a file, for whoever has to say that they are not there.
    """
    try:
        stored = _path(sha256, red).read_bytes()
    except FileNotFoundError:
        raise Missing(sha256, known_as) from None
    if red:
        try:
            stored = crypto.decrypt_bytes(stored, _context(sha256))
        except crypto.Unreadable:
            raise Damaged(sha256, known_as) from None
        except crypto.UnknownKey:
            raise Sealed(sha256, known_as) from None
    if hashlib.sha256(stored).hexdigest() != sha256:
        raise Damaged(sha256, known_as)
    return stored


def open(sha256: str, red: bool = False, known_as: str = "") -> BinaryIO:  # noqa: A001 - called as vault.open
    """A stream of the verified bytes, at its start; plain bytes come from the disk, RED from memory. Takes and raises as `read`.

    All of it is verified before this returns, so a page that streams it has sent nothing yet when this raises. The stream reads
    on from the very file that was verified: nothing writes into a file of the vault, and one put in its place is another file.
    """
    if red:
        return io.BytesIO(read(sha256, red=True, known_as=known_as))
    try:
        stream = _path(sha256, red).open("rb")
    except FileNotFoundError:
        raise Missing(sha256, known_as) from None
    if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
        stream.close()
        raise Damaged(sha256, known_as)
    stream.seek(0)
    return stream


def exists(sha256: str, red: bool = False) -> bool:
    """Whether the vault holds bytes of that name (not whether they are intact)."""
    return _path(sha256, red).is_file()


def size(sha256: str, red: bool = False) -> int:
    """Number of plain bytes. Raises Missing."""
    try:
        stored = _path(sha256, red).stat().st_size
    except FileNotFoundError:
        raise Missing(sha256) from None
    return stored - crypto.OVERHEAD if red else stored


def names(red: bool = False) -> Iterator[str]:
    """Every name in the area, in order."""
    for folder in sorted(_root(red).glob("[0-9a-f][0-9a-f]")):
        yield from sorted(path.name for path in folder.iterdir() if NAME.fullmatch(path.name))


def stored(sha256: str, red: bool = False) -> BinaryIO:
    """The bytes as they lie on the disk, unverified, for a backup; RED ones sealed. Raises Missing."""
    try:
        return _path(sha256, red).open("rb")
    except FileNotFoundError:
        raise Missing(sha256) from None


def take_back(sha256: str, stored: BinaryIO, red: bool = False) -> None:
    """Keep what `stored` gave for that name, here or elsewhere; the caller has verified it, and calls os.sync() at the end."""
    _write(_path(sha256, red), stored, red, at_once=False)


def writable() -> bool:
    """Whether both areas take new bytes now; tried, not guessed."""
    try:
        for red in (False, True):
            with tempfile.TemporaryFile(dir=_folder(_root(red) / INCOMING)) as probe:
                probe.write(b"?")
    except OSError:
        return False
    return True


def tidy(older_than: float = 24 * 3600) -> int:
    """Remove what killed processes left half-written more than OLDER_THAN seconds ago; returns how many files."""
    removed = 0
    for red in (False, True):
        for path in _folder(_root(red) / INCOMING).iterdir():
            if path.stat().st_mtime < time.time() - older_than:
                path.unlink()
                removed += 1
    return removed


def _write(path: Path, stored: BinaryIO, red: bool, *, at_once: bool = True) -> None:
    """All or nothing: a complete file appears under its name, or none does, whatever is killed or full at whatever moment.

    Against a power cut too, but only if `at_once`: each file by itself takes ten times as long as many together.
    """
    handle, temporary = tempfile.mkstemp(dir=_folder(_root(red) / INCOMING))
    try:
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(stored, file, CHUNK)
            file.flush()
            os.fchmod(file.fileno(), 0o400)
            if at_once:
                os.fsync(file.fileno())
        Path(temporary).rename(_folder(path.parent) / path.name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if at_once:
        sync_folder(path.parent)


def digest(stream: BinaryIO) -> str:
    """SHA-256 (hex) of a stream from its start."""
    stream.seek(0)
    found = hashlib.sha256()
    while piece := stream.read(CHUNK):
        found.update(piece)
    return found.hexdigest()


def _intact(sha256: str, red: bool) -> bool:
    try:
        open(sha256, red).close()
    except Unavailable:
        return False
    return True


def _root(red: bool) -> Path:
    return Path(settings.CPL_RED_DIR if red else settings.CPL_VAULT_DIR)


def _path(sha256: str, red: bool) -> Path:
    """Where these bytes lie. Names reach this from addresses of pages, so nothing but 64 hex digits may become a path."""
    if not NAME.fullmatch(sha256):
        raise Missing(sha256)
    return _root(red) / sha256[:2] / sha256


def _context(sha256: str) -> str:
    return f"vault:{sha256}"


def _folder(path: Path) -> Path:
    """The folder, made and on disk."""
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        sync_folder(path.parent)
    return path


def sync_folder(path: Path) -> None:
    """What was named in a folder is on disk on return."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
