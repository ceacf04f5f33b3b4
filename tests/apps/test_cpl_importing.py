"""Taking over a published workbook: what it says is kept as it stands, and what cannot be kept is refused with a reason."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.http import Http404

from accounts.models import Role
from core import audit, outbox, vault
from cpl import selectors
from cpl.domain.entry import ListedEntry
from cpl.models import EntryRow, Release
from cpl.services.importing import import_cpl
from tests.builders.listing import HISTORY, small_list
from tests.builders.workbooks import list_workbook, sample_entries
from tests.commands import called
from tests.people import person

pytestmark = pytest.mark.django_db
LISTENED: list[tuple[str, dict]] = []


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """Somebody who waits for `cpl.imported` for the time of one test."""
    LISTENED.clear()
    monkeypatch.setitem(outbox._listeners, "cpl.imported", {})
    outbox.handler("cpl.imported", name="tests.listener")(lambda key, payload: LISTENED.append((key, payload)))
    return LISTENED


def workbook(count: int = 5, history: tuple = HISTORY, **more: object) -> bytes:
    return list_workbook(more.pop("entries", sample_entries(count)), (3, 1), history=history, **more)


def test_history_and_entries_are_taken_over(listener: list) -> None:
    data = workbook(24, date_cells=True)
    user = person(Role.ADMINISTRATOR)
    report = import_cpl(data, user)
    assert (report.imported, report.entries, report.current, report.releases) == (True, 24, 23, 2)
    assert report.next_version == "3.002"
    first, second = Release.objects.order_by("serial")
    assert [(str(release.version), f"{release.issued_on:%d/%m/%Y}", release.changes_text) for release in (first, second)] == list(
        HISTORY
    )
    assert (first.serial, first.previous, second.serial, second.previous) == (1, None, 2, first)
    assert {first.origin, second.origin} == {Release.Origin.IMPORTED}
    assert (second.entry_count, second.current_count, first.entry_count) == (24, 23, 0)
    for row, entry in zip(EntryRow.objects.order_by("number"), sample_entries(24), strict=True):
        assert (row.as_listed(), row.from_serial, row.to_serial) == (entry, 2, None)
        dated = bool(entry.values["CPA_Certificate.expiry_date"])
        assert row.kinds == ({"CPA_Certificate.expiry_date": "date"} if dated else {})
    assert vault.read(report.sha256) == data
    entry = audit.trail(second).get()
    assert (entry.verb, entry.detail["workbook"], entry.actor) == (
        "list.imported",
        hashlib.sha256(data).hexdigest(),
        f"user:{user.pk} {user.email}",
    )
    outbox.drain(strict=True)
    assert listener == [("3.001", {"serial": 2})]


def test_a_dry_run_stores_nothing() -> None:
    data = workbook(7)
    report = import_cpl(data, None, dry_run=True)
    assert (report.imported, report.entries, report.refusals) == (False, 7, ())
    assert not Release.objects.exists()
    assert not EntryRow.objects.exists()
    assert not vault.exists(report.sha256)
    assert not audit.trail("release:3.001").exists()


def test_only_an_administrator_imports() -> None:
    for role in set(Role) - {Role.ADMINISTRATOR}:
        with pytest.raises(Http404):
            import_cpl(workbook(), person(role), dry_run=True)


def twins() -> list[ListedEntry]:
    first, second, *rest = sample_entries(4)
    return [first, replace(second, values=first.values), *rest]


REFUSED = {
    "not a workbook": (b"hello", "P1"),
    "version twice": (workbook(history=(HISTORY[0], HISTORY[0], HISTORY[1])), "I6"),
    "no date": (workbook(history=(("3.000", "soon", ""), HISTORY[1])), "I6"),
    "impossible date": (workbook(history=(("3.000", "31/02/2024", ""), HISTORY[1])), "I6"),
    "no version": (workbook(history=(("three", "10/01/2024", ""), HISTORY[1])), "I6"),
    "ends elsewhere": (workbook(history=(HISTORY[0],)), "I6"),
    "two current twins": (workbook(entries=twins()), "I8"),
    "too long": (
        workbook(entries=[replace(e, values={**e.values, "Device_Model.firmware_version": "0" * 41}) for e in sample_entries(1)]),
        "I9",
    ),
    "a NUL in a value": (
        workbook(entries=[replace(e, values={**e.values, "Manufacturer_Image.creator": "a\0b"}) for e in sample_entries(1)]),
        "I9",
    ),
    "a NUL in the history": (workbook(history=(HISTORY[0], (*HISTORY[1][:2], "a\0b"))), "I9"),
    "wrong status": (workbook(entries=[replace(e, status="Gone") for e in sample_entries(1)]), "I4"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_reason(name: str) -> None:
    data, rule = REFUSED[name]
    report = import_cpl(data, None)
    assert rule in {finding.rule for finding in report.refusals}
    assert not report.imported
    assert not Release.objects.exists()
    assert not EntryRow.objects.exists()
    json.dumps(report.as_dict())


def test_twins_are_taken_over_when_one_is_removed() -> None:
    first, second, *_ = twins()
    assert import_cpl(workbook(entries=[first, replace(second, status="Removed")]), None).imported


def test_a_list_is_never_overwritten() -> None:
    small_list()
    report = import_cpl(workbook(9), None)
    assert [finding.rule for finding in report.refusals] == ["I7"]
    assert EntryRow.objects.count() == 24


def test_two_imports_at_once_leave_one_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one reads an empty site, and finds a list when it writes."""
    small_list()
    monkeypatch.setattr("cpl.services.importing._is_empty", lambda: True)
    report = import_cpl(workbook(9), None)
    assert [finding.rule for finding in report.refusals] == ["I7"]
    assert EntryRow.objects.count() == 24


def test_a_label_with_another_date_is_said() -> None:
    report = import_cpl(workbook(), None, dry_run=True)
    assert "the history counts" in [finding for finding in report.oddities if finding.rule == "I18"][-1].message


def test_the_command(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsm"
    file.write_bytes(workbook(6))
    code, out, _ = called("import_cpl", file, "--dry-run")
    assert (code, "Would be taken over: Version 3.001" in out) == (0, True)
    code, out, _ = called("import_cpl", file, "--json")
    document = json.loads(out)
    assert (code, document["file"], document["verdict"], document["entries"]) == (0, "list.xlsm", "pass", 6)
    code, out, err = called("import_cpl", file)
    assert (code, out) == (1, "")
    assert err.startswith("I7 This site has a list already")
    code, out, err = called("import_cpl", tmp_path / "nothing.xlsm", "--json")
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_an_imported_version_is_written_out_from_its_entries(tmp_path: Path) -> None:
    small_list()
    code, out, _ = called("export_cpl", "--out", tmp_path / "new")
    assert (code, sorted(path.name for path in (tmp_path / "new").iterdir())) == (0, ["CPL_v3.001.csv", "CPL_v3.001.xlsm"])
    assert (tmp_path / "new" / "CPL_v3.001.csv").read_bytes().count(b"\r\n0") == 0
    for version, words in (("3.000", "without its entries"), ("9.999", "no version 9.999"), ("x", "no version number")):
        code, _, err = called("export_cpl", "--cpl-version", version, "--out", tmp_path)
        assert (code, words in err) == (2, True)
    (tmp_path / "taken").write_text("a file")
    code, _, err = called("export_cpl", "--out", tmp_path / "taken")
    assert (code, err.count("\n")) == (2, 1)


def test_nothing_to_export(tmp_path: Path) -> None:
    assert selectors.head() is None
    assert called("export_cpl", "--out", tmp_path) == (2, "", "Nothing is published yet.\n")
