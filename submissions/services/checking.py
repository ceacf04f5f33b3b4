"""Running the gates of a case: computed without a lock on bytes that never change, then noted in a short transaction."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.models import OrganisationKind
from core import audit, vault
from cpl import selectors as cpl
from cpl.domain.dictionary import RuleSet
from cpl.domain.findings import GateResult, Severity
from submissions import gates, selectors
from submissions.domain.lifecycle import Gate, State, gate_due
from submissions.gates import GateAnswer
from submissions.models import CheckFinding, CheckRun, Decision, Revision, Submission
from submissions.services import door, signatures


def run_due(case: Submission) -> None:
    """Run the gate that is due, if one still is; safe to call twice. Not inside a transaction."""
    started = Submission.objects.select_related("organisation").get(pk=case.pk)
    gate = gate_due(State(started.state))
    if gate is None:
        return
    revision = selectors.current_revision(started)
    rules = cpl.current_rules(timezone.localdate(started.received_at))
    answer = _ask(gate, started, revision, rules)
    with transaction.atomic(durable=True):
        case = door.locked(case)
        if gate_due(State(case.state)) is gate and case.round == started.round:
            _note(case, revision, rules, answer)


def settle(case: Submission, gate: Gate) -> bool:
    """Let a locked case pass GATE, if it is due and its run leaves nothing open. Inside the caller's transaction."""
    if gate_due(State(case.state)) is not gate:
        return False
    revision = selectors.current_revision(case)
    run = selectors.run_of(case, gate)
    if run is None or not is_settled(run.findings.all(), selectors.decisions(case, revision.seal)):
        return False
    door.move(case, f"pass_{gate.value}", None, run=run.pk, result=run.result)
    return True


def is_settled(findings: Iterable[CheckFinding], decisions: dict[tuple[str, ...], Decision]) -> bool:
    """No error, and every warning accepted by a person."""
    for finding in findings:
        decision = decisions.get(finding.identity)
        if finding.severity == Severity.ERROR:
            return False
        if finding.severity == Severity.WARNING and (decision is None or decision.verdict != Decision.Verdict.ACCEPTED):
            return False
    return True


def _ask(gate: Gate, case: Submission, revision: Revision, rules: RuleSet) -> GateAnswer:
    if gate is Gate.FORM:
        data = vault.read(revision.workbook_sha256, red=True)
        return gates.form(gates.read_workbook(data, timezone.localdate(case.received_at)))
    if gate is Gate.SIGNATURE:
        return _verify(case, revision)
    if gate is Gate.CERTIFICATES:
        supplier = case.organisation is not None and case.organisation.kind == OrganisationKind.SUPPLIER
        return gates.assurance(revision.values, rules, selectors.document_kinds(case), supplier)
    return gates.duplicates(revision.values, selectors.open_cases(excluding=case))


def _verify(case: Submission, revision: Revision) -> GateAnswer:
    """Over the bytes as they came, by the rules that the case's values were read with."""
    data = vault.read(revision.workbook_sha256, red=True)
    received = revision.receipt.received_at
    read = gates.read_by(data, RuleSet.from_snapshot(revision.rules.snapshot), timezone.localdate(received))
    return signatures.check(revision.values, data, read, received)


def _note(case: Submission, revision: Revision, rules: RuleSet, answer: GateAnswer) -> None:
    run = CheckRun.objects.create(
        submission=case,
        revision=revision,
        gate=answer.gate.value,
        round=case.round,
        result=answer.result.value,
        seal=revision.seal,
        rules=cpl.remembered(rules),
        ran_at=timezone.now(),
        detail=dict(answer.detail),
    )
    CheckFinding.objects.bulk_create(CheckFinding.of(run, finding) for finding in answer.findings)
    counts = {level.value: sum(finding.severity is level for finding in answer.findings) for level in Severity}
    audit.record(None, f"gate.{answer.gate.value}", case, result=answer.result.value, seal=revision.seal, **counts)
    if answer.result in {GateResult.PASS, GateResult.NOT_APPLICABLE, GateResult.DECIDE}:
        settle(case, answer.gate)
