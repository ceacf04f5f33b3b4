"""The template of a release: kept in the vault by its hash, so that any version can be made again whatever is built later."""

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from django.conf import settings

from core import vault
from cpl import records
from cpl.models import EntryRow, Release
from cpl.services import artefacts
from cpl.workbook import template, template_tabs
from tests.builders.listing import FIRMWARE, amended, approved, published, small_list
from tests.builders.workbooks import rewrite

pytestmark = pytest.mark.django_db


@pytest.fixture
def history() -> list[Release]:
    """Three versions published here, each with other entries."""
    small_list()
    made = []
    for step in (lambda: approved(model=901), lambda: approved("remove", "000004"), lambda: approved(model=902)):
        step()
        made.append(published())
    return made


def made_again(release: Release) -> bool:
    """Workbook and CSV come out as they were published, byte for byte."""
    names = {artefacts.WORKBOOK: release.workbook_sha256, artefacts.CSV: release.csv_sha256}
    return all(artefacts.rendered(release, suffix) == vault.read(sha256) for suffix, sha256 in names.items())


def later_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that builds another template, started afresh: entries in bold, other texts."""
    monkeypatch.setitem(template_tabs._FORMATS, "entry", {"bold": True, "num_format": "@"})
    monkeypatch.setattr(template_tabs, "ALLOCATED", "SECAS fills this in")
    monkeypatch.setattr(template, "_packages", {})
    monkeypatch.setattr(template, "_opened", {})


def test_a_release_remembers_its_template(history: list[Release]) -> None:
    assert len({release.template_sha256 for release in history}) == 1
    kept = vault.read(history[0].template_sha256)
    assert kept == template.package(artefacts.rules_of(history[0]))
    assert kept != vault.read(history[0].workbook_sha256)


def test_every_version_can_be_made_again(history: list[Release]) -> None:
    assert all(map(made_again, history))
    assert list(records.releases_can_be_made_again()) == []


def test_every_version_can_be_made_again_by_a_later_program(history: list[Release], monkeypatch: pytest.MonkeyPatch) -> None:
    later_program(monkeypatch)
    assert all(map(made_again, history))
    approved("reinstate", "000004")
    newest = published()
    assert newest.template_sha256 != history[-1].template_sha256
    sheet = [
        openpyxl.load_workbook(io.BytesIO(vault.read(each.workbook_sha256)))["Central Products List"]
        for each in (history[-1], newest)
    ]
    assert [cells["B8"].font.bold for cells in sheet] == [False, True]
    assert all(map(made_again, [*history, newest]))
    assert list(records.releases_can_be_made_again()) == []


def test_an_earlier_version_that_cannot_be_made_again_is_found(history: list[Release]) -> None:
    """Though the current one can: an entry that was in the first version only is no longer what it was."""
    EntryRow.objects.filter(number="000004", to_serial=history[1].serial).update(
        values=amended("000005", **{FIRMWARE: "0A:0B:0C:0D"})
    )
    assert list(records.differences_when_made_again(history[2])) == []
    found = list(records.releases_can_be_made_again())
    assert {line.partition(":")[0] for line in found} == {f"version {history[0].version}"}
    assert len(found) == 2  # workbook and CSV


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"damage")], ids=["lost", "damaged"])
def test_a_template_that_is_lost_or_damaged_is_found(history: list[Release], damage: Callable[[Path], object]) -> None:
    sha256 = history[0].template_sha256
    path, kept = Path(settings.CPL_VAULT_DIR) / sha256[:2] / sha256, vault.read(sha256)
    path.chmod(0o600)
    try:
        damage(path)
        assert len(list(records.files_are_as_published())) == len(history)
        assert len(list(records.releases_can_be_made_again())) == len(history)
        approved("reinstate", "000004")
        published()  # which puts it there again
        assert list(records.files_are_as_published()) == []
    finally:
        vault.put(kept)


def test_a_workbook_of_another_manner_is_read_instead(history: list[Release]) -> None:
    """After an update of zlib the same rows have other bytes: what the published workbook says must be what the records say."""
    Release.objects.filter(pk=history[0].pk).update(manner="layout 0, zlib 1.0")
    unpacked = vault.read(history[0].workbook_sha256)
    Release.objects.filter(pk=history[0].pk).update(workbook_sha256=vault.put(rewrite(unpacked, {})))
    assert list(records.releases_can_be_made_again()) == []
    other = vault.read(history[2].workbook_sha256)
    Release.objects.filter(pk=history[0].pk).update(workbook_sha256=vault.put(other))
    assert list(records.releases_can_be_made_again()) == [
        f"version {history[0].version}: the workbook made of its entries is not the published one"
    ]
