"""Questions to the mails."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from notifications.models import CONFIRM, Message, Subscription

PRIVATE_KINDS = frozenset({CONFIRM})  # their text holds a link that acts for the reader


def readers() -> Iterator[Subscription]:
    """Everybody on the mailing list: confirmed and not ended."""
    return Subscription.objects.filter(confirmed_at__isnull=False, ended_at=None).iterator(chunk_size=500)


def messages(query: str = "", kind: str = "", state: str = "") -> QuerySet[Message]:
    """Mails, newest first."""
    found = Message.objects.all()
    if query:
        found = found.filter(Q(recipient__icontains=query) | Q(subject__icontains=query) | Q(regarding__icontains=query))
    if kind:
        found = found.filter(kind=kind)
    if state:
        found = found.filter(state=state)
    return found


def kinds() -> list[str]:
    """The kinds of mail there are so far."""
    return list(Message.objects.order_by("kind").values_list("kind", flat=True).distinct())
