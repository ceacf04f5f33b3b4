"""The register follows the list: each entry row names its certificates once and for all."""

from collections.abc import Iterable

from django.db import transaction

from certificates.domain.naming import NamedCertificate, named
from certificates.models import Certificate, CertificateUse
from cpl.models import EntryRow

Key = tuple[str, str]  # kind, core


def register_release(serial: int) -> None:
    """Register what the rows that a release opened rest on."""
    register(EntryRow.objects.filter(from_serial=serial))


def register_list() -> None:
    """Register what all open rows rest on, after a list was taken over."""
    register(EntryRow.objects.open())


@transaction.atomic
def register(rows: Iterable[EntryRow]) -> None:
    """Certificates and their uses for these rows; those that are there already stay as they are, so it may be done again."""
    naming = [(row, certificate) for row in rows for certificate in named(row.values)]
    known = _certificates(naming)
    uses = [
        CertificateUse(
            certificate=known[certificate.kind, certificate.core],
            row=row,
            as_written=certificate.as_written,
            version=certificate.version,
            valid_until=certificate.valid_until,
        )
        for row, certificate in naming
    ]
    CertificateUse.objects.bulk_create(uses, batch_size=500, ignore_conflicts=True)


def _certificates(naming: list[tuple[EntryRow, NamedCertificate]]) -> dict[Key, Certificate]:
    """The certificate of each kind and core, made where it is new, with the earliest release known to use it."""
    first: dict[Key, int] = {}
    for row, certificate in naming:
        key = (certificate.kind.value, certificate.core)
        first[key] = min(first.get(key, row.from_serial), row.from_serial)
    fresh = [Certificate(kind=kind, core=core, first_release=serial) for (kind, core), serial in first.items()]
    Certificate.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)
    known = {(one.kind, one.core): one for one in Certificate.objects.all() if (one.kind, one.core) in first}
    for key, known_already in known.items():
        if first[key] < known_already.first_release:  # an earlier release is registered after a later one
            Certificate.objects.filter(pk=known_already.pk).update(first_release=first[key])
    return known
