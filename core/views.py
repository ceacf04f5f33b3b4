"""Health pages for the machinery around the site. They name no values, for nobody signs in to read them."""

from typing import Any

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import outbox, vault
from core.models import Heartbeat

OLDEST_EVENT = 900.0  # seconds; older: somebody should look
OLDEST_BEAT = 90.0  # seconds: six ticks

Answer = dict[str, Any]


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive and answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """503 when no work can be taken in (database, vault); 200 "degraded" when work is taken in but may be done later."""
    needed = {"database": _database(), "vault": {"ok": vault.writable()}}
    later: dict[str, Answer] = {"broker": {"ok": outbox.broker_answers()}}
    if needed["database"]["ok"]:
        later |= {"outbox": _outbox(), "beat": _beat()}
    ready = all(answer["ok"] for answer in needed.values())
    status = "not ready" if not ready else "ready" if all(answer["ok"] for answer in later.values()) else "degraded"
    return JsonResponse({"status": status, "checks": needed | later}, status=200 if ready else 503)


def _database() -> Answer:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations WHERE app = 'core'")
            return {"ok": cursor.fetchone() is not None}
    except Error:
        return {"ok": False}


def _outbox() -> Answer:
    health = outbox.health()
    oldest = round(health.oldest.total_seconds(), 1)
    return {
        "ok": oldest < OLDEST_EVENT and not health.dead,
        "waiting": health.waiting,
        "oldest_seconds": oldest,
        "given_up": health.dead,
    }


def _beat() -> Answer:
    last = Heartbeat.objects.filter(name="beat").first()
    age = (timezone.now() - last.at).total_seconds() if last else None
    return {"ok": age is not None and age < OLDEST_BEAT, "last_seconds_ago": age and round(age, 1)}
