"""The register of Assurance Certificates: one certificate, the entries that rest on it, and until when."""

from django.db import models

from cpl.models import EntryRow


class Certificate(models.Model):
    """A CPA, Trial Device, ZSE or DLMS certificate, known by its kind and by the core of its number."""

    class Kind(models.TextChoices):
        CPA = "CPA", "CPA certificate"
        TRIAL = "Trial", "Trial Device Certificate"
        ZSE = "ZSE", "ZigBee (ZSE) certificate"
        DLMS = "DLMS", "DLMS certificate"

    kind = models.CharField(max_length=5, choices=Kind)
    core = models.CharField("number", max_length=60, help_text="Without prefix and scheme letters, so that spellings meet.")
    first_release = models.PositiveIntegerField(help_text="Serial of the release in which it was first used.")

    class Meta:
        ordering = ["kind", "core"]
        constraints = [models.UniqueConstraint(fields=["kind", "core"], name="certificate_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.core}"

    @property
    def audit_name(self) -> str:
        return f"certificate:{self.pk}"


class CertificateUse(models.Model):
    """One entry row that names the certificate: number and version as written there, and its date where there is one."""

    certificate = models.ForeignKey(Certificate, on_delete=models.CASCADE, related_name="uses")
    row = models.ForeignKey(EntryRow, on_delete=models.CASCADE, related_name="certificate_uses")
    as_written = models.CharField(max_length=60)
    version = models.CharField(max_length=60, blank=True)
    valid_until = models.DateField("expiry or renewal date", null=True, blank=True)

    class Meta:
        ordering = ["row__number"]
        constraints = [models.UniqueConstraint(fields=["certificate", "row"], name="certificate_used_once_a_row")]

    def __str__(self) -> str:
        return f"{self.as_written} on {self.row.number}"
