"""Changing the release key under kill -9 and beside publishers: one key or the other signs, for each version the right one."""

from collections.abc import Iterator

import pytest

from tests import running
from tests.races.hands import Hands

KINDS = ("sqlite-files", "postgres-redis")
# Where the command is killed: before, between and after everything that it writes.
PLACES = (
    ("core.crypto.make_release_key", "call", 1),
    ("core.crypto._write_once", "return", 1),
    ("cpl.services.keys.rotate", "call", 1),
    ("cpl.services.keys._statement", "return", 1),
    ("core.vault.put", "return", 3),
    ("core.audit.record", "return", 1),
    ("cpl.services.pointer.write", "return", 1),
    ("cpl.services.keys.rotate", "return", 1),
    ("core.crypto.set_aside", "call", 1),
)


@pytest.fixture(scope="module", params=KINDS)
def hands(request: pytest.FixtureRequest) -> Iterator[Hands]:
    """One site with a version for all tests of a kind."""
    with running.site_of(request.param) as site:
        hands = Hands(site, site.start("-m", "tests.races.publishing_steps"))
        hands.step("approved_changes", 1)
        hands.step("manage", "publish")
        yield hands


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0].rpartition('.')[2]}-{place[1]}-{place[2]}")
def test_a_killed_rotation_leaves_a_site_that_publishes_and_the_next_one_ends_it(
    hands: Hands, place: tuple[str, str, int]
) -> None:
    before = hands.step("keys")["chain"]
    name, event, count = place
    command = hands.site.start("-m", "tests.races.stopping", name, event, str(count), "manage.py", "rotate_release_key")
    assert command.stdout is not None
    assert any(line == "here\n" for line in command.stdout), hands.site.last_words()
    hands.site.kill(command)
    chain = hands.step("keys")["chain"]
    assert len(chain) - len(before) == (place in PLACES[-2:])
    hands.step("approved_changes", 1)
    versions = hands.step("outline")["versions"]
    hands.step("manage", "publish")
    after = hands.step("outline")
    assert (len(after["versions"]), after["problems"]) == (len(versions) + 1, [])
    hands.step("manage", "rotate_release_key")
    done = hands.step("keys")
    assert (len(done["chain"]), done["held"]) == (len(before) + 1, done["chain"][-1:])
    assert hands.step("outline")["problems"] == []


def test_rotations_beside_publishers(hands: Hands) -> None:
    for _ in range(2):
        hands.step("approved_changes", 2)
        before = hands.step("outline"), hands.step("keys")
        rivals = [hands.site.start("manage.py", *words) for words in (["publish"], ["rotate_release_key"]) * 2]
        codes = [rival.wait(timeout=120) for rival in rivals]
        assert (sorted(codes[0::2])[0], codes[1::2]) == (0, [0, 0]), hands.site.last_words()
        after, keys = hands.step("outline"), hands.step("keys")
        assert after["problems"] == []
        assert len(after["versions"]) > len(before[0]["versions"])
        assert len(keys["chain"]) > len(before[1]["chain"])
        assert keys["chain"][-1] in keys["held"]
