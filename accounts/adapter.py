"""What the sign-in pages of allauth do differently here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from accounts import access, session
from accounts.models import User


class ClosedSignup(DefaultAccountAdapter):
    """People are added by an administrator; nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Signing in counts as proof for a while, so that setting up a second factor follows on from it."""
        return not session.recently_authenticated(self.request)

    def reauthenticate(self, user: User, password: str) -> bool:
        """Addresses are kept on the person alone, not in allauth's own table."""
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk


class KeptSecondFactor(DefaultMFAAdapter):
    """Whoever must have a second factor cannot take it away; an administrator can, when a phone is lost."""

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not access.needs_second_factor(authenticator.user)
