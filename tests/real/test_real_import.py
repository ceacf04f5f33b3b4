"""The real published list, version 2.051, taken over into a site and given out again; then the first version 3 after it."""

import csv
import datetime
from pathlib import Path

import pytest
from django.core.management import call_command

from cpl import selectors
from cpl.domain.releases import Version
from cpl.models import EntryRow, Release
from cpl.services import artefacts, planning
from cpl.services.importing import import_cpl
from cpl.workbook.read_list import read_cpl
from tests.builders.listing import approved, difference_between, published
from tests.shared import SHARED, needs_shared

pytestmark = [needs_shared, pytest.mark.django_db]
DATA = SHARED / "data"


@pytest.fixture
def head() -> Release:
    report = import_cpl((DATA / "cpl_v2.051.xlsx").read_bytes(), None)
    assert (report.refusals, report.label, report.next_version) == ((), "Version 2.051 Issued on 21-09-2022", "3.000")
    assert (report.releases, report.entries, report.current) == (346, 729, 694)
    release = selectors.head()
    assert release is not None
    return release


def test_history_and_values_as_they_stand(head: Release) -> None:
    history = read_cpl((DATA / "cpl_v2.051.xlsx").read_bytes()).history
    found = Release.objects.order_by("serial").select_related("previous")
    assert list(artefacts.history(head.serial)) == [(row.version, row.issued_on, row.changes) for row in history]
    assert [release.serial for release in found] == list(range(1, 347))
    assert [release.previous and release.previous.serial for release in found] == [None, *range(1, 346)]
    assert (head.version, head.issued_on, head.entry_count, head.current_count) == (
        Version(2, 51),
        datetime.date(2022, 9, 21),
        729,
        694,
    )
    items = artefacts.rules_of(head).list_items
    with (DATA / "cpl_v2.051_entries_raw.csv").open(encoding="utf-8", newline="") as file:
        for row, raw in zip(EntryRow.objects.order_by("number"), csv.DictReader(file), strict=True):
            values = {"Entry.number": row.number, "Entry.status": row.status, **row.values}
            assert {item.key: raw[".".join(item.list_label)] for item in items} == values
            assert (row.from_serial, row.to_serial) == (346, None)


@pytest.mark.parametrize("bom", [True, False])
@pytest.mark.parametrize("newline", [True, False])
def test_the_csv_comes_out_byte_for_byte(head: Release, tmp_path: Path, settings: object, bom: bool, newline: bool) -> None:
    settings.CPL_CSV_BOM, settings.CPL_CSV_FINAL_NEWLINE = bom, newline  # type: ignore[attr-defined]
    call_command("export_cpl", "--cpl-version", "2.051", "--out", str(tmp_path))
    original = (DATA / "cpl_v2.051_saveable_in_csv_export.csv").read_bytes()
    expected = (original if bom else original.removeprefix(b"\xef\xbb\xbf")) + (b"\r\n" if newline else b"")
    assert (tmp_path / "CPL_v2.051.csv").read_bytes() == expected


def test_the_next_version_is_3_000_with_the_next_number(head: Release) -> None:
    approved(model=901)
    approved("remove", "000726", reason="asked for by its manufacturer")
    plan = planning.preview()
    assert (str(plan.version), plan.numbers) == ("3.000", ("000733", "000726"))
    release = published()
    assert (release.serial, release.entry_count, release.current_count) == (347, 730, 694)
    found = difference_between(head, release)
    assert (found.added, found.removed, found.amended) == (("000733",), ("000726",), ())
    assert artefacts.rendered(head, artefacts.CSV) == (DATA / "cpl_v2.051_saveable_in_csv_export.csv").read_bytes()


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("cpl_v2.051_third_party_lossy.csv", {"I10", "C3", "C4", "C7"}),
        ("cpl_v2.051_saveable_in_csv_export.csv", {"I10"}),
    ],
)
def test_a_csv_is_refused_with_reasons(name: str, rules: set[str]) -> None:
    report = import_cpl((DATA / name).read_bytes(), None)
    assert {finding.rule for finding in report.refusals} == rules
    assert "Import the workbook" in report.refusals[0].message
    assert not Release.objects.exists()
