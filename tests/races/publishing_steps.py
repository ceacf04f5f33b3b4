"""What the tests of publishing do on a site that runs elsewhere, and what they look at."""

import io
import json
import sys
from typing import Any

PEOPLE = ("analyst", "approver")


def approved_changes(count: int) -> list[int]:
    """So many new entries that two people agreed on."""
    from accounts.models import Role, User
    from cpl.dictionary import load
    from cpl.services import changes
    from tests.builders.values import SINGLE_ELEMENT, valid_values

    users = []
    for name, role in zip(PEOPLE, (Role.ANALYST, Role.APPROVER), strict=True):
        user = User.objects.filter(email=f"{name}@secas.example").first()
        users.append(user or User.objects.create_user(f"{name}@secas.example", None, name=name, roles=[role]))
    keys = [item.key for item in load(3).list_items if item.applies != "secas"]
    from cpl.models import Change

    done = []
    for number in range(Change.objects.count() + 301, Change.objects.count() + 301 + count):
        values = valid_values(SINGLE_ELEMENT, number=number)
        change = changes.propose(users[0], "add", origin=f"test:{number}", values={key: values[key] for key in keys})
        done.append(changes.approve(users[1], change).pk)
    return done


def outline() -> dict[str, Any]:
    """Releases, entries and changes as the database has them."""
    from core import records
    from cpl.models import Change, EntryRow, Release

    return {
        "versions": [str(release.version) for release in Release.objects.order_by("serial")],
        "serials": list(Release.objects.order_by("serial").values_list("serial", flat=True)),
        "changes": [[change.pk, change.status, change.number] for change in Change.objects.order_by("id")],
        "open": list(EntryRow.objects.open().order_by("number").values_list("number", flat=True)),
        "problems": [f"{problem.check}: {problem.message}" for problem in records.run()],
    }


def manage(*words: str) -> None:
    """A command of manage.py, without waiting for another process to start."""
    from django.core.management import call_command

    call_command(*words, stdout=io.StringIO())


def keys() -> dict[str, Any]:
    """The chain of release keys, and those whose private halves sign or could."""
    from core import crypto
    from cpl import selectors

    return {"chain": list(selectors.release_keys().values_list("key_id", flat=True)), "held": list(crypto.held())}


def order() -> int:
    """The approver presses the button."""
    from accounts.models import User
    from cpl.services import orders, planning

    approver = User.objects.get(email=f"{PEOPLE[1]}@secas.example")
    return orders.order(approver, "", planning.preview().fingerprint).pk


def recover() -> list[str]:
    """What a worker does once the dead one's lease has run out; the outcome of every order."""
    from django.utils import timezone

    from core import outbox
    from core.models.outbox import OutboxEvent
    from cpl.models import PublicationOrder

    OutboxEvent.objects.undelivered().update(lease_until=None, due_at=timezone.now())
    outbox.drain(strict=True)
    return list(PublicationOrder.objects.order_by("id").values_list("outcome", flat=True))


STEPS = {step.__name__: step for step in (approved_changes, outline, manage, keys, order, recover)}

if __name__ == "__main__":
    import django

    django.setup()
    for line in sys.stdin:  # one process for many steps: starting Django takes longer than any of them
        name, *words = json.loads(line)
        print(json.dumps(STEPS[name](*words)), flush=True)
