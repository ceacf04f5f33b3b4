"""A backup: one file with everything the site knows, each part verified; and an empty site filled from it.

The file is a plain tar: the vault's files as they lie on the disk, then `database`, then the manifest, which names every
other member with size and SHA-256 and bears its own in its name. RED stays sealed, and no key is in it. Why it is made like
this: docs/adr/0011-backup.md.
"""

import dataclasses
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model
from django.utils import timezone

from core import audit, checkpoints, crypto, database_copy, vault
from core.models import AuditEntry, Heartbeat, OutboxEvent

TRAIL = "site:backups"  # in the audit trail
FORMAT = 1
DATABASE = "database"
AREAS = {"vault": False, "red": True}  # folder in the file: is it the RED area
EVIDENCE = re.compile(r"(?P<area>vault|red)/(?P<folder>[0-9a-f]{2})/(?P<sha256>(?P=folder)[0-9a-f]{62})")
MANIFEST = re.compile(r"manifest-(?P<sha256>[0-9a-f]{64})\.json")
LONGEST_MANIFEST = 256 * 1024 * 1024  # bytes: more than a million files need


class Refused(Exception):  # noqa: N818 - reads as a sentence
    """The backup cannot be made, or not be put back here; nothing was changed. The text is one line for the caller."""


class Damaged(Exception):  # noqa: N818 - reads as a sentence
    """The file is not what a backup was when it was made; `faults` say where."""

    def __init__(self, *faults: str) -> None:
        super().__init__(*faults)
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds, and when and by what it was taken; `about`: what the list says of itself."""

    taken_at: str  # ISO 8601 in UTC: the moment of the database
    program: str
    database: str
    migrations: list[str]
    checkpoint: str  # SHA-256 in the vault: the heads of all audit chains
    demo: bool
    about: dict[str, Any]
    red_keys: list[str] = field(default_factory=list)  # ids, all that are needed to open what is sealed in it
    members: dict[str, tuple[int, str]] = field(default_factory=dict)  # bytes and SHA-256 by name
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup: size and SHA-256 of the file, and what of the vault was damaged already when it was made."""

    manifest: Manifest
    size: int
    sha256: str
    damaged: list[str]


# --- Making one ----------------------------------------------------------------------------------------------------------


def make(out: Path, about: Callable[[], dict[str, Any]]) -> Made:
    """Write a backup to OUT, which must not exist. It gets this name when it is whole, on the disk and read back, or never.

    ABOUT is called in the moment of the database. Raises Refused.
    """
    _refuse_existing(out)
    try:
        with _scratch(out.with_name(f"{out.name}.unfinished")) as folder:
            file = folder / "backup"
            damaged = _write(file, folder / DATABASE, about)
            with opened(file) as backup:
                made = Made(backup.manifest, backup.size, backup.sha256, damaged)
            _refuse_existing(out)
            file.rename(out)
            vault.sync_folder(out.parent)
    except OSError as fault:
        raise Refused(f"{fault.filename or out}: {fault.strerror}") from None
    except database_copy.NotCopied as fault:
        raise Refused(str(fault)) from None
    audit.record(None, "backup.made", TRAIL, file=out.name, sha256=made.sha256, taken_at=made.manifest.taken_at)
    return made


def _refuse_existing(out: Path) -> None:
    if os.path.lexists(out):
        raise Refused(f"{out} is there already, and a backup never takes the place of a file.")


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Beside the backup, where there is room for it, and readable by its owner alone. It goes, whatever happens but a kill."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        raise Refused(
            f"{folder} is there: another backup is being written, or one was cut off. When none is running, delete that folder."
        ) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _write(file: Path, dump: Path, about: Callable[[], dict[str, Any]]) -> list[str]:
    """Database first, vault after: evidence is put before the row that names it, and nothing is ever taken out.

    So all that the database of that moment names is there. Answers what is damaged.
    """
    checkpoints.take()
    with database_copy.snapshot() as copy:
        manifest = _manifest(about())
        copy(dump)
    with file.open("xb") as stream:
        file.chmod(0o600)
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
            damaged = [name for area, red in AREAS.items() for name in _add_area(tar, area, red, manifest)]
            with dump.open("rb") as data:
                manifest.members[DATABASE] = _add(tar, DATABASE, data)
            manifest.red_keys.sort()
            text = json.dumps(dataclasses.asdict(manifest), ensure_ascii=False, indent=1).encode()
            _add(tar, f"manifest-{hashlib.sha256(text).hexdigest()}.json", io.BytesIO(text))
        stream.flush()
        os.fsync(stream.fileno())
    return damaged


def _manifest(about: dict[str, Any]) -> Manifest:
    last = audit.trail(checkpoints.NAME).last()
    return Manifest(
        taken_at=timezone.now().astimezone(UTC).isoformat(timespec="seconds"),
        program=settings.CPL_BUILD,
        database=connection.vendor,
        migrations=sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()),
        checkpoint=last.detail["sha256"] if last else "",
        demo=settings.CPL_DEMO_MARK.exists(),
        about=about,
        red_keys=crypto.red_key_ids()[:1],
    )


def _add_area(tar: tarfile.TarFile, area: str, red: bool, manifest: Manifest) -> Iterator[str]:
    """Every file of an area of the vault; gives the names of those that are not what they were."""
    for sha256 in vault.names(red):
        name = f"{area}/{sha256[:2]}/{sha256}"
        with vault.stored(sha256, red) as data:
            key = crypto.sealed_under(data.read(crypto.HEADER_SIZE)) if red else ""
            manifest.members[name] = _, digest = _add(tar, name, data)
        if key and key not in manifest.red_keys:
            manifest.red_keys.append(key)
        if not (_opens(sha256) if red else digest == sha256):
            yield name


def _opens(sha256: str) -> bool:
    """Whether a file of the RED area is what was put there, as far as this site has the key for it."""
    try:
        vault.open(sha256, red=True).close()
    except vault.Damaged:
        return False
    except vault.Sealed:
        pass
    return True


def _add(tar: tarfile.TarFile, name: str, data: BinaryIO) -> tuple[int, str]:
    """One member; its size and SHA-256."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = data.seek(0, io.SEEK_END), 0o400
    sha256 = vault.digest(data)
    data.seek(0)
    tar.addfile(member, data)
    tar.members = []  # type: ignore[attr-defined] # it would keep all of them in memory
    return member.size, sha256


# --- Reading one ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Backup:
    """A verified backup, open for reading."""

    manifest: Manifest
    size: int
    sha256: str
    stream: BinaryIO

    def missing_keys(self) -> list[str]:
        """Ids of the RED keys without which part of it stays sealed. Raises Refused when those that are set are none."""
        try:
            return sorted(set(self.manifest.red_keys) - set(crypto.red_key_ids()))
        except ImproperlyConfigured as fault:
            raise Refused(str(fault)) from None

    def refuse_elsewhere(self) -> None:
        """Raises Refused unless this is an empty site that can hold it: nothing of anybody is ever written over.

        What an interrupted restoring of the same backup has left in the vault is not in the way.
        """
        here, there = connection.vendor, self.manifest.database
        if here != there:
            raise Refused(f"The backup is of a database on {there}, but DATABASE_URL names one on {here}.")
        if later := set(self.manifest.migrations) - _migrations():
            raise Refused(f"The backup is of a later program than this one, which does not know {min(later)}.")
        if strange := database_copy.strange_tables():
            raise Refused(f"The database holds tables of something else ({strange[0]}). Name an empty one in DATABASE_URL.")
        if used := _used():
            raise Refused(f"This site is in use: its database holds {used}. A backup is put into an empty one only.")
        for area, red in AREAS.items():
            for name in vault.names(red):
                if f"{area}/{name[:2]}/{name}" not in self.manifest.members:
                    raise Refused(
                        f"The vault holds what is not in the backup ({area}/{name[:2]}/{name}). Keep it, elsewhere: it may be "
                        "evidence from after the backup. Then run this again with an empty vault."
                    )

    def put_back(self) -> None:
        """The vault first, the database last and whole, so that whatever happens meanwhile, this can be run again.

        Raises OSError or database_copy.NotCopied.
        """
        for member, data in _members(self.stream):
            if found := EVIDENCE.fullmatch(member.name):
                vault.take_back(found["sha256"], data, AREAS[found["area"]])
            elif member.name == DATABASE:
                os.sync()
                database_copy.load(data)
        if _migrations() - set(self.manifest.migrations):
            call_command("migrate", verbosity=0, interactive=False)
        if self.manifest.demo:
            settings.CPL_DEMO_MARK.touch()
        audit.record(None, "backup.restored", TRAIL, sha256=self.sha256, taken_at=self.manifest.taken_at)


@contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """A backup, every member of it verified. Raises Damaged; Refused when the file cannot be read."""
    try:
        stream = path.open("rb")
    except OSError as fault:
        raise Refused(f"{path}: {fault.strerror}") from None
    with stream:
        try:
            manifest = _verified(stream)
        except tarfile.TarError:
            raise Damaged("it is cut off, damaged, or no backup at all.") from None
        yield Backup(manifest, stream.seek(0, io.SEEK_END), vault.digest(stream), stream)


def _verified(stream: BinaryIO) -> Manifest:
    """The manifest, when all members are what it says. Raises Damaged or tarfile.TarError."""
    found: dict[str, tuple[int, str]] = {}
    manifest: Manifest | None = None
    for member, data in _members(stream):
        if member.name in found or manifest is not None:
            raise Damaged(f"{member.name}: is there twice, or behind the end.")
        if own := MANIFEST.fullmatch(member.name):
            manifest = _read_manifest(data, member.size, own["sha256"])
        else:
            found[member.name] = member.size, vault.digest(data)
    if manifest is None:
        raise Damaged("its end is missing: it was cut off, is damaged, or is no backup at all.")
    named = manifest.members
    faults = [f"{name}: is missing." for name in named if name not in found]
    faults += [f"{name}: does not belong to it." for name in found if name not in named]
    faults += [f"{name}: is not what was backed up." for name in named if name in found and found[name] != named[name]]
    if faults or DATABASE not in named:
        raise Damaged(*(faults or ["it has no database."]))
    return manifest


def _members(stream: BinaryIO) -> Iterator[tuple[tarfile.TarInfo, BinaryIO]]:
    """Members in their order with their bytes. Raises Damaged at the first that no backup has: links, other names, holes."""
    end = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    with tarfile.open(fileobj=stream, mode="r:") as tar:
        while (member := tar.next()) is not None:
            tar.members = []  # type: ignore[attr-defined]
            known = member.name == DATABASE or EVIDENCE.fullmatch(member.name) or MANIFEST.fullmatch(member.name)
            data = tar.extractfile(member) if known and member.type == tarfile.REGTYPE and not member.sparse else None
            if data is None or member.pax_headers:
                raise Damaged(f"{member.name!r} has no place in a backup.")
            if member.offset_data + member.size > end:
                raise Damaged(f"{member.name}: is cut off.")
            yield member, cast(BinaryIO, data)


def _read_manifest(data: BinaryIO, size: int, sha256: str) -> Manifest:
    text = data.read() if size <= LONGEST_MANIFEST else b""
    if hashlib.sha256(text).hexdigest() != sha256:
        raise Damaged("its manifest is not what was written.")
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise Refused(f"The backup has format {content['format']}, which this program does not read.")
        members = {name: (size, digest) for name, (size, digest) in content.pop("members").items()}
        return Manifest(**content, members=members)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Damaged("its manifest says nothing that this program understands.") from None


def _migrations() -> set[str]:
    """Those that this program knows."""
    return {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}


def _used() -> str:
    """What the database holds that no migration puts there; "" for one that nobody has used, migrated or not."""
    tables = connection.introspection.table_names()
    models: list[type[Model]] = [AuditEntry, get_user_model(), OutboxEvent, Heartbeat]
    used = (model for model in models if model._meta.db_table in tables and model._default_manager.exists())
    found = next(used, None)
    return str(found._meta.verbose_name_plural) if found else ""
