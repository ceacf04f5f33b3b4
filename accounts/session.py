"""What a session says: how long it has lasted, whether a second factor opened it, how recently someone proved who they are."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase

P = ParamSpec("P")

IDLE = 30 * 60  # seconds without a request (ASVS 5.0, 7.3.1)
LONGEST = 12 * 3600  # seconds from signing in, however busy (ASVS 5.0, 7.3.2)
NOTE_EVERY = 60  # seconds: the last request is written down no more often than this

STARTED = "accounts.started"
SEEN = "accounts.seen"


@receiver(user_logged_in)
def begin(request: HttpRequest, **_: Any) -> None:
    """A session begins when somebody signs in, not when the browser first came."""
    if hasattr(request, "session"):
        request.session[STARTED] = request.session[SEEN] = int(time.time())


@receiver(authenticator_added)
def prove_by_setting_up(request: HttpRequest, user: Any, authenticator: Authenticator, **_: Any) -> None:
    """Setting up an authenticator takes a code from it, so it need not be asked for again at once."""
    if authenticator.type == Authenticator.Type.TOTP:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


def has_ended(request: HttpRequest, now: float) -> bool:
    """Whether this session has been idle, or open, for too long; one that does not say when it began has ended."""
    started, seen = request.session.get(STARTED), request.session.get(SEEN)
    return started is None or seen is None or now - seen > IDLE or now - started > LONGEST


def touch(request: HttpRequest, now: float) -> None:
    """Note that somebody was here."""
    if now - request.session[SEEN] >= NOTE_EVERY:
        request.session[SEEN] = int(now)


def second_factor_used(request: HttpRequest) -> bool:
    """Whether this session was opened (or raised) with an authenticator or a recovery code."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def recently_authenticated(request: HttpRequest) -> bool:
    """Whether somebody proved who they are in this session within ACCOUNT_REAUTHENTICATION_TIMEOUT (seconds)."""
    records = get_authentication_records(request, request.user) if request.user.is_authenticated else []
    return any(time.time() - record["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT for record in records)


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def recent_authentication_required(view: View[P]) -> View[P]:
    """For publishing and everything RED: asks for the password again when the last proof is old, then goes on."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not recently_authenticated(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return guarded
