"""Sealing and opening the stack values of a record: each value is bound to its record and column and opens nowhere else."""

from core import crypto
from repositories.models import StackRecord


def seal(record: StackRecord, vendor: str, version: str) -> None:
    """Put both values into the record, sealed; nothing is saved."""
    record.vendor_sealed = crypto.encrypt(vendor, _context(record, "vendor"))
    record.version_sealed = crypto.encrypt(version, _context(record, "version"))


def opened(record: StackRecord) -> tuple[str, str]:
    """(vendor, version). RED: whoever shows them to a person puts that on record first. Raises crypto.Unreadable."""
    return (
        crypto.decrypt(record.vendor_sealed, _context(record, "vendor")),
        crypto.decrypt(record.version_sealed, _context(record, "version")),
    )


def _context(record: StackRecord, field: str) -> str:
    return f"repositories.stack:{record.pk}:{field}"
