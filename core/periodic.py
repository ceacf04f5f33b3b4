"""Periodic jobs: an app says how often, beat's tick turns each turn into one outbox event.

So a job is run once a turn however many beats there are, is tried again when it fails, and shows up when it is dead.
    @periodic.every(minutes=5)
    def poll() -> None: ...
    @periodic.daily("06:30")
    def remind() -> None: ...
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from core import outbox
from core.models import OutboxEvent

PREFIX = "periodic:"
KEEP = timedelta(days=7)

Job = Callable[[], None]


@dataclass(frozen=True)
class Turn:
    """A job's topic and when its present turn began."""

    topic: str
    began: Callable[[datetime], datetime]


_turns: dict[str, Turn] = {}


def every(minutes: int, queue: str = "gates") -> Callable[[Job], Job]:
    """Run `fn()` every so many minutes, counted from midnight UTC of 1 January 1970."""
    length = 60 * minutes
    return _register(lambda now: datetime.fromtimestamp(int(now.timestamp()) // length * length, UTC), queue)


def daily(at: str, queue: str = "gates") -> Callable[[Job], Job]:
    """Run `fn()` once a day, from AT ("06:30", local time) on; a turn missed while the site was down is made up once."""
    clock = time.fromisoformat(at)

    def began(now: datetime) -> datetime:
        local = timezone.localtime(now)
        today = datetime.combine(local.date(), clock, tzinfo=local.tzinfo)
        return today if today <= local else today - timedelta(days=1)

    return _register(began, queue)


def emit_due(now: datetime | None = None) -> None:
    """Emit the turn each job is in, unless it was emitted already or an earlier turn is still waiting to be done."""
    moment = now or timezone.now()
    waiting = set(OutboxEvent.objects.undelivered().filter(topic__startswith=PREFIX).values_list("topic", flat=True))
    for turn in _turns.values():
        if turn.topic not in waiting:
            with transaction.atomic():
                outbox.emit(turn.topic, turn.began(moment).isoformat(), {})


def last_done(job: Job) -> datetime | None:
    """When a turn of the job was last carried out; None when none was within the last week."""
    done: datetime | None = OutboxEvent.objects.filter(topic=_topic(job)).aggregate(at=Max("done_at"))["at"]
    return done


def waiting_since(job: Job) -> datetime | None:
    """When the oldest turn began that was not carried out; None when there is none."""
    began: datetime | None = OutboxEvent.objects.filter(topic=_topic(job), done_at=None).aggregate(at=Min("created_at"))["at"]
    return began


def tidy(now: datetime | None = None) -> int:
    """Forget turns done more than a week ago; returns how many."""
    old = OutboxEvent.objects.filter(topic__startswith=PREFIX, done_at__lt=(now or timezone.now()) - KEEP)
    return old.delete()[0]


def _topic(job: Job) -> str:
    return f"{PREFIX}{job.__module__}.{job.__qualname__}"


def _register(began: Callable[[datetime], datetime], queue: str) -> Callable[[Job], Job]:
    def register(job: Job) -> Job:
        topic = _topic(job)

        def run(key: str, payload: dict[str, Any]) -> None:
            job()

        outbox.handler(topic, queue, name="run")(run)
        _turns[topic] = Turn(topic, began)
        return job

    return register
