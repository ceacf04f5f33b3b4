"""Changes: what two people agreed to do to the list. A release is made of nothing else."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from cpl.models.releases import Release


class Change(models.Model):
    """One change to one entry. `values` and `kinds` are frozen when it is proposed; approval and publication recheck the seal."""

    class Kind(models.TextChoices):
        ADD = "add", "Add"
        AMEND = "amend", "Amend"
        REMOVE = "remove", "Remove"
        REINSTATE = "reinstate", "Reinstate"
        CORRECT = "correct", "Correct"

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        WITHDRAWN = "withdrawn", "Withdrawn"
        PUBLISHED = "published", "Published"

    kind = models.CharField(max_length=10, choices=Kind)
    status = models.CharField(max_length=10, choices=Status, default=Status.PROPOSED)
    number = models.CharField("entry number", max_length=6, blank=True, help_text="Allocated at publication for a new entry.")
    values = models.JSONField(default=dict, help_text="The published data items after the change, by key.")
    kinds = models.JSONField(default=dict, blank=True)
    fir = models.JSONField(default=dict, blank=True, help_text="Firmware Information Repository data items, by key (GREEN).")
    designation = models.CharField("plain-English name", max_length=200, blank=True)
    reason = models.TextField(blank=True)
    evidence = models.JSONField(default=dict, blank=True, help_text="For example DCC incident and DSP change numbers, SSC date.")
    origin = models.CharField(max_length=80, help_text="Where it comes from, for example submission:SUB-2026-0001.")
    seal = models.CharField(max_length=64)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    team_of_one = models.BooleanField(default=False, help_text="Approved by its proposer under the setting for a team of one.")
    release = models.ForeignKey(Release, null=True, blank=True, on_delete=models.PROTECT, related_name="changes")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | Q(team_of_one=True)
                | Q(proposed_by__isnull=True)
                | ~Q(approved_by=F("proposed_by")),
                name="change_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(status="published", release__isnull=False) | (~Q(status="published") & Q(release__isnull=True)),
                name="published_change_has_its_release",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=False) | ~Q(status__in=["approved", "published"]),
                name="approved_change_names_approver",
            ),
            models.UniqueConstraint(
                fields=["origin", "kind", "number"],
                condition=Q(status__in=["proposed", "approved"]),
                name="one_open_change_an_origin_and_entry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or self.designation or self.origin}"

    @property
    def audit_name(self) -> str:
        return f"change:{self.pk}"
