"""FIR and DZIR after a release, killed at every step or done by several workers at once: one set of rows, one workbook a kind."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

STEPS = "tests/races/repositories_steps.py"
ENTRIES = 3
# Where the worker is killed: before, between and after everything that it writes.
PLACES = (
    ("repositories.exports._record_fir", "return", 1),
    ("repositories.exports.record_rows", "return", 1),
    ("core.vault.put", "return", 2),
    ("core.audit.record", "return", 1),
    ("core.outbox.emit", "return", 1),
    ("repositories.exports.export", "return", 1),
)


@pytest.fixture(
    scope="module",
    params=["sqlite-files", pytest.param("postgres-redis", marks=[pytest.mark.postgres, pytest.mark.redis])],
)
def site(request: pytest.FixtureRequest) -> Iterator[running.Site]:
    """One site for all tests of a kind; each test makes a release of its own."""
    with running.site_of(request.param) as site:
        yield site


def step(site: running.Site, *words: str) -> Any:
    return json.loads(site.finish(site.start("-m", "tests.races.repositories_steps", *words)))


def check(outline: dict[str, Any]) -> None:
    """Everything is there, once."""
    assert len(outline["fir"]) == ENTRIES
    assert outline["stacks"] == outline["fir"]
    assert [kind for kind, _ in outline["exports"]] == ["DZIR", "FIR"]
    assert outline["unassigned"] == 0
    assert outline["problems"] == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0].rpartition('.')[2]}-{place[1]}-{place[2]}")
def test_killed_anywhere_the_next_worker_ends_with_the_same(site: running.Site, place: tuple[str, str, int]) -> None:
    serial = str(step(site, "prepare", str(ENTRIES)))
    name, event, count = place
    worker = site.start("-m", "tests.races.stopping", name, event, str(count), STEPS, "follow", serial)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "here\n", site.last_words()
    site.kill(worker)
    between = step(site, "outline", serial)
    assert len(between["fir"]) in {0, ENTRIES}, "rows are written together or not at all"
    assert between["stacks"] == between["fir"]
    assert len(between["exports"]) in {0, 2}
    assert step(site, "follow", serial)
    after = step(site, "outline", serial)
    check(after)
    assert step(site, "follow", serial)
    assert step(site, "outline", serial) == after


def test_several_workers_at_once_make_one_set(site: running.Site) -> None:
    serial = str(step(site, "prepare", str(ENTRIES)))
    workers = [site.start("-m", "tests.races.repositories_steps", "follow", serial) for _ in range(4)]
    outcomes = [json.loads(site.finish(worker)) for worker in workers]
    assert any(outcomes)
    check(step(site, "outline", serial))
