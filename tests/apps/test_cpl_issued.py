"""Version numbers that are out in the world: a database from a backup never gives one of them to another version."""

from pathlib import Path

import pytest
from django.conf import settings

from core import audit
from cpl import handlers
from cpl.domain.releases import Version
from cpl.models import Release
from cpl.services import issued, planning
from cpl.services.planning import PublishingBlocked
from tests.builders.listing import approved, published
from tests.commands import called

pytestmark = pytest.mark.django_db


@pytest.fixture
def head() -> Release:
    """3.000, and a change that waits."""
    approved(model=901)
    release = published()
    approved(model=902)
    return release


def blocked() -> str:
    with pytest.raises(PublishingBlocked) as refused:
        planning.preview()
    return str(refused.value)


def test_what_is_published_is_noted_beside_the_vault(django_capture_on_commit_callbacks) -> None:
    approved(model=901)
    with django_capture_on_commit_callbacks(execute=True):
        release = published()
    assert (Path(settings.CPL_VAULT_DIR) / "issued" / str(release.version)).exists()
    assert planning._next_version(planning.selectors.current_rules(release.issued_on)) == Version(3, 1)


def test_a_note_that_was_lost_is_made_up_for_at_night(head: Release) -> None:
    assert not (Path(settings.CPL_VAULT_DIR) / "issued" / "3.000").exists()
    handlers.point_to_the_current_version()
    assert (Path(settings.CPL_VAULT_DIR) / "issued" / "3.000").exists()


def test_an_old_database_beside_a_newer_vault_publishes_nothing_until_told(head: Release) -> None:
    issued.note(Version(3, 2))
    assert "The vault knows of version 3.002, but the database only of version 3.000" in blocked()
    handlers.point_to_the_current_version()
    assert "3.002" in blocked()
    assert called("publish")[0] == 1
    assert Release.objects.count() == 1
    assert called("resume_publishing", "3.002")[0] == 0
    assert str(published().version) == "3.003"
    approved(model=903)
    assert str(published().version) == "3.004"
    assert called("verify_records")[0] == 0
    issued.note(Version(3, 9))
    approved(model=904)
    assert "3.009" in blocked()


def test_an_empty_database_beside_a_vault_publishes_nothing_either() -> None:
    issued.note(Version(3, 2))
    approved(model=901)
    assert "the database only of no version" in blocked()


def test_a_restored_site_publishes_nothing_until_told(head: Release) -> None:
    issued.hold()
    assert "put back from a backup whose latest is version 3.000" in blocked()
    assert called("resume_publishing", "3.000")[:2] == (0, "The next version comes after 3.000.\n")
    assert str(published().version) == "3.001"
    (entry,) = audit.trail(issued.TRAIL)
    assert (entry.verb, entry.detail) == ("publishing.resumed", {"latest": "3.000"})


@pytest.mark.parametrize("word", ["2.051", "none", "3", "latest", ""])
def test_what_cannot_be_the_latest_is_refused(head: Release, word: str) -> None:
    issued.hold()
    code, out, err = called("resume_publishing", word)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "put back from a backup" in blocked()


def test_a_site_restored_before_its_first_version() -> None:
    issued.hold()
    approved(model=901)
    assert "whose latest is no version" in blocked()
    assert called("resume_publishing", "none")[0] == 0
    assert str(published().version) == "3.000"
