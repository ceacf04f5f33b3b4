"""The outbox in one process: what emit stores, what delivery does with success, failure and dead workers."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from redis import Redis

from core import outbox
from core.models import OutboxEvent
from core.models.outbox import MAX_ATTEMPTS

CANARY = "RED-0d5f1c7a99e4b2f3"

seen: list[tuple[str, str, dict]] = []
orders: list[Callable[[], None]] = []  # what the listener of test.order is told to do, one a delivery


@outbox.handler("test.note")
def note(key: str, payload: dict) -> None:
    seen.append(("note", key, payload))


@outbox.handler("test.two")
def first(key: str, payload: dict) -> None:
    seen.append(("first", key, payload))


@outbox.handler("test.two", queue="mail", name="second one")
def second(key: str, payload: dict) -> None:
    seen.append(("second", key, payload))


@outbox.handler("test.order", queue="publish")
def obey(key: str, payload: dict) -> None:
    seen.append(("order", key, payload))
    orders.pop(0)()


@outbox.handler("test.chain")
def pass_on(key: str, payload: dict) -> None:
    seen.append(("chain", key, payload))
    if payload["left"]:
        emit("test.chain", f"{key}.", {"left": payload["left"] - 1})


def emit(topic: str, key: str = "k", payload: dict | None = None) -> None:
    with transaction.atomic():
        outbox.emit(topic, key, payload or {})


def fail() -> None:
    raise ValueError(f"cannot read {CANARY}")


def event() -> OutboxEvent:
    return OutboxEvent.objects.get()


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing seen, nothing ordered, the broker believed to be well."""
    seen.clear()
    orders.clear()
    outbox._silent_until = 0
    yield
    outbox._silent_until = 0


@pytest.fixture
def messages(settings) -> Callable[[], list[str]]:
    """Names of the queues for which messages lie at the broker, a folder or Redis, which is empty at the start."""
    if settings.REDIS_URL:
        broker = Redis.from_url(settings.REDIS_URL)
        broker.flushdb()
        return lambda: [queue for queue in sorted(outbox.QUEUES) for _ in range(broker.llen(queue))]
    folder = Path(settings.QUEUE_DIR)

    def lying() -> list[str]:
        return sorted(file.name.split(".")[-2] for file in folder.glob("*.msg"))

    for file in folder.glob("*.msg"):
        file.unlink()
    return lying


# --- emit ----------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_emit_refuses_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        outbox.emit("test.note", "k", {})
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_emitted(messages) -> None:
    with transaction.atomic():
        outbox.emit("test.note", "k", {})
        transaction.set_rollback(True)
    assert outbox.drain() == 0
    assert messages() == []


@pytest.mark.django_db
def test_one_happening_is_one_event_for_each_listener() -> None:
    emit("test.two", "a", {"n": 1})
    emit("test.two", "a", {"n": 2})
    emit("test.two", "b", {"n": 3})
    assert outbox.drain(strict=True) == 4
    assert sorted(seen, key=str) == [
        ("first", "a", {"n": 1}),
        ("first", "b", {"n": 3}),
        ("second", "a", {"n": 1}),
        ("second", "b", {"n": 3}),
    ]
    emit("test.two", "a", {"n": 4})
    assert outbox.drain(strict=True) == 0


@pytest.mark.django_db
def test_a_topic_nobody_listens_to_stores_nothing() -> None:
    emit("test.nobody")
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db
def test_payloads_that_are_not_json_are_refused_at_once() -> None:
    with pytest.raises(TypeError):
        emit("test.note", "k", {"when": timezone.now()})


def test_listeners_cannot_share_a_name_or_invent_a_queue() -> None:
    with pytest.raises(ValueError, match="already"):
        outbox.handler("test.note")(note)
    with pytest.raises(ValueError, match="already"):
        outbox.handler("test.two", name="second one")(note)
    with pytest.raises(ValueError, match="no queue 'slow'"):
        outbox.handler("test.note", queue="slow")


@pytest.mark.django_db(transaction=True)
def test_a_commit_wakes_a_worker_of_the_listeners_queue(messages) -> None:
    with transaction.atomic():
        outbox.emit("test.two", "a", {})
        outbox.emit("test.order", "a", {})
        assert messages() == []
    assert messages() == ["gates", "mail", "publish"]


@pytest.mark.sqlite_only  # the broker in a folder; what a Redis that hangs does is in tests/races
@pytest.mark.django_db(transaction=True)
def test_a_broker_that_fails_does_not_fail_the_commit_and_is_left_alone_for_a_while(settings, messages) -> None:
    queue, aside = Path(settings.QUEUE_DIR), Path(settings.QUEUE_DIR).with_name("aside")
    queue.rename(aside)
    queue.write_text("no folder")
    try:
        emit("test.note", "a")
        assert not outbox.relay()
        assert event().sent_at is None
    finally:
        queue.unlink()
        aside.rename(queue)
    emit("test.note", "b")
    assert messages() == []  # within the silence nobody is asked
    outbox._silent_until = 0
    assert outbox.relay() == 2
    assert messages() == ["gates", "gates"]
    assert outbox.drain(strict=True) == 2


# --- deliver -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_handler_runs_outside_any_transaction_and_may_open_its_own() -> None:
    inside: list[bool] = []
    orders.append(lambda: inside.append(connection.in_atomic_block))
    emit("test.order")
    assert outbox.drain(strict=True) == 1
    assert inside == [False]


@pytest.mark.django_db(transaction=True)
def test_delivery_refuses_to_be_part_of_a_transaction() -> None:
    emit("test.note")
    with transaction.atomic():
        for deliver in (outbox.drain, lambda: outbox.deliver(event().pk)):
            with pytest.raises(RuntimeError, match="durable"):
                deliver()
    assert seen == []
    assert outbox.deliver(event().pk)


@pytest.mark.django_db
def test_done_is_done() -> None:
    emit("test.note", "k", {"n": 1})
    assert outbox.deliver(event().pk) is True
    assert outbox.deliver(event().pk) is False
    assert outbox.deliver(10**9) is False
    assert seen == [("note", "k", {"n": 1})]
    assert event().state == "done"
    assert not outbox.requeue(event())


@pytest.mark.django_db
def test_whoever_holds_the_lease_has_the_event_alone() -> None:
    emit("test.order")
    orders.append(lambda: seen.append(("again", str(outbox.deliver(event().pk)), {})))
    assert outbox.deliver(event().pk)
    assert seen == [("order", "k", {}), ("again", "False", {})]


@pytest.mark.django_db
def test_an_event_of_a_dead_worker_is_free_when_its_lease_ran_out(settings) -> None:
    emit("test.note")
    outbox._claim(event().pk)
    limit = settings.CELERY_TASK_TIME_LIMIT
    assert outbox.drain() == 0
    with time_machine.travel(timezone.now() + timedelta(seconds=limit + 1), tick=False):
        assert outbox.drain() == 0  # the killed task might have run as long as this
    with time_machine.travel(timezone.now() + timedelta(seconds=limit + 31), tick=False):
        assert outbox.drain() == 1
    assert event().attempts == 2


@pytest.mark.django_db
def test_who_finishes_after_the_lease_does_not_overrule_who_took_over() -> None:
    emit("test.order")
    late = outbox._claim(event().pk)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        taken_over = outbox._claim(event().pk)
        outbox._settle_failure(late, ValueError())
        outbox._settle(late, done_at=timezone.now())
        assert event().state == "taken"
        assert event().lease_token == taken_over.lease_token


@pytest.mark.django_db
def test_failures_are_tried_again_ever_more_slowly_and_then_given_up() -> None:
    emit("test.order")
    start = timezone.now() + timedelta(seconds=1)
    waits = []
    with time_machine.travel(start, tick=False) as clock:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            orders.append(fail)
            assert outbox.drain() == 0
            assert event().attempts == attempt
            if event().dead_at is None:
                waits.append(round((event().due_at - timezone.now()).total_seconds()))
                clock.shift(waits[-1] - 1)
                assert outbox.drain() == 0  # not a second early
                assert event().attempts == attempt
                clock.shift(1)
        clock.shift(timedelta(days=30))
        assert outbox.drain() == 0
    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
    assert len(seen) == MAX_ATTEMPTS
    assert event().state == "dead"
    assert outbox.health().dead == 1


@pytest.mark.django_db
def test_a_failure_is_told_by_class_and_place_and_never_by_its_text(caplog) -> None:
    emit("test.order")
    orders.append(fail)
    outbox.drain()
    assert event().last_error.startswith("builtins.ValueError at apps/test_core_outbox.py:")
    assert "ValueError" in caplog.text
    assert CANARY not in event().last_error + caplog.text


@pytest.mark.django_db
def test_success_after_failures_leaves_no_error_behind() -> None:
    emit("test.order")
    orders.extend([fail, lambda: None])
    outbox.drain()
    with time_machine.travel(timezone.now() + timedelta(seconds=11), tick=False):
        assert outbox.drain() == 1
    assert (event().state, event().last_error, event().attempts) == ("done", "", 2)


@pytest.mark.django_db
def test_an_event_whose_worker_died_every_time_is_given_up_too() -> None:
    emit("test.note")
    OutboxEvent.objects.update(attempts=MAX_ATTEMPTS, lease_until=timezone.now() - timedelta(seconds=1))
    assert outbox.drain() == 0
    outbox.relay()
    assert (event().state, event().last_error) == ("dead", "the worker died")


@pytest.mark.django_db
def test_an_event_whose_listener_was_removed_fails_and_waits_for_a_person() -> None:
    emit("test.note")
    OutboxEvent.objects.update(handler="gone.handlers.note")
    assert outbox.drain() == 0
    assert event().last_error == "builtins.LookupError"


@pytest.mark.django_db(transaction=True)
def test_a_dead_event_can_start_over(messages) -> None:
    emit("test.order")
    OutboxEvent.objects.update(attempts=MAX_ATTEMPTS, dead_at=timezone.now(), due_at=timezone.now() + timedelta(hours=1))
    assert outbox.drain() == 0
    assert outbox.requeue(event())
    assert messages() == ["publish", "publish"]
    orders.append(lambda: None)
    assert outbox.drain(strict=True) == 1
    assert event().attempts == 1


@pytest.mark.django_db
def test_an_event_somebody_is_at_cannot_start_over() -> None:
    emit("test.note")
    claimed = outbox._claim(event().pk)
    assert not outbox.requeue(claimed)
    assert event().lease_token == claimed.lease_token


# --- relay, drain, health ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_relay_sends_what_is_due_and_not_again_before_a_minute(messages) -> None:
    emit("test.note", "due")
    emit("test.note", "later")
    OutboxEvent.objects.filter(key="later").update(due_at=timezone.now() + timedelta(hours=1))
    emit("test.note", "taken")
    outbox._claim(OutboxEvent.objects.get(key="taken").pk)
    emit("test.note", "done")
    outbox.deliver(OutboxEvent.objects.get(key="done").pk)
    assert [outbox.relay(), outbox.relay()] == [1, 0]
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        assert [outbox.relay(), outbox.relay()] == [1, 0]
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert [outbox.relay(limit=2), outbox.relay(limit=2), outbox.relay(limit=2)] == [2, 1, 0]


@pytest.mark.django_db
def test_drain_goes_on_with_what_the_handlers_emit_and_past_what_fails() -> None:
    orders.append(fail)
    emit("test.order", "broken")
    emit("test.chain", "c", {"left": 3})
    assert outbox.drain() == 4
    assert [key for kind, key, _ in seen if kind == "chain"] == ["c", "c.", "c..", "c..."]


@pytest.mark.django_db
def test_strict_drain_raises_what_the_handler_raised() -> None:
    orders.append(fail)
    emit("test.order")
    with pytest.raises(ValueError, match=CANARY):
        outbox.drain(strict=True)
    assert event().last_error


@pytest.mark.django_db
def test_health_tells_how_long_the_oldest_has_waited() -> None:
    assert outbox.health() == outbox.Health(0, timedelta(), 0)
    emit("test.note", "old")
    emit("test.note", "new")
    OutboxEvent.objects.filter(key="old").update(created_at=timezone.now() - timedelta(minutes=10))
    health = outbox.health()
    assert health.waiting == 2
    assert timedelta(minutes=10) <= health.oldest < timedelta(minutes=11)
    outbox.drain()
    assert outbox.health() == outbox.Health(0, timedelta(), 0)
