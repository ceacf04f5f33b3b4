"""Sites to measure on: a list of so many entries, once published here, and one agreed change that waits."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from cpl.domain import entry as keys
from cpl.domain import merkle
from cpl.models import EntryRow, Release
from cpl.services import artefacts, publishing
from tests.builders.listing import approved
from tests.builders.workbooks import sample_entries

BATCH = 2_000
MAKERS = 400  # makers on the lists for look-ups, whatever their length
_COLUMNS = (
    "number", "from_serial", "to_serial", "status", "values", "kinds", "designation", "device_type", "manufacturer", "model",
    "firmware", "device_key", "twin_key", "image_hash", "cpa_core", "creator", "search_text", "digest",
)  # fmt: skip


def published_list(folder: Path, count: int) -> None:
    """Version 3.001 with so many entries, the files of it in FOLDER, and one more entry approved."""
    call_command("migrate", verbosity=0)
    listed = sample_entries(count - 1)
    Release.objects.create(
        serial=1,
        principal=3,
        sub=0,
        issued_on=datetime.date(2026, 1, 15),
        changes_text="First issue",
        origin=Release.Origin.IMPORTED,
        entry_count=len(listed),
        current_count=sum(entry.status == "Current" for entry in listed),
    )
    for first in range(0, len(listed), BATCH):
        chunk = listed[first : first + BATCH]
        EntryRow.objects.bulk_create(EntryRow.build(entry.number, entry.status, dict(entry.values), 1) for entry in chunk)
    approved(model=900_001)
    release = publishing.publish(None)
    for (_, data), suffix in zip(artefacts.files(release), artefacts.SUFFIXES, strict=True):
        (folder / f"head.{suffix}").write_bytes(data)
    approved(model=900_002)


def long_list(count: int) -> None:
    """So many entries to look things up in, without files. Every entry is another Device Model; makers and papers repeat."""
    call_command("migrate", verbosity=0)
    names = ", ".join(connection.ops.quote_name(name) for name in _COLUMNS)
    places = ", ".join(["%s"] * len(_COLUMNS))
    with transaction.atomic(), connection.cursor() as cursor:
        rows = _rows(count)
        while chunk := [row for row, _ in zip(rows, range(BATCH), strict=False)]:
            cursor.executemany(f"INSERT INTO cpl_entryrow ({names}) VALUES ({places})", chunk)  # noqa: S608 - our own names
        cursor.execute("ANALYZE cpl_entryrow" if connection.vendor == "postgresql" else "ANALYZE")


def candidate(number: int) -> dict[str, str]:
    """The values of entry NUMBER of a long list."""
    text = f"{number:08X}"
    octets = ":".join(text[place : place + 2] for place in range(0, 8, 2))
    return {
        keys.DEVICE_TYPE: "Gas Smart Meter",
        keys.MANUFACTURER: f"{number % MAKERS // 256:02X}:{number % MAKERS % 256:02X}",
        keys.MODEL: f"{text[2:4]}:{text[4:6]}",
        keys.HARDWARE_VERSION: "01",
        keys.HARDWARE_REVISION: "00",
        keys.FIRMWARE: octets,
        keys.SMETS_CHTS: "SMETS V5.1",
        keys.GBCS: "GBCS Version 4.1",
        keys.CPA_NUMBER: f"[R] NCSC-17{number // 20:08d}-4001",
        keys.IMAGE_HASH: ":".join([octets] * 8),
        "Manufacturer_Image.creator": f"Maker {number % MAKERS} plc",
    }


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    for number in range(1, count + 1):
        values = candidate(number)
        yield (
            f"{number % 1_000_000:06d}", 1, None, "Current", json.dumps(values), "{}", "", values[keys.DEVICE_TYPE],
            values[keys.MANUFACTURER], values[keys.MODEL], values[keys.FIRMWARE], keys.device_key(values), keys.twin_key(values),
            values[keys.IMAGE_HASH], keys.cpa_core(values[keys.CPA_NUMBER]), values["Manufacturer_Image.creator"], "",
            merkle.digest(merkle.leaf_of(f"{number % 1_000_000:06d}", "Current", values, {})).hex(),
        )  # fmt: skip
