"""Checkpoints: what a chain alone cannot show, yesterday's checkpoint does."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from core import append_only, audit, checkpoints, records
from core.models import AuditEntry
from tests.apps.test_core_vault import stored_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def house(settings, tmp_path) -> None:
    """Three chains and a checkpoint of them."""
    settings.CPL_VAULT_DIR = tmp_path / "vault"
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        for n in range(3):
            for _ in range(n + 1):
                audit.record(None, "x", f"case:{n}")
    checkpoints.take()


def problems() -> list[str]:
    return list(records.audit_trail_is_whole())


def cut_short() -> str:
    AuditEntry.objects.filter(object_name="case:2", seq=3).delete()
    return "case:2 #3: gone or rewritten"


def drop() -> str:
    AuditEntry.objects.filter(object_name="case:1").delete()
    return "case:1 #2: gone or rewritten"


def rewrite() -> str:
    before = list(audit.trail("case:1"))
    AuditEntry.objects.filter(object_name="case:1").delete()
    for entry in before:
        audit.record(None, "forged", entry.object_name)
    return "case:1 #2: gone or rewritten"


@pytest.mark.parametrize("tamper", [cut_short, drop, rewrite])
def test_what_leaves_a_sound_chain_is_found(tamper: Callable[[], str]) -> None:
    assert problems() == []
    with append_only.lifted(connection):
        expected = tamper()
    assert audit.verify_chains() == []
    assert [line.split(" since")[0] for line in problems()] == [expected]


def test_chains_that_go_on_are_no_fault_and_only_they_are_written_again() -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=20)):
        audit.record(None, "y", "case:0")
        audit.record(None, "y", "case:9")
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert checkpoints.take().detail["chains"] == 2
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert checkpoints.take() is None
    assert problems() == []
    with append_only.lifted(connection):
        AuditEntry.objects.filter(object_name__in=["case:0", "case:2"]).delete()
    assert [line.split(":")[1] for line in problems()] == ["0 #1", "2 #3", "0 #2"]


def test_a_lost_checkpoint_is_a_fault() -> None:
    stored_file(audit.trail(checkpoints.NAME).get().detail["sha256"], red=False).unlink()
    assert [line for line in problems() if "lost" in line]
