"""Publishing: all approved changes become the next release. Prepared outside any transaction, committed by compare-and-swap.

A crash before the commit leaves unreferenced bytes in the vault and nothing else. Unique constraints (serial,
predecessor, version, open row a number, current entry a Device Model) carry correctness on SQLite and PostgreSQL alike.
"""

import io
import tempfile
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import access
from accounts.models import User
from core import audit, crypto, outbox, vault
from cpl import selectors
from cpl.models import Change, EntryRow, Release, SuppliedTemplate
from cpl.models.entries import CURRENT, REMOVED
from cpl.services import artefacts as files
from cpl.services import changes as change_services
from cpl.services import issued, keys, manifest, pointer, templates
from cpl.services.planning import Plan, PublishingBlocked, preview
from cpl.services.stored import Shelf
from cpl.workbook.render import ReleaseView

ATTEMPTS = 5
PUBLISHED = "release.published"  # on the audit trail, with the manifest
LOOK_AGAIN = "The approved changes, the list, its form or template have changed since you looked. Look at the new preview first."


class PlanChanged(PublishingBlocked):
    """What would be published is no longer what somebody looked at."""


class HeadMoved(Exception):  # noqa: N818 - reads as a sentence
    """Somebody else published, or the approved changes or the template are no longer the same: prepare again."""


@dataclass(frozen=True, slots=True)
class Artefacts:
    """What a release consists of, by SHA-256 of the bytes in the vault; `template`: what its workbook was written with."""

    template: str
    workbook: str
    csv: str
    manifest: str
    signature: str
    key_id: str  # of the release key that signed


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
    named = {files.name_of(plan.version, suffix): file for suffix, file in made.items()}
    try:
        key_id, text, signature = keys.sign(partial(manifest.build, plan, named))
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
        audit.record(actor, PUBLISHED, release, changes=[change.pk for change in plan.changes], manifest=artefacts.manifest)
        pointer.write(release, key, timezone.now())
        outbox.emit("cpl.published", str(release.version), {"serial": release.serial})
        transaction.on_commit(lambda: issued.note(release.version), robust=True)  # a lost note is made up for every night
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
