"""What is done to people: second factors, links to set a password, the declaration of SSC members."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordForm
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import transaction
from django.http import Http404, HttpRequest
from django.utils import timezone

from accounts import access
from accounts.models import STAFF_ROLES, SscMembership, User
from core import audit


def enrol_totp(user: User, secret: str) -> None:
    """Give `user` an authenticator with this base32 `secret`, in place of any other, and recovery codes."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
        TOTP.activate(user, secret)
        RecoveryCodes.activate(user)


@transaction.atomic
def remove_second_factor(actor: User, user: User) -> None:
    """After a lost phone: the next sign-in sets up a new one. Raises Http404 for whoever may not manage users, or for oneself."""
    access.require(actor, access.Action.MANAGE_USERS)
    if actor.pk == user.pk:
        raise Http404
    Authenticator.objects.filter(user=user).delete()
    audit.record(actor, "user.second_factor_removed", user)
    get_adapter().send_notification_mail("mfa/email/totp_deactivated", user)


def send_password_link(request: HttpRequest, user: User) -> None:
    """Mail a link that lets `user` choose a password; nobody else ever knows it."""
    actor = access.person(request)
    access.require(actor, access.Action.MANAGE_USERS)
    form = ResetPasswordForm({"email": user.email})
    if form.is_valid():
        form.save(request)
        audit.record(actor, "user.password_link_sent", user)


def note_change(actor: User, user: User, fields: list[str], old_address: str | None) -> None:
    """Keep what an administrator changed about a person; when the address moved, the old one is told."""
    audit.record(actor, "user.changed", user, fields=sorted(fields))
    if old_address and old_address != user.email:
        get_adapter().send_notification_mail("account/email/email_changed", user, {"to_email": user.email}, email=old_address)


def roles_changed(actor: User, user: User) -> None:
    """Keep the new roles; whoever works for SECAS may open the records pages."""
    roles = access.roles_of(user)
    user.is_staff = user.is_superuser or bool(roles & STAFF_ROLES)
    user.save(update_fields=["is_staff"])
    audit.record(actor, "user.roles_changed", user, roles=sorted(roles))


def membership_changed(actor: User, membership: SscMembership) -> None:
    """Keep who gave, moved or ended a seat on the SSC."""
    audit.record(
        actor,
        "ssc.membership_changed",
        membership,
        user=membership.user_id,
        first=membership.valid_from,
        last=membership.valid_to,
    )


@transaction.atomic
def accept_declaration(user: User) -> list[SscMembership]:
    """Accept the declaration for every membership in force today; raises Http404 for whoever has none."""
    if not access.may_declare(user):
        raise Http404
    accepted = list(access.seats(user).filter(declaration_accepted_at=None).select_for_update())
    for membership in accepted:
        membership.declaration_accepted_at = timezone.now()
        membership.save(update_fields=["declaration_accepted_at"])
        audit.record(user, "ssc.declaration_accepted", membership)
    return accepted
