"""Days on which the published bank-holiday calendar is overruled."""

from typing import ClassVar

from django.db import models


class ClosedDay(models.Model):
    """A day SECAS treats differently from the bank-holiday calendar: closed although it says open, or the reverse."""

    date = models.DateField(unique=True)
    closed = models.BooleanField(default=True, help_text="Untick for a Working Day the calendar calls closed.")
    reason = models.CharField(max_length=200)

    class Meta:
        ordering: ClassVar = ["date"]

    def __str__(self) -> str:
        return f"{self.date:%d/%m/%Y} {'closed' if self.closed else 'open'}: {self.reason}"

    @property
    def audit_name(self) -> str:
        """All overruled days share one chain: a deleted day keeps its history there."""
        return "calendar"
