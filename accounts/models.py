"""People, the organisations they belong to, and membership of the Security Sub-Committee (SSC)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from simple_history.models import HistoricalRecords

mail_domain = RegexValidator(
    r"\A(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+\Z",
    message="Write the part after the @ only, in small letters, for example maker.example.",
)


class Role(models.TextChoices):
    """The eight roles; each is a group of the same name, made by the first migration."""

    ANALYST = "Analyst"
    APPROVER = "Approver"
    SECURITY_EXPERT = "Security expert"
    ADMINISTRATOR = "Administrator"
    AUDITOR = "Auditor"
    SEC_PARTY = "SEC Party"
    DCC = "DCC"
    SSC_MEMBER = "SSC member"


STAFF_ROLES = frozenset({Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.ADMINISTRATOR, Role.AUDITOR})


class OrganisationKind(models.TextChoices):
    SECAS = "secas", "SECAS"
    MANUFACTURER = "manufacturer", "Manufacturer"
    DCC = "dcc", "DCC"
    SUPPLIER = "supplier", "Energy supplier"
    OTHER_SEC_PARTY = "other", "Other SEC Party"


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def of_address(self, address: str) -> "Organisation | None":
        """The organisation whose mail domain stands after the @ of `address`, or None; subdomains are not assumed."""
        domain = address.rpartition("@")[2].strip().lower()
        return self.filter(domains__name=domain).first() if domain else None


class Organisation(models.Model):
    """A company or body; whoever submits need not be a SEC Party (Guidance 9)."""

    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=20, choices=OrganisationKind.choices, default=OrganisationKind.MANUFACTURER)
    is_sec_party = models.BooleanField(
        "SEC Party", default=False, help_text="Party to the Smart Energy Code; submitters need not be (Guidance 9)."
    )
    history = HistoricalRecords()

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_name(self) -> str:
        return f"organisation:{self.pk}"


class MailDomain(models.Model):
    """A mail domain that belongs to an organisation, so that a sender can be recognised (never trusted) by it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="domains")
    name = models.CharField(max_length=253, unique=True, validators=[mail_domain])
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by e-mail address, whatever the case of its letters."""
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, *, roles: Iterable[str] = (), **fields: Any) -> "User":
        """A new person with `roles`; without a password nobody can sign in until it is set by mail."""
        roles = frozenset(Role(role) for role in roles)
        fields.setdefault("is_staff", bool(roles & STAFF_ROLES))
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        user.groups.set(Group.objects.filter(name__in=roles))
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by e-mail address; what they may do follows from their roles (accounts.access)."""

    email = models.EmailField(
        "e-mail address", max_length=254, unique=True, error_messages={"unique": "Someone has this address."}
    )
    name = models.CharField("full name", max_length=150)
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="people")
    is_active = models.BooleanField("active", default=True, help_text="Take this away instead of deleting a person.")
    is_staff = models.BooleanField("may open the records pages", default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    objects = UserManager()

    # Set for the length of one request by accounts.middleware; nothing RED opens outside such a request.
    second_factor_used = False

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("email"), name="one_person_an_address")]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        self.email = type(self).objects.normalize_email(self.email).lower()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email

    @property
    def audit_name(self) -> str:
        return f"user:{self.pk}"


class SscMembershipQuerySet(models.QuerySet["SscMembership"]):
    def on(self, day: date) -> "SscMembershipQuerySet":
        """Memberships in force on `day`; the last day counts."""
        return self.filter(valid_from__lte=day).filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day))


class SscMembership(models.Model):
    """A seat, or an alternate's seat, on the Security Sub-Committee; the DZIR opens to nobody else (Guidance, Appendix 7)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="ssc_memberships")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text="The last day; empty: until further notice.")
    is_alternate = models.BooleanField("alternate", default=False)
    declaration_accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = HistoricalRecords()

    objects = SscMembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "SSC membership"
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
                name="ssc_membership_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} from {self.valid_from:%d/%m/%Y}"

    def clean(self) -> None:
        if self.valid_to and self.valid_from and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": "The last day lies before the first day."})

    @property
    def audit_name(self) -> str:
        return f"ssc-membership:{self.pk}"
