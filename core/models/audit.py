"""The audit trail's rows. Written by `core.audit` alone; the database refuses to change or delete them."""

from typing import ClassVar

from django.db import models


class AuditEntry(models.Model):
    """One thing that happened to one object, chained by hash to the entry before it."""

    object_name = models.CharField("object", max_length=200)
    seq = models.PositiveIntegerField("number")
    at = models.DateTimeField()
    actor = models.CharField(max_length=320)
    verb = models.CharField(max_length=100)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering: ClassVar = ["object_name", "seq"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["object_name", "seq"], name="audit_one_entry_a_number")]
        indexes: ClassVar = [models.Index(fields=["-at"], name="audit_newest_first")]

    def __str__(self) -> str:
        return f"{self.object_name} #{self.seq} {self.verb}"
