"""The outbox: what must happen later is a row, written in the transaction of its cause and delivered at least once.

The database is the queue of record; the broker only wakes workers up, so losing it costs seconds and no work. Handlers run
outside any transaction and must be idempotent. Payloads, keys and errors end up in logs and in the admin: no RED in them.
Why it is made like this: docs/adr/0001-outbox-and-celery.md.
"""

import logging
import time
import traceback
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Min, Q
from django.utils import timezone
from kombu.exceptions import KombuError, OperationalError

from core.models.outbox import MAX_ATTEMPTS, OutboxEvent

logger = logging.getLogger(__name__)

QUEUES = ("gates", "publish", "mail")
FIRST_DELAY = timedelta(seconds=10)  # doubles with every failure …
LONGEST_DELAY = timedelta(hours=1)  # … up to this
RESEND_AFTER = timedelta(seconds=60)  # a message nobody acted on is taken for lost
SILENCE = 10.0  # seconds without waking anybody after the broker did not answer; the relay catches up

Run = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class Listener:
    """One function that wants to know of a topic."""

    topic: str
    name: str
    queue: str
    run: Run
    says: str = ""


@dataclass(frozen=True)
class Health:
    """How delivery stands: events waiting, age of the oldest of them, events given up."""

    waiting: int
    oldest: timedelta
    dead: int


_listeners: dict[str, dict[str, Listener]] = defaultdict(dict)


def handler(topic: str, queue: str = "gates", name: str = "", says: str = "") -> Callable[[Run], Run]:
    """Register `fn(key, payload)` for TOPIC. Events know it by its dotted name: keep that, or pass NAME, when moving it.

    SAYS: what it does, in words for people who wait for it.
    """
    if queue not in QUEUES:
        raise ValueError(f"There is no queue {queue!r}; there are {', '.join(QUEUES)}.")

    def register(run: Run) -> Run:
        own = name or f"{run.__module__}.{run.__qualname__}"
        if own in _listeners[topic]:
            raise ValueError(f"{own} listens to {topic} already.")
        _listeners[topic][own] = Listener(topic, own, queue, run, says)
        return run

    return register


def emit(topic: str, key: str, payload: dict[str, Any]) -> None:
    """Store one event for each listener of TOPIC; outside a transaction it raises RuntimeError.

    KEY names the happening: emitted again, it is the same event and nothing is added. PAYLOAD is plain JSON without RED.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("outbox.emit belongs into the transaction that changes what the event tells of.")
    for listener in _listeners[topic].values():
        event, created = OutboxEvent.objects.get_or_create(
            topic=topic, key=key, handler=listener.name, defaults={"payload": payload, "due_at": timezone.now()}
        )
        if created:
            _nudge_on_commit(event.pk, listener.queue)


def deliver(event_id: int) -> bool:
    """Claim one due event, run its handler, note the outcome; True when it was delivered now, here. Not inside a transaction."""
    return _attempt(event_id) is True


def relay(limit: int = 500) -> int:
    """Wake workers for whatever is due and nobody seems to be working on; returns how many messages went out."""
    now = timezone.now()
    _bury(now)
    forgotten = Q(sent_at=None) | Q(sent_at__lte=now - RESEND_AFTER)
    sent = []
    for event in OutboxEvent.objects.due(now).filter(forgotten).order_by("due_at", "pk")[:limit]:
        if not _nudge(event.pk, _queue_of(event)):
            break
        sent.append(event.pk)
    OutboxEvent.objects.filter(pk__in=sent).update(sent_at=now)
    return len(sent)


def drain(strict: bool = False) -> int:
    """Deliver everything due in this process until nothing is; returns how many. Not inside a transaction.

    A failing handler is noted and left to its next attempt, as with a worker; STRICT raises what it raised.
    """
    delivered = 0
    while due := list(OutboxEvent.objects.due(timezone.now()).order_by("due_at", "pk").values_list("pk", flat=True)[:100]):
        for event_id in due:
            outcome = _attempt(event_id)
            if strict and isinstance(outcome, Exception):
                raise outcome
            delivered += outcome is True
    return delivered


def requeue(event: OutboxEvent) -> bool:
    """Let an undelivered event start over, now; False when it was delivered already or somebody is at it."""
    now = timezone.now()
    with transaction.atomic():
        again = OutboxEvent.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), pk=event.pk, done_at=None).update(
            dead_at=None, attempts=0, due_at=now, sent_at=None, lease_token=None, lease_until=None
        )
        if again:
            _nudge_on_commit(event.pk, _queue_of(event))
    return bool(again)


def health() -> Health:
    """How delivery stands, for the health page and the alarms on it."""
    now = timezone.now()
    waiting = OutboxEvent.objects.undelivered()
    oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"] or now
    return Health(waiting.count(), max(now - oldest, timedelta()), OutboxEvent.objects.filter(dead_at__isnull=False).count())


def broker_answers() -> bool:
    """Whether the broker takes a connection (it has the two seconds of the transport settings)."""
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=0)
    except (OperationalError, KombuError, OSError):
        return False
    return True


# --- One delivery --------------------------------------------------------------------------------------------------------


def _attempt(event_id: int) -> bool | Exception:
    """True: delivered. False: not due, taken by somebody else, or gone. An exception: what the handler raised."""
    event = _claim(event_id)
    if event is None:
        return False
    failure = _run(event)
    if connection.errors_occurred and not connection.is_usable():
        connection.close()  # the handler lost it; the outcome is written with a new one
    if failure is None:
        _settle(event, done_at=timezone.now(), last_error="")
        return True
    _settle_failure(event, failure)
    return failure


def _claim(event_id: int) -> OutboxEvent | None:
    """Take the event, if it is due, for longer than any task may run. The filtered UPDATE decides between two takers."""
    now, token = timezone.now(), uuid4()
    lease = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + 30)
    with transaction.atomic(durable=True):  # durable: refuses to be part of another transaction
        taken = (
            OutboxEvent.objects.due(now)
            .filter(pk=event_id)
            .update(lease_token=token, lease_until=now + lease, attempts=F("attempts") + 1)
        )
    return OutboxEvent.objects.get(pk=event_id) if taken else None


def _run(event: OutboxEvent) -> Exception | None:
    listener = _listeners[event.topic].get(event.handler)
    if listener is None:
        return LookupError(event.handler)
    try:
        listener.run(event.key, event.payload)
    except Exception as failure:  # noqa: BLE001 - outermost boundary: whatever a handler raises is noted and tried again
        return failure
    return None


def _settle(event: OutboxEvent, **outcome: Any) -> None:
    """Write the outcome, unless the lease ran out and somebody else has the event now."""
    OutboxEvent.objects.filter(pk=event.pk, lease_token=event.lease_token).update(lease_token=None, lease_until=None, **outcome)


def _settle_failure(event: OutboxEvent, failure: Exception) -> None:
    now, error = timezone.now(), _describe(failure)
    if event.attempts >= MAX_ATTEMPTS:
        logger.error("outbox: event %s of %s given up: %s", event.pk, event.topic, error)
        _settle(event, dead_at=now, last_error=error)
        return
    delay = min(FIRST_DELAY * 2 ** (event.attempts - 1), LONGEST_DELAY)
    logger.warning("outbox: event %s of %s failed, again in %s: %s", event.pk, event.topic, delay, error)
    _settle(event, due_at=now + delay, sent_at=None, last_error=error)


def _bury(now: datetime) -> None:
    """Give up events whose workers died at the last attempt: nobody was left to note it."""
    buried = OutboxEvent.objects.unclaimed(now).filter(attempts__gte=MAX_ATTEMPTS)
    if buried.update(dead_at=now, last_error="the worker died"):
        logger.error("outbox: events given up whose workers died")


def _describe(failure: Exception) -> str:
    """Class and place of a failure, without its text: that may quote a RED value."""
    frames = [frame for frame in traceback.extract_tb(failure.__traceback__) if "site-packages" not in frame.filename]
    place = f" at {'/'.join(Path(frames[-1].filename).parts[-2:])}:{frames[-1].lineno}" if frames else ""
    return f"{type(failure).__module__}.{type(failure).__qualname__}{place}"[:300]


# --- Waking a worker -----------------------------------------------------------------------------------------------------

_silent_until = 0.0  # time.monotonic() of this process


def says(event: OutboxEvent) -> str:
    """What the event's handler does, in words for people."""
    listener = _listeners[event.topic].get(event.handler)
    return listener.says if listener and listener.says else event.handler


def _queue_of(event: OutboxEvent) -> str:
    listener = _listeners[event.topic].get(event.handler)
    return listener.queue if listener else QUEUES[0]


def _nudge_on_commit(event_id: int, queue: str) -> None:
    # A lambda, not a partial: Django 5.2 stumbles over a partial that fails in a robust callback.
    transaction.on_commit(lambda: _nudge(event_id, queue), robust=True)


def _nudge(event_id: int, queue: str) -> bool:
    """Tell a worker; False when the broker does not answer. The row is committed, so nothing depends on it.

    After a failure the broker is left alone for a while: a transaction with twenty events must not wait twenty times.
    """
    global _silent_until  # noqa: PLW0603 - one circuit breaker a process
    if time.monotonic() < _silent_until:
        return False
    try:
        current_app.send_task("core.deliver_event", args=[event_id], queue=queue, retry=False)
    except (OperationalError, KombuError, OSError) as failure:
        _silent_until = time.monotonic() + SILENCE
        logger.warning("outbox: the broker does not answer (%s); the relay will send", type(failure).__name__)
        return False
    return True
