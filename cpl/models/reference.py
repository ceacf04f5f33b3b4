"""Reference data that changes with the SEC: selection lists and TSAT combinations, each with the days on which it holds."""

import datetime

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords


class DatedQuerySet(models.QuerySet):
    """Rows that hold from one day to another."""

    def on(self, day: datetime.date) -> "DatedQuerySet":
        """Rows that hold on `day`; `valid_to` is the first day on which a row no longer holds."""
        began = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
        not_over = Q(valid_to__isnull=True) | Q(valid_to__gt=day)
        return self.filter(began & not_over)


class SelectionValue(models.Model):
    """One value that a data item with a selection list may take."""

    list_name = models.CharField("selection list", max_length=60)
    value = models.CharField(max_length=200)
    family = models.CharField(max_length=20, blank=True, help_text="CHTS, SMETS1 or SMETS2+ where the rules tell them apart.")
    position = models.PositiveIntegerField(default=0, help_text="Place in the drop-down.")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True, help_text="First day on which it can no longer be chosen.")
    history = HistoricalRecords()

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["list_name", "position", "value"]
        constraints = [models.UniqueConstraint(fields=["list_name", "value", "valid_from"], name="selection_value_once")]

    def __str__(self) -> str:
        return f"{self.list_name}: {self.value}"


class DeviceLevelVersion(models.Model):
    """A permitted combination of device type, SMETS/CHTS version and GBCS version (SEC Schedule 11, TSAT)."""

    device_type = models.CharField(max_length=50)
    smets_chts = models.CharField("SMETS/CHTS version", max_length=20)
    gbcs = models.CharField("GBCS version", max_length=20)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True, help_text="First day on which it is no longer permitted.")
    history = HistoricalRecords()

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["device_type", "smets_chts", "gbcs"]
        verbose_name = "TSAT combination"
        constraints = [
            models.UniqueConstraint(fields=["device_type", "smets_chts", "gbcs", "valid_from"], name="tsat_combination_once")
        ]

    def __str__(self) -> str:
        return f"{self.device_type} · {self.smets_chts} · {self.gbcs}"


class RuleSetRecord(models.Model):
    """A rule set as it was when a check or a release used it, known by the SHA-256 of its canonical JSON. Never changes."""

    digest = models.CharField(max_length=64, unique=True)
    principal = models.PositiveIntegerField()
    snapshot = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "rule set"

    def __str__(self) -> str:
        return f"Rule set {self.digest[:12]} (principal version {self.principal})"
