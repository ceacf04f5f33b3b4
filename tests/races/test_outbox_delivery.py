"""Real processes, real brokers: nothing emitted is lost, nothing is taken twice, nobody waits for a broker that hangs."""

import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.races.outbox_site import OutboxSite, site_of
from tests.services import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

EMIT = "from django.db import transaction\nwith transaction.atomic():\n    for key in {keys}: outbox.emit({topic!r}, key, {{}})\n"
MODEL = "from core.models import OutboxEvent as E\n"
STATE = MODEL + "for e in E.objects.order_by('pk'): print(e.key, e.state, e.attempts)"


@pytest.fixture(
    scope="module",
    params=["sqlite-files", pytest.param("postgres-redis", marks=[pytest.mark.postgres, pytest.mark.redis])],
)
def running_site(request: pytest.FixtureRequest) -> Iterator[OutboxSite]:
    with site_of(request.param) as site:
        yield site


@pytest.fixture
def site(running_site: OutboxSite) -> Iterator[OutboxSite]:
    """The same site for all tests, empty at the start of each."""
    yield running_site
    running_site.reset()


@pytest.fixture
def redis_site(site: OutboxSite) -> OutboxSite:
    """The same, for what only Redis can do."""
    return site


on_redis = pytest.mark.parametrize("running_site", ["postgres-redis"], indirect=True)


def emit(topic: str, *keys: str) -> str:
    return EMIT.format(topic=topic, keys=list(keys))


def test_a_commit_reaches_a_worker_of_every_queue_without_any_relay(site: OutboxSite) -> None:
    site.worker()
    site.run(emit("race.note", "a", "b") + emit("race.mail", "c"))
    until(lambda: site.notes() == {"noted a": 1, "noted b": 1, "mailed c": 1})


def test_an_event_whose_worker_is_killed_is_delivered_when_the_lease_ran_out(site: OutboxSite) -> None:
    first = site.worker()
    site.run(emit("race.wait", "k"))
    until(lambda: site.notes()["started k"])
    site.kill(first)
    assert site.run(STATE) == "k taken 1"
    site.allow("k")
    second = site.worker()
    assert site.run("print(outbox.relay())") == "0"  # nobody may take it while the killed task might still run
    site.run("from django.utils import timezone\n" + MODEL + "E.objects.update(lease_until=timezone.now())")
    assert site.run("print(outbox.relay())") == "1"
    until(lambda: site.run(STATE) == "k done 2")
    assert site.notes() == {"started k": 2, "finished k": 1}
    assert second.poll() is None


def test_messages_lost_by_the_broker_cost_no_work(site: OutboxSite) -> None:
    keys = [str(n) for n in range(20)]
    site.run(emit("race.note", *keys))
    site.lose_messages()
    site.worker()
    assert site.run("print(outbox.relay())") == "20"
    until(lambda: len(site.notes()) == 20)
    assert set(site.notes().values()) == {1}


def test_a_stopped_worker_finishes_what_it_began(site: OutboxSite) -> None:
    worker = site.worker()
    site.run(emit("race.wait", "k"))
    until(lambda: site.notes()["started k"])
    worker.send_signal(signal.SIGTERM)
    site.allow("k")
    worker.wait(timeout=30)
    assert site.run(STATE) == "k done 1"


def test_of_many_takers_one_gets_each_event(site: OutboxSite) -> None:
    keys = [str(n) for n in range(40)]
    site.run(emit("race.note", *keys))
    deliver = "print(sum(outbox.deliver(pk) for pk in E.objects.values_list('pk', flat=True)))"
    taken = site.together(4, MODEL + deliver)
    assert sum(int(number) for number in taken) == 40
    assert site.notes() == {f"noted {key}": 1 for key in keys}


def test_the_same_happening_emitted_by_many_is_one_event(site: OutboxSite) -> None:
    once = "with transaction.atomic(): outbox.emit('race.note', str(n), {})"
    site.together(4, f"from django.db import transaction\nfor n in range(25):\n    {once}")
    assert site.run(MODEL + "print(E.objects.count())") == "25"
    assert site.run("print(outbox.drain(strict=True))") == "25"


def test_many_beats_make_one_turn(site: OutboxSite) -> None:
    site.together(4, "periodic.emit_due()")
    turns = "E.objects.filter(topic__startswith='periodic:').values_list('topic')"
    count = f"from django.db.models import Count\nprint(set({turns}.annotate(turns=Count('pk')).values_list('turns')))"
    assert site.run(MODEL + count) == "{(1,)}"


def test_many_writers_to_one_audit_chain_leave_it_whole(site: OutboxSite) -> None:
    site.together(4, "for n in range(25): audit.record(None, 'x', 'site', number=n)")
    assert site.run("print(audit.trail('site').count(), audit.verify_chains())") == "100 []"


@pytest.mark.parametrize("act", ["update(verb='y')", "delete()"])
def test_the_database_keeps_the_audit_trail_from_changes(site: OutboxSite, act: str) -> None:
    attempt = f"""
from core.models import AuditEntry
from django.db import DatabaseError
audit.record(None, 'x', 'guarded')
try:
    AuditEntry.objects.all().{act}
except DatabaseError as refusal:
    print('append-only' in str(refusal))
"""
    assert site.run(attempt) == "True"


def test_one_embedded_worker_with_beat_and_threads_does_it_all() -> None:
    with site_of("sqlite-files") as site:
        site.run(emit("race.note", "a") + emit("race.mail", "b"))
        site.lose_messages()
        site.worker("-B", "--pool", "threads", "--concurrency", "4")
        until(lambda: len(site.notes()) == 2, seconds=45)
        beat = "from core.models import Heartbeat; print(Heartbeat.objects.filter(name='beat').exists())"
        assert site.run(beat) == "True"


TIMED = """
import time
outbox.current_app.connection_for_write().transport  # loading its code takes a while too, but is not waiting
before = time.monotonic()
{code}
print(time.monotonic() - before)
"""


@on_redis
def test_a_commit_does_not_wait_for_a_frozen_broker(redis_site: OutboxSite) -> None:
    cold, warm = (TIMED.format(code=emit("race.note", *keys)) for keys in ("abcdef", "ghijkl"))
    thaw = "input()\nprint(outbox.broker_answers())\n"
    caller = redis_site.code("outbox._nudge(0, 'gates'); print('connected', flush=True); input()\n" + warm + thaw)
    assert caller.stdout.readline() == "connected\n"
    redis_site.redis.send_signal(signal.SIGSTOP)
    try:
        caller.stdin.write("\n")
        caller.stdin.flush()
        already_connected = float(caller.stdout.readline())
        not_connected = float(redis_site.run_anew(cold))
        ready = redis_site.run_anew(TIMED.format(code="print(outbox.broker_answers())")).split()
    finally:
        redis_site.redis.send_signal(signal.SIGCONT)
    assert already_connected < 3
    assert not_connected < 3
    assert ready[0] == "False"
    assert float(ready[1]) < 3
    assert caller.communicate("\n", timeout=30)[0].strip() == "True"
    redis_site.worker()
    redis_site.run("outbox.relay()")
    until(lambda: redis_site.notes() == {f"noted {key}": 1 for key in "abcdefghijkl"})


@on_redis
def test_a_handler_that_loses_the_database_is_noted_and_tried_again(redis_site: OutboxSite) -> None:
    assert redis_site.run_anew(emit("race.lose", "k") + "print(outbox.drain())") == "0"
    assert redis_site.run(STATE) == "k waiting 1"
    assert "OperationalError" in redis_site.run(MODEL + "print(E.objects.get().last_error)")


@on_redis
def test_a_worker_survives_a_restart_of_the_broker(redis_site: OutboxSite) -> None:
    redis_site.worker()
    redis_site.run(emit("race.note", "before"))
    until(lambda: redis_site.notes()["noted before"])
    redis_site.redis.kill()
    redis_site.redis.wait()
    redis_site.run(emit("race.note", "meanwhile"))
    redis_site.redis = subprocess.Popen(redis_site.redis.args, stdout=subprocess.DEVNULL)
    until(lambda: redis_site.run("print(outbox.broker_answers())") == "True")
    until(lambda: redis_site.run("print(outbox.relay())") == "1")  # not at once: this process leaves the broker alone for a while
    redis_site.run(emit("race.note", "after"))
    until(lambda: redis_site.notes() == {"noted before": 1, "noted meanwhile": 1, "noted after": 1}, seconds=60)


@on_redis
def test_a_worker_at_work_survives_a_restart_of_the_broker(redis_site: OutboxSite) -> None:
    """What it is at is not acknowledged when the broker goes, so there is something that cannot be put back."""
    worker = redis_site.worker()
    redis_site.run(emit("race.wait", "long"))
    until(lambda: redis_site.notes()["started long"])
    redis_site.redis.kill()
    redis_site.redis.wait()
    redis_site.redis = subprocess.Popen(redis_site.redis.args, stdout=subprocess.DEVNULL)
    until(lambda: redis_site.run("print(outbox.broker_answers())") == "True")
    redis_site.allow("long")
    until(lambda: redis_site.notes()["finished long"])
    redis_site.run(emit("race.note", "after"))
    until(lambda: redis_site.run("print(outbox.relay())") and redis_site.notes()["noted after"], seconds=60)
    assert worker.poll() is None, redis_site.last_words()
