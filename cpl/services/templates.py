"""The template that a release is written with: kept in the vault by its hash, which the release remembers.

It is the site's own unless SECAS supplies one: somebody uploads it, it is checked, another person agrees to it.
"""

import datetime
import hashlib
import json

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import access
from accounts.access import Action
from accounts.models import User
from core import audit, vault
from cpl import selectors
from cpl.domain.dictionary import RuleSet
from cpl.domain.findings import Finding, Severity
from cpl.models import Release, SuppliedTemplate
from cpl.workbook import supplied, supplied_checks, template
from cpl.workbook.template import Template

_checked: dict[tuple[str, str], tuple[Finding, ...]] = {}
Status = SuppliedTemplate.Status
LONGEST_NAME = 200  # characters of the name of a file


class TemplateRefused(Exception):  # noqa: N818 - reads as a sentence
    """The step cannot be taken; the text says why, for people. `findings`: what stands against the template itself."""

    def __init__(self, text: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(text)
        self.findings = findings


# --- For publishing ----------------------------------------------------------------------------------------------------
def next_supplied(rules: RuleSet, on: datetime.date) -> SuppliedTemplate | None:
    """The supplied template that a release issued on that day is written with, if there is one.

    Raises TemplateRefused when it is not what two people agreed to, or no longer fits the rule set.
    """
    record = SuppliedTemplate.in_use(rules.principal, on)
    if record is not None:
        _require_fit(record, rules)
    return record


def kept(rules: RuleSet, record: SuppliedTemplate | None) -> str:
    """The SHA-256 of the template that the next release is written with; its bytes are in the vault."""
    return record.sha256 if record else vault.put(template.package(rules))


def opened(sha256: str, rules: RuleSet, *, is_supplied: bool) -> Template:
    """The template of that hash. Raises vault.Unavailable."""
    data = vault.read(sha256)
    return supplied.opened(data, rules) if is_supplied else template.opened(data, rules)


def of(release: Release, rules: RuleSet) -> Template:
    """The template a release was written with; for one taken over, which has none, that of today. Raises as `opened`."""
    if not release.template_sha256:
        return template.build(rules)
    return opened(release.template_sha256, rules, is_supplied=release.supplied_id is not None)


# --- For people --------------------------------------------------------------------------------------------------------
def seal_of(record: SuppliedTemplate) -> str:
    """SHA-256 over the canonical JSON of what is agreed to."""
    content = {"sha256": record.sha256, "principal": record.principal, "valid_from": record.valid_from.isoformat()}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def intact(record: SuppliedTemplate) -> bool:
    """Whether the record still says what was sealed when it was proposed."""
    return record.seal == seal_of(record)


def findings(sha256: str, rules: RuleSet) -> tuple[Finding, ...]:
    """What stands against a template (errors), and what its reviewers should know. T0: the vault has it no more."""
    try:
        data = vault.read(sha256)
    except vault.Unavailable as fault:
        return (Finding("T0", Severity.ERROR, f"{fault} Withdraw this template and upload it again."),)
    return template.in_memory(_checked, (sha256, rules.digest), lambda: supplied_checks.check(data, rules))


def propose(actor: User, data: bytes, filename: str, principal: int, *, valid_from: datetime.date, note: str) -> SuppliedTemplate:
    """Put a template before a second person. Raises TemplateRefused, with what stands against it."""
    access.require(actor, Action.MANAGE_TEMPLATES)
    against = _errors(supplied_checks.check(data, selectors.current_rules(timezone.localdate(), principal)))
    if against:
        raise TemplateRefused("No version can be written with this template, for the reasons on this page.", against)
    record = SuppliedTemplate(
        sha256=vault.put(data),
        filename=filename[:LONGEST_NAME],
        size=len(data),
        principal=principal,
        valid_from=valid_from,
        note=note,
        proposed_by=actor,
    )
    record.seal = seal_of(record)
    try:
        with transaction.atomic():
            record.save()
            audit.record(actor, "template.proposed", record, sha256=record.sha256, principal=principal, valid_from=valid_from)
    except IntegrityError:  # one_open_template_of_these_bytes
        words = "This very file is there already. Withdraw that one first, if it is to be used from another day."
        raise TemplateRefused(words) from None
    return record


def approve(actor: User, record: SuppliedTemplate) -> SuppliedTemplate:
    """Agree to a template.

    Raises TemplateRefused for the person who proposed it (four eyes), and for one that is no longer proposed, intact or fitting.
    """
    access.require(actor, Action.MANAGE_TEMPLATES)
    record = SuppliedTemplate.objects.get(pk=record.pk)
    own = record.proposed_by_id == actor.pk
    if own and not settings.CPL_TEAM_OF_ONE:
        raise TemplateRefused("You uploaded this template; another person must approve it.")
    # Before the transaction: a second of work, and what is looked at never changes.
    _require_fit(record, selectors.current_rules(timezone.localdate(), record.principal))
    with transaction.atomic():
        record = _locked(actor, record)
        if record.status != Status.PROPOSED:
            raise TemplateRefused(f"This template is already {record.get_status_display().lower()}.")
        record.status, record.approved_by, record.approved_at, record.team_of_one = Status.APPROVED, actor, timezone.now(), own
        record.save()
        audit.record(actor, "template.approved", record, sha256=record.sha256, seal=record.seal, team_of_one=own)
    return record


@transaction.atomic
def withdraw(actor: User, record: SuppliedTemplate, reason: str) -> SuppliedTemplate:
    """Use it no more, from the next release on. One person is enough: what comes instead has been agreed to, or is ours."""
    record = _locked(actor, record)
    if record.status == Status.WITHDRAWN:
        raise TemplateRefused("This template is already withdrawn.")
    record.status, record.withdrawn_by, record.withdrawn_at, record.reason = Status.WITHDRAWN, actor, timezone.now(), reason
    record.save()
    audit.record(actor, "template.withdrawn", record, sha256=record.sha256, reason=reason)
    return record


def _locked(actor: User, record: SuppliedTemplate) -> SuppliedTemplate:
    access.require(actor, Action.MANAGE_TEMPLATES)
    return SuppliedTemplate.objects.select_for_update().get(pk=record.pk)


def _require_fit(record: SuppliedTemplate, rules: RuleSet) -> None:
    if not intact(record):
        raise TemplateRefused(f"The {record} is not what was sealed when it was uploaded. Withdraw it and upload it again.")
    if against := _errors(findings(record.sha256, rules)):
        raise TemplateRefused(
            f"The {record} cannot be used. Withdraw it, and upload one that fits the rules of today. {against[0].message}",
            against,
        )


def _errors(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(finding for finding in found if finding.severity is Severity.ERROR)
