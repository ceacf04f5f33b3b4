"""What the tests of FIR and DZIR do on a site that runs elsewhere, and what they look at."""

import json
import sys
from typing import Any

import django

CHECKS = {"repository exports", "vault", "audit trail", "outbox"}


def prepare(count: str) -> int:
    """A release with so many new entries whose stacks are held; its serial. Nobody is told of it."""
    from cpl.models import EntryRow
    from repositories import services
    from tests.builders.releases import added, release

    first = EntryRow.objects.count() + 1
    changes = [added(number) for number in range(first, first + int(count))]
    for change in changes:
        services.hold_stack(change["origin"], f"Vendor {change['number']}", "R1")
    return release(*changes, announce=False).serial


def follow(serial: str) -> bool:
    """What the handler of cpl.published does; whether it came to its end (else the outbox would try again)."""
    from django.db import Error

    from repositories import exports

    try:
        exports.follow(int(serial))
    except Error:
        return False
    return True


def outline(serial: str) -> dict[str, Any]:
    """Rows, stack records and exports of the release, and what the records checks say about them and the floor below."""
    from core import records
    from repositories.models import Export, FirEntry, StackRecord

    return {
        "fir": list(FirEntry.objects.filter(from_serial=serial).order_by("number").values_list("number", flat=True)),
        "stacks": list(StackRecord.objects.filter(from_serial=serial).order_by("number").values_list("number", flat=True)),
        "unassigned": StackRecord.objects.filter(number="").count(),
        "exports": sorted(Export.objects.filter(release__serial=serial).values_list("kind", "sha256")),
        "problems": [f"{problem.check}: {problem.message}" for problem in records.run() if problem.check in CHECKS],
    }


STEPS = {"prepare": prepare, "follow": follow, "outline": outline}

if __name__ == "__main__":
    django.setup()
    print(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])), flush=True)
