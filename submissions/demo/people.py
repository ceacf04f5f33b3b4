"""Who is who on a demo site. Everything is invented; the password and the second factor's secret are public on purpose."""

import datetime
import time
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import transaction
from django.utils import timezone

from accounts import access
from accounts.models import MailDomain, Organisation, OrganisationKind, Role, SscMembership, User
from accounts.services import enrol_totp

PASSWORD = "quiet river under stones"  # noqa: S105 - printed on the console and good for demo data only
TOTP_SECRET = "CPLDEMOSECRETFORALLROLES234567CP"  # noqa: S105 - likewise
TOTP_PERIOD = 30  # seconds


@dataclass(frozen=True, slots=True)
class Cast:
    """One person of the demo."""

    address: str
    name: str
    roles: tuple[Role, ...]
    organisation: str

    @property
    def part(self) -> str:
        """The roles in words."""
        return ", ".join(self.roles) or "no role"


SECAS = "SECAS (demo)"
ORGANISATIONS = (
    (SECAS, OrganisationKind.SECAS, False, "secas.example"),
    ("Alder Metering Ltd", OrganisationKind.MANUFACTURER, True, "alder-metering.example"),
    ("Brookfield Devices plc", OrganisationKind.MANUFACTURER, False, "brookfield-devices.example"),
    ("Copperline GmbH", OrganisationKind.MANUFACTURER, False, "copperline.example"),
    ("Dunmore Controls Ltd", OrganisationKind.MANUFACTURER, False, "dunmore-controls.example"),
    ("Data and Communications Company (demo)", OrganisationKind.DCC, True, "dcc.example"),
    ("Hillside Energy (demo)", OrganisationKind.SUPPLIER, True, "hillside-energy.example"),
)
PEOPLE = (
    Cast("asha@secas.example", "Asha Patel", (Role.ANALYST,), SECAS),
    Cast("tom@secas.example", "Tom Reilly", (Role.ANALYST,), SECAS),
    Cast("grace@secas.example", "Grace Adeyemi", (Role.APPROVER,), SECAS),
    Cast("viktor@secas.example", "Viktor Holm", (Role.SECURITY_EXPERT,), SECAS),
    Cast("admin@secas.example", "Mei Lindqvist", (Role.ADMINISTRATOR,), SECAS),
    Cast("noor@secas.example", "Noor Haddad", (Role.ADMINISTRATOR,), SECAS),
    Cast("audit@secas.example", "Owen Price", (Role.AUDITOR,), SECAS),
    Cast("robin@alder-metering.example", "Robin Winter", (Role.SEC_PARTY,), "Alder Metering Ltd"),
    Cast("nadia@dcc.example", "Nadia Kaur", (Role.DCC,), "Data and Communications Company (demo)"),
    Cast("elin@hillside-energy.example", "Elin Brandt", (Role.SEC_PARTY, Role.SSC_MEMBER), "Hillside Energy (demo)"),
)


def settle() -> dict[str, User]:
    """Organisations and people, by the part of the address before the @; those that exist are left as they are."""
    with transaction.atomic():
        organisations = {name: _organisation(name, kind, party, domain) for name, kind, party, domain in ORGANISATIONS}
        return {cast.address.partition("@")[0]: _person(cast, organisations[cast.organisation]) for cast in PEOPLE}


def code_now() -> str:
    """The six digits that an authenticator would show for the demo's secret."""
    return format_hotp_value(hotp_value(TOTP_SECRET, int(time.time()) // TOTP_PERIOD))


def _organisation(name: str, kind: str, party: bool, domain: str) -> Organisation:
    organisation, _ = Organisation.objects.get_or_create(name=name, defaults={"kind": kind, "is_sec_party": party})
    MailDomain.objects.get_or_create(name=domain, defaults={"organisation": organisation})
    return organisation


def _person(cast: Cast, organisation: Organisation) -> User:
    user = User.objects.filter(email=cast.address).first()
    if user is None:
        user = User.objects.create_user(cast.address, PASSWORD, roles=cast.roles, name=cast.name, organisation=organisation)
    if Role.SSC_MEMBER in cast.roles and not SscMembership.objects.filter(user=user).exists():
        SscMembership.objects.create(
            user=user, valid_from=timezone.localdate() - datetime.timedelta(days=200), declaration_accepted_at=timezone.now()
        )
    if access.needs_second_factor(user) and not Authenticator.objects.filter(user=user).exists():
        enrol_totp(user, TOTP_SECRET)
    return user
