"""The sign-in form, and what is counted when someone tries to sign in."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.http import HttpRequest


class SignInForm(LoginForm):
    """The two questions in plain words; the way to a new password stands below the button."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail address"
        self.fields["login"].error_messages["required"] = "Enter your e-mail address."
        self.fields["password"].help_text = ""
        self.fields["password"].error_messages["required"] = "Enter your password."


class TypedCode:
    """What the forms for a code share: it may be typed with blanks, as apps show it, and at once."""

    cleaned_data: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]  # type: ignore[attr-defined]
        code.label = "Code"
        code.widget.attrs |= {"autofocus": True, "inputmode": "numeric"}
        code.error_messages["required"] = "Type the code that the app shows."

    def clean_code(self) -> str:
        self.cleaned_data["code"] = "".join(self.cleaned_data["code"].split())
        return str(super().clean_code())  # type: ignore[misc]


class CodeForm(TypedCode, AuthenticateForm):
    """The second question at signing in."""


class CodeAgainForm(TypedCode, ReauthenticateForm):
    """A fresh proof during a session."""


class FirstCodeForm(TypedCode, ActivateTOTPForm):
    """The proof that a new app works."""


def client_ip(request: HttpRequest) -> str | None:
    """Where an attempt comes from: the address the outermost trusted proxy saw (setting CPL_TRUSTED_PROXIES)."""
    return get_adapter().get_client_ip(request) if "REMOTE_ADDR" in request.META else None


def address_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The e-mail address of an attempt, in one spelling, so that capital letters do not give more guesses."""
    tried = (credentials or {}).get("email") or (credentials or {}).get("username") or request.POST.get("login") or ""
    return str(tried).strip().lower()
