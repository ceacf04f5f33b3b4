"""Publishing by two people at once and under kill -9, on SQLite and PostgreSQL: all of a release, once, or nothing of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import running
from tests.races.hands import Hands

KINDS = ("sqlite-files", "postgres-redis")
FIRST = 3  # new entries that wait
# Where the publisher is killed: before, between and after everything that it writes.
PLACES = (
    ("cpl.services.planning.preview", "return", 1),
    ("cpl.services.publishing.store", "call", 1),
    ("core.vault.put", "call", 1),
    ("core.vault._write", "call", 1),
    ("core.vault.put", "return", 1),
    ("core.vault.put", "return", 3),
    ("cpl.services.publishing.store", "return", 1),
    ("cpl.services.publishing._still_true", "return", 1),
    ("cpl.services.publishing._write_release", "return", 1),
    ("cpl.services.publishing._write_change", "return", 1),
    ("cpl.services.publishing._write_change", "return", FIRST),
    ("core.audit.record", "return", 1),
    ("core.outbox.emit", "return", 1),
    ("cpl.services.publishing.commit", "return", 1),
)

# A worker that carries out an order does the same; it is killed before, inside and after.
WORKER_PLACES = (
    ("cpl.services.orders.carry_out", "call", 1),
    ("cpl.services.publishing._write_release", "return", 1),
    ("cpl.services.publishing.commit", "return", 1),
    ("cpl.services.orders._finish", "return", 1),
)


@pytest.fixture(scope="module", params=KINDS)
def hands(request: pytest.FixtureRequest) -> Iterator[Hands]:
    """One site for all tests of a kind; each test asks how things stand and goes on from there."""
    with running.site_of(request.param) as site:
        yield Hands(site, site.start("-m", "tests.races.publishing_steps"))


def check(outline: dict[str, Any]) -> None:
    """What must hold at every moment."""
    serials = outline["serials"]
    assert serials == list(range(1, len(serials) + 1))
    assert outline["versions"] == [f"3.{sub:03d}" for sub in range(len(serials))]
    numbers = [number for _, status, number in outline["changes"] if status == "published"]
    assert sorted(numbers) == outline["open"]
    assert len(set(numbers)) == len(numbers)
    assert outline["open"] == [f"{number:06d}" for number in range(1, len(numbers) + 1)]
    assert outline["problems"] == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0].rpartition('.')[2]}-{place[1]}-{place[2]}")
def test_killed_publisher_leaves_all_or_nothing(hands: Hands, place: tuple[str, str, int]) -> None:
    waiting = hands.step("approved_changes", FIRST)
    before = hands.step("outline")
    name, event, count = place
    publisher = hands.site.start("-m", "tests.races.stopping", name, event, str(count), "manage.py", "publish")
    assert publisher.stdout is not None
    assert publisher.stdout.readline() == "here\n", hands.site.last_words()
    hands.site.kill(publisher)
    after = hands.step("outline")
    check(after)
    states = {status for pk, status, _ in after["changes"] if pk in waiting}
    assert len(states) == 1
    if states == {"published"}:
        assert len(after["versions"]) == len(before["versions"]) + 1
        assert place[0].endswith(".commit")
        return
    assert after["versions"] == before["versions"]
    hands.site.manage("publish")
    done = hands.step("outline")
    check(done)
    assert len(done["versions"]) == len(before["versions"]) + 1
    assert {status for pk, status, _ in done["changes"] if pk in waiting} == {"published"}


@pytest.mark.parametrize("place", WORKER_PLACES, ids=lambda place: f"{place[0].rpartition('.')[2]}-{place[1]}-{place[2]}")
def test_killed_worker_leaves_an_order_that_another_one_finishes(hands: Hands, place: tuple[str, str, int]) -> None:
    waiting = hands.step("approved_changes", 2)
    before = hands.step("outline")
    hands.step("order")
    name, event, count = place
    options = ("-A", "config", "worker", "-Q", "publish", "--pool", "solo", "--without-gossip", "--without-mingle")
    worker = hands.site.start("-m", "tests.races.stopping", name, event, str(count), "celery", *options)
    assert worker.stdout is not None
    assert any(line == "here\n" for line in worker.stdout), hands.site.last_words()
    hands.site.kill(worker)
    check(hands.step("outline"))
    assert set(hands.step("recover")) == {"published"}
    after = hands.step("outline")
    check(after)
    assert len(after["versions"]) == len(before["versions"]) + 1
    assert {status for pk, status, _ in after["changes"] if pk in waiting} == {"published"}


def test_two_publishers_at_once_publish_each_change_once(hands: Hands) -> None:
    for _ in range(3):
        waiting = hands.step("approved_changes", 2)
        before = hands.step("outline")
        rivals = [hands.site.start("manage.py", "publish", "--json") for _ in range(3)]
        codes = sorted(rival.wait(timeout=120) for rival in rivals)
        assert codes[0] == 0
        assert set(codes) <= {0, 1}, hands.site.last_words()
        after = hands.step("outline")
        check(after)
        assert len(after["versions"]) == len(before["versions"]) + codes.count(0)
        assert {status for pk, status, _ in after["changes"] if pk in waiting} == {"published"}
