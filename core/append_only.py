"""Database triggers that refuse to change or delete rows of a table, whoever asks.

For migrations: `operations = [append_only.protect("core_auditentry")]`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import migrations, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

PREFIX = "append_only_"


def protect(table: str) -> migrations.RunPython:
    """The migration operation that makes TABLE append-only."""

    def forwards(apps: Any, editor: Any) -> None:
        for statement in _statements(table)[editor.connection.vendor]:
            editor.execute(statement, params=None)  # as it is: the percent sign is not a place for a parameter

    def backwards(apps: Any, editor: Any) -> None:
        for act in ("update", "delete"):
            where = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
            editor.execute(f"DROP TRIGGER {PREFIX}{act}_{table}{where}")

    return migrations.RunPython(forwards, backwards)


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without the triggers of any table; all in one transaction, so they are back whatever happens."""
    find, lift, put_back = LIFTING[connection.vendor]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(find, [f"{PREFIX}%"])
        triggers = cursor.fetchall()
        for table, name, _ in triggers:
            cursor.execute(lift.format(table=table, name=name))
        yield
        for table, name, sql in triggers:
            cursor.execute(put_back.format(table=table, name=name, sql=sql))


# For each kind of database: finding the triggers, lifting one, putting it back.
LIFTING = {
    "sqlite": (
        "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s",
        "DROP TRIGGER {name}",
        "{sql}",
    ),
    "postgresql": (
        "SELECT tgrelid::regclass::text, tgname, '' FROM pg_trigger WHERE tgname LIKE %s",
        "ALTER TABLE {table} DISABLE TRIGGER {name}",
        "ALTER TABLE {table} ENABLE TRIGGER {name}",
    ),
}


def _statements(table: str) -> dict[str, list[str]]:
    acts = ("update", "delete")
    return {
        "sqlite": [
            f"CREATE TRIGGER {PREFIX}{act}_{table} BEFORE {act.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for act in acts
        ],
        "postgresql": [
            f"CREATE OR REPLACE FUNCTION {PREFIX}refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
            *(
                f"CREATE TRIGGER {PREFIX}{act}_{table} BEFORE {act.upper()} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {PREFIX}refuse()"
                for act in acts
            ),
        ],
    }
