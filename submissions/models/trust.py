"""Whom SECAS trusts with signatures: authorities, their revocation lists, and who may sign for a creator. Nothing is deleted."""

import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils import timezone

PEOPLE: dict[str, Any] = {"null": True, "blank": True, "on_delete": models.PROTECT, "related_name": "+"}
MOST_ERROR = 300  # characters of the last error of a place


class Vouched(models.Model):
    """What holds only because two people said so: one proposed it with evidence, another agreed; retiring takes two as well.

    `valid_from` and `valid_to` are days of London time, both included; without an end it holds until it is retired.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACTIVE = "active", "In force"
        RETIRED = "retired", "Retired"

    status = models.CharField(max_length=10, choices=Status, default=Status.PROPOSED)
    evidence = models.TextField(help_text="How it was made sure that this is right: who was asked, when, and what was compared.")
    document_sha256 = models.CharField("SHA-256 of a document", max_length=64, blank=True, help_text="Kept in the vault.")
    valid_from = models.DateField(default=timezone.localdate)
    valid_to = models.DateField(null=True, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, **PEOPLE)
    approved_at = models.DateTimeField(null=True, blank=True)
    end_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, **PEOPLE)
    end_reason = models.TextField("why it is to end", blank=True)
    retired_by = models.ForeignKey(settings.AUTH_USER_MODEL, **PEOPLE)
    retired_at = models.DateTimeField(null=True, blank=True)
    team_of_one = models.BooleanField(default=False, help_text="One person did both under the setting for a team of one.")

    KIND: ClassVar[str]

    class Meta:
        abstract = True
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(team_of_one=True) | Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                name="%(class)s_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=False) | ~Q(status="active"), name="%(class)s_in_force_names_approver"
            ),
            models.CheckConstraint(
                condition=Q(team_of_one=True) | Q(retired_by__isnull=True) | Q(approved_by__isnull=True)
                | Q(end_asked_by__isnull=False) & ~Q(retired_by=F("end_asked_by")),
                name="%(class)s_end_needs_two_people",
            ),
        ]  # fmt: skip

    @property
    def audit_name(self) -> str:
        return f"trust:{self.KIND}:{self.pk}"

    @classmethod
    def in_force(cls, on: datetime.date) -> QuerySet[Self]:
        """What holds on that day."""
        running = Q(valid_to__isnull=True) | Q(valid_to__gte=on)
        return cls._default_manager.filter(running, status=cls.Status.ACTIVE, valid_from__lte=on)


class AuthorityCertificate(Vouched):
    """The certificate of an authority, as it was handed over."""

    pem = models.TextField("certificate (PEM)")
    sha256 = models.CharField("SHA-256 of the certificate", max_length=64)
    subject = models.CharField(max_length=500)
    issuer = models.CharField(max_length=500)
    not_before = models.DateTimeField("certificate valid from")
    not_after = models.DateTimeField("certificate valid until")

    class Meta(Vouched.Meta):
        abstract = True
        constraints = [
            *Vouched.Meta.constraints,
            models.UniqueConstraint(fields=["sha256"], condition=~Q(status="retired"), name="%(class)s_once"),
        ]

    def __str__(self) -> str:
        return self.subject


class TrustAnchor(AuthorityCertificate):
    """A root authority that SECAS trusts (guidance Appendix 2: a recognised Certification Authority)."""

    KIND = "anchor"

    class Meta(AuthorityCertificate.Meta):
        pass


class Intermediate(AuthorityCertificate):
    """An authority between a root and the signers, for workbooks that do not bring its certificate along."""

    KIND = "intermediate"

    class Meta(AuthorityCertificate.Meta):
        pass


class Authorisation(Vouched):
    """One organisation signs for a creator of images (guidance 7.5: existing ones are accepted until MP168 is implemented)."""

    KIND = "authorisation"

    creator = models.CharField(max_length=200, help_text="Manufacturer_Image.creator, exactly as in the workbook.")
    organisation = models.CharField(max_length=200, help_text="The organisation, exactly as in the certificate.")

    class Meta(Vouched.Meta):
        constraints = [
            *Vouched.Meta.constraints,
            models.UniqueConstraint(
                fields=["creator", "organisation"], condition=~Q(status="retired"), name="%(class)s_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.organisation} for {self.creator}"


class CrlSource(models.Model):
    """A place where an authority publishes its revocation list; asked every hour."""

    url = models.URLField("address", max_length=500, unique=True, validators=[URLValidator(schemes=["http", "https"])])
    active = models.BooleanField("ask it", default=True)
    last_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_fetched_at = models.DateTimeField("last list taken", null=True, blank=True, editable=False)
    last_error = models.CharField(max_length=MOST_ERROR, blank=True, editable=False)

    class Meta:
        ordering = ["url"]
        verbose_name = "place of a revocation list"
        verbose_name_plural = "places of revocation lists"

    def __str__(self) -> str:
        return self.url

    @property
    def audit_name(self) -> str:
        return f"trust:source:{self.pk}"


class RevocationList(models.Model):
    """One revocation list, signed by a known authority; its bytes lie in the vault. Older ones stay, for cases of their time.

    `scope`: "" for a whole list, or the SHA-256 of the part that a partitioned list covers (RFC 5280, 5.2.5).
    """

    issuer = models.CharField(max_length=500)
    scope = models.CharField(max_length=64, blank=True)
    this_update = models.DateTimeField("issued")
    next_update = models.DateTimeField("good until")
    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    size = models.PositiveIntegerField(help_text="Bytes.")
    source = models.ForeignKey(CrlSource, null=True, blank=True, on_delete=models.PROTECT, related_name="lists")
    loaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, **PEOPLE)
    loaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-this_update", "-id"]
        indexes = [models.Index(fields=["issuer", "scope", "-this_update"], name="newest_list")]

    def __str__(self) -> str:
        return f"{self.issuer}, {timezone.localtime(self.this_update):%d/%m/%Y %H:%M}"

    @property
    def audit_name(self) -> str:
        return f"trust:list:{self.issuer}"[:120]
