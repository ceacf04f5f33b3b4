"""Published versions of the list. Their bytes lie in the vault; a row never changes once it is written."""

from django.conf import settings
from django.db import models

from cpl.domain.releases import Version
from cpl.models.reference import RuleSetRecord
from cpl.models.templates import SuppliedTemplate


class Release(models.Model):
    """One version X.YYY. `serial` counts releases without gaps; unique serial and predecessor make two heads impossible."""

    class Origin(models.TextChoices):
        IMPORTED = "imported", "taken over from an earlier workbook"
        PUBLISHED = "published", "published here"

    serial = models.PositiveIntegerField(unique=True)
    previous = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="next")
    principal = models.PositiveIntegerField()
    sub = models.PositiveIntegerField("sub-version")
    issued_on = models.DateField("date of issue")
    changes_text = models.TextField("changes incorporated")
    origin = models.CharField(max_length=10, choices=Origin)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rules = models.ForeignKey(RuleSetRecord, null=True, blank=True, on_delete=models.PROTECT, related_name="releases")
    template_sha256 = models.CharField(max_length=64, blank=True, help_text="The workbook was written with this template.")
    supplied = models.ForeignKey(
        SuppliedTemplate,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="releases",
        help_text="Empty: the site's own.",
    )
    manner = models.CharField(
        max_length=60, blank=True, help_text="How the workbook was written: layout of rows, version of zlib."
    )
    workbook_sha256 = models.CharField(max_length=64, blank=True)
    csv_sha256 = models.CharField("CSV SHA-256", max_length=64, blank=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    signature_sha256 = models.CharField(max_length=64, blank=True)
    entry_count = models.PositiveIntegerField(default=0)
    current_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-serial"]
        constraints = [
            models.UniqueConstraint(fields=["principal", "sub"], name="version_published_once"),
            models.CheckConstraint(
                condition=models.Q(serial=1, previous__isnull=True) | models.Q(serial__gt=1, previous__isnull=False),
                name="release_follows_its_predecessor",
            ),
        ]

    def __str__(self) -> str:
        return f"CPL version {self.version}"

    @property
    def version(self) -> Version:
        return Version(self.principal, self.sub)

    @property
    def label(self) -> str:
        """The label of Version Control A3 and of column A of the CSV."""
        return self.version.label(self.issued_on)

    @property
    def audit_name(self) -> str:
        return f"release:{self.version}"

    @property
    def has_files(self) -> bool:
        return bool(self.workbook_sha256)
