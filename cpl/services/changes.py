"""Changes to the list: proposed by one person, approved by another, then waiting for the next release."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import access
from accounts.models import User
from core import audit
from cpl.models import Change, EntryRow
from cpl.models.entries import CURRENT

STATUS_ONLY = frozenset({Change.Kind.REMOVE, Change.Kind.REINSTATE})  # these need no values


class ChangeRefused(Exception):  # noqa: N818 - reads as a sentence
    """The change cannot be made; the text says why, for people."""


def seal_of(kind: str, number: str, values: Mapping[str, str], kinds: Mapping[str, str], fir: Mapping[str, str]) -> str:
    """SHA-256 over the canonical JSON of everything the change would publish."""
    content = {"kind": kind, "number": number, "values": dict(values), "kinds": dict(kinds), "fir": dict(fir)}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def intact(change: Change) -> bool:
    """Does the change still say what was sealed when it was proposed? A new entry had no number then."""
    number = "" if change.kind == Change.Kind.ADD else change.number
    return change.seal == seal_of(change.kind, number, change.values, change.kinds, change.fir)


@transaction.atomic(savepoint=False)
def propose(actor: User | None, kind: str, *, origin: str, values: Mapping[str, str], **more: Any) -> Change:
    """Write down a change that another person is to approve. Joins the caller's transaction.

    Raises ChangeRefused for values that no entry can hold.
    """
    if too_long := _too_long(values):
        raise ChangeRefused(f"The register has no room for this. {too_long}")
    number, kinds, fir = more.pop("number", ""), more.pop("kinds", {}), more.pop("fir", {})
    change = Change(
        kind=kind,
        number=number,
        values=dict(values),
        kinds=dict(kinds),
        fir=dict(fir),
        origin=origin,
        seal=seal_of(kind, number, values, kinds, fir),
        proposed_by=actor,
        proposed_at=timezone.now(),
        **more,
    )
    unchanged = ["values"] if kind in STATUS_ONLY else []
    change.full_clean(exclude=["proposed_by", "release", *unchanged])
    change.save()
    audit.record(actor, "change.proposed", change, kind=kind, number=number, origin=origin, seal=change.seal)
    return change


@transaction.atomic(savepoint=False)
def approve(actor: User, change: Change) -> Change:
    """Agree to a change.

    Raises ChangeRefused for its proposer (four eyes), for a change that is no longer proposed, or whose seal is broken.
    """
    access.require(actor, access.Action.APPROVE, change)
    change = Change.objects.select_for_update().get(pk=change.pk)
    if change.status != Change.Status.PROPOSED:
        raise ChangeRefused(f"This change is already {change.get_status_display().lower()}.")
    if not intact(change):
        raise ChangeRefused(
            "The content of this change is not what was sealed when it was proposed. Withdraw it and start again."
        )
    own = change.proposed_by_id == actor.pk
    if own and not settings.CPL_TEAM_OF_ONE:
        raise ChangeRefused("You proposed this change; another person must approve it.")
    change.status, change.approved_by, change.approved_at, change.team_of_one = Change.Status.APPROVED, actor, timezone.now(), own
    change.save()
    audit.record(actor, "change.approved", change, seal=change.seal, team_of_one=own)
    return change


@transaction.atomic(savepoint=False)
def withdraw(actor: User | None, change: Change, reason: str) -> Change:
    """Take back a change that is not published yet."""
    change = Change.objects.select_for_update().get(pk=change.pk)
    if change.status not in {Change.Status.PROPOSED, Change.Status.APPROVED}:
        raise ChangeRefused(f"This change is already {change.get_status_display().lower()}.")
    change.status = Change.Status.WITHDRAWN
    change.save()
    audit.record(actor, "change.withdrawn", change, reason=reason)
    return change


def _too_long(values: Mapping[str, str]) -> str:
    """Which columns of an entry these values do not fit: PostgreSQL would refuse them at publication, SQLite never."""
    try:
        EntryRow.build("", CURRENT, dict(values), from_serial=1).clean_fields()
    except ValidationError as fault:
        found = [(column, error) for column, errors in fault.error_dict.items() for error in errors]
        return " ".join(
            f"{column.replace('_', ' ').capitalize()}: {' '.join(error.messages)}"
            for column, error in found
            if error.code == "max_length"
        )
    return ""
