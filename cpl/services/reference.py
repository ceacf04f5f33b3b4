"""Reference data: first filling from the dictionary."""

from django.db import transaction

from cpl.dictionary import load
from cpl.models import DeviceLevelVersion, SelectionValue


@transaction.atomic
def seed(principal: int) -> int:
    """Fill selection lists and TSAT combinations from the dictionary when there are none; answers how many rows were made."""
    if SelectionValue.objects.exists() or DeviceLevelVersion.objects.exists():
        return 0
    rules = load(principal)
    values = [
        SelectionValue(list_name=name, value=entry.value, family=entry.family, position=position)
        for name, entries in rules.lists.items()
        for position, entry in enumerate(entries)
    ]
    combinations = [
        DeviceLevelVersion(device_type=device_type, smets_chts=smets_chts, gbcs=gbcs)
        for device_type, smets_chts, gbcs in sorted(rules.combinations)
    ]
    SelectionValue.objects.bulk_create(values)
    DeviceLevelVersion.objects.bulk_create(combinations)
    return len(values) + len(combinations)
