"""Publishing: approved changes become the next version, exactly once, or nothing happens at all."""

import datetime
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone

from accounts.models import Role
from core import audit, outbox, vault
from core.models import AuditEntry
from cpl import csvfile, selectors
from cpl.domain import merkle
from cpl.domain.entry import ListedEntry
from cpl.models import Change, EntryRow, Release
from cpl.services import artefacts, changes, keys, planning, publishing
from cpl.services.planning import PublishingBlocked
from cpl.services.publishing import HeadMoved, PlanChanged
from cpl.workbook.read_list import read_cpl
from tests.builders.listing import (
    FIRMWARE,
    amended,
    approved,
    difference_between,
    list_values,
    proposed,
    published,
    small_list,
    two_people,
)
from tests.builders.workbooks import list_workbook, sample_entries
from tests.commands import called
from tests.people import person
from tests.services import need

pytestmark = pytest.mark.django_db
DLMS = "DLMS_Certificate.identification_number"


def the_list() -> dict[str, ListedEntry]:
    head = selectors.head()
    assert head is not None
    return {row.number: row.as_listed() for row in selectors.entries_at(head)}


def test_an_empty_site_begins_with_its_first_version() -> None:
    approved(model=1)
    release = published()
    assert (str(release.version), release.serial, release.previous) == ("3.000", 1, None)
    assert list(the_list()) == ["000001"]


def test_all_five_kinds_of_change() -> None:
    before = small_list()
    was = the_list()
    approved("add", values=list_values(901), designation="Alder meter 1.2")
    approved("amend", "000002", values=amended("000002", **{DLMS: "NEW-1"}))
    approved("correct", "000003", values=amended("000003", **{FIRMWARE: "0A:0B:0C:0D"}))
    approved("remove", "000004", reason="asked for by its manufacturer")
    approved("reinstate", "000020")
    release = published()
    assert (str(release.version), release.serial, release.previous) == ("3.002", before.serial + 1, before)
    assert (release.entry_count, release.current_count) == (25, 24)
    now = the_list()
    assert {number: entry for number, entry in now.items() if was.get(number) != entry} == {
        "000002": ListedEntry("000002", "Current", was["000002"].values | {DLMS: "NEW-1"}),
        "000003": ListedEntry("000003", "Current", was["000003"].values | {FIRMWARE: "0A:0B:0C:0D"}),
        "000004": ListedEntry("000004", "Removed", was["000004"].values),
        "000020": ListedEntry("000020", "Current", was["000020"].values),
        "000025": ListedEntry("000025", "Current", list_values(901)),
    }
    assert {row.number: row.as_listed() for row in selectors.entries_at(before)} == was
    assert EntryRow.objects.get(number="000025").designation == "Alder meter 1.2"
    assert "000025 - Alder meter 1.2" in release.changes_text
    assert "asked for by its manufacturer" in release.changes_text
    assert "NEW-1" in release.changes_text
    found = difference_between(before, release)
    assert (found.added, found.removed, found.reinstated) == (("000025",), ("000004",), ("000020",))
    assert {(item.number, item.key) for item in found.amended} == {("000002", DLMS), ("000003", FIRMWARE)}
    assert set(Change.objects.values_list("status", "release", "number")) == {
        ("published", release.pk, number) for number in ("000025", "000002", "000003", "000004", "000020")
    }


def test_entry_numbers_are_serial_and_never_used_twice() -> None:
    small_list(5)
    first, second = approved(model=901), approved(model=902)
    published()
    assert [change.number for change in Change.objects.order_by("pk")] == ["000006", "000007"]
    approved("remove", "000007")
    published()
    approved(model=903)
    published()
    assert list(the_list())[-2:] == ["000007", "000008"]
    assert {first.pk, second.pk} <= set(Change.objects.filter(status="published").values_list("pk", flat=True))


def test_the_series_ends_at_999999() -> None:
    small_list(2)
    EntryRow.build("999999", "Removed", list_values(5), 2).save()
    approved()
    with pytest.raises(PublishingBlocked, match="999999"):
        planning.preview()


def test_kinds_follow_their_entry() -> None:
    """A date that is a real date in the workbook stays one through removal and amendment of something else."""
    key = "CPA_Certificate.expiry_date"
    small_list(3)
    EntryRow.objects.filter(number="000001").update(kinds={key: "date"})
    approved("amend", "000001", values=amended("000001", **{DLMS: "X1"}), kinds={key: "date"})
    published()
    approved("remove", "000001")
    release = published()
    assert EntryRow.objects.open().get(number="000001").kinds == {key: "date"}
    read = read_cpl(vault.read(release.workbook_sha256))
    assert read.refusals == ()
    assert [entry.kinds for entry in read.entries if entry.number == "000001"] == [{key: "date"}]


def test_what_is_published_is_what_was_agreed() -> None:
    release = small_list()
    approved()
    release = published()
    csv = csvfile.read_csv(vault.read(release.csv_sha256), artefacts.rules_of(release))
    assert (csv.label, csv.refusals, len(csv.rows)) == (release.label, (), 25)
    workbook = read_cpl(vault.read(release.workbook_sha256))
    assert workbook.refusals == ()
    assert {entry.number: ListedEntry(entry.number, entry.status, entry.values) for entry in workbook.entries} == the_list()
    assert [row.version for row in workbook.history] == ["3.000", "3.001", "3.002"]


def test_four_eyes_at_publication_too() -> None:
    """A change that only one person agreed to is not part of any release."""
    small_list(2)
    proposed()
    with pytest.raises(PublishingBlocked, match="no approved changes"):
        published()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.APPROVER}))
def test_only_approvers_publish(role: Role) -> None:
    small_list(2)
    approved()
    with pytest.raises(Http404):
        publishing.publish(person(role))
    assert Release.objects.count() == 2


def test_a_broken_seal_blocks() -> None:
    small_list(3)
    change = approved("amend", "000001", values=amended("000001", **{DLMS: "1"}))
    Change.objects.filter(pk=change.pk).update(values=amended("000001", **{DLMS: "2"}))
    with pytest.raises(PublishingBlocked, match=f"Change {change.pk} .* not what was approved"):
        published()


def test_two_changes_to_one_entry_block() -> None:
    small_list(3)
    approved("amend", "000001", values=amended("000001", **{DLMS: "1"}))
    approved("remove", "000001")
    with pytest.raises(PublishingBlocked, match="Entry 000001 is changed 2 times"):
        published()


def test_a_twin_of_a_current_entry_blocks() -> None:
    small_list(3)
    approved(values=dict(the_list()["000002"].values))
    with pytest.raises(PublishingBlocked, match="000002 and 000004 would both be Current"):
        published()


def test_a_list_from_the_future_blocks() -> None:
    release = small_list(2)
    Release.objects.filter(pk=release.pk).update(issued_on=timezone.localdate() + datetime.timedelta(days=1))
    approved()
    with pytest.raises(PublishingBlocked, match="clock"):
        published()


def test_an_older_structure_blocks() -> None:
    small_list(2)
    approved()
    with pytest.raises(PublishingBlocked, match="Principal version 2"):
        planning.preview(2)


def outsider_publishes() -> None:
    publishing.commit(plan := planning.preview(), publishing.store(plan), None)


def test_prepared_again_when_somebody_else_published(monkeypatch: pytest.MonkeyPatch) -> None:
    small_list(2)
    approved(model=901)
    plan = planning.preview()
    late = publishing.store(plan)
    outsider_publishes()
    with pytest.raises(HeadMoved):
        publishing.commit(plan, late, None)

    approved(model=902)
    approved(model=903)
    store, waiting = publishing.store, [True]

    def interrupted(plan: planning.Plan) -> publishing.Artefacts:
        made = store(plan)
        if waiting.pop() if waiting else False:
            changes.withdraw(None, Change.objects.filter(status="approved").first(), "not today")
        return made

    monkeypatch.setattr(publishing, "store", interrupted)
    release = published()
    assert (str(release.version), release.changes.count(), release.changes.get().number) == ("3.003", 1, "000004")


def test_what_somebody_looked_at_is_what_is_published() -> None:
    small_list(2)
    approved(model=901)
    seen = planning.preview().fingerprint
    approved(model=902)
    with pytest.raises(PlanChanged):
        publishing.publish(None, seen=seen)
    assert publishing.publish(None, "My text", seen=planning.preview().fingerprint).changes_text == "My text"


def test_a_fault_before_the_commit_leaves_nothing_but_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    small_list(3)
    approved(model=901)
    approved("remove", "000001")
    keys.in_force()
    rows, entries = list(EntryRow.objects.values()), AuditEntry.objects.count()

    def fault(*_: Any, **__: Any) -> None:
        raise RuntimeError("pulled the plug")

    monkeypatch.setattr(outbox, "emit", fault)
    plan = planning.preview()
    with pytest.raises(RuntimeError):
        published()
    assert list(EntryRow.objects.values()) == rows
    assert (Release.objects.count(), AuditEntry.objects.count()) == (2, entries)
    assert set(Change.objects.values_list("status", "release")) == {("approved", None)}
    monkeypatch.undo()
    stored = publishing.store(plan)
    assert vault.exists(stored.workbook)
    assert published().workbook_sha256 == stored.workbook


def test_the_same_plan_gives_the_same_bytes() -> None:
    small_list()
    approved()
    plan = planning.preview()
    assert publishing.store(plan) == publishing.store(planning.preview())
    release = published()
    assert artefacts.rendered(release, artefacts.WORKBOOK) == vault.read(release.workbook_sha256)
    assert artefacts.rendered(release, artefacts.CSV) == vault.read(release.csv_sha256)


def test_the_text_follows_the_order_of_the_list() -> None:
    """Whatever order the database keeps the values of a change in."""
    small_list(3)
    new = amended("000003", **{DLMS: "NEW-1", FIRMWARE: "0A:0B:0C:0D", "Device_Type.name": "Gas Smart Meter"})
    approved("amend", "000003", values=dict(sorted(new.items(), reverse=True)))
    text = planning.preview().draft_text
    places = [text.index(key) for key in ("Device_Type.name", FIRMWARE, DLMS) if key in text]
    assert places == sorted(places)
    assert len(places) >= 2


def test_an_old_version_can_be_made_again() -> None:
    small_list()
    approved(model=901)
    old = published()
    approved("amend", "000025", values=amended("000025", **{DLMS: "later"}))
    approved("remove", "000002")
    published()
    old.refresh_from_db()
    assert artefacts.rendered(old, artefacts.WORKBOOK) == vault.read(old.workbook_sha256)
    assert artefacts.rendered(old, artefacts.CSV) == vault.read(old.csv_sha256)


def test_the_manifest_names_every_file_and_its_predecessor() -> None:
    small_list(2)
    approved(model=901)
    first = published()
    approved("remove", "000001")
    second = published()
    document = json.loads(vault.read(second.manifest_sha256))
    assert (document["version"], document["serial"], document["issued_on"]) == ("3.003", 4, second.issued_on.isoformat())
    assert document["previous_manifest"] == first.manifest_sha256
    assert document["entries"] == {"total": 3, "added": [], "removed": ["000001"], "reinstated": [], "changed": []}
    leaves = (merkle.digest(merkle.leaf_of(entry.number, entry.status, entry.values, {})) for entry in the_list().values())
    assert document["merkle_root"] == merkle.root(leaves).hex()
    for name, sha256 in (("CPL_v3.003.xlsm", second.workbook_sha256), ("CPL_v3.003.csv", second.csv_sha256)):
        data = vault.read(sha256)
        assert document["files"][name] == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_openssl_alone_verifies_the_manifest(tmp_path: Path) -> None:
    need("openssl")
    small_list(2)
    approved()
    release = published()
    (tmp_path / "key.pem").write_text(keys.in_force().pem)
    (tmp_path / "manifest").write_bytes(vault.read(release.manifest_sha256))
    (tmp_path / "sig").write_bytes(vault.read(release.signature_sha256))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "manifest", "-sigfile", "sig"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "manifest").write_bytes(vault.read(release.manifest_sha256).replace(b'"total": 3', b'"total": 4'))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_it_is_on_the_record() -> None:
    small_list(2)
    change = approved()
    release = publishing.publish(two_people()[1])
    entry = audit.trail(release).get()
    assert (entry.verb, entry.detail["changes"]) == ("release.published", [change.pk])
    assert entry.detail["manifest"] == release.manifest_sha256
    assert entry.actor.endswith("approver@secas.example")
    assert release.rules.digest == selectors.current_rules(release.issued_on).digest


def test_the_commands(tmp_path: Path) -> None:
    assert called("publish", "--json")[0] == 1
    code, out, err = called("publish")
    assert (code, out, err) == (1, "", "There are no approved changes to publish, and the form is as it was.\n")
    approved()
    code, out, _ = called("publish", "--dry-run", "--json")
    assert (code, json.loads(out)["version"], json.loads(out)["published"]) == (0, "3.000", False)
    assert not Release.objects.exists()
    code, out, _ = called("publish", "--json")
    document = json.loads(out)
    assert (code, document["published"], document["added"]) == (0, True, ["000001"])
    assert called("export_cpl", "--cpl-version", "3.0", "--out", tmp_path)[0] == 0
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()} == document["files"]
    assert sorted(document["files"]) == [f"CPL_v3.000.{end}" for end in ("csv", "manifest.json", "manifest.json.sig", "xlsm")]


def test_a_download_is_held_against_its_manifest(tmp_path: Path) -> None:
    approved()
    published()
    called("export_cpl", "--out", tmp_path)
    csv, workbook, manifest = (tmp_path / f"CPL_v3.000.{end}" for end in ("csv", "xlsm", "manifest.json"))
    (tmp_path / "key.pem").write_text(keys.in_force().pem)
    good = ("verify_download", csv, workbook, "--manifest", manifest)
    assert called(*good)[0] == called(*good, "--key", tmp_path / "key.pem")[0] == 0
    assert called("verify_download", manifest, "--manifest", manifest)[0] == 1
    assert called(*good, "--key", tmp_path / "CPL_v3.000.csv")[0] == 1
    assert called(*good, "--key", tmp_path / "nothing.pem")[0] == 2
    kept = csv.read_bytes()
    csv.write_bytes(kept + b" ")
    code, _, err = called(*good)
    assert (code, err) == (1, f"{csv}: is not the published file.\n")
    csv.write_bytes(kept)
    manifest.write_bytes(manifest.read_bytes().replace(b'"serial": 1', b'"serial": 2'))
    code, _, err = called(*good)
    assert (code, "signature does not belong" in err) == (1, True)


def test_a_process_without_the_private_key_does_not_publish(settings: Any) -> None:
    approved()
    settings.EMBEDDED, kept = False, keys.in_force()
    with pytest.raises(PublishingBlocked, match=f"private half of release key {kept.key_id} is not here"):
        published()


def test_a_production_site_without_any_key_does_not_publish(settings: Any) -> None:
    approved()
    settings.EMBEDDED = False
    with pytest.raises(PublishingBlocked, match="no release key"):
        published()


def test_a_fault_of_the_site_has_its_own_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: Any, **__: Any) -> None:
        raise RuntimeError("disk on fire")

    approved()
    monkeypatch.setattr(vault, "put", fault)
    code, out, err = called("publish")
    assert (code, out, err) == (3, "", "Internal fault (RuntimeError). Nothing was changed; the log has the details.\n")


def test_from_version_2_the_next_is_3_000() -> None:
    from cpl.services.importing import import_cpl

    history = (("2.050", "01/02/2022", "One"), ("2.051", "21/09/2022", "Two"))
    report = import_cpl(list_workbook(sample_entries(3, principal=2), (2, 51), history=history), None)
    assert (report.imported, report.next_version) == (True, "3.000")
    approved()
    release = published()
    assert (str(release.version), release.serial) == ("3.000", 3)
