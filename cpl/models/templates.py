"""Templates of the workbook that SECAS supplies in place of the site's own."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class SuppliedTemplate(models.Model):
    """An .xlsm that releases of a principal version are written with, from a day on, once a second person has agreed.

    Of those that hold, the one with the latest day counts, and of one day the one approved last. Its bytes lie in the vault.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        WITHDRAWN = "withdrawn", "Withdrawn"

    status = models.CharField(max_length=10, choices=Status, default=Status.PROPOSED)
    sha256 = models.CharField("SHA-256", max_length=64)
    filename = models.CharField("name of the file", max_length=200)
    size = models.PositiveIntegerField(help_text="Bytes.")
    principal = models.PositiveIntegerField("principal version")
    valid_from = models.DateField("used from", default=timezone.localdate, help_text="Releases issued on this day or later.")
    note = models.TextField("what is new", help_text="What is new in it, and where it comes from.")
    seal = models.CharField(max_length=64)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    team_of_one = models.BooleanField(default=False, help_text="Approved by its proposer under the setting for a team of one.")
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField("why it was withdrawn", blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(team_of_one=True) | ~Q(approved_by=F("proposed_by")),
                name="template_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=False) | ~Q(status="approved"), name="approved_template_names_approver"
            ),
            models.UniqueConstraint(
                fields=["sha256", "principal"], condition=~Q(status="withdrawn"), name="one_open_template_of_these_bytes"
            ),
        ]

    def __str__(self) -> str:
        return f"template {self.filename} for principal version {self.principal}"

    @property
    def audit_name(self) -> str:
        return f"template:{self.pk}"

    @classmethod
    def in_use(cls, principal: int, on: datetime.date) -> "SuppliedTemplate | None":
        """What a release of this principal version issued on that day is written with; None: the site's own."""
        holding = cls.objects.filter(status=cls.Status.APPROVED, principal=principal, valid_from__lte=on)
        return holding.order_by("-valid_from", "-approved_at", "-pk").first()
