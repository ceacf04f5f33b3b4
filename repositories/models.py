"""FIR (GREEN) and DZIR (RED). RED values are encrypted before they reach the database and have no text form here."""

import uuid

from django.db import models
from django.db.models import Q

from cpl.models import Release


class FirEntry(models.Model):
    """What the Firmware Information Repository says about one entry, from one release to another."""

    number = models.CharField(max_length=6)
    from_serial = models.PositiveIntegerField()
    to_serial = models.PositiveIntegerField(null=True, blank=True)
    values = models.JSONField(help_text="FIR data items by key.")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["number"], condition=Q(to_serial__isnull=True), name="one_open_fir_row_a_number"),
            models.UniqueConstraint(fields=["number", "from_serial"], name="one_fir_row_a_number_and_release"),
        ]
        verbose_name = "FIR entry"
        verbose_name_plural = "FIR entries"

    def __str__(self) -> str:
        return self.number


class StackRecord(models.Model):
    """ZigBee stack vendor and version of one submitted form (RED), sealed at intake; it gets its entry number at publication."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    origin = models.CharField(max_length=80, unique=True, help_text="For example submission:SUB-2026-0001/1 (revision 1).")
    vendor_sealed = models.BinaryField()
    version_sealed = models.BinaryField()
    number = models.CharField(max_length=6, blank=True, db_index=True)
    from_serial = models.PositiveIntegerField(null=True, blank=True)
    to_serial = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=~Q(number="") & Q(to_serial__isnull=True), name="one_open_stack_record_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"stack record {self.id}"


class Export(models.Model):
    """A FIR or DZIR workbook made for a release; the bytes lie in the vault (the DZIR in its RED area)."""

    class Kind(models.TextChoices):
        FIR = "FIR", "Firmware Information Repository"
        DZIR = "DZIR", "Device ZigBee Information Repository"

    kind = models.CharField(max_length=4, choices=Kind)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="exports")
    sha256 = models.CharField("SHA-256", max_length=64)
    rows = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-release__serial", "kind"]
        constraints = [models.UniqueConstraint(fields=["kind", "release"], name="one_export_a_kind_and_release")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.release.version}"

    @property
    def audit_name(self) -> str:
        return f"export:{self.kind}:{self.release.version}"
