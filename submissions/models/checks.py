"""What gates found and what people decided, each for the seal it was made for."""

from django.conf import settings
from django.db import models

from cpl.domain.findings import Finding, GateResult, Severity
from cpl.models import RuleSetRecord
from submissions.domain.lifecycle import Gate


class CheckRun(models.Model):
    """One run of one gate over one revision. Rows are never edited; the one of the case's present round counts."""

    submission = models.ForeignKey("submissions.Submission", on_delete=models.PROTECT, related_name="runs")
    revision = models.ForeignKey("submissions.Revision", on_delete=models.PROTECT, related_name="runs")
    gate = models.CharField(max_length=20, choices=[(gate.value, gate.label) for gate in Gate])
    result = models.CharField(max_length=20, choices=[(result.value, result.value) for result in GateResult])
    round = models.PositiveIntegerField()
    seal = models.CharField(max_length=64)
    rules = models.ForeignKey(RuleSetRecord, on_delete=models.PROTECT, related_name="+")
    ran_at = models.DateTimeField()
    detail = models.JSONField(default=dict, blank=True, help_text="What the gate knows beyond its findings, such as who signed.")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["submission", "round", "gate", "-id"], name="run_of_round")]

    def __str__(self) -> str:
        return f"{self.gate}: {self.result}"


class CheckFinding(models.Model):
    """One finding of a run, as the pure check gave it."""

    run = models.ForeignKey(CheckRun, on_delete=models.CASCADE, related_name="findings")
    rule = models.CharField(max_length=40)
    severity = models.CharField(max_length=10, choices=[(severity.value, severity.value) for severity in Severity])
    group = models.CharField("Data Group", max_length=60, blank=True)
    attribute = models.CharField("Data Attribute", max_length=60, blank=True)
    cell = models.CharField(max_length=60, blank=True)
    value = models.TextField(blank=True)
    message = models.TextField()
    guidance = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"

    @classmethod
    def of(cls, run: CheckRun, finding: Finding) -> "CheckFinding":
        """The unsaved row of a pure finding."""
        return cls(
            run=run,
            rule=finding.rule,
            severity=finding.severity.value,
            group=finding.group,
            attribute=finding.attribute,
            cell=finding.cell,
            value=finding.value,
            message=finding.message,
            guidance=finding.guidance,
        )

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What a decision is about: the same rule saying the same thing about the same data item."""
        return self.rule, self.group, self.attribute, self.message


class Decision(models.Model):
    """A person's answer to one warning of one gate, with the reason; it counts only under the seal it was made for."""

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Refused"

    submission = models.ForeignKey("submissions.Submission", on_delete=models.PROTECT, related_name="decisions")
    seal = models.CharField(max_length=64)
    gate = models.CharField(max_length=20, choices=[(gate.value, gate.label) for gate in Gate])
    rule = models.CharField(max_length=40)
    group = models.CharField(max_length=60, blank=True)
    attribute = models.CharField(max_length=60, blank=True)
    message = models.TextField()
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.TextField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.rule}"

    @property
    def identity(self) -> tuple[str, str, str, str]:
        return self.rule, self.group, self.attribute, self.message


class Hold(models.Model):
    """A time in which the case waits for the submitter; the clock stands still."""

    submission = models.ForeignKey("submissions.Submission", on_delete=models.PROTECT, related_name="holds")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    question = models.TextField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["began_at"]
        constraints = [
            models.UniqueConstraint(fields=["submission"], condition=models.Q(ended_at__isnull=True), name="one_open_hold_a_case")
        ]

    def __str__(self) -> str:
        return f"waiting since {self.began_at:%d/%m/%Y}"


class Note(models.Model):
    """An internal remark on a case."""

    submission = models.ForeignKey("submissions.Submission", on_delete=models.PROTECT, related_name="notes")
    text = models.TextField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["made_at"]

    def __str__(self) -> str:
        return self.text[:60]
