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
from accounts.models import SscMembership, User
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
    access.require(request.user, access.Action.MANAGE_USERS)
    form = ResetPasswordForm({"email": user.email})
    if form.is_valid():
        form.save(request)
        audit.record(request.user, "user.password_link_sent", user)


@transaction.atomic
def accept_declaration(user: User) -> list[SscMembership]:
    """Accept the declaration for every membership in force today; raises Http404 for whoever has none."""
    if not access.may_declare(user):
        raise Http404
    current = user.ssc_memberships.on(timezone.localdate()).filter(declaration_accepted_at=None)
    accepted = list(current.select_for_update())
    for membership in accepted:
        membership.declaration_accepted_at = timezone.now()
        membership.save(update_fields=["declaration_accepted_at"])
        audit.record(user, "ssc.declaration_accepted", membership)
    return accepted
