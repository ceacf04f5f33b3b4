"""The case itself and its revisions."""

from django.conf import settings
from django.db import models
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from accounts.models import Organisation
from cpl.domain.entry import formal_name
from cpl.models import Change, RuleSetRecord
from repositories.models import StackRecord
from submissions.domain.lifecycle import OPEN, State
from submissions.models.intake import Receipt


class Submission(ConcurrentTransitionMixin, models.Model):
    """One form on its way to the list. The state is the last gate passed; only submissions.services moves it.

    A transition changes memory only: `services.door.move` locks, moves, saves, audits and announces.
    """

    reference = models.CharField(max_length=20, unique=True)
    state = FSMField(default=State.RECEIVED.value, choices=[(state.value, state.label) for state in State], protected=True)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="submissions")
    submitter = models.EmailField("submitter's address")
    submitter_name = models.CharField(max_length=200, blank=True)
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="submissions")
    received_at = models.DateTimeField()
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="cases"
    )
    last_worked_on_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whoever last changed or overrode the case; somebody else must approve it.",
    )
    revision_number = models.PositiveIntegerField(default=1)
    round = models.PositiveIntegerField(default=1, help_text="How often the gates were started; only runs of this round count.")
    designation = models.CharField("plain-English name", max_length=200, blank=True)
    device_type = models.CharField(max_length=50, blank=True)
    manufacturer = models.CharField("manufacturer identifier", max_length=20, blank=True)
    model = models.CharField("model identifier", max_length=20, blank=True)
    firmware = models.CharField("firmware version", max_length=40, blank=True)
    device_key = models.CharField(max_length=64, blank=True, db_index=True)
    change = models.OneToOneField(Change, null=True, blank=True, on_delete=models.SET_NULL, related_name="submission")
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [models.Index(fields=["state", "received_at"], name="case_queue")]

    def __str__(self) -> str:
        return self.reference

    @property
    def audit_name(self) -> str:
        return f"submission:{self.reference}"

    @property
    def plain_name(self) -> str:
        """The plain-English name that somebody gave the Device Model; "" where there is only what the form says."""
        return "" if self.designation == formal_name(self.device_type, self.manufacturer, self.model) else self.designation

    @property
    def is_open(self) -> bool:
        return State(self.state) in OPEN

    @transition(field=state, source=State.RECEIVED.value, target=State.VALIDATED.value)
    def pass_form(self) -> None:
        """The form gate passed."""

    @transition(field=state, source=State.VALIDATED.value, target=State.SIGNATURE_CHECKED.value)
    def pass_signature(self) -> None:
        """The signature gate passed, or no signature is required."""

    @transition(field=state, source=State.SIGNATURE_CHECKED.value, target=State.CERTIFICATES_MATCHED.value)
    def pass_certificates(self) -> None:
        """The certificates gate passed."""

    @transition(field=state, source=State.CERTIFICATES_MATCHED.value, target=State.DUPLICATE_CHECKED.value)
    def pass_duplicates(self) -> None:
        """The duplicates gate passed."""

    @transition(field=state, source=State.DUPLICATE_CHECKED.value, target=State.APPROVED.value)
    def approve(self) -> None:
        """A second person agreed."""

    @transition(field=state, source=State.APPROVED.value, target=State.DUPLICATE_CHECKED.value)
    def take_back(self) -> None:
        """The approval was taken back before publication."""

    @transition(field=state, source=State.APPROVED.value, target=State.PUBLISHED.value)
    def publish(self) -> None:
        """Its change went out with a release."""

    @transition(field=state, source=[state.value for state in OPEN], target=State.RECEIVED.value)
    def revise(self) -> None:
        """A corrected workbook came in, or the gates are to run again from the start: what they said before is void."""
        self.round += 1

    @transition(field=state, source=[state.value for state in OPEN], target=State.REJECTED.value)
    def reject(self) -> None:
        """SECAS turned it down."""

    @transition(field=state, source=[state.value for state in OPEN], target=State.WITHDRAWN.value)
    def withdraw(self) -> None:
        """The submitter took it back."""


class Revision(models.Model):
    """One workbook of a case. `values` holds everything read from it but RED; `seal` names exactly this content. Never edited."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="revisions")
    filename = models.CharField(max_length=200)
    workbook_sha256 = models.CharField("SHA-256 of the workbook", max_length=64)
    size = models.PositiveIntegerField(help_text="Bytes.")
    form_version = models.CharField(max_length=10, blank=True)
    signed = models.BooleanField(default=False, help_text="The package holds signature parts.")
    values = models.JSONField(default=dict, help_text="Normalised value of every data item by key; RED items say [RED].")
    cells = models.JSONField(default=dict, help_text="Sheet and cell of every data item by key.")
    stack = models.ForeignKey(StackRecord, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rules = models.ForeignKey(RuleSetRecord, on_delete=models.PROTECT, related_name="+")
    seal = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["submission", "number"], name="revision_number_once_a_case")]

    def __str__(self) -> str:
        return f"revision {self.number}"

    @property
    def audit_name(self) -> str:
        return f"submission:{self.submission.reference}"
