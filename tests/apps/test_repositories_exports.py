"""What follows a release: FIR and DZIR rows and workbooks, the same however often and in whatever order events arrive."""

import io
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers
from django.db import connection
from openpyxl import load_workbook

from core import audit, outbox, records, vault
from core.models import OutboxEvent
from repositories import exports, handlers, selectors, services
from repositories.domain.sheet import NOT_HELD, REMOVED_FORMAT
from repositories.models import Export, FirEntry, StackRecord
from tests.builders.releases import added, changed, imported, release

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "Canary-Radio-Works"
NOTES, PATH = "FIR Release Notes.Description", "Firmware_Upgrade.Path"


def with_stack(number: int, vendor: str = CANARY, **more: Any) -> dict[str, Any]:
    change = added(number, **more)
    services.hold_stack(change["origin"], f"{vendor} {number}", f"R{number}")
    return change


def table(kind: Export.Kind, made: Any) -> dict[str, tuple[str, ...]]:
    """Rows of the stored workbook by CPL reference."""
    export = Export.objects.get(kind=kind, release=made)
    data = vault.read(export.sha256, red=kind == Export.Kind.DZIR)
    rows = load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)
    return {row[0]: row[1:] for row in rows if row[0] and row[0].isdecimal()}


def state() -> list[Any]:
    """Everything this app keeps, and what it told others."""
    kept = [*FirEntry.objects.order_by("pk"), *StackRecord.objects.order_by("pk"), *Export.objects.order_by("pk")]
    told = list(OutboxEvent.objects.filter(topic="repositories.exported").values_list("key", "payload"))
    return [serializers.serialize("json", kept), told, sorted(vault.names()), sorted(vault.names(red=True))]


def test_a_new_entry_gets_its_rows_and_both_workbooks() -> None:
    made = release(with_stack(1), with_stack(2))
    outbox.drain(strict=True)
    first = FirEntry.objects.get(number="000001")
    assert (first.from_serial, first.to_serial) == (made.serial, None)
    assert first.values[PATH] == "NA"
    assert table(Export.Kind.DZIR, made) == {"000001": (f"{CANARY} 1", "R1"), "000002": (f"{CANARY} 2", "R2")}
    fir = table(Export.Kind.FIR, made)
    assert fir["000001"][0] == "Brookfield Devices plc"
    assert fir["000002"][3] == "NA"
    assert set(Export.objects.values_list("kind", "rows")) == {("FIR", 2), ("DZIR", 2)}


def test_handling_it_again_changes_nothing() -> None:
    made = release(with_stack(1))
    outbox.drain(strict=True)
    before = state()
    handlers.follow(str(made.version), {"serial": made.serial})
    exports.record_rows(made)
    exports.export(made)
    assert state() == before
    assert [entry.verb for entry in audit.trail(Export.objects.get(kind="FIR"))] == ["export.made"]


def test_killed_between_rows_and_workbooks_it_goes_on_where_it_was() -> None:
    made = release(with_stack(1), announce=False)
    exports.record_rows(made)
    rows = list(FirEntry.objects.values())
    assert not Export.objects.exists()
    exports.follow(made.serial)
    assert list(FirEntry.objects.values()) == rows
    assert Export.objects.count() == 2


def test_killed_while_the_workbooks_are_registered_none_is_and_the_next_try_makes_the_same_bytes(monkeypatch) -> None:
    made = release(with_stack(1), announce=False)

    def broken(*args: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "emit", broken)
        with pytest.raises(SystemExit):
            exports.follow(made.serial)
    assert not Export.objects.exists()
    names = sorted(vault.names()), sorted(vault.names(red=True))
    exports.follow(made.serial)
    assert (sorted(vault.names()), sorted(vault.names(red=True))) == names
    assert Export.objects.count() == 2


def test_events_that_overtake_each_other_make_the_same_rows_and_bytes() -> None:
    first = release(with_stack(1), with_stack(2), announce=False)
    again = with_stack(1, "Other Works", origin="submission:SUB-2026-0900/1")
    second = release({**again, "kind": "amend"}, changed("remove", 2), announce=False)
    exports.follow(second.serial)
    late = state()
    exports.follow(first.serial)
    assert state() == late
    assert table(Export.Kind.DZIR, first) == {"000001": (f"{CANARY} 1", "R1"), "000002": (f"{CANARY} 2", "R2")}
    assert table(Export.Kind.DZIR, second)["000001"] == ("Other Works 1", "R1")


def test_a_newer_form_closes_the_older_stack_values_and_fir_row() -> None:
    first = release(with_stack(1))
    outbox.drain(strict=True)
    services.hold_stack("submission:SUB-2026-0500/2", "Newer Works", "R9")
    second = release(changed("correct", 1, origin="submission:SUB-2026-0500/2", fir={NOTES: "Security fix"}))
    outbox.drain(strict=True)
    assert list(FirEntry.objects.order_by("from_serial").values_list("from_serial", "to_serial")) == [(1, 2), (2, None)]
    assert list(StackRecord.objects.order_by("from_serial").values_list("from_serial", "to_serial")) == [(1, 2), (2, None)]
    assert table(Export.Kind.FIR, second)["000001"][2] == "Security fix"
    assert table(Export.Kind.FIR, second)["000001"][0] == table(Export.Kind.FIR, first)["000001"][0]
    assert table(Export.Kind.DZIR, second)["000001"] == ("Newer Works", "R9")
    assert selectors.fir_values_at(1) != selectors.fir_values_at(2)


def test_a_change_that_says_nothing_about_firmware_leaves_the_rows_alone() -> None:
    release(with_stack(1))
    second = release(changed("amend", 1, **{"CPA_Certificate.expiry_date": "01/01/2032"}))
    outbox.drain(strict=True)
    assert FirEntry.objects.get().to_serial is None
    assert table(Export.Kind.DZIR, second)["000001"] == (f"{CANARY} 1", "R1")


def test_removed_entries_stay_marked_and_reinstated_ones_lose_the_mark() -> None:
    release(with_stack(1))
    removed = release(changed("remove", 1))
    back = release(changed("reinstate", 1))
    outbox.drain(strict=True)

    def number_format(made: Any) -> str:
        data = vault.read(Export.objects.get(kind="DZIR", release=made).sha256, red=True)
        return list(load_workbook(io.BytesIO(data)).active.iter_rows())[-1][0].number_format

    assert number_format(removed) == REMOVED_FORMAT
    assert number_format(back) == "@"
    assert table(Export.Kind.DZIR, removed)["000001"] == (f"{CANARY} 1", "R1")


def test_entries_taken_over_are_listed_as_not_held() -> None:
    imported(3)
    made = release(with_stack(4))
    outbox.drain(strict=True)
    assert table(Export.Kind.DZIR, made)["000003"] == (NOT_HELD, NOT_HELD)
    assert table(Export.Kind.FIR, made)["000001"] == (NOT_HELD,) * 4
    assert list(table(Export.Kind.FIR, made)) == ["000001", "000002", "000003", "000004"]


def test_a_form_that_was_never_published_belongs_to_no_entry() -> None:
    services.hold_stack("submission:SUB-2026-0777/1", "Withdrawn Works", "R0")
    made = release(with_stack(1))
    outbox.drain(strict=True)
    assert StackRecord.objects.get(origin="submission:SUB-2026-0777/1").number == ""
    assert "Withdrawn Works" not in str(table(Export.Kind.DZIR, made))


def test_the_dzir_lies_in_the_red_area_alone_and_the_check_says_so_when_not() -> None:
    release(with_stack(1))
    outbox.drain(strict=True)
    export = Export.objects.get(kind="DZIR")
    assert not vault.exists(export.sha256)
    assert [problem for problem in records.run() if problem.check == "repository exports"] == []
    vault.put(vault.read(export.sha256, red=True))
    Export.objects.filter(kind="FIR").update(sha256="0" * 64)
    found = [problem.message for problem in records.run() if problem.check == "repository exports"]
    assert len(found) == 2
    assert any("not in the vault" in line for line in found)
    assert any("outside the RED area" in line for line in found)


def test_no_red_in_any_row_nor_in_the_fir() -> None:
    made = release(with_stack(1), with_stack(2))
    outbox.drain(strict=True)
    assert CANARY not in str(table(Export.Kind.FIR, made))
    for model in apps.get_models(include_auto_created=True):
        assert CANARY not in serializers.serialize("json", model._default_manager.all())


@pytest.mark.sqlite_only
def test_no_red_anywhere_in_the_database_file(tmp_path) -> None:
    release(with_stack(1), with_stack(2))
    outbox.drain(strict=True)
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(copy)) as target:
        connection.connection.backup(target)
    assert b"SUB-2026-0001" in copy.read_bytes()
    assert CANARY.encode() not in copy.read_bytes()


def test_exported_is_told_with_the_workbooks_or_not_at_all() -> None:
    seen: list[dict[str, Any]] = []
    outbox.handler("repositories.exported", name=f"test.{id(seen)}")(lambda key, payload: seen.append(payload))
    try:
        made = release(with_stack(1))
        outbox.drain(strict=True)
        assert seen == [{"serial": made.serial}]
    finally:
        del outbox._listeners["repositories.exported"][f"test.{id(seen)}"]
