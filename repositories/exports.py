"""What becomes of FIR and DZIR when a release is out: rows first, then one workbook of each kind for the release.

Every step may be repeated and may be cut off anywhere: rows are found by entry number and release, workbooks have the same
bytes each time, and an Export is unique for its kind and release.
"""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Count

from core import audit, outbox, vault
from cpl import selectors as cpl_selectors
from cpl.domain.entry import REMOVED
from cpl.models import Change, Release
from repositories import selectors
from repositories.domain import dzir, fir
from repositories.domain.sheet import HeldEntry
from repositories.models import Export, FirEntry, StackRecord


def follow(serial: int) -> None:
    """Bring FIR and DZIR up to release SERIAL, earlier releases first: their events may come late, or in another order."""
    published = Release.objects.filter(serial__lte=serial, origin=Release.Origin.PUBLISHED)
    behind = published.annotate(made=Count("exports")).filter(made__lt=len(Export.Kind))
    for release in behind.order_by("serial"):
        record_rows(release)
        export(release)


@transaction.atomic
def record_rows(release: Release) -> None:
    """Open and close the rows that the changes of the release call for; does nothing a second time."""
    Release.objects.select_for_update().get(pk=release.pk)  # a second handler of the same release waits for the first
    for change in release.changes.order_by("id"):
        _record_fir(release, change)
        _record_stack(release, change)


def export(release: Release) -> None:
    """Write both workbooks into the vault, the DZIR into its RED area, and tell who waits for them."""
    files = {
        Export.Kind.FIR: (vault.put(fir_workbook(release)), release.entry_count),
        Export.Kind.DZIR: (vault.put(dzir_workbook(release), red=True), release.entry_count),
    }
    with transaction.atomic():
        for kind, (sha256, rows) in files.items():
            made, created = Export.objects.get_or_create(kind=kind, release=release, defaults={"sha256": sha256, "rows": rows})
            if created:
                audit.record(None, "export.made", made, sha256=sha256, rows=rows)
        outbox.emit("repositories.exported", str(release.version), {"serial": release.serial})


def fir_workbook(release: Release) -> bytes:
    """The FIR that goes with the release."""
    return fir.workbook(release.label, _entries(release, selectors.fir_values_at(release.serial)), selectors.RULES)


def dzir_workbook(release: Release) -> bytes:
    """The DZIR that goes with the release (RED)."""
    return dzir.workbook(release.label, _entries(release, selectors.stack_values_at(release.serial)), selectors.RULES)


def _entries(release: Release, held: dict[str, dict[str, str]]) -> Iterator[HeldEntry]:
    """Every entry of the list as the release published it, by number, with what is held for it."""
    for number, status in cpl_selectors.entries_at(release).values_list("number", "status"):
        yield HeldEntry(number, status == REMOVED, held.get(number, {}))


def _record_fir(release: Release, change: Change) -> None:
    """The FIR data items after the change. A change without any (a removal, a certificate renewed) leaves the row as it is."""
    if FirEntry.objects.filter(number=change.number, from_serial=release.serial).exists():
        return
    keys = {item.key for item in fir.items(selectors.RULES)}
    fresh = {key: value for key, value in change.fir.items() if key in keys}
    old = FirEntry.objects.filter(number=change.number, to_serial__isnull=True).first()
    values = {**(old.values if old else {}), **fresh}
    if not values or (old and values == old.values):
        return
    FirEntry.objects.filter(number=change.number, to_serial__isnull=True).update(to_serial=release.serial)
    FirEntry.objects.create(number=change.number, from_serial=release.serial, values=values)


def _record_stack(release: Release, change: Change) -> None:
    """The stack values that came with the same form now belong to the entry; those of an earlier form no longer do."""
    record = StackRecord.objects.filter(origin=change.origin, number="").first()
    if record is None:
        return
    StackRecord.objects.filter(number=change.number, to_serial__isnull=True).update(to_serial=release.serial)
    StackRecord.objects.filter(pk=record.pk).update(number=change.number, from_serial=release.serial)
