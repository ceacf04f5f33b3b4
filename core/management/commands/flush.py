"""Django's own `flush`, able to empty append-only tables too: whoever asks for an empty database means all of it."""

from typing import Any

from django.core.management.commands.flush import Command as DjangoFlush
from django.db import connections

from core import append_only


class Command(DjangoFlush):
    """Remove all data from the database."""

    def handle(self, **options: Any) -> None:
        """Flush with the triggers lifted."""
        with append_only.lifted(connections[options["database"]]):
            super().handle(**options)
