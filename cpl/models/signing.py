"""The keys that sign releases, one after the other, and the signed words on which version is the current one."""

from django.db import models

from core import crypto
from cpl.models.releases import Release


class ReleaseKey(models.Model):
    """The public half of a release key. The last one is in force; unique predecessors make a fork impossible.

    All but the first come with a statement in the vault, signed by the key before it and by itself. Rows never change.
    """

    number = models.PositiveIntegerField(unique=True)
    key_id = models.CharField("id", max_length=16, unique=True)
    pem = models.TextField("public key")
    previous = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="next")
    since = models.DateTimeField()
    last_serial = models.PositiveIntegerField(default=0, help_text="Last release that belongs to the keys before it.")
    statement_sha256 = models.CharField(max_length=64, blank=True)
    old_signature_sha256 = models.CharField(max_length=64, blank=True, help_text="Empty where the key before it was lost.")
    new_signature_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(number=1, previous__isnull=True, statement_sha256="")
                | (models.Q(number__gt=1, previous__isnull=False) & ~models.Q(statement_sha256="")),
                name="key_follows_its_predecessor",
            ),
        ]

    def __str__(self) -> str:
        return f"release key {self.number} ({self.key_id})"

    @property
    def audit_name(self) -> str:
        return f"release-key:{self.key_id}"

    @property
    def fingerprint(self) -> str:
        return crypto.fingerprint(self.pem)


class Pointer(models.Model):
    """A signed word on the current version. The newest one counts; it is known by its SHA-256, so text and signature fit."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="pointers")
    key = models.ForeignKey(ReleaseKey, on_delete=models.PROTECT, related_name="pointers")
    sha256 = models.CharField(max_length=64, unique=True)
    text = models.TextField()
    signature = models.BinaryField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"pointer {self.pk} to version {self.release.version}"
