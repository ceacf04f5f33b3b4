"""What the processes of the outbox tests listen to; imported by their workers as well."""

import os
import time
from pathlib import Path

from django.conf import settings
from django.db import connection

from core import outbox

PATIENCE = 60.0  # seconds a listener waits to be let go


def write_down(line: str) -> None:
    """Append one line to the site's notes, in one write, so that processes do not mix."""
    handle = os.open(Path(settings.CPL_DATA_DIR) / "notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


@outbox.handler("race.note")
def note(key: str, payload: dict) -> None:
    write_down(f"noted {key}")


@outbox.handler("race.mail", queue="mail")
def mail(key: str, payload: dict) -> None:
    write_down(f"mailed {key}")


@outbox.handler("race.wait", queue="publish")
def wait(key: str, payload: dict) -> None:
    """Say so, then wait until the test lets go."""
    write_down(f"started {key}")
    deadline = time.monotonic() + PATIENCE
    while not (Path(settings.CPL_DATA_DIR) / f"go-{key}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    write_down(f"finished {key}")


@outbox.handler("race.lose")
def lose(key: str, payload: dict) -> None:
    """Lose the connection to PostgreSQL on the way."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
