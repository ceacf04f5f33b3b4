"""Django's own `flush`, able to empty append-only tables too: whoever asks for an empty database means all of it."""

from contextlib import nullcontext
from typing import Any

from django.core.management.commands.flush import Command as DjangoFlush
from django.db import connections

from core import append_only


class Command(DjangoFlush):
    """Remove all data from the database."""

    def handle(self, **options: Any) -> None:
        """Flush with the triggers lifted; on PostgreSQL they need not be, TRUNCATE passes row triggers by."""
        connection = connections[options["database"]]
        with append_only.lifted(connection) if connection.vendor == "sqlite" else nullcontext():
            super().handle(**options)
