"""What is counted when someone tries to sign in."""

from typing import Any

from django.http import HttpRequest


def address_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The e-mail address of an attempt, in one spelling, so that capital letters do not give more guesses."""
    tried = (credentials or {}).get("email") or (credentials or {}).get("username") or request.POST.get("login") or ""
    return str(tried).strip().lower()
