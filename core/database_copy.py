"""A copy of the whole database as it is at one moment, and such a copy put in the place of an empty one; SQLite and PostgreSQL.

Sessions are not copied: whoever holds the number of one is signed in. Why it is made like this: docs/adr/0011-backup.md.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

from django.contrib.sessions.models import Session
from django.db import connection, transaction

CHUNK = 1024 * 1024
SESSIONS = Session._meta.db_table


class NotCopied(Exception):  # noqa: N818 - reads as a sentence
    """The database could not be copied or put back; the text is one line for the person who called."""


def snapshot() -> AbstractContextManager[Callable[[Path], None]]:
    """Everything read in this block is of one moment; the function it gives writes the database of that moment into a file.

    Nobody waits for it who writes meanwhile. Raises NotCopied.
    """
    return _of_postgresql() if connection.vendor == "postgresql" else _of_sqlite()


def load(stream: IO[bytes]) -> None:
    """Put a copy in the place of this site's database, which is empty: whole, or there is none afterwards. Raises NotCopied."""
    if connection.vendor == "postgresql":
        _into_postgresql(stream)
    else:
        _into_sqlite(stream)


def strange_tables() -> list[str]:
    """Tables that are not of this site: somebody else's database."""
    ours = {*connection.introspection.django_table_names(), "django_migrations"}
    return sorted(set(connection.introspection.table_names()) - ours)


# --- SQLite --------------------------------------------------------------------------------------------------------------


@contextmanager
def _of_sqlite() -> Iterator[Callable[[Path], None]]:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")  # without IMMEDIATE: a reader, and in WAL mode no writer waits for a reader
        try:
            cursor.execute("SELECT count(*) FROM django_migrations")  # the first reading fixes the moment
            yield _copy_sqlite
        finally:
            cursor.execute("ROLLBACK")


def _copy_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as target:
        connection.connection.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        target.execute(f"DELETE FROM {SESSIONS}")  # noqa: S608 - a name of Django's
        target.commit()
        target.execute("VACUUM")  # what was deleted would still be found in free pages
    _check_sqlite(path)


def _into_sqlite(stream: IO[bytes]) -> None:
    path = Path(connection.settings_dict["NAME"])
    incoming = path.with_name(f"{path.name}.restoring")
    with incoming.open("wb") as file:
        incoming.chmod(0o600)
        shutil.copyfileobj(stream, file, CHUNK)
        file.flush()
        os.fsync(file.fileno())
    _check_sqlite(incoming)
    connection.close()
    for end in ("", "-wal", "-shm"):  # a log of the old database must never meet the new one
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
    incoming.rename(path)


def _check_sqlite(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as database:
            (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as fault:
        state = str(fault)
    if state != "ok":
        raise NotCopied(f"The database is damaged: {state}.")


# --- PostgreSQL ----------------------------------------------------------------------------------------------------------


@contextmanager
def _of_postgresql() -> Iterator[Callable[[Path], None]]:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (name,) = cursor.fetchone()
        yield partial(_dump_postgresql, name)


def _dump_postgresql(name: str, path: Path) -> None:
    words = (f"--snapshot={name}", f"--exclude-table-data={SESSIONS}", "--format=custom", f"--file={path}")
    _run(_client("pg_dump", *words), None)


def _into_postgresql(stream: IO[bytes]) -> None:
    command = _client("pg_restore", "--single-transaction", "--clean", "--if-exists")
    if tables := connection.introspection.table_names():  # those of a later program would stay and be in its way
        names = ", ".join(map(connection.ops.quote_name, tables))
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {names} CASCADE")
    _run(command, stream)
    connection.close()


def _client(program: str, *words: str) -> list[str]:
    """A client program of PostgreSQL for this site's database. Raises NotCopied where there is none."""
    found = shutil.which(program)
    if found is None:
        raise NotCopied(f"{program} is not on this machine: install the client of PostgreSQL (apt install postgresql-client).")
    words_of_psql, _ = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    *where, name = words_of_psql[1:]
    return [found, *where, f"--dbname={name}", "--no-owner", "--no-privileges", *words]


def _run(command: list[str], stream: IO[bytes] | None) -> None:
    """The password goes by the environment, since everybody on the machine can read the words of a command."""
    _, secret = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    feed = subprocess.PIPE if stream else subprocess.DEVNULL
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, env=os.environ | (secret or {}), stdin=feed, stdout=said, stderr=said) as process,  # noqa: S603 - ours
    ):
        if stream is not None and process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin:  # it has ended: its own words say why
                shutil.copyfileobj(stream, process.stdin, CHUNK)
        process.wait()
        said.seek(0)
        words = said.read().decode(errors="replace").strip()
    if process.returncode:
        raise NotCopied(words.splitlines()[0] if words else f"{command[0]} ended with {process.returncode}.")
