"""People for the tests, and signing them in as a browser would be: with the proofs a session keeps."""

import base64
import hashlib
import hmac
import struct
import time
from datetime import date
from typing import Any

from django.test import Client

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "a quiet river under stones"


def person(*roles: str, email: str = "", declared: bool = True, **fields: Any) -> Any:
    """Someone with these roles; an SSC member also gets a seat since 2020 and, if `declared`, the declaration."""
    from django.utils import timezone

    from accounts.models import Role, SscMembership, User

    count = User.objects.count()
    fields = {"name": f"Person {count}", "password": PASSWORD} | fields
    user = User.objects.create_user(email or f"person{count}@demo.test", roles=roles, **fields)
    if Role.SSC_MEMBER in roles:
        accepted = timezone.now() if declared else None
        SscMembership.objects.create(user=user, valid_from=date(2020, 1, 1), declaration_accepted_at=accepted)
    return user


def sign_in(client: Client, user: Any, *, second_factor: bool = True, ago: int = 0) -> Client:
    """Open a session for `user`, proved `ago` seconds back by password and (unless told otherwise) by a second factor."""
    client.force_login(user)
    methods = ("password", "mfa") if second_factor else ("password",)
    session = client.session
    session["account_authentication_methods"] = [{"method": method, "at": time.time() - ago} for method in methods]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def totp(secret: str = SECRET, now: float | None = None) -> str:
    """The six digits an authenticator app shows for `secret` (RFC 6238), worked out on their own."""
    counter = int(time.time() if now is None else now) // 30
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = digest[-1] & 0xF
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"
