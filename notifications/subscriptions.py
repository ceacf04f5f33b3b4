"""The mailing list: asked for by anybody, counted once the address itself has agreed, ended by the same link (guidance 9)."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core import audit
from notifications import services
from notifications.models import CONFIRM, KNOWN, Message, Subscription, new_token

logger = logging.getLogger(__name__)

LINK_LASTS = timedelta(days=7)
MOST_AN_HOUR = 200  # confirmations to all addresses together, so that this site cannot be used to flood others


@transaction.atomic
def ask(email: str) -> None:
    """Send the address a link that confirms, or, if it is on the list, word of that; at most one of each an hour.

    Whoever asks learns nothing: the answer lies in the mailbox of the address.
    """
    now = timezone.now()
    recent = Message.objects.filter(kind__in=(CONFIRM, KNOWN), created_at__gt=now - timedelta(hours=1))
    if recent.count() >= MOST_AN_HOUR:
        logger.warning("mailing list: more than %s requests within an hour; further ones are dropped", MOST_AN_HOUR)
        return
    subscription, _ = Subscription.objects.get_or_create(email=email.strip().lower())
    if not subscription.active:
        _renew(subscription)
    kind = KNOWN if subscription.active else CONFIRM
    page = "unsubscribe" if subscription.active else "confirm"
    subject, body = services.render(kind, email=subscription.email, url=link(page, subscription))
    services.queue(
        kind,
        subscription.email,
        subject,
        body,
        dedupe_key=f"{kind}:{subscription.pk}:{subscription.token[:8]}:{now:%Y-%m-%dT%H}",
        regarding=subscription.audit_name,
    )


@transaction.atomic
def confirm(token: str) -> bool:
    """Put the address on the list; False when the link is unknown or too old. Pressed again, it stays so."""
    subscription = Subscription.objects.select_for_update().filter(token=token, ended_at=None).first()
    if subscription is None:
        return False
    if subscription.active:
        return True
    if subscription.asked_at < timezone.now() - LINK_LASTS:
        return False
    subscription.confirmed_at = timezone.now()
    subscription.save(update_fields=["confirmed_at"])
    audit.record(None, "subscription.confirmed", subscription)
    return True


@transaction.atomic
def end(token: str) -> None:
    """Take the address off the list, if it is on it; the mail program of the reader may do so by itself (RFC 8058)."""
    subscription = Subscription.objects.select_for_update().filter(token=token, ended_at=None).first()
    if subscription is not None:
        subscription.ended_at = timezone.now()
        subscription.save(update_fields=["ended_at"])
        audit.record(None, "subscription.ended", subscription)


def link(page: str, subscription: Subscription) -> str:
    """The whole address of a page that knows the subscription by its token."""
    return settings.CPL_BASE_URL + reverse(f"notifications:{page}", args=[subscription.token])


def _renew(subscription: Subscription) -> None:
    """Start the waiting time anew; after an end also the token, so that no old link brings the address back."""
    subscription.asked_at = timezone.now()
    if subscription.ended_at is not None:
        subscription.token, subscription.confirmed_at, subscription.ended_at = new_token(), None, None
    subscription.save()
