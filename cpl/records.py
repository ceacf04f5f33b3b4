"""What `verify_records` proves of the list: releases, entries, changes, and every published byte."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from itertools import accumulate, groupby
from typing import BinaryIO

from core import crypto, records, vault
from core.models import AuditEntry
from cpl import csvfile, selectors
from cpl.domain.dictionary import RuleSet, digest_of
from cpl.models import Change, EntryRow, Release, RuleSetRecord, SuppliedTemplate
from cpl.models.entries import CURRENT
from cpl.models.signing import Pointer
from cpl.services import artefacts, changes, keychain, keys, proofs, publishing, templates
from cpl.services.keychain import MISSHAPEN, Keychain
from cpl.workbook.read_list import read_cpl
from cpl.workbook.render import ReleaseView


@records.check("releases")
def the_chain_is_whole() -> Iterator[str]:
    """Serials count from one without gaps, and each release names the one before it."""
    before: Release | None = None
    for release in Release.objects.order_by("serial"):
        if release.serial != (before.serial + 1 if before else 1):
            yield f"version {release.version}: serial {release.serial} does not follow from the release before it"
        if release.previous_id != (before.pk if before else None):
            yield f"version {release.version}: does not name the release before it"
        before = release


@records.check("publications")
def releases_are_those_of_the_audit_trail() -> Iterator[str]:
    """Every release that was published here is there, with the manifest that was noted then; and no other one is."""
    before = _manifests()
    noted = {entry.object_name: entry.detail["manifest"] for entry in AuditEntry.objects.filter(verb=publishing.PUBLISHED)}
    there = _manifests()  # looked at twice, for a version may come out meanwhile
    for name in [name for name in before if name not in noted]:
        yield f"{name}: was never published by the audit trail"
    for name, manifest in noted.items():
        if name not in there:
            yield f"{name}: is gone, though the audit trail has it as published"
        elif there[name] != manifest:
            yield f"{name}: has another manifest than the audit trail says"


def _manifests() -> dict[str, str]:
    """SHA-256 of the manifest of each release published here, by its name on the audit trail."""
    published = Release.objects.filter(origin=Release.Origin.PUBLISHED).order_by("serial")
    return {release.audit_name: release.manifest_sha256 for release in published}


@records.check("rule sets")
def rule_sets_are_as_used() -> Iterator[str]:
    """What a release or a check was made by still has the digest that it is known by."""
    for record in RuleSetRecord.objects.order_by("pk").iterator(chunk_size=20):
        if digest_of(record.snapshot) != record.digest:
            yield f"{record}: is not what was used under this name"


@records.check("entries")
def rows_fit_together() -> Iterator[str]:
    """The rows of a number follow each other without gap, the last one is open, and look-up columns say what the values say."""
    rows = EntryRow.objects.order_by("number", "from_serial").iterator(chunk_size=1000)
    latest: dict[str, int] = {}
    for number, group in groupby(rows, key=lambda row: row.number):
        before: EntryRow | None = None
        for row in group:
            if before is not None and before.to_serial != row.from_serial:
                yield f"entry {number}: its rows do not follow each other at serial {row.from_serial}"
            latest[number] = max(latest.get(number, 0), row.from_serial, row.to_serial or 0)
            if derived(row) != derived(
                EntryRow.build(number, row.status, row.values, row.from_serial, row.kinds, designation=row.designation)
            ):
                yield f"entry {number}: its look-up columns differ from its values at serial {row.from_serial}"
            before = row
        if before is not None and before.to_serial is not None:
            yield f"entry {number}: has no open row"
    head = selectors.head()  # asked last, for a version may come out meanwhile
    for number in [number for number, serial in latest.items() if serial > (head.serial if head else 0)]:
        yield f"entry {number}: speaks of a release after the last one"


def derived(row: EntryRow) -> tuple[str, ...]:
    """The columns that are made of the values."""
    named = (row.device_type, row.manufacturer, row.model, row.firmware, row.image_hash, row.cpa_core, row.creator)
    return *named, row.device_key, row.twin_key, row.search_text, row.digest


@records.check("entry counts")
def counts_are_right() -> Iterator[str]:
    """Each release says how many entries it had and how many of them were Current."""
    head = selectors.head()
    last = head.serial if head else 0  # of a version that comes out meanwhile nothing is said
    steps = [[0, 0] for _ in range(last + 2)]
    for begins, ends, status in EntryRow.objects.values_list("from_serial", "to_serial", "status").iterator():
        for serial, sign in ((begins, 1), (ends, -1)):
            if serial is not None and serial < len(steps):
                steps[serial][0] += sign
                steps[serial][1] += sign * (status == CURRENT)
    counted = list(accumulate(steps, lambda total, step: [total[0] + step[0], total[1] + step[1]]))
    for release in selectors.held_releases().filter(serial__lte=last).order_by("serial"):
        if [release.entry_count, release.current_count] != counted[release.serial]:
            entries, current = counted[release.serial]
            yield f"version {release.version}: holds {entries} entries, {current} of them Current, but says otherwise"


@records.check("changes")
def changes_are_as_agreed() -> Iterator[str]:
    """What was approved is what was proposed, by two people or by a team of one that says so."""
    for change in Change.objects.exclude(status=Change.Status.WITHDRAWN).iterator(chunk_size=500):
        if not changes.intact(change):
            yield f"change {change.pk}: is not what was sealed when it was proposed"
        own = change.approved_by_id is not None and change.approved_by_id == change.proposed_by_id
        if own and not change.team_of_one:
            yield f"change {change.pk}: was approved by its proposer"


@records.check("release keys")
def keys_follow_each_other() -> Iterator[str]:
    """Each key has its statement, signed by the key before it unless that was lost, and rows say what the statements say."""
    if not Release.objects.exclude(manifest_sha256="").exists() and not selectors.release_keys().exists():
        return  # a site has its first key with its first version
    try:
        known = keys.trusted()
    except (keychain.Broken, vault.Unavailable) as fault:
        yield str(fault)
        return
    stored = [(key.key_id, key.pem, key.last_serial) for key in selectors.release_keys()]
    if stored != [(key.key_id, key.pem, key.after) for key in known.keys]:
        yield "the keys on record are not those of the statements"
    head = selectors.head()
    newest = Pointer.objects.select_related("release").first()
    if newest and head and newest.release.serial < head.serial:
        yield f"the pointer to the current version names version {newest.release.version}"
    if newest and not crypto.verify(newest.text.encode(), bytes(newest.signature), known.current.pem):
        yield "the pointer to the current version is not signed by the key in force"


@records.check("supplied templates")
def templates_are_as_agreed() -> Iterator[str]:
    """What was approved is there, as it was uploaded, by two people or by a team of one that says so; releases name what was."""
    for record in SuppliedTemplate.objects.exclude(approved_by=None):
        if not templates.intact(record):
            yield f"template {record.pk}: is not what was sealed when it was uploaded"
        if record.approved_by_id == record.proposed_by_id and not record.team_of_one:
            yield f"template {record.pk}: was approved by the person who uploaded it"
        if record.status == SuppliedTemplate.Status.APPROVED:
            try:
                vault.open(record.sha256).close()
            except vault.Unavailable as fault:
                yield f"template {record.pk}: {fault}"
        for release in record.releases.exclude(template_sha256=record.sha256):
            yield f"version {release.version}: was written with another template than it names"
    for release in Release.objects.filter(supplied__isnull=False, supplied__approved_by=None):
        yield f"version {release.version}: was written with a template that nobody approved"


@records.check("published files")
def files_are_as_published() -> Iterator[str]:
    """Every file of every release and its template are in the vault, and manifests are signed, chained and right.

    Without a chain of keys, which another check reports, signatures are left alone.
    """
    try:
        known = keys.trusted()
    except (keychain.Broken, vault.Unavailable):
        known = None
    published = Release.objects.filter(origin=Release.Origin.PUBLISHED).order_by("serial")
    for release in published.select_related("previous", "rules"):
        try:
            vault.open(release.template_sha256).close()
            data = {artefact.name: vault.read(artefact.sha256) for artefact in artefacts.stored(release)}
        except vault.Unavailable as fault:
            yield f"version {release.version}: {fault}"
            continue
        yield from (f"version {release.version}: {words}" for words in _manifest_faults(release, data, known))


def _manifest_faults(release: Release, data: dict[str, bytes], known: Keychain | None) -> Iterator[str]:
    names = [artefacts.name_of(release.version, suffix) for suffix in artefacts.SUFFIXES]
    if sorted(data) != sorted(names):
        yield "does not have all its files"
        return
    workbook, csv, text, signature = (data[name] for name in names)
    try:
        manifest = json.loads(text)
        named = [manifest[word] for word in ("version", "serial", "issued_on", "rule_set")]
        count, listed, previous = manifest["entries"]["total"], manifest["files"], manifest["previous_manifest"]
    except MISSHAPEN:
        yield "its manifest is none"
        return
    rules = release.rules.digest if release.rules else ""
    if [*named, count] != [str(release.version), release.serial, f"{release.issued_on}", rules, release.entry_count]:
        yield "its manifest is about another version, day, rule set or number of entries"
    expected = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in zip(names, (workbook, csv), strict=False)
    }
    if listed != expected:
        yield "its files are not those of its manifest"
    if previous != (release.previous.manifest_sha256 if release.previous else ""):
        yield "its manifest does not name the manifest before it"
    if known and (fault := known.fault(text, signature)):
        yield f"its manifest: {fault}"


@records.check("versions made again")
def releases_can_be_made_again() -> Iterator[str]:
    """Workbook and CSV of every release published here, made anew from history, entries and template, are what was published."""
    for release in Release.objects.filter(origin=Release.Origin.PUBLISHED).select_related("rules").order_by("serial"):
        for words in differences_when_made_again(release):
            yield f"version {release.version}: {words}"


def differences_when_made_again(release: Release) -> Iterator[str]:
    """What is different when the files of a published release are made anew, without kept blocks.

    A workbook written in another manner (by a program or a zlib of its time) is read back instead of compared byte by byte.
    """
    if (root := _root_named(release)) and root != proofs.root(release):
        yield "the tree over its entries has another root than its manifest says"
    rules, shown = artefacts.rules_of(release), artefacts.view(release)
    with tempfile.TemporaryFile() as workbook, tempfile.TemporaryFile() as csv:
        try:
            artefacts.write(shown, rules, templates.of(release, rules), workbook, csv)
            if release.manner == artefacts.MANNER:
                workbook.seek(0)
                same = hashlib.file_digest(workbook, "sha256").hexdigest() == release.workbook_sha256
            else:
                same = _says(vault.read(release.workbook_sha256), shown, rules)
        except vault.Unavailable as fault:
            yield str(fault)
            return
        if not same:
            yield "the workbook made of its entries is not the published one"
        if release.csv_sha256 not in _forms(csv):
            yield "the CSV made of its entries is not the published one"


def _says(data: bytes, shown: ReleaseView, rules: RuleSet) -> bool:
    """Whether a workbook says of a release what the records say."""
    reading = read_cpl(data)
    keys = [item.key for item in rules.list_items if item.applies != "secas"]
    published, recorded = (
        [(entry.number, entry.status, [entry.values.get(key, "") for key in keys]) for entry in entries]
        for entries in (reading.entries, shown.entries)
    )
    history = [(row.version, row.issued_on) for row in reading.history]
    return (reading.label, history, published) == (shown.label, [row[:2] for row in shown.history], recorded)


def _forms(csv: BinaryIO) -> set[str]:
    """SHA-256 of a CSV in each form that the two settings allow: they may have changed since it was published."""
    csv.seek(0)
    bom, rows = csvfile.BOM.encode(), csv.read().removeprefix(csvfile.BOM.encode()).removesuffix(csvfile.NEWLINE)
    return {hashlib.sha256(begin + rows + end).hexdigest() for begin in (b"", bom) for end in (b"", csvfile.NEWLINE)}


def _root_named(release: Release) -> str:
    """ "" for a manifest from before there were roots, and for one that is lost or none, which another check reports."""
    try:
        return str(json.loads(vault.read(release.manifest_sha256))["merkle_root"])
    except (vault.Unavailable, *MISSHAPEN):
        return ""
