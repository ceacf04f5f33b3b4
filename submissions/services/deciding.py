"""What people decide about a case: answers to warnings, questions to the submitter, approval, and the end of it."""

import re
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import access
from accounts.access import Action
from accounts.models import User
from core import audit, vault
from cpl.domain.dictionary import Kind, Publication, RuleSet
from cpl.domain.entry import formal_name
from cpl.domain.findings import Severity
from cpl.models import Change
from cpl.services import changes
from submissions import gates, selectors
from submissions.domain.lifecycle import Gate, State
from submissions.models import CheckFinding, Decision, Hold, Note, Revision, Submission
from submissions.services import answering, checking, door, revising
from submissions.services.door import MoveRefused

_OTHER_CASE = re.compile(r"SUB-[0-9]{4}-[0-9]{4,}")  # one maker is not told of another's cases


def decide(actor: User, case: Submission, finding: CheckFinding, verdict: str, reason: str) -> Decision:
    """Accept or refuse one warning of the current revision with a written reason; the gate passes when nothing is left open."""
    access.require(actor, Action.WORK_CASES, case)
    with transaction.atomic(durable=True):
        case = door.locked(case)
        door.require_open(case)
        revision = selectors.current_revision(case)
        _check_decision(case, revision, finding, reason)
        decision = Decision.objects.create(
            submission=case,
            seal=revision.seal,
            gate=finding.run.gate,
            rule=finding.rule,
            group=finding.group,
            attribute=finding.attribute,
            message=finding.message,
            verdict=Decision.Verdict(verdict),
            reason=reason.strip(),
            made_by=actor,
            made_at=timezone.now(),
        )
        _worked_on(case, actor)
        detail = {"gate": decision.gate, "rule": decision.rule, "verdict": decision.verdict, "seal": decision.seal}
        audit.record(actor, "case.decided", case, reason=decision.reason, **detail)
        checking.settle(case, Gate(decision.gate))
    return decision


def ask(actor: User, case: Submission, question: str) -> Hold:
    """Ask the submitter by mail; the clock stands still until the answer comes (guidance 9)."""
    access.require(actor, Action.WORK_CASES, case)
    if not question.strip():
        raise MoveRefused("Write down what you want to know.")
    with transaction.atomic(durable=True):
        case = door.locked(case)
        door.require_open(case)
        if selectors.open_hold(case):
            raise MoveRefused(f"{case.reference} is waiting for the submitter already. End that wait before you ask again.")
        hold = Hold.objects.create(submission=case, began_at=timezone.now(), question=question.strip(), asked_by=actor)
        _worked_on(case, actor)
        answering.tell(case, "submission_question", f"submission_question:{hold.pk}", question=question.strip())
        audit.record(actor, "case.asked", case, question=hold.question)
    return hold


def resume(actor: User, case: Submission, reason: str) -> None:
    """End the wait without an answer by mail, for example after a telephone call."""
    access.require(actor, Action.WORK_CASES, case)
    _require_reason(reason)
    with transaction.atomic(durable=True):
        if not revising.end_hold(door.locked(case), actor, reason.strip()):
            raise MoveRefused(f"{case.reference} is not waiting for the submitter.")


def reject(actor: User, case: Submission, reason: str) -> None:
    """Turn the submission down and tell the submitter why (guidance 8)."""
    _close(actor, case, "reject", reason)


def withdraw(actor: User, case: Submission, reason: str) -> None:
    """Close the case because the submitter takes it back."""
    _close(actor, case, "withdraw", reason)


def recommend(actor: User, case: Submission, remark: str = "") -> None:
    """A first person has looked at a case whose checks all passed by themselves; a second one may approve it now."""
    access.require(actor, Action.WORK_CASES, case)
    with transaction.atomic(durable=True):
        case = door.locked(case)
        if case.state != State.DUPLICATE_CHECKED:
            raise MoveRefused(f"{case.reference} has not passed all checks yet.")
        _worked_on(case, actor)
        audit.record(actor, "case.recommended", case, remark=remark.strip())


def approve(actor: User, case: Submission) -> Change:
    """Agree as the second person; the case becomes an approved change of the list, waiting for the next release."""
    access.require(actor, Action.APPROVE, case)
    with transaction.atomic(durable=True):
        case = door.locked(case)
        revision = selectors.current_revision(case)
        _check_approval(actor, case, revision)
        rules = RuleSet.from_snapshot(revision.rules.snapshot)
        origin = f"submission:{case.reference}/{revision.number}"
        change = changes.propose(
            case.last_worked_on_by,
            Change.Kind.ADD,
            origin=origin,
            values=_published(revision.values, rules),
            fir=_of(revision.values, rules, Publication.FIR),
            designation=case.designation,
            evidence={"submission": case.reference, "workbook": revision.workbook_sha256, "seal": revision.seal},
        )
        case.change = changes.approve(actor, change)
        door.move(case, "approve", actor, seal=revision.seal, change=change.pk)
    return change


def take_back(actor: User, case: Submission, reason: str) -> None:
    """Undo an approval before publication."""
    access.require(actor, Action.APPROVE, case)
    _require_reason(reason)
    with transaction.atomic(durable=True):
        case = door.locked(case)
        if case.state != State.APPROVED:
            raise MoveRefused(f"{case.reference} is not approved.")
        revising.take_back_approval(case, actor, reason)


def assign(actor: User, case: Submission, person: User | None) -> None:
    """Take a case, hand it to somebody, or put it back for anybody."""
    access.require(actor, Action.WORK_CASES, case)
    if person is not None and not access.may(person, Action.WORK_CASES, case):
        raise MoveRefused(f"{person} does not work on cases.")
    with transaction.atomic(durable=True):
        case = door.locked(case)
        case.assigned_to = person
        case.save(update_fields=["assigned_to"])
        audit.record(actor, "case.assigned", case, to=str(person) if person else "nobody")


def name(actor: User, case: Submission, text: str) -> None:
    """Give the Device Model a plain-English name, for the Version Control text; an empty one takes it away."""
    access.require(actor, Action.WORK_CASES, case)
    with transaction.atomic(durable=True):
        case = door.locked(case)
        door.require_open(case)
        if case.state == State.APPROVED:
            raise MoveRefused(f"{case.reference} is approved. Take the approval back before you name its Device Model anew.")
        before = case.designation
        case.designation = " ".join(text.split()) or formal_name(case.device_type, case.manufacturer, case.model)
        case.save(update_fields=["designation"])
        _worked_on(case, actor)
        audit.record(actor, "case.named", case, before=before, name=case.designation)


def remark(actor: User, case: Submission, text: str) -> Note:
    """An internal note."""
    access.require(actor, Action.WORK_CASES, case)
    _require_reason(text)
    with transaction.atomic(durable=True):
        note = Note.objects.create(submission=case, text=text.strip(), made_by=actor)
        audit.record(actor, "case.noted", case, note=note.pk)
    return note


def question_draft(case: Submission) -> str:
    """The text of a question with everything that stands in the way, cell by cell, for an analyst to edit."""
    lines = [
        f"* {_OTHER_CASE.sub('another submission', view.finding.message)}"
        for gate in selectors.gates_of(case)
        for view in gate.open_findings
        if view.finding.severity == Severity.ERROR or view.decision is not None
    ]
    if not lines:
        return ""
    return "Please put the following right and send a corrected workbook or the missing papers:\n\n" + "\n".join(lines)


def _check_decision(case: Submission, revision: Revision, finding: CheckFinding, reason: str) -> None:
    _require_reason(reason)
    if finding.run.submission_id != case.pk or finding.run.seal != revision.seal:
        raise MoveRefused("This finding belongs to an earlier workbook of the case. Load the page again.")
    if finding.severity == Severity.ERROR:
        raise MoveRefused("An error cannot be overridden. Ask the submitter for a corrected workbook, or reject the submission.")
    if finding.severity == Severity.INFO:
        raise MoveRefused("A note needs no decision.")
    if case.state == State.APPROVED:
        raise MoveRefused(f"{case.reference} is approved. Take the approval back before you decide anything anew.")


def _check_approval(actor: User, case: Submission, revision: Revision) -> None:
    if case.state != State.DUPLICATE_CHECKED:
        raise MoveRefused(f"{case.reference} is {case.get_state_display().lower()}; approval comes after all checks have passed.")
    if selectors.open_hold(case):
        raise MoveRefused(f"{case.reference} is waiting for the submitter. End that wait first.")
    if not settings.CPL_TEAM_OF_ONE:
        _check_four_eyes(actor, case)
    if revision.seal != gates.seal_of(revision.values, revision.workbook_sha256):
        raise MoveRefused("What was read from the workbook is not what was sealed. Have the checks run again.")
    vault.read(revision.workbook_sha256, red=True)  # raises when the bytes are gone or damaged
    decided = selectors.decisions(case, revision.seal)
    for gate in Gate:
        run = selectors.run_of(case, gate)
        if run is None or not checking.is_settled(run.findings.all(), decided):
            raise MoveRefused(f"The check '{gate.label}' is not settled for this workbook. Have the checks run again.")


def _check_four_eyes(actor: User, case: Submission) -> None:
    if case.last_worked_on_by_id is None:
        raise MoveRefused("Nobody has looked at this case yet. An analyst recommends it first, then another person approves.")
    if case.last_worked_on_by_id == actor.pk:
        raise MoveRefused("You were the last to work on this case; another person must approve it.")


def _close(actor: User, case: Submission, name: str, reason: str) -> None:
    access.require(actor, Action.WORK_CASES, case)
    _require_reason(reason)
    with transaction.atomic(durable=True):
        case = door.locked(case)
        door.require_open(case)
        revising.end_hold(case, actor, f"{name}: {reason.strip()}")
        revising.take_back_approval(case, actor, reason)
        case.closed_at, case.closing_reason, case.last_worked_on_by = timezone.now(), reason.strip(), actor
        door.move(case, name, actor, reason)
        answering.tell(case, f"submission_{name}", f"submission_{name}:{case.pk}", reason=reason.strip())


def _worked_on(case: Submission, actor: User) -> None:
    case.last_worked_on_by = actor
    case.save(update_fields=["last_worked_on_by"])


def _require_reason(text: str) -> None:
    if not text.strip():
        raise MoveRefused("Write down a reason; it is kept with the case.")


def _published(values: Mapping[str, str], rules: RuleSet) -> dict[str, str]:
    """What goes on the list, without the two items that SECAS allocates at publication."""
    return {item.key: values.get(item.key, "") for item in rules.list_items if item.kind is not Kind.ALLOCATED}


def _of(values: Mapping[str, str], rules: RuleSet, publication: Publication) -> dict[str, str]:
    return {item.key: values.get(item.key, "") for item in rules.items if publication in item.published and not item.red}
