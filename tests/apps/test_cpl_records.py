"""What `verify_records` finds out about the list: nothing wrong on a good site, and each kind of damage by its name."""

import datetime
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from core import vault
from cpl import records
from cpl.dictionary import load
from cpl.models import Change, EntryRow, Pointer, Release, RuleSetRecord
from cpl.workbook import template
from tests.builders.listing import FIRMWARE, amended, approved, list_values, published, small_list, two_people

pytestmark = pytest.mark.django_db
CHECKS = {
    "releases": records.the_chain_is_whole,
    "publications": records.releases_are_those_of_the_audit_trail,
    "rule sets": records.rule_sets_are_as_used,
    "entries": records.rows_fit_together,
    "entry counts": records.counts_are_right,
    "changes": records.changes_are_as_agreed,
    "release keys": records.keys_follow_each_other,
    "published files": records.files_are_as_published,
    "versions made again": records.releases_can_be_made_again,
}


@pytest.fixture
def head() -> Release:
    """3.001 taken over, 3.002 and 3.003 published."""
    small_list()
    approved(model=901)
    approved("amend", "000002", values=amended("000002", **{FIRMWARE: "0A:0B:0C:0D"}))
    published()
    approved("remove", "000004")
    return published()


def found() -> dict[str, list[str]]:
    return {name: lines for name, check in CHECKS.items() if (lines := list(check()))}


def test_a_good_site(head: Release) -> None:
    assert found() == {}


def test_an_empty_site() -> None:
    assert found() == {}


def test_a_site_that_was_only_taken_over() -> None:
    small_list()
    assert found() == {}


def test_other_csv_settings_later_are_no_damage(head: Release) -> None:
    with override_settings(CPL_CSV_BOM=False, CPL_CSV_FINAL_NEWLINE=True):
        assert found() == {}


def stored(sha256: str) -> Path:
    return Path(settings.CPL_VAULT_DIR) / sha256[:2] / sha256


def overwrite(sha256: str) -> None:
    path = stored(sha256)
    path.chmod(0o600)
    path.write_bytes(b"damage")


def skip_a_serial(head: Release) -> None:
    Release.objects.filter(pk=head.pk).update(serial=9)


def close_too_early(head: Release) -> None:
    EntryRow.objects.filter(number="000002", from_serial=2).update(to_serial=4)


def shut(head: Release) -> None:
    EntryRow.objects.filter(number="000001").update(to_serial=4)


def touch_a_value(head: Release) -> None:
    EntryRow.objects.filter(number="000001").update(values=list_values(77))


def touch_a_column(head: Release) -> None:
    EntryRow.objects.filter(number="000001").update(device_key="0" * 64)


def touch_a_digest(head: Release) -> None:
    EntryRow.objects.filter(number="000001").update(digest="0" * 64)


def touch_a_status(head: Release) -> None:
    EntryRow.objects.filter(number="000001").update(status="Removed")


def touch_a_text(head: Release) -> None:
    Release.objects.filter(serial=1).update(changes_text="Nothing happened")


def touch_a_change(head: Release) -> None:
    Change.objects.filter(kind="remove").update(number="000005")


def exchange_the_csv(head: Release) -> None:
    Release.objects.filter(pk=head.pk).update(csv_sha256=vault.put(b"another file"))


def exchange_the_template(head: Release) -> None:
    Release.objects.filter(pk=head.pk).update(template_sha256=vault.put(template.package(load(2))))


def exchange_the_signature(head: Release) -> None:
    Release.objects.filter(pk=head.pk).update(signature_sha256=vault.put(bytes(64)))


def exchange_the_root(head: Release) -> None:
    text = vault.read(head.manifest_sha256)
    root = json.loads(text)["merkle_root"].encode()
    Release.objects.filter(pk=head.pk).update(manifest_sha256=vault.put(text.replace(root, b"0" * 64)))


def exchange_an_earlier_manifest(head: Release) -> None:
    assert head.previous is not None
    text = vault.read(head.previous.manifest_sha256)
    Release.objects.filter(pk=head.previous.pk).update(manifest_sha256=vault.put(text + b"\n"))


def exchange_manifest_and_csv(head: Release) -> None:
    assert head.previous is not None
    Release.objects.filter(pk=head.previous.pk).update(manifest_sha256=head.previous.csv_sha256)


def touch_a_rule_set(head: Release) -> None:
    record = RuleSetRecord.objects.get()
    record.snapshot["items"][9]["notes"] = "Anything goes"
    RuleSetRecord.objects.filter(pk=record.pk).update(snapshot=record.snapshot)


def forget_the_rules(head: Release) -> None:
    Release.objects.filter(pk=head.pk).update(rules=None)


def touch_the_day(head: Release) -> None:
    Release.objects.filter(pk=head.pk).update(issued_on=datetime.date(2026, 1, 2))


def pass_off_as_taken_over(head: Release) -> None:
    Release.objects.filter(pk=head.pk).update(origin=Release.Origin.IMPORTED)


def take_back_the_last_version(head: Release) -> None:
    """So thoroughly that no row tells of it any more."""
    Change.objects.filter(release=head).update(status="approved", release=None)
    Pointer.objects.filter(release=head).delete()
    EntryRow.objects.filter(from_serial=head.serial).delete()
    EntryRow.objects.filter(to_serial=head.serial).update(to_serial=None)
    head.delete()


DAMAGE: list[tuple[Callable[[Release], None], set[str]]] = [
    (skip_a_serial, {"releases"}),
    (close_too_early, {"entries"}),
    (shut, {"entries"}),
    (touch_a_value, {"entries", "versions made again"}),
    (touch_a_column, {"entries"}),
    (touch_a_digest, {"entries", "versions made again"}),
    (touch_a_status, {"entry counts", "versions made again"}),
    (touch_a_text, {"versions made again"}),
    (touch_a_change, {"changes"}),
    (exchange_the_csv, {"published files", "versions made again"}),
    (exchange_the_template, {"versions made again"}),
    (exchange_the_signature, {"published files"}),
    (exchange_the_root, {"published files", "versions made again"}),
    (exchange_an_earlier_manifest, {"published files", "publications"}),
    (exchange_manifest_and_csv, {"published files", "publications"}),
    (touch_a_rule_set, {"rule sets"}),
    (forget_the_rules, {"published files"}),
    (touch_the_day, {"published files", "versions made again"}),
    (pass_off_as_taken_over, {"publications"}),
    (take_back_the_last_version, {"publications"}),
]


@pytest.mark.parametrize(("damage", "seen"), DAMAGE, ids=lambda value: getattr(value, "__name__", ""))
def test_damage_is_found(head: Release, damage: Callable[[Release], None], seen: set[str]) -> None:
    damage(head)
    assert seen <= set(found())


def test_a_manifest_that_is_none_hides_no_other_damage(head: Release) -> None:
    """Two faults of two versions are two lines."""
    exchange_manifest_and_csv(head)
    exchange_the_csv(head)
    for check in ("published files", "versions made again"):
        assert {line.partition(":")[0] for line in found()[check]} >= {"version 3.003"}
    assert "version 3.002: its manifest is none" in found()["published files"]


def test_lost_and_damaged_files_are_found(head: Release) -> None:
    workbook, manifest = head.workbook_sha256, head.manifest_sha256
    kept = {name: vault.read(name) for name in (workbook, manifest)}
    try:
        overwrite(workbook)
        assert [line for line in found()["published files"] if "3.003" in line and "damaged" in line]
        stored(workbook).unlink()
        assert [line for line in found()["published files"] if "3.003" in line and "has no" in line]
    finally:
        for data in kept.values():
            vault.put(data)
    assert found() == {}


def test_a_change_approved_by_its_proposer_is_found(head: Release) -> None:
    with override_settings(CPL_TEAM_OF_ONE=True):
        approver = two_people()[1]
        Change.objects.filter(kind="remove").update(proposed_by=approver, team_of_one=True)
    assert found() == {}
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE cpl_change DROP CONSTRAINT change_needs_two_people")
        cursor.execute("UPDATE cpl_change SET team_of_one = %s WHERE kind = 'remove'", [False])
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
    assert "changes" in found()


@contextmanager
def publishing_before(query: int) -> Iterator[list[str]]:
    """Another version comes out just before the QUERY-th question to the database; gives all questions."""
    asked: list[str] = []
    waits = [True]

    def ask(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if waits:
            asked.append(sql)
            if len(asked) == query:
                waits.clear()
                approved(model=Change.objects.count() + 1_000)
                published()
        return execute(sql, *more)

    with connection.execute_wrapper(ask):
        yield asked


@pytest.mark.parametrize("name", CHECKS)
def test_a_version_that_comes_out_meanwhile_is_no_damage(head: Release, name: str) -> None:
    with publishing_before(0) as asked:
        assert list(CHECKS[name]()) == []
    for query in range(1, min(len(asked), 8) + 1):
        with publishing_before(query):
            assert list(CHECKS[name]()) == [], query
