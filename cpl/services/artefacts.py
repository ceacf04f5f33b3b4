"""The files of a release: as stored when it was published, or made from the entries where it was taken over."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings

from core import vault
from cpl import csvfile, selectors
from cpl.dictionary import PRINCIPALS, load
from cpl.domain.dictionary import RuleSet
from cpl.domain.releases import Version
from cpl.models import Release, SuppliedTemplate
from cpl.services import templates
from cpl.services.stored import StoredEntries
from cpl.workbook import blocks
from cpl.workbook.blocks import Keeper
from cpl.workbook.packing import DEFLATER
from cpl.workbook.render import ReleaseView, render
from cpl.workbook.render import write as write_workbook
from cpl.workbook.template import Template

WORKBOOK, CSV, MANIFEST, SIGNATURE = "xlsm", "csv", "manifest.json", "manifest.json.sig"
SUFFIXES = (WORKBOOK, CSV, MANIFEST, SIGNATURE)
MADE = (WORKBOOK, CSV)  # these can be made again from history and entries
MANNER = f"layout {blocks.LAYOUT}, {DEFLATER}"  # what decides of the bytes, besides contents and template


@dataclass(frozen=True, slots=True)
class Artefact:
    """One file of a release. `size` in bytes; None where the vault has lost it."""

    name: str
    suffix: str
    sha256: str
    size: int | None


def name_of(version: Version, suffix: str) -> str:
    """ "CPL_v3.012.csv" """
    return f"CPL_v{version}.{suffix}"


def stored(release: Release) -> list[Artefact]:
    """What was published under this version; empty for a release that was taken over."""
    return [
        Artefact(name_of(release.version, suffix), suffix, sha256, _size(sha256))
        for suffix, sha256 in sha256_of(release).items()
        if sha256
    ]


def sha256_of(release: Release) -> dict[str, str]:
    """SHA-256 of each file by suffix; "" where there is none."""
    return {
        WORKBOOK: release.workbook_sha256,
        CSV: release.csv_sha256,
        MANIFEST: release.manifest_sha256,
        SIGNATURE: release.signature_sha256,
    }


def files(release: Release) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every file that can be given out; nothing where the contents of the version are not on record.

    Raises vault.Unavailable when a stored file is not what it was.
    """
    if release.has_files:
        for artefact in stored(release):
            yield artefact.name, vault.read(artefact.sha256)
    elif selectors.is_held(release):
        for suffix in MADE:
            yield name_of(release.version, suffix), rendered(release, suffix)


def rendered(release: Release, suffix: str) -> bytes:
    """The workbook or the CSV made anew from history, entries and template; for published releases these are the published bytes.

    Raises vault.Unavailable when the template is not there.
    """
    rules = rules_of(release)
    shown = view(release)
    if suffix == WORKBOOK:
        return render(shown, rules, templates.of(release, rules))
    return csvfile.render(
        shown.label, shown.entries, rules, bom=settings.CPL_CSV_BOM, final_newline=settings.CPL_CSV_FINAL_NEWLINE
    )


def tried_with(release: Release, record: SuppliedTemplate, rules: RuleSet) -> bytes:
    """The workbook of a release as it would be with a template that fits these rules. Raises as `rendered`."""
    return render(view(release), rules, templates.opened(record.sha256, rules, is_supplied=True))


def write(
    shown: ReleaseView, rules: RuleSet, made: Template, workbook: BinaryIO, csv: BinaryIO, keeper: Keeper | None = None
) -> None:
    """Workbook and CSV of a release into two streams, in one pass through its entries. Raises as `cpl.workbook.render.write`."""
    csv.write(csvfile.heading(rules, bom=settings.CPL_CSV_BOM))
    with tempfile.TemporaryFile() as spare:
        write_workbook(shown, rules, made, workbook, spare, csv, keeper)
    if settings.CPL_CSV_FINAL_NEWLINE:
        csv.write(csvfile.NEWLINE)


def rules_of(release: Release) -> RuleSet:
    """The rule set the release was published with; for one taken over, the dictionary of its principal version."""
    if release.rules is not None:
        return RuleSet.from_snapshot(release.rules.snapshot)
    return load(release.principal if release.principal in PRINCIPALS else max(PRINCIPALS))


def view(release: Release) -> ReleaseView:
    """What the workbook of a release shows."""
    return ReleaseView(
        label=release.label, issued_on=release.issued_on, history=history(release.serial), entries=entries(release)
    )


def history(serial: int) -> tuple[tuple[str, str, str], ...]:
    """Version, date of issue and text of every release up to this serial, oldest first."""
    past = Release.objects.filter(serial__lte=serial).order_by("serial")
    return tuple((str(release.version), f"{release.issued_on:%d/%m/%Y}", release.changes_text) for release in past)


def entries(release: Release) -> StoredEntries:
    """The entries of a release as they are written out; read from the database each time they are gone through."""
    return StoredEntries(release.serial, selectors.entries_at(release).count())


def _size(sha256: str) -> int | None:
    try:
        return vault.size(sha256)
    except vault.Missing:
        return None
