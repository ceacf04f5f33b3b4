"""The ground floor in the admin, through its real pages: who may look, who may press the button, who may not."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from core import admin_tools, audit
from core.models import AuditEntry, ClosedDay, OutboxEvent
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db

OUTBOX, TRAIL, CALENDAR = (f"admin:core_{model}" for model in ("outboxevent", "auditentry", "closedday"))


def page(name: str, *arguments: object) -> str:
    return reverse(name, args=arguments)


def visitor(client: Client, role: Role) -> Client:
    return sign_in(client, person(role, email=f"{role.name.lower()}@secas.example"))


@pytest.fixture
def dead() -> OutboxEvent:
    now = timezone.now()
    return OutboxEvent.objects.create(
        topic="t",
        key="k",
        handler="h",
        payload={"note": "SECRET-PAYLOAD"},
        due_at=now,
        dead_at=now,
        attempts=12,
        last_error="E at x",
    )


MAY = {
    Role.ADMINISTRATOR: {OUTBOX, CALENDAR},
    Role.AUDITOR: {OUTBOX, TRAIL, CALENDAR},
}


@pytest.mark.parametrize("role", Role)
def test_who_may_look(client: Client, role: Role) -> None:
    visitor(client, role)
    seen = {name for name in (OUTBOX, TRAIL, CALENDAR) if client.get(page(f"{name}_changelist")).status_code == 200}
    assert seen == MAY.get(role, set())


@pytest.mark.parametrize("name", [OUTBOX, TRAIL])
def test_nobody_adds_changes_or_deletes(client: Client, dead: OutboxEvent, name: str) -> None:
    user = person(Role.ADMINISTRATOR, Role.AUDITOR, is_superuser=True)
    sign_in(client, user)
    row = dead if name == OUTBOX else audit.record(None, "x", "site")
    assert client.get(page(f"{name}_change", row.pk)).status_code == 200
    assert client.get(page(f"{name}_add")).status_code == 403
    assert client.post(page(f"{name}_change", row.pk), {"verb": "y", "topic": "y"}).status_code == 403
    assert client.post(page(f"{name}_delete", row.pk), {"post": "yes"}).status_code == 403
    assert list(type(row).objects.filter(pk=row.pk).values()) == [
        {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    ]


def deliver_again(client: Client, event: OutboxEvent) -> str:
    answer = client.post(page(f"{OUTBOX}_changelist"), {"action": "deliver_again", "_selected_action": [event.pk]}, follow=True)
    return answer.content.decode()


def test_the_administrator_lets_a_dead_event_start_over(client: Client, dead: OutboxEvent) -> None:
    visitor(client, Role.ADMINISTRATOR)
    shown = client.get(page(f"{OUTBOX}_changelist"), {"state": "dead"}).content.decode()
    assert "E at x" in shown
    assert "1 of 1 will be delivered again." in deliver_again(client, dead)
    event = OutboxEvent.objects.get()
    assert (event.state, event.attempts) == ("waiting", 0)
    entry = audit.trail(event).get()
    assert (entry.verb, entry.detail) == ("outbox.requeued", {"topic": "t", "key": "k"})
    assert entry.actor.endswith("administrator@secas.example")


def test_what_is_done_is_not_delivered_again(client: Client, dead: OutboxEvent) -> None:
    OutboxEvent.objects.update(done_at=timezone.now(), dead_at=None)
    visitor(client, Role.ADMINISTRATOR)
    assert "None of these waits" in deliver_again(client, dead)
    assert OutboxEvent.objects.get().state == "done"
    assert not audit.trail(dead).exists()


def test_the_auditor_has_no_button(client: Client, dead: OutboxEvent) -> None:
    visitor(client, Role.AUDITOR)
    assert "deliver_again" not in client.get(page(f"{OUTBOX}_changelist")).content.decode()
    deliver_again(client, dead)
    assert OutboxEvent.objects.get().state == "dead"


def test_payloads_are_not_shown(client: Client, dead: OutboxEvent) -> None:
    visitor(client, Role.ADMINISTRATOR)
    for address in (page(f"{OUTBOX}_changelist"), page(f"{OUTBOX}_change", dead.pk)):
        assert "SECRET-PAYLOAD" not in client.get(address).content.decode()


def test_days_are_overruled_on_the_record(client: Client) -> None:
    visitor(client, Role.ADMINISTRATOR)
    day = {"date": "2026-02-24", "closed": "on", "reason": "One-off bank holiday"}
    client.post(page(f"{CALENDAR}_add"), day)
    stored = ClosedDay.objects.get()
    client.post(page(f"{CALENDAR}_change", stored.pk), day | {"reason": "King's day"})
    client.post(page(f"{CALENDAR}_delete", stored.pk), {"post": "yes"})
    assert not ClosedDay.objects.exists()
    assert [(entry.verb, entry.detail["reason"]) for entry in audit.trail("calendar")] == [
        ("calendar.added", "One-off bank holiday"),
        ("calendar.changed", "King's day"),
        ("calendar.removed", "King's day"),
    ]


def test_lists_count_no_further_than_a_person_leafs(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_tools, "MOST", 7)
    for _ in range(9):
        audit.record(None, "x", "site")
    visitor(client, Role.AUDITOR)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(page(f"{TRAIL}_changelist"))
    assert answer.context["cl"].result_count == 7
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "core_auditentry" in query["sql"]]
    assert counts
    assert all("LIMIT 7" in sql for sql in counts)
    assert AuditEntry.objects.count() == 9


def test_every_model_of_the_ground_floor_with_a_life_of_its_own_is_read_only() -> None:
    for model in (OutboxEvent, AuditEntry):
        assert isinstance(admin.site._registry[model], admin_tools.ReadOnlyAdmin)
