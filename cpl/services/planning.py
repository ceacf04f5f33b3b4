"""The next release before it is one: what all approved changes together make of the list.

Nothing is written here but the site's template, which the vault keeps by its hash.
"""

import datetime
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from cpl import selectors
from cpl.domain import listing, version_control
from cpl.domain.dictionary import RuleSet
from cpl.domain.entry import ListedEntry, twin_key
from cpl.domain.listing import Difference, PlannedChange
from cpl.domain.releases import Version, next_after
from cpl.models import Change, EntryRow, Release, SuppliedTemplate
from cpl.models.entries import CURRENT
from cpl.services import artefacts, issued, templates
from cpl.services import changes as change_services
from cpl.services.stored import StoredEntries
from cpl.services.templates import TemplateRefused
from cpl.workbook.render import RenderedEntry


class PublishingBlocked(Exception):  # noqa: N818 - reads as a sentence
    """Nothing can be published as things stand; the text says why, for people."""


class NothingToPublish(PublishingBlocked):
    """No changes wait, and the form is that of the version before."""


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
    form_text: str = ""  # what is new about the form, "" when it is that of the version before

    @property
    def label(self) -> str:
        return self.version.label(self.issued_on)

    @property
    def serial(self) -> int:
        return self.head.serial + 1 if self.head else 1

    @property
    def fingerprint(self) -> str:
        """SHA-256 over version, rules, changes and supplied template: the same as long as the plan is about the same things."""
        parts = [str(self.version), self.rules.digest, *(f"{change.pk} {change.seal}" for change in self.changes)]
        if self.supplied:
            parts.append(f"template {self.supplied.sha256}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def preview(principal: int | None = None, changes_text: str = "", on: datetime.date | None = None) -> Plan:
    """The next release as it would be published now: approved changes, or a form that has changed, or both.

    Raises NothingToPublish, and PublishingBlocked when a rule forbids it.
    """
    if reason := issued.objection():
        raise PublishingBlocked(reason)
    approved = selectors.approved_changes()
    issued_on = on or timezone.localdate()
    head = selectors.head()
    rules = selectors.current_rules(issued_on, principal)
    version = _next_version(rules)
    supplied = _supplied(rules, issued_on)
    form_text = _form_text(head, rules, supplied)
    if not approved and not form_text:
        raise NothingToPublish("There are no approved changes to publish, and the form is as it was.")
    numbers = _allocate(approved)
    planned = [_planned(change, number, rules) for change, number in zip(approved, numbers, strict=True)]
    before = _touched(numbers)
    _check(head, issued_on, approved, planned, (*before.values(), *_rivals(planned, before)))
    after = _apply(before.values(), planned, approved)
    draft = "\n\n".join(filter(None, (form_text, version_control.version_control_text(planned, before.values()))))
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
        form_text=form_text,
    )


def _next_version(rules: RuleSet) -> Version:
    try:
        return next_after(issued.last(), rules.principal)
    except ValueError as fault:
        raise PublishingBlocked(str(fault)) from None


def _supplied(rules: RuleSet, issued_on: datetime.date) -> SuppliedTemplate | None:
    try:
        return templates.next_supplied(rules, issued_on)
    except TemplateRefused as refused:
        raise PublishingBlocked(str(refused)) from refused


def _form_text(head: Release | None, rules: RuleSet, supplied: SuppliedTemplate | None) -> str:
    """What is new about the form: reason enough for a version, as new values must get to those who fill it in."""
    if head is None or head.rules is None:
        return ""
    ours_changed = supplied is None and head.rules.digest != rules.digest  # a supplied form follows no list of ours
    text = version_control.form_text(artefacts.rules_of(head), rules) if ours_changed else ""
    same = head.template_sha256 == templates.kept(rules, supplied)
    return text or ("" if same else "CPL New Entry form renewed.")


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
