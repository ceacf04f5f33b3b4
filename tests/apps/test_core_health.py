"""The health pages: what each says when something is away, and that they say nothing else."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from core import vault
from core.models import OutboxEvent
from core.tasks import tick

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def house(settings, tmp_path: Path):
    """A site in order: vault of its own, beat has just ticked."""
    settings.CPL_VAULT_DIR, settings.CPL_RED_DIR = tmp_path / "vault", tmp_path / "red"
    tick()
    OutboxEvent.objects.all().delete()
    return settings


def ready(client: Client) -> tuple[int, str, dict]:
    answer = client.get("/readyz")
    document = answer.json()
    return answer.status_code, document["status"], document["checks"]


def test_alive(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]
    assert client.post("/healthz").status_code == 405


def test_all_in_order(client: Client) -> None:
    status, word, checks = ready(client)
    assert (status, word) == (200, "ready")
    assert {name: check["ok"] for name, check in checks.items()} == dict.fromkeys(
        ("database", "vault", "broker", "outbox", "beat"), True
    )
    assert checks["beat"]["last_seconds_ago"] < 5
    assert checks["outbox"] == {"ok": True, "waiting": 0, "oldest_seconds": 0.0, "given_up": 0}


def test_alive_asks_nothing_of_the_database(client: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


def test_a_vault_that_takes_nothing_is_not_ready(client: Client, house) -> None:
    vault.put(b"x")
    incoming = Path(house.CPL_VAULT_DIR) / vault.INCOMING
    incoming.rmdir()
    incoming.write_text("in the way")
    status, word, checks = ready(client)
    assert (status, word, checks["vault"]) == (503, "not ready", {"ok": False})


def test_a_database_that_was_never_migrated_is_not_ready(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core'")
    status, word, checks = ready(client)
    assert (status, word) == (503, "not ready")
    assert checks["database"] == {"ok": False}
    assert "outbox" not in checks


def test_work_that_waits_too_long_or_is_given_up_degrades(client: Client) -> None:
    now = timezone.now()
    event = OutboxEvent.objects.create(topic="t", key="k", handler="h", due_at=now)
    assert ready(client)[1] == "ready"
    OutboxEvent.objects.filter(pk=event.pk).update(created_at=now - timedelta(minutes=16))
    status, word, checks = ready(client)
    assert (status, word) == (200, "degraded")
    assert checks["outbox"]["oldest_seconds"] >= 960
    OutboxEvent.objects.filter(pk=event.pk).update(created_at=now, dead_at=now)
    status, word, checks = ready(client)
    assert (status, word, checks["outbox"]["given_up"]) == (200, "degraded", 1)


def test_a_silent_beat_degrades(client: Client) -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=120), tick=False):
        status, word, checks = ready(client)
    assert (status, word) == (200, "degraded")
    assert checks["beat"]["ok"] is False
    assert checks["beat"]["last_seconds_ago"] >= 120


def test_a_broker_that_is_away_degrades(client: Client, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from config.celery import app

    with app.connection_for_write("redis://127.0.0.1:1/0") as nobody:
        monkeypatch.setattr(app, "connection_for_write", lambda: nobody)
        status, word, checks = ready(client)
    assert (status, word, checks["broker"]) == (200, "degraded", {"ok": False})


def test_a_database_that_is_away_is_not_ready() -> None:
    asks = (
        "import django; django.setup()\nfrom django.test import Client\na = Client().get('/readyz'); print(a.status_code, a.text)"
    )
    nowhere = os.environ | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}
    asked = subprocess.run([sys.executable, "-c", asks], env=nowhere, capture_output=True, text=True, timeout=60, check=True)
    status, _, document = asked.stdout.splitlines()[-1].partition(" ")  # log lines come before it
    assert status == "503"
    assert json.loads(document)["checks"]["database"] == {"ok": False}
