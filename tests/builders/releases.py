"""Releases made by the models alone, for tests of what follows a release: no workbook, no CSV unless asked for."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from core import outbox, vault
from cpl.domain.releases import Version
from cpl.models import Change, EntryRow, Release
from cpl.models.entries import CURRENT, REMOVED
from tests.builders.values import valid_values

FIR_GROUPS = ("Manufacturer Contact FIR.", "FIR Release Notes.", "Firmware_Upgrade.")
NOT_PUBLISHED = (*FIR_GROUPS, "Contact-CPA.", "Device_ZigBee_Information_Repository.")


def release(*changes: dict[str, Any], csv: bytes = b"", announce: bool = True, principal: int = 3) -> Release:
    """The next release with these changes (see `added`, `changed`); `announce` tells those who listen to cpl.published."""
    before = Release.objects.order_by("-serial").first()
    serial = before.serial + 1 if before else 1
    with transaction.atomic():
        made = Release.objects.create(
            serial=serial,
            previous=before,
            principal=principal,
            sub=serial - 1,
            issued_on=date(2026, 11, 2) + timedelta(days=serial),
            changes_text=f"Changes of release {serial}",
            origin=Release.Origin.PUBLISHED,
            published_at=timezone.now(),
            csv_sha256=vault.put(csv) if csv else "",
        )
        for change in changes:
            _apply(made, **change)
        rows = EntryRow.objects.open()
        made.entry_count, made.current_count = rows.count(), rows.filter(status=CURRENT).count()
        made.save()
        if announce:
            outbox.emit("cpl.published", str(made.version), {"serial": made.serial})
    return made


def imported(count: int, *, announce: bool = True) -> Release:
    """Release 1 as if taken over from an earlier workbook: `count` entries without changes behind them."""
    with transaction.atomic():
        made = Release.objects.create(
            serial=1,
            principal=2,
            sub=51,
            issued_on=date(2022, 9, 21),
            changes_text="Taken over",
            origin=Release.Origin.IMPORTED,
            entry_count=count,
            current_count=count,
        )
        for n in range(1, count + 1):
            EntryRow.build(f"{n:06d}", CURRENT, _published(valid_values(number=n)), 1).save()
        if announce:
            outbox.emit("cpl.imported", str(Version(2, 51)), {"serial": 1})
    return made


def added(number: int, *, origin: str = "", **values: str) -> dict[str, Any]:
    """A new entry with this number; the values of its form come from tests.builders.values."""
    form = valid_values(number=number, **values)
    fir = {key: value for key, value in form.items() if key.startswith(FIR_GROUPS)}
    origin = origin or f"submission:SUB-2026-{number:04d}/1"
    return {"kind": "add", "number": f"{number:06d}", "values": _published(form), "fir": fir, "origin": origin}


def changed(
    kind: str, number: int, *, origin: str = "manual:1", fir: Mapping[str, str] | None = None, **values: str
) -> dict[str, Any]:
    """A change to an entry that is there; `values` replace single published values."""
    row = EntryRow.objects.open().get(number=f"{number:06d}")
    new = {} if kind in {"remove", "reinstate"} else {**row.values, **values}
    return {"kind": kind, "number": row.number, "values": new, "fir": dict(fir or {}), "origin": origin}


def _published(form: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in form.items() if not key.startswith(NOT_PUBLISHED)}


def _apply(made: Release, *, kind: str, number: str, values: dict[str, str], fir: dict[str, str], origin: str) -> None:
    from accounts.models import User
    from cpl.services.changes import seal_of

    seal = seal_of(kind, "" if kind == "add" else number, values, {}, fir)
    approver = User.objects.first() or User.objects.create_user("approver@demo.test", name="Approver")
    Change.objects.create(
        kind=kind, number=number, values=values, fir=fir, origin=origin, status=Change.Status.PUBLISHED, release=made,
        seal=seal, proposed_at=timezone.now(), approved_by=approver, approved_at=timezone.now(),
    )  # fmt: skip
    old = EntryRow.objects.open().filter(number=number).first()
    status = {"remove": REMOVED, "reinstate": CURRENT}.get(kind, old.status if old else CURRENT)
    if old:
        EntryRow.objects.filter(pk=old.pk).update(to_serial=made.serial)
    EntryRow.build(number, status, values or (old.values if old else {}), made.serial).save()
