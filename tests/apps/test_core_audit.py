"""The audit trail: what is recorded reads back, and no change to it goes unnoticed."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core import append_only, audit
from core.classification import Classification
from core.models import AuditEntry

CASE = SimpleNamespace(audit_name="submission:SUB-2026-0001")
OTHER = SimpleNamespace(audit_name="submission:SUB-2026-0002")
ASHA = SimpleNamespace(pk=3, email="asha@secas.example")


@pytest.fixture
def chain(db) -> list[AuditEntry]:
    """Five entries of one case, two of another."""
    entries = [audit.record(ASHA, f"step.{n}", CASE, number=n) for n in range(1, 6)]
    audit.record(None, "received", OTHER)
    audit.record(ASHA, "opened", OTHER)
    return entries


def test_an_entry_says_who_did_what_when(db) -> None:
    before = datetime.now(UTC)
    audit.record(ASHA, "case.approved", CASE, reason="All four gates passed", seal="ab" * 32)
    audit.record(None, "case.published", CASE)
    by_asha, by_system = audit.trail(CASE)
    assert (by_asha.seq, by_asha.actor, by_asha.verb) == (1, "user:3 asha@secas.example", "case.approved")
    assert by_asha.detail == {"reason": "All four gates passed", "seal": "ab" * 32}
    assert before <= by_asha.at <= datetime.now(UTC)
    assert (by_system.seq, by_system.actor, by_system.previous_hash) == (2, "system", by_asha.hash)
    assert not audit.trail(OTHER).exists()
    assert list(audit.trail("submission:SUB-2026-0001")) == [by_asha, by_system]


def test_an_entry_falls_with_the_deed_it_tells_of(db) -> None:
    with transaction.atomic():
        audit.record(ASHA, "case.approved", CASE)
        transaction.set_rollback(True)
    assert not audit.trail(CASE).exists()


def test_details_of_every_kind_are_kept_as_plain_json(db) -> None:
    audit.record(
        ASHA,
        "x",
        CASE,
        day=date(2026, 3, 1),
        at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        share=0.1,
        price=Decimal("1.50"),
        key=UUID(int=7),
        classification=Classification.AMBER,
        several=("a", {"b": None}),
        yes=True,
        nul="a\0b",
        half="\ud800",
    )
    assert audit.trail(CASE).get().detail == {
        "day": "2026-03-01",
        "at": "2026-03-01T12:00:00+00:00",
        "share": "0.1",
        "price": "1.50",
        "key": "00000000-0000-0000-0000-000000000007",
        "classification": 2,
        "several": ["a", {"b": None}],
        "yes": True,
        "nul": "a\ufffdb",
        "half": "?",
    }
    assert audit.verify_chains() == []


scalars = st.none() | st.booleans() | st.integers() | st.text(st.characters()) | st.floats() | st.dates()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@pytest.mark.django_db
@given(st.dictionaries(st.text(max_size=5), values, max_size=4))
@examples(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_recorded_verifies(detail: dict) -> None:
    audit.record(None, "x", CASE, anything=detail)
    assert audit.verify_chains() == []


def change(chain: list[AuditEntry]) -> str:
    AuditEntry.objects.filter(pk=chain[2].pk).update(detail={"number": 7})
    return "#3: was changed"


def change_and_rehash(chain: list[AuditEntry]) -> str:
    chain[2].actor = "user:4 someone.else@secas.example"
    chain[2].hash = audit.entry_hash(chain[2])
    chain[2].save()
    return "#4: does not follow"


def delete(chain: list[AuditEntry]) -> str:
    AuditEntry.objects.filter(pk=chain[2].pk).delete()
    return "entries 3 to 3 are missing"


def delete_and_close_the_gap(chain: list[AuditEntry]) -> str:
    AuditEntry.objects.filter(pk=chain[2].pk).delete()
    for entry in chain[3:]:
        AuditEntry.objects.filter(pk=entry.pk).update(seq=entry.seq - 1)
    return "#3: does not follow"


def delete_the_first(chain: list[AuditEntry]) -> str:
    AuditEntry.objects.filter(pk=chain[0].pk).delete()
    return "entries 1 to 1 are missing"


def insert(chain: list[AuditEntry]) -> str:
    for entry in reversed(chain[2:]):
        AuditEntry.objects.filter(pk=entry.pk).update(seq=entry.seq + 1)
    forged = AuditEntry(object_name=CASE.audit_name, seq=3, at=chain[2].at, actor="system", verb="x", previous_hash=chain[1].hash)
    forged.hash = audit.entry_hash(forged)
    forged.save()
    return "#4: does not follow"


def reorder(chain: list[AuditEntry]) -> str:
    AuditEntry.objects.filter(pk=chain[1].pk).update(seq=99)
    AuditEntry.objects.filter(pk=chain[2].pk).update(seq=2)
    AuditEntry.objects.filter(pk=chain[1].pk).update(seq=3)
    return "#2: does not follow"


def move_to_another_object(chain: list[AuditEntry]) -> str:
    AuditEntry.objects.filter(pk=chain[4].pk).update(object_name=OTHER.audit_name, seq=3)
    return "SUB-2026-0002 #3: does not follow"


TAMPERINGS = [
    change,
    change_and_rehash,
    delete,
    delete_and_close_the_gap,
    delete_the_first,
    insert,
    reorder,
    move_to_another_object,
]


@pytest.mark.parametrize("tamper", TAMPERINGS)
def test_tampering_is_found_and_named(chain: list[AuditEntry], tamper: Callable[[list[AuditEntry]], str]) -> None:
    assert audit.verify_chains() == []
    with append_only.lifted(connection):  # as somebody with the rights of the database's owner could
        expected = tamper(chain)
    found = audit.verify_chains()
    assert any(expected in line for line in found), found


ACTS = {
    "save": lambda entry: entry.save(),
    "update": lambda entry: AuditEntry.objects.update(verb="x"),
    "bulk update": lambda entry: AuditEntry.objects.bulk_update([entry], ["verb"]),
    "delete": lambda entry: entry.delete(),
    "delete all": lambda entry: AuditEntry.objects.all().delete(),
    "SQL update": lambda entry: execute("UPDATE core_auditentry SET verb = 'x'"),
    "SQL delete": lambda entry: execute("DELETE FROM core_auditentry WHERE seq = 5"),
}


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("act", ACTS)
def test_the_database_refuses_to_change_or_delete(chain: list[AuditEntry], act: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ACTS[act](chain[4])
    assert [entry.verb for entry in audit.trail(CASE)] == [f"step.{n}" for n in range(1, 6)]


@pytest.mark.django_db(transaction=True)
def test_flush_empties_the_trail_and_leaves_it_guarded() -> None:
    audit.record(None, "x", CASE)
    call_command("flush", interactive=False)
    assert not AuditEntry.objects.exists()
    audit.record(None, "x", CASE)
    with pytest.raises(DatabaseError, match="append-only"):
        AuditEntry.objects.all().delete()
