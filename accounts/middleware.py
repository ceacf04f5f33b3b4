"""Sessions that end in time, and no page for staff or SSC members without their second factor."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import access, session

# Pages a person without a second factor needs on the way to having one, and pages that ask for no right at all.
OPEN = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "mfa_activate_totp",
        "mfa_reauthenticate",
        "healthz",
        "readyz",
    }
)


class SecondFactorMiddleware:
    """Ends idle and old sessions, tells accounts.access about the second factor, and leads to setting one up (docs/adr/0004)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        if session.has_ended(request, time.time()):
            return self._sign_out(request)
        session.touch(request, time.time())
        request.user.second_factor_used = session.second_factor_used(request)
        response = self.get_response(request)
        # What was shown to a person is not shown again by the browser's memory after signing out.
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user = request.user
        if not user.is_authenticated or user.second_factor_used or not access.needs_second_factor(user):
            return None
        if request.resolver_match and request.resolver_match.url_name in OPEN:
            return None
        has_one = is_mfa_enabled(user, [Authenticator.Type.TOTP])
        return _lead_to("mfa_reauthenticate" if has_one else "mfa_activate_totp", request)

    def _sign_out(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        messages.info(request, "You were signed out because your session had lasted too long or nothing happened in it.")
        return _lead_to("account_login", request)


def _lead_to(page: str, request: HttpRequest) -> HttpResponse:
    """To `page`, and from there back to what was asked for; a form that was being sent is not sent again."""
    back = request.get_full_path() if request.method == "GET" else "/"
    return redirect(f"{reverse(page)}?{urlencode({'next': back})}")
