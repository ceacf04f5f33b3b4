"""What the tests of backups ask of a site that runs elsewhere; a program, like tests/flows/steps.py."""

import hashlib
import json
import sys
from typing import Any


def contents() -> dict[str, str]:
    """A hash over the rows of each table; without sessions, which a backup leaves out, and the audit trail, which goes on."""
    from django.apps import apps

    left_out = {"sessions.Session", "core.AuditEntry"}
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.label not in left_out]
    return {model._meta.label: hashlib.sha256(json.dumps(_rows(model), default=_plain).encode()).hexdigest() for model in models}


def trail() -> list[str]:
    """The hashes of the audit trail."""
    from core.models import AuditEntry

    return list(AuditEntry.objects.order_by("object_name", "seq").values_list("hash", flat=True))


def sign_in() -> str:
    """Somebody is signed in: the number of the session."""
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session["somebody"] = "is here"
    session.create()
    return str(session.session_key)


def sessions() -> int:
    from django.contrib.sessions.models import Session

    return Session.objects.count()


FINGERPRINTS = {"cpl.Pointer", "submissions.TrustAnchor", "submissions.Intermediate"}  # of texts in the row itself


def lost() -> list[str]:
    """What the database names by its SHA-256 and neither area of the vault has."""
    from django.apps import apps

    from core import vault

    named: set[str] = set()
    for model in (model for model in apps.get_models() if model._meta.label not in FINGERPRINTS):
        for column in (column.name for column in model._meta.fields if column.name.endswith("sha256")):
            named |= set(model._base_manager.values_list(column, flat=True))
    assert len(named) > 10
    return sorted(name for name in named if name and not (vault.exists(name) or vault.exists(name, red=True)))


def _rows(model: Any) -> list[Any]:
    return list(model._base_manager.order_by("pk").values_list())


def _plain(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, memoryview | bytes) else str(value)


STEPS = {step.__name__: step for step in (contents, trail, sign_in, sessions, lost)}

if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps([STEPS[name]() for name in sys.argv[1:]]))
