"""The only two Celery tasks there are: deliver one event, and the tick of beat. `core.outbox` sends them."""

from celery import shared_task
from django.utils import timezone

from core import outbox, periodic
from core.models import Heartbeat


@shared_task(name="core.deliver_event")  # type: ignore[untyped-decorator]
def deliver_event(event_id: int) -> None:
    """Deliver one outbox event if it is due; otherwise nothing."""
    outbox.deliver(event_id)


@shared_task(name="core.tick")  # type: ignore[untyped-decorator]
def tick() -> None:
    """Sent by beat every 15 s: note that beat and a worker are alive, start periodic jobs, send what is due."""
    Heartbeat.record("beat", timezone.now())
    periodic.emit_due()
    outbox.relay()
