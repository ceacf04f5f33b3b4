"""Revocation lists: taken in from people and from the places where authorities publish them, and watched so that none goes stale.

What arrives must be signed by an authority in force. Nothing is replaced: a list that could not be fetched leaves the old one.
"""

import datetime
import hashlib
import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import IO
from urllib.parse import urljoin, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import access
from accounts.access import Action
from accounts.models import User
from core import audit, outbox, vault
from notifications import services as notifications
from submissions.models import CrlSource, RevocationList
from submissions.models.trust import MOST_ERROR, AuthorityCertificate
from submissions.services import trust
from submissions.services.trust import TrustRefused

FETCH_DUE = "submissions.crl_due"
LIST_TAKEN = "submissions.crl_taken"
LARGEST_LIST = 32 << 20  # bytes
PATIENCE = 10  # seconds for each answer
WHOLE_PATIENCE = 60  # seconds for a list from first to last byte
CHUNK = 64 << 10
EARLIEST_WARNING = datetime.timedelta(days=7)
_LATER = datetime.timedelta(minutes=10)  # by which an authority's clock may be ahead of ours


@dataclass(frozen=True, slots=True)
class ListState:
    """How it stands with the revocation list of one authority: `state` is good, soon, stale or missing."""

    authority: AuthorityCertificate
    newest: RevocationList | None
    state: str

    def __str__(self) -> str:
        if self.newest is None:
            return f"There is no revocation list of {self.authority.subject}."
        until = f"{timezone.localtime(self.newest.next_update):%d/%m/%Y %H:%M}"
        words = "ran out on" if self.state == "stale" else "is good until"
        return f"The revocation list of {self.authority.subject} {words} {until}."


def load_crl(data: bytes, *, source: CrlSource | None = None, actor: User | None = None) -> RevocationList:
    """Take in a revocation list (PEM or DER); the same bytes again give the same row.

    Raises TrustRefused for what is none, is from nobody in force, is not signed by its authority or comes from the future.
    ACTOR: who handed it over; None is the site itself.
    """
    if actor is not None:
        access.require(actor, Action.MANAGE_REFERENCE)
    crl = _checked(data)
    der = crl.public_bytes(Encoding.DER)
    if known := RevocationList.objects.filter(sha256=hashlib.sha256(der).hexdigest()).first():
        return known
    assert crl.next_update_utc is not None
    sha256 = vault.put(der)
    with transaction.atomic():
        row, new = RevocationList.objects.get_or_create(
            sha256=sha256,
            defaults={
                "issuer": crl.issuer.rfc4514_string()[:500],
                "scope": _scope(crl),
                "this_update": crl.last_update_utc,
                "next_update": crl.next_update_utc,
                "size": len(der),
                "source": source,
                "loaded_by": actor,
            },
        )
        if new:
            outbox.emit(LIST_TAKEN, sha256, {"list": row.pk})
            audit.record(actor, "trust.list_loaded", row, sha256=sha256, until=row.next_update, source=source and source.url)
    return row


def ask_all() -> None:
    """Have every place asked, each by itself, so that one that hangs holds up no other."""
    hour = f"{timezone.now():%Y-%m-%dT%H}"
    with transaction.atomic():
        for source in CrlSource.objects.filter(active=True):
            outbox.emit(FETCH_DUE, f"{source.pk}:{hour}", {"source": source.pk})


def ask(source: CrlSource) -> RevocationList | None:
    """Fetch the list of one place; what goes wrong is written on the place and the list we have stays."""
    row, error = None, ""
    try:
        row = load_crl(fetch(source.url), source=source)
    except TrustRefused as refused:
        error = str(refused)[:MOST_ERROR]
    now = timezone.now()
    fetched = {"last_fetched_at": now} if row else {}
    with transaction.atomic():
        CrlSource.objects.filter(pk=source.pk).update(last_asked_at=now, last_error=error, **fetched)
        if error and error != source.last_error:
            audit.record(None, "trust.list_not_fetched", source, url=source.url, why=error)
    return row


def fetch(url: str) -> bytes:
    """The bytes at an address, within bounds of time and size and without being sent to another host. Raises TrustRefused."""
    deadline = time.monotonic() + WHOLE_PATIENCE
    data = bytearray()
    try:
        with _opener().open(urllib.request.Request(url), timeout=PATIENCE) as answer:  # noqa: S310 - http and https alone are open
            while part := answer.read1(CHUNK):
                data += part
                if len(data) > LARGEST_LIST:
                    raise TrustRefused(f"More than {LARGEST_LIST >> 20} MiB came; no list is taken from there.")
                if time.monotonic() > deadline:
                    raise TrustRefused(f"The list did not arrive within {WHOLE_PATIENCE} seconds.")
            if answer.length:
                raise TrustRefused(f"{url} could not be read: it was cut off.")
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise TrustRefused(f"{url} could not be read: {fault}") from fault
    return bytes(data)


def ask_soon(source: CrlSource) -> None:
    """Have the worker ask one place as soon as it can."""
    with transaction.atomic():
        outbox.emit(FETCH_DUE, f"{source.pk}:{timezone.now().isoformat()}", {"source": source.pk})


def state_of(authority: AuthorityCertificate, now: datetime.datetime | None = None) -> ListState:
    """How it stands with the revocation list of one authority."""
    newest = RevocationList.objects.filter(issuer=authority.subject).first()
    return ListState(authority, newest, _state(newest, now or timezone.now()))


def states(now: datetime.datetime | None = None) -> list[ListState]:
    """The same for every authority in force."""
    moment = now or timezone.now()
    return [state_of(authority, moment) for authority in trust.authorities(timezone.localdate(moment))]


def warn() -> list[ListState]:
    """Say which lists are missing, stale or soon to be: in the audit trail and by mail to the mailbox, once a day each."""
    today = timezone.localdate()
    troubles = [state for state in states() if state.state != "good"]
    for trouble in troubles:
        with transaction.atomic():
            subject, body = notifications.render("revocation_list_due", trouble=trouble)
            key = f"revocation_list_due:{trouble.authority.sha256}:{today}"
            name = trouble.authority.audit_name
            notifications.queue(
                "revocation_list_due", settings.CPL_MAILBOX_ADDRESS, subject, body, dedupe_key=key, regarding=name
            )
            audit.record(None, f"trust.list_{trouble.state}", trouble.authority, what=str(trouble))
    return troubles


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to the host that was asked: a place is an address that an administrator entered."""

    max_redirections = 3

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """None of another host or scheme."""
        before, after = urlsplit(req.full_url), urlsplit(urljoin(req.full_url, newurl))
        if after.netloc != before.netloc or after.scheme not in {before.scheme, "https"}:
            raise urllib.error.URLError(f"it leads to another host ({after.hostname})")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """HTTP and HTTPS alone: no files, no FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        _SameHost(),
    ):
        opener.add_handler(handler)
    return opener


def _checked(data: bytes) -> x509.CertificateRevocationList:
    """The list in these bytes, once everything that is looked at later is known to be in order. Raises TrustRefused."""
    try:
        crl = x509.load_pem_x509_crl(data) if data.startswith(b"-----BEGIN") else x509.load_der_x509_crl(data)
        issuer, began, ends = crl.issuer.rfc4514_string(), crl.last_update_utc, crl.next_update_utc
        _ = list(crl.extensions)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as fault:
        raise TrustRefused("This is no revocation list.") from fault
    if ends is None:
        raise TrustRefused("The list does not say until when it is good.")
    if began > timezone.now() + _LATER:
        raise TrustRefused(f"The list says it was issued on {began:%d/%m/%Y %H:%M} UTC, which is still to come.")
    named = [one for one in trust.authorities(timezone.localdate()) if one.subject == issuer]
    if not named:
        raise TrustRefused(f"No authority in force is called {issuer}. Enter the authority before its lists.")
    if not any(_signed_by(crl, one) for one in named):
        raise TrustRefused(f"The list is not signed by {issuer}.")
    return crl


def _signed_by(crl: x509.CertificateRevocationList, authority: AuthorityCertificate) -> bool:
    key = x509.load_pem_x509_certificate(authority.pem.encode()).public_key()
    try:
        return crl.is_signature_valid(key)  # type: ignore[arg-type] # a key of another kind is refused with TypeError
    except (TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False


def _scope(crl: x509.CertificateRevocationList) -> str:
    try:
        part = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return ""
    return hashlib.sha256(part.public_bytes()).hexdigest()


def _state(newest: RevocationList | None, now: datetime.datetime) -> str:
    """Soon: in the last quarter of its life, a week at most."""
    if newest is None:
        return "missing"
    if newest.next_update <= now:
        return "stale"
    life = newest.next_update - newest.this_update
    return "soon" if newest.next_update - now < min(life / 4, EARLIEST_WARNING) else "good"
