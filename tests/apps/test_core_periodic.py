"""Periodic jobs: once a turn, made up once when missed, never piling up."""

from datetime import UTC, datetime, timedelta

import pytest

from core import outbox, periodic
from core.models import Heartbeat, OutboxEvent
from core.tasks import tick

runs: list[str] = []
troubles: list[Exception] = []


@periodic.every(minutes=5)
def poll() -> None:
    runs.append("poll")
    if troubles:
        raise troubles.pop()


@periodic.daily("06:30", queue="mail")
def remind() -> None:
    runs.append("remind")


POLL, REMIND = (f"periodic:{__name__}.{name}" for name in ("poll", "remind"))


@pytest.fixture(autouse=True)
def fresh() -> None:
    runs.clear()
    troubles.clear()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def turns(topic: str) -> list[str]:
    return list(OutboxEvent.objects.filter(topic=topic).order_by("pk").values_list("key", flat=True))


@pytest.mark.django_db
def test_every_five_minutes_is_one_event_for_each_five_minutes() -> None:
    for moment in ("2026-02-23T10:00:00", "2026-02-23T10:00:15", "2026-02-23T10:04:59", "2026-02-23T10:05:00"):
        periodic.emit_due(at(moment))
        outbox.drain(strict=True)
    assert turns(POLL) == ["2026-02-23T10:00:00+00:00", "2026-02-23T10:05:00+00:00"]
    assert runs.count("poll") == 2


@pytest.mark.django_db
def test_two_beats_make_no_second_turn() -> None:
    periodic.emit_due(at("2026-02-23T10:00:00"))
    OutboxEvent.objects.update(done_at=at("2026-02-23T10:00:01"))
    periodic.emit_due(at("2026-02-23T10:00:02"))
    assert len(turns(POLL)) == 1


@pytest.mark.parametrize(
    ("now", "turn"),
    [
        ("2026-02-23T06:29:59", "2026-02-22T06:30:00+00:00"),
        ("2026-02-23T06:30:00", "2026-02-23T06:30:00+00:00"),
        ("2026-03-29T05:29:59", "2026-03-28T06:30:00+00:00"),  # the day the clocks go forward
        ("2026-03-29T05:30:00", "2026-03-29T06:30:00+01:00"),
        ("2026-10-25T06:29:59", "2026-10-24T06:30:00+01:00"),  # the day they go back
        ("2026-10-25T06:30:00", "2026-10-25T06:30:00+00:00"),
    ],
)
@pytest.mark.django_db
def test_daily_goes_by_the_clock_on_the_wall(now: str, turn: str) -> None:
    periodic.emit_due(at(now))
    assert turns(REMIND) == [turn]


@pytest.mark.django_db
def test_days_of_silence_are_made_up_once() -> None:
    for moment in ("2026-02-20T07:00:00", "2026-02-23T05:00:00", "2026-02-23T05:00:15", "2026-02-23T07:00:00"):
        periodic.emit_due(at(moment))
        outbox.drain(strict=True)
    assert turns(REMIND) == [f"2026-02-{day}T06:30:00+00:00" for day in ("20", "22", "23")]


@pytest.mark.django_db
def test_a_turn_that_is_not_done_yet_holds_the_next_back() -> None:
    troubles.append(OSError())
    periodic.emit_due(at("2026-02-23T10:00:00"))
    outbox.drain()
    periodic.emit_due(at("2026-02-23T10:05:00"))
    assert len(turns(POLL)) == 1
    OutboxEvent.objects.filter(topic=POLL).update(dead_at=at("2026-02-23T10:06:00"))
    periodic.emit_due(at("2026-02-23T10:10:00"))
    assert len(turns(POLL)) == 2


@pytest.mark.django_db
def test_turns_done_long_ago_are_forgotten_and_other_events_are_not() -> None:
    periodic.emit_due(at("2026-02-23T10:00:00"))
    OutboxEvent.objects.create(topic="test.kept", key="k", handler="h", due_at=at("2026-02-23T10:00:00"))
    OutboxEvent.objects.exclude(topic=REMIND).update(done_at=at("2026-02-23T10:00:00"))
    periodic.tidy(at("2026-03-02T09:59:00"))
    assert turns(POLL)
    periodic.tidy(at("2026-03-02T10:01:00"))
    assert (turns(POLL), len(turns(REMIND)), turns("test.kept")) == ([], 1, ["k"])


@pytest.mark.django_db
def test_a_tick_is_a_sign_of_life_and_starts_what_is_due() -> None:
    tick()
    assert datetime.now(UTC) - Heartbeat.objects.get(name="beat").at < timedelta(seconds=5)
    assert len(turns(POLL)) == 1
    tick()
    assert Heartbeat.objects.count() == 1
