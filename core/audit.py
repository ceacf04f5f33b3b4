"""The audit trail: who did what to which object, chained by hash per object so that a change is found.

Entries end up in reports and exports: say what happened, never a RED value. Why hashes and triggers: docs/adr/0002.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Protocol

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from core.models import AuditEntry


class Audited(Protocol):
    """Anything with a name in the audit trail that never changes, such as "submission:SUB-2026-0001"."""

    @property
    def audit_name(self) -> str: ...


class Actor(Protocol):
    """A user: known by key and e-mail address."""

    pk: Any
    email: str


def record(actor: Actor | None, verb: str, obj: Audited | str, /, **detail: Any) -> AuditEntry:
    """Append one entry; ACTOR None is the system. In the caller's transaction, so the entry stands or falls with the deed.

    DETAIL is kept as JSON: texts, whole numbers, yes/no, lists and dictionaries of these; anything else as its text.
    """
    name = _name(obj)
    who = f"user:{actor.pk} {actor.email}" if actor else "system"
    with transaction.atomic():
        _take_turn(name)
        entry = _next_entry(name, who, verb, _plain(detail))
        entry.save(force_insert=True)
    return entry


def trail(obj: Audited | str) -> QuerySet[AuditEntry]:
    """The entries of one object, oldest first."""
    return AuditEntry.objects.filter(object_name=_name(obj)).order_by("seq")


def verify_chains() -> list[str]:
    """Recompute every chain; one line for each thing that is wrong, nothing when all is well."""
    entries = AuditEntry.objects.order_by("object_name", "seq").iterator(chunk_size=2000)
    return [line for name, chain in groupby(entries, key=lambda entry: entry.object_name) for line in _faults(name, chain)]


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over the canonical JSON of all an entry says, including the hash of the entry before it."""
    said = {
        "object": entry.object_name,
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "verb": entry.verb,
        "detail": entry.detail,
        "previous": entry.previous_hash,
    }
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _take_turn(name: str) -> None:
    """Wait until whoever writes to the same chain has committed; SQLite has one writer at a time anyway.

    The unique numbers alone would keep the chain right, but trying again and again, a slower writer never gets its turn.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"audit {name}"])


def _next_entry(name: str, actor: str, verb: str, detail: Any) -> AuditEntry:
    last = AuditEntry.objects.filter(object_name=name).order_by("-seq").first()
    entry = AuditEntry(
        object_name=name,
        seq=last.seq + 1 if last else 1,
        at=timezone.now(),
        actor=actor,
        verb=verb,
        detail=detail,
        previous_hash=last.hash if last else "",
    )
    entry.hash = entry_hash(entry)
    return entry


def _faults(name: str, chain: Iterator[AuditEntry]) -> Iterator[str]:
    seq, previous = 0, ""
    for entry in chain:
        if entry.seq != seq + 1:
            yield f"{name}: entries {seq + 1} to {entry.seq - 1} are missing"
        elif entry.previous_hash != previous:
            yield f"{name} #{entry.seq}: does not follow from the entry before it"
        if entry.hash != entry_hash(entry):
            yield f"{name} #{entry.seq}: was changed after it was written"
        seq, previous = entry.seq, entry.hash


def _name(obj: Audited | str) -> str:
    return obj if isinstance(obj, str) else obj.audit_name


def _plain(value: Any) -> Any:
    """VALUE as JSON that every database gives back exactly as it was (no NUL, no lone surrogates, no fractions)."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {str(_plain(str(key))): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | QuerySet):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).replace("\0", "\ufffd").encode("utf-8", "replace").decode()
