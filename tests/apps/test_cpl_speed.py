"""What keeps the list quick however long it grows: blocks that are kept, and questions that an index answers."""

import errno
import io
import json
import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from core import periodic, vault
from core.models import OutboxEvent
from cpl import handlers, selectors
from cpl.domain import merkle
from cpl.models import EntryRow, Release
from cpl.services import artefacts, planning, proofs, publishing
from cpl.services.stored import Shelf, StoredEntries
from cpl.workbook.blocks import ROWS, RenderedEntry
from cpl.workbook.read_list import read_cpl
from tests.builders.listing import amended, approved, list_values, published, small_list
from tests.builders.workbooks import sample_entries

pytestmark = pytest.mark.django_db
DLMS = "DLMS_Certificate.identification_number"
SHELF = Path(settings.CPL_DATA_DIR) / "blocks"


@pytest.fixture(autouse=True)
def empty_shelf() -> None:
    shutil.rmtree(SHELF, ignore_errors=True)


def kept() -> set[str]:
    return {path.name for path in SHELF.glob("*")}


def full(release: Release) -> bytes:
    """The workbook of a release made without any kept block."""
    return artefacts.rendered(release, artefacts.WORKBOOK)


def root_is_right(release: Release) -> bool:
    """The manifest names the root that comes out when every entry is hashed."""
    named = json.loads(vault.read(release.manifest_sha256))["merkle_root"]
    leaves = (merkle.leaf_of(entry.number, entry.status, entry.values, entry.kinds) for entry in artefacts.entries(release))
    return bool(named == proofs.root(release) == merkle.root(map(merkle.digest, leaves)).hex())


def test_every_release_is_what_the_full_path_makes() -> None:
    """Four releases from kept blocks, each compared with its files made anew and read back."""
    small_list(ROWS + 20)
    steps = (
        lambda: approved(model=9_001),
        lambda: approved("amend", "000003", values=amended("000003", **{DLMS: "NEW & <odd>"})),
        lambda: approved("remove", "000002"),
        lambda: (approved("reinstate", "000002"), approved(model=9_002)),
    )
    for step in steps:
        step()
        release = published()
        assert vault.read(release.workbook_sha256) == full(release)
        assert vault.read(release.csv_sha256) == artefacts.rendered(release, artefacts.CSV)
        assert root_is_right(release)
        read = read_cpl(vault.read(release.workbook_sha256))
        assert read.refusals == ()
        assert [(entry.number, entry.status, entry.values) for entry in read.entries] == [
            (row.number, row.status, row.values) for row in selectors.entries_at(release)
        ]
        assert (release.entry_count, release.current_count) == (
            len(read.entries), sum(entry.status == "Current" for entry in read.entries)
        )  # fmt: skip


def test_only_blocks_with_changes_are_made() -> None:
    small_list(2 * ROWS + 10)
    approved(model=9_001)
    published()
    before = kept()
    assert len(before) == 3
    approved("remove", "000001")
    published()
    assert len(kept() - before) == 1


def test_a_block_of_other_entries_is_never_used() -> None:
    """Rows that come from a backup under the same keys are written as they are."""
    release = small_list(3)
    approved(model=9_001)
    published()
    other = EntryRow.build("000001", "Current", amended("000001", **{DLMS: "from a backup"}), 1)
    EntryRow.objects.filter(number="000001").update(values=other.values, digest=other.digest)
    approved("remove", "000002")
    release = published()
    assert vault.read(release.workbook_sha256) == full(release)
    assert read_cpl(full(release)).entries[0].values[DLMS] == "from a backup"
    assert root_is_right(release)


def test_damaged_and_lost_blocks_do_no_harm() -> None:
    small_list(ROWS + 5)
    approved(model=9_001)
    published()
    for number, path in enumerate(SHELF.iterdir()):
        data = path.read_bytes()
        path.write_bytes(data[:-1] if number % 2 else bytes([data[0] ^ 1]) + data[1:])
    approved(model=9_002)
    release = published()
    assert vault.read(release.workbook_sha256) == full(release)
    assert root_is_right(release)


def no_room(*_: object, **__: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


def test_a_full_or_locked_disk_does_not_stop_a_release(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    shelf.put("1" * 64, b"block")
    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", no_room)
        shelf.put("0" * 64, b"block")
        assert kept() == {"1" * 64}
        for step in ("mkdir", "write_bytes", "unlink"):
            broken.setattr(Path, step, no_room)
        Shelf().put("0" * 64, b"block")
        assert shelf.tidy(older_than=0) == 0
    assert shelf.get("0" * 64) is None
    assert kept() == {"1" * 64}


def test_a_release_needs_no_place_for_blocks() -> None:
    small_list(3)
    approved(model=9_001)
    SHELF.touch()  # a file where the folder should be
    try:
        release = published()
        handlers.compare()
    finally:
        SHELF.unlink()
    assert vault.read(release.workbook_sha256) == full(release)


def test_a_folder_in_place_of_a_block_does_no_harm() -> None:
    small_list(3)
    approved(model=9_001)
    made = publishing.store(plan := planning.preview())
    (block,) = SHELF.iterdir()
    block.unlink()
    (block / "something").mkdir(parents=True)
    try:
        assert publishing.store(plan) == made
        assert Shelf().tidy(older_than=0) == 0
    finally:
        shutil.rmtree(block)


def test_blocks_that_nobody_uses_are_forgotten() -> None:
    shelf = Shelf()
    shelf.put("1" * 64, b"old")
    shelf.put("2" * 64, b"used")
    for name in ("1" * 64, "2" * 64):
        os.utime(SHELF / name, (0, 0))
    assert shelf.get("2" * 64) == b"used"
    assert shelf.tidy() == 1
    assert kept() == {"2" * 64}


def test_entries_are_read_in_order_with_what_changes() -> None:
    head = small_list(ROWS + 3)
    changed = {
        "000002": RenderedEntry("000002", "Removed", {DLMS: "x"}, {}),
        "999999": RenderedEntry("999999", "Current", {DLMS: "ü"}, {DLMS: "date"}),
    }
    entries = StoredEntries(head.serial, ROWS + 4, changed)
    read = list(entries)
    assert [entry.number for entry in read] == [*(f"{number:06d}" for number in range(1, ROWS + 4)), "999999"]
    assert (read[1], read[-1]) == (changed["000002"], changed["999999"])
    assert [len(block.load().numbers) for block in entries.blocks()] == [ROWS, 4]
    with pytest.raises(ValueError, match=f"{ROWS + 4} entries where 9 were counted"):
        list(StoredEntries(head.serial, 9, changed))


def test_the_vault_takes_streams() -> None:
    stream = io.BytesIO(b"from the start " * 100_000)
    stream.seek(7)
    sha256 = vault.put(stream)
    assert vault.read(sha256) == stream.getvalue()
    assert vault.put(stream.getvalue()) == vault.put(stream) == sha256


# --- The night -------------------------------------------------------------------------------------------------------
def test_every_night_the_current_version_is_made_anew_and_compared() -> None:
    small_list(3)
    approved(model=9_001)
    published()
    handlers.compare()
    EntryRow.objects.filter(number="000001").update(values=amended("000001", **{DLMS: "forged"}))
    with pytest.raises(handlers.NotTheSame, match="the workbook made of its entries is not the published one"):
        handlers.compare()
    assert kept() == set()


def test_the_comparison_is_among_the_jobs_of_the_night() -> None:
    periodic.emit_due()
    assert OutboxEvent.objects.filter(topic__endswith="cpl.handlers.compare").exists()


# --- Questions that an index answers ----------------------------------------------------------------------------------
def many_rows() -> None:
    EntryRow.objects.bulk_create(
        EntryRow.build(entry.number, entry.status, dict(entry.values), 1) for entry in sample_entries(2_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cpl_entryrow" if connection.vendor == "postgresql" else "ANALYZE")


def assert_by_index(plan: str) -> None:
    """No plan that goes through all rows."""
    assert "INDEX" in plan.upper()
    assert "Seq Scan" not in plan
    assert "SCAN cpl_entryrow" not in plan


def test_neighbours_are_found_by_index() -> None:
    many_rows()
    values = list_values(17)
    plan = selectors.neighbouring(values).explain()
    assert_by_index(plan)
    assert all(index in plan for index in ("device_key", "maker_model", "image_hash", "cpa_core"))


def test_makers_are_found_by_index() -> None:
    many_rows()
    rows = EntryRow.objects.open().filter(manufacturer="7A:02", creator__gt="B").order_by("creator").values_list("creator")
    assert_by_index(rows[:1].explain())
    everything = EntryRow.objects.values_list("manufacturer", "creator").distinct()
    makers = {maker for maker, _ in everything}
    for maker in makers:
        seen = selectors.makers({"Device_Model.manufacturer_identifier": maker})
        assert seen[maker] == {creator for other, creator in everything if other == maker and creator}
        assert set(seen) <= {maker, ":".join(reversed(maker.split(":")))}
    assert selectors.makers({"Device_Model.manufacturer_identifier": "FF:FE"}) == {}


def test_a_difference_looks_at_the_changed_rows_only() -> None:
    many_rows()
    earlier, later = Release(serial=1), Release(serial=2)
    for query in selectors.changed_between(earlier, later):
        assert_by_index(query.explain())


def test_preparing_a_release_takes_few_questions(django_assert_max_num_queries) -> None:
    small_list(24)
    approved(model=9_001)
    with django_assert_max_num_queries(12):
        assert len(planning.preview().entries) == 25
