"""Publishing: all approved changes become the next release. Prepared outside any transaction, committed by compare-and-swap.

A crash before the commit leaves unreferenced bytes in the vault and nothing else. Unique constraints (serial,
predecessor, version, open row a number, current entry a Device Model) carry correctness on SQLite and PostgreSQL alike.
"""

import datetime
import hashlib
import io
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import access
from accounts.models import User
from core import audit, crypto, outbox, vault
from cpl import selectors
from cpl.domain import listing
from cpl.domain.dictionary import RuleSet
from cpl.domain.entry import ListedEntry, twin_key
from cpl.domain.listing import Difference, PlannedChange
from cpl.domain.releases import Version, next_after
from cpl.models import Change, EntryRow, Release, SuppliedTemplate
from cpl.models.entries import CURRENT, REMOVED
from cpl.services import artefacts as files
from cpl.services import changes as change_services
from cpl.services import keys, manifest, pointer, templates
from cpl.services.stored import Shelf, StoredEntries
from cpl.services.templates import TemplateRefused
from cpl.workbook.render import ReleaseView, RenderedEntry

ATTEMPTS = 5
LOOK_AGAIN = "The approved changes, the list or its template have changed since you looked. Look at the new preview first."


class PublishingBlocked(Exception):  # noqa: N818 - reads as a sentence
    """Nothing can be published as things stand; the text says why, for people."""


class PlanChanged(PublishingBlocked):
    """What would be published is no longer what somebody looked at."""


class HeadMoved(Exception):  # noqa: N818 - reads as a sentence
    """Somebody else published, or the approved changes or the template are no longer the same: prepare again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The next release before it is one."""

    head: Release | None
    version: Version
    issued_on: datetime.date
    rules: RuleSet
    changes: tuple[Change, ...]
    numbers: tuple[str, ...]  # entry number of each change, in order
    difference: Difference
    entries: StoredEntries
    before: dict[str, RenderedEntry]  # what the touched entries say now, by number
    current_count: int
    changes_text: str
    draft_text: str
    supplied: SuppliedTemplate | None = None  # the template, where it is not the site's own

    @property
    def label(self) -> str:
        return self.version.label(self.issued_on)

    @property
    def serial(self) -> int:
        return self.head.serial + 1 if self.head else 1

    @property
    def fingerprint(self) -> str:
        """SHA-256 over version, changes and supplied template: the same as long as the plan is about the same things."""
        parts = [str(self.version), *(f"{change.pk} {change.seal}" for change in self.changes)]
        if self.supplied:
            parts.append(f"template {self.supplied.sha256}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Artefacts:
    """What a release consists of, by SHA-256 of the bytes in the vault; `template`: what its workbook was written with."""

    template: str
    workbook: str
    csv: str
    manifest: str
    signature: str
    key_id: str  # of the release key that signed


def preview(principal: int | None = None, changes_text: str = "", on: datetime.date | None = None) -> Plan:
    """The next release as it would be published now.

    Raises PublishingBlocked when there is nothing to publish or a rule forbids it.
    """
    approved = selectors.approved_changes()
    if not approved:
        raise PublishingBlocked("There are no approved changes to publish.")
    issued_on = on or timezone.localdate()
    head = selectors.head()
    rules = selectors.current_rules(issued_on, principal)
    version = _next_version(head, rules)
    supplied = _supplied(rules, issued_on)
    numbers = _allocate(approved)
    planned = [_planned(change, number, rules) for change, number in zip(approved, numbers, strict=True)]
    before = _touched(numbers)
    _check(head, issued_on, approved, planned, (*before.values(), *_rivals(planned, before)))
    after = _apply(before.values(), planned, approved)
    draft = listing.version_control_text(planned, before.values())
    serial, total, current = (head.serial, head.entry_count, head.current_count) if head else (0, 0, 0)
    return Plan(
        head=head,
        version=version,
        issued_on=issued_on,
        rules=rules,
        changes=tuple(approved),
        numbers=tuple(numbers),
        difference=listing.difference(before.values(), after.values()),
        entries=StoredEntries(serial, total + len(after) - len(before), after),
        before=before,
        current_count=current + _count_current(after) - _count_current(before),
        changes_text=changes_text.strip() or draft,
        draft_text=draft,
        supplied=supplied,
    )


def publish(actor: User | None, changes_text: str = "", principal: int | None = None, *, seen: str = "") -> Release:
    """Publish the approved changes as the next release. `actor` None is the command line of the server's own administrator.

    `seen`: fingerprint of the plan somebody agreed to. Raises PublishingBlocked with the reason when nothing may be
    published, PlanChanged when it would be something else than what was seen.
    """
    if actor is not None:
        access.require(actor, access.Action.PUBLISH)
    for _ in range(ATTEMPTS):
        plan = preview(principal, changes_text)
        if seen and plan.fingerprint != seen:
            raise PlanChanged(LOOK_AGAIN)
        artefacts = store(plan)
        try:
            return commit(plan, artefacts, actor)
        except (HeadMoved, IntegrityError):
            continue
    raise PublishingBlocked("The list keeps changing while it is being published. Try again in a minute.")


def store(plan: Plan) -> Artefacts:
    """Write every artefact and put it into the vault; same plan, same bytes, same names."""
    with tempfile.TemporaryFile() as workbook, tempfile.TemporaryFile() as csv:
        template = _write(plan, workbook, csv)
        made = {files.WORKBOOK: _kept(workbook), files.CSV: _kept(csv)}
    try:
        key_id = keys.in_force().key_id
        text = manifest.build(plan, {files.name_of(plan.version, suffix): file for suffix, file in made.items()}, key_id)
        signature = crypto.sign(text, key_id)
    except crypto.NoPrivateKey as fault:
        raise PublishingBlocked(str(fault)) from fault
    return Artefacts(
        template=template,
        workbook=made[files.WORKBOOK].sha256,
        csv=made[files.CSV].sha256,
        manifest=vault.put(text),
        signature=vault.put(signature),
        key_id=key_id,
    )


def sizes(plan: Plan) -> dict[str, int]:
    """How many bytes workbook and CSV would have, by file name. Raises PublishingBlocked as `store`."""
    with tempfile.TemporaryFile() as workbook, tempfile.TemporaryFile() as csv:
        _write(plan, workbook, csv)
        streams = {files.WORKBOOK: workbook, files.CSV: csv}
        return {files.name_of(plan.version, suffix): stream.seek(0, io.SEEK_END) for suffix, stream in streams.items()}


def _write(plan: Plan, workbook: BinaryIO, csv: BinaryIO) -> str:
    """Workbook and CSV in one pass; answers the SHA-256 of the template.

    Raises PublishingBlocked when an entry does not fit into a workbook.
    """
    template = templates.kept(plan.rules, plan.supplied)
    made = templates.opened(template, plan.rules, is_supplied=plan.supplied is not None)
    try:
        files.write(view_of(plan), plan.rules, made, workbook, csv, Shelf())
    except ValueError as fault:
        raise PublishingBlocked(f"The workbook cannot be written: {fault}") from fault
    return template


def _kept(stream: BinaryIO) -> manifest.File:
    return manifest.File(stream.seek(0, io.SEEK_END), vault.put(stream))


def commit(plan: Plan, artefacts: Artefacts, actor: User | None) -> Release:
    """One short transaction: if head, changes and release key are still those of the plan, it becomes the next release."""
    with transaction.atomic(durable=True):
        _still_true(plan)
        if (key := keys.hold()).key_id != artefacts.key_id:
            raise HeadMoved
        release = _write_release(plan, artefacts, actor)
        for change, number in zip(plan.changes, plan.numbers, strict=True):
            _write_change(release, change, number)
        audit.record(
            actor, "release.published", release, changes=[change.pk for change in plan.changes], manifest=artefacts.manifest
        )
        pointer.write(release, key, timezone.now())
        outbox.emit("cpl.published", str(release.version), {"serial": release.serial})
    return release


def view_of(plan: Plan) -> ReleaseView:
    """What the workbook shows."""
    past = files.history(plan.serial - 1)
    return ReleaseView(
        label=plan.label,
        issued_on=plan.issued_on,
        history=(*past, (str(plan.version), f"{plan.issued_on:%d/%m/%Y}", plan.changes_text)),
        entries=plan.entries,
    )


def _next_version(head: Release | None, rules: RuleSet) -> Version:
    try:
        return next_after(head.version if head else None, rules.principal)
    except ValueError as fault:
        raise PublishingBlocked(str(fault)) from None


def _supplied(rules: RuleSet, issued_on: datetime.date) -> SuppliedTemplate | None:
    try:
        return templates.next_supplied(rules, issued_on)
    except TemplateRefused as refused:
        raise PublishingBlocked(str(refused)) from refused


def _allocate(approved: list[Change]) -> list[str]:
    """Entry numbers: the next of the series for each new entry, the entry's own for every other change."""
    top = selectors.highest_number()
    numbers = []
    for change in approved:
        if change.kind == Change.Kind.ADD:
            top += 1
            if top > selectors.HIGHEST_NUMBER:
                raise PublishingBlocked("Entry number 999999 has been given out; the series is full.")
        numbers.append(f"{top:06d}" if change.kind == Change.Kind.ADD else change.number)
    return numbers


def _planned(change: Change, number: str, rules: RuleSet) -> PlannedChange:
    """With the values in the order of the list: a database may give them back in another, and the text follows them."""
    place = {item.key: index for index, item in enumerate(rules.list_items)}
    values = dict(sorted(change.values.items(), key=lambda pair: place.get(pair[0], len(place))))
    return PlannedChange(kind=change.kind, number=number, values=values, designation=change.designation, reason=change.reason)


def _check(
    head: Release | None,
    issued_on: datetime.date,
    approved: list[Change],
    planned: list[PlannedChange],
    before: Collection[ListedEntry],
) -> None:
    """Everything that must hold at the moment of publication, checked again whatever was checked before."""
    if head is not None and issued_on < head.issued_on:
        raise PublishingBlocked(
            f"Version {head.version} was issued on {head.issued_on:%d/%m/%Y}, which is after today. Check the server's clock."
        )
    for change in approved:
        if not change_services.intact(change):
            raise PublishingBlocked(f"Change {change.pk} ({change}) is not what was approved. Withdraw it before publishing.")
    if problems := listing.conflicts(planned, before):
        raise PublishingBlocked(" ".join(problems))


def _touched(numbers: Iterable[str]) -> dict[str, RenderedEntry]:
    """What the entries with these numbers say now; an entry that is yet to be added has nothing to say."""
    rows = EntryRow.objects.open().filter(number__in=list(numbers)).order_by("number")
    return {row.number: RenderedEntry(row.number, row.status, row.values, row.kinds) for row in rows}


def _rivals(planned: list[PlannedChange], before: Mapping[str, RenderedEntry]) -> list[ListedEntry]:
    """Other entries for a Device Model that the changes leave Current: all that can stand in their way."""
    keys = [twin_key(entry.values) for entry in listing.apply(planned, before.values()) if entry.status == CURRENT]
    rows = EntryRow.objects.open().filter(twin_key__in=keys, status=CURRENT)
    return [row.as_listed() for row in rows if row.number not in before]


def _count_current(entries: Mapping[str, ListedEntry]) -> int:
    return sum(entry.status == CURRENT for entry in entries.values())


def _apply(before: Collection[RenderedEntry], planned: list[PlannedChange], approved: list[Change]) -> dict[str, RenderedEntry]:
    """The touched entries after the changes, by number."""
    kinds = {entry.number: entry.kinds for entry in before}
    for step, change in zip(planned, approved, strict=True):
        if step.number and change.kind not in change_services.STATUS_ONLY:
            kinds[step.number] = change.kinds
    return {
        entry.number: RenderedEntry(entry.number, entry.status, entry.values, kinds.get(entry.number, {}))
        for entry in listing.apply(planned, before)
    }


def _still_true(plan: Plan) -> None:
    head = Release.objects.select_for_update().order_by("-serial").first()
    if (head.serial if head else 0) != plan.serial - 1:
        raise HeadMoved
    waiting = Change.objects.select_for_update().filter(status=Change.Status.APPROVED).order_by("approved_at", "id")
    if [(change.pk, change.seal) for change in waiting] != [(change.pk, change.seal) for change in plan.changes]:
        raise HeadMoved
    if SuppliedTemplate.in_use(plan.version.principal, plan.issued_on) != plan.supplied:
        raise HeadMoved


def _write_release(plan: Plan, artefacts: Artefacts, actor: User | None) -> Release:
    return Release.objects.create(
        serial=plan.serial,
        previous=plan.head,
        principal=plan.version.principal,
        sub=plan.version.sub,
        issued_on=plan.issued_on,
        changes_text=plan.changes_text,
        origin=Release.Origin.PUBLISHED,
        published_at=timezone.now(),
        published_by=actor,
        rules=selectors.remembered(plan.rules),
        template_sha256=artefacts.template,
        supplied=plan.supplied,
        manner=files.MANNER,
        workbook_sha256=artefacts.workbook,
        csv_sha256=artefacts.csv,
        manifest_sha256=artefacts.manifest,
        signature_sha256=artefacts.signature,
        entry_count=len(plan.entries),
        current_count=plan.current_count,
    )


def _write_change(release: Release, change: Change, number: str) -> None:
    """Close the entry's open row and open the next one; rows are never edited."""
    old = EntryRow.objects.open().filter(number=number).first()
    values, kinds, status = change.values, change.kinds, CURRENT
    if old is not None:
        EntryRow.objects.filter(pk=old.pk, to_serial__isnull=True).update(to_serial=release.serial)
        status = old.status
    if change.kind in change_services.STATUS_ONLY and old is not None:
        values, kinds = old.values, old.kinds
        status = REMOVED if change.kind == Change.Kind.REMOVE else CURRENT
    designation = change.designation or (old.designation if old else "")
    EntryRow.build(number, status, values, release.serial, kinds=kinds, designation=designation).save(force_insert=True)
    Change.objects.filter(pk=change.pk).update(status=Change.Status.PUBLISHED, release=release, number=number)
