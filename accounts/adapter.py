"""What the sign-in pages of allauth do differently here."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts import access, session
from accounts.models import User
from core import crypto


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

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Whoever reads cases begins at the queue, unless another page was asked for."""
        if access.may(access.person(request), access.Action.READ_CASE):
            return reverse("cases:queue")
        return str(super().get_login_redirect_url(request))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The site's own address, whatever host the request named."""
        parts = dict(zip(("uidb36", "key"), key.split("-", 1), strict=True))
        return settings.CPL_BASE_URL + reverse("account_reset_password_from_key", kwargs=parts)

    def format_email_subject(self, subject: str) -> str:
        return f"CPL: {subject}"


class KeptSecondFactor(DefaultMFAAdapter):
    """Secrets are kept encrypted, and whoever must have a second factor cannot take it away by themselves."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "The app shows another code by now, or this one was used already. Wait for the next one and type its "
        "six digits."
    }

    def encrypt(self, text: str) -> str:
        return base64.b64encode(crypto.encrypt(text, "second factor")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(base64.b64decode(encrypted_text), "second factor")

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not access.needs_second_factor(authenticator.user)
