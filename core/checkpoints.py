"""Once a day the last entry of every audit chain is written into the vault.

A chain shows by itself when an entry inside it was changed. Cut short at its end, dropped or rewritten as a whole it looks
sound; held against yesterday's checkpoint it does not.
"""

import json
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, OuterRef

from core import audit, vault
from core.models import AuditEntry

NAME = "audit:checkpoints"
OVERLAP = timedelta(hours=1)  # longer than any transaction: an entry is written before it can be seen

Head = tuple[str, int, str]  # object, number of its last entry, hash of that


def take() -> AuditEntry | None:
    """Write down the chains that grew since the last checkpoint; None when there are none."""
    if not (heads := _heads()):
        return None
    lines = "".join(json.dumps(head, ensure_ascii=False) + "\n" for head in heads)
    return audit.record(None, "checkpoint", NAME, sha256=vault.put(lines.encode()), chains=len(heads))


def faults() -> Iterator[str]:
    """One line for each entry a checkpoint knows and the trail no longer has as it was, and for each checkpoint lost."""
    for checkpoint in audit.trail(NAME).iterator():
        try:
            lines = vault.read(checkpoint.detail["sha256"]).decode().splitlines()
        except vault.Unavailable:
            yield f"{NAME} #{checkpoint.seq}: what it wrote down is lost"
            continue
        for start in range(0, len(lines), 500):
            known = [tuple(json.loads(line)) for line in lines[start : start + 500]]
            for name, seq, _ in sorted(set(known) - _present({name for name, _, _ in known}, {seq for _, seq, _ in known})):
                yield f"{name} #{seq}: gone or rewritten since the checkpoint of {checkpoint.at:%d/%m/%Y}"


def _heads() -> list[Head]:
    """The last entries of the chains that grew since the last checkpoint."""
    later = AuditEntry.objects.filter(object_name=OuterRef("object_name"), seq__gt=OuterRef("seq"))
    last = AuditEntry.objects.exclude(object_name=NAME).filter(~Exists(later))
    if previous := audit.trail(NAME).last():
        last = last.filter(at__gte=previous.at - OVERLAP)
    return list(last.order_by("object_name").values_list("object_name", "seq", "hash"))


def _present(names: set[str], numbers: set[int]) -> set[Head]:
    entries = AuditEntry.objects.filter(object_name__in=names, seq__in=numbers)
    return set(entries.values_list("object_name", "seq", "hash"))
