"""What arrived: mails and uploads as they came (RED: they carry the forms), and the documents taken from them."""

from django.conf import settings
from django.db import models

from certificates.domain.requirements import DocumentKind
from core.classification import Classification


class Receipt(models.Model):
    """One mail or upload. Its raw bytes lie in the vault's RED area; the same Message-ID or the same bytes make no second one."""

    class Source(models.TextChoices):
        MAILBOX = "mailbox", "mailbox"
        FOLDER = "folder", "drop folder"
        COMMAND = "command", "command line"
        UPLOAD = "upload", "upload page"

    class Outcome(models.TextChoices):
        CASES = "cases", "made cases"
        REPLY = "reply", "added to a case"
        NO_WORKBOOK = "no_workbook", "no form found"
        UNREADABLE = "unreadable", "could not be read"

    source = models.CharField(max_length=10, choices=Source)
    outcome = models.CharField(max_length=12, choices=Outcome)
    raw_sha256 = models.CharField("SHA-256 of what arrived", max_length=64, unique=True)
    message_id = models.CharField("Message-ID", max_length=250, null=True, blank=True, unique=True)
    sender = models.EmailField(blank=True)
    sender_name = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    body = models.TextField(blank=True)
    problems = models.JSONField(default=list, blank=True, help_text="What was odd about it, as findings.")
    case = models.ForeignKey(
        "submissions.Submission",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="replies",
        help_text="The case it was added to, when it was a reply.",
    )
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    handled_at = models.DateTimeField(null=True, blank=True, help_text="Set when somebody dealt with what no case took over.")

    class Meta:
        ordering = ["-received_at"]

    def __str__(self) -> str:
        return self.subject or f"receipt {self.pk}"

    @property
    def audit_name(self) -> str:
        return f"receipt:{self.pk}"


class Document(models.Model):
    """A certificate, letter, release note or other paper of a case (AMBER). The workbook itself is not one: it is RED."""

    submission = models.ForeignKey("submissions.Submission", on_delete=models.PROTECT, related_name="documents")
    receipt = models.ForeignKey(Receipt, null=True, blank=True, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=24, choices=[(kind.value, kind.label) for kind in DocumentKind])
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveIntegerField(help_text="Bytes.")
    classification = models.CharField(
        max_length=5, choices=[(level.name, level.name) for level in Classification], default=Classification.AMBER.name
    )
    added_at = models.DateTimeField(auto_now_add=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    classified_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [models.UniqueConstraint(fields=["submission", "sha256"], name="document_once_a_case")]

    def __str__(self) -> str:
        return self.filename

    @property
    def audit_name(self) -> str:
        return f"document:{self.pk}"
