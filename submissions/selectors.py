"""Questions to the cases: the queue, a case's gates and its story."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Prefetch, Q, QuerySet
from django.utils import timezone

from certificates.domain.requirements import DocumentKind
from core import working_time
from core.domain.working_days import WorkingDays
from cpl.domain.findings import GateResult, Severity
from submissions.domain.duplicates import OpenCase
from submissions.domain.lifecycle import OPEN, PATH, Gate, State, gate_due
from submissions.models import CheckFinding, CheckRun, Decision, Hold, Receipt, Revision, Submission

Identity = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with the decision that a person took on it, if any."""

    finding: CheckFinding
    decision: Decision | None

    @property
    def is_open(self) -> bool:
        """Whether it still stands in the way."""
        if self.finding.severity == Severity.ERROR:
            return True
        accepted = self.decision is not None and self.decision.verdict == Decision.Verdict.ACCEPTED
        return self.finding.severity == Severity.WARNING and not accepted


@dataclass(frozen=True, slots=True)
class GateView:
    """One gate of a case: `status` is passed, waiting (not run yet), running, fail or decide."""

    gate: Gate
    status: str
    run: CheckRun | None
    findings: tuple[FindingView, ...]

    @property
    def open_findings(self) -> tuple[FindingView, ...]:
        """What stands in the way, errors first."""
        return tuple(sorted((view for view in self.findings if view.is_open), key=lambda view: view.finding.severity != "error"))


def current_revision(case: Submission) -> Revision:
    """The workbook that counts."""
    return case.revisions.get(number=case.revision_number)


def document_kinds(case: Submission) -> frozenset[DocumentKind]:
    """What papers the case has."""
    return frozenset(DocumentKind(kind) for kind in case.documents.values_list("kind", flat=True))


def open_cases(excluding: Submission | None = None) -> list[OpenCase]:
    """Every open case with the values of its current revision."""
    states = [state.value for state in OPEN]
    cases = Submission.objects.filter(state__in=states).order_by("reference")
    if excluding is not None:
        cases = cases.exclude(pk=excluding.pk)
    numbers = {case.pk: case for case in cases}
    revisions = Revision.objects.filter(submission__in=numbers).only("submission_id", "number", "values")
    return [
        OpenCase(numbers[revision.submission_id].reference, revision.values)
        for revision in revisions.order_by("submission_id")
        if numbers[revision.submission_id].revision_number == revision.number
    ]


def run_of(case: Submission, gate: Gate) -> CheckRun | None:
    """The run of a gate that counts: that of the case's present round."""
    return case.runs.filter(gate=gate.value, round=case.round).prefetch_related("findings").order_by("-id").first()


def decisions(case: Submission, seal: str) -> dict[Identity, Decision]:
    """The last decision on each finding under this seal, by the finding's identity."""
    rows = case.decisions.filter(seal=seal).select_related("made_by").order_by("id")
    return {decision.identity: decision for decision in rows}


def gates_of(case: Submission) -> list[GateView]:
    """All gates of the case's current revision, in their order."""
    revision = current_revision(case)
    decided = decisions(case, revision.seal)
    return [_gate_view(case, gate, run_of(case, gate), decided) for gate in Gate]


def _gate_view(case: Submission, gate: Gate, run: CheckRun | None, decided: dict[Identity, Decision]) -> GateView:
    views = tuple(FindingView(finding, decided.get(finding.identity)) for finding in run.findings.all()) if run else ()
    due = gate_due(State(case.state))
    if due is gate:
        status = "running" if run is None else ("fail" if run.result == GateResult.FAIL else "decide")
    elif _place(gate) < _place(due) or (due is None and run is not None):
        status = "passed" if run is None or run.result != GateResult.FAIL else "fail"
    else:
        status = "waiting"
    return GateView(gate, status, run, views)


def _place(gate: Gate | None) -> int:
    return list(Gate).index(gate) if gate is not None else len(Gate)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A case as the queue shows it."""

    case: Submission
    due_at: datetime.datetime | None
    late: bool
    waiting: bool  # for the submitter
    attention: str  # what it needs next, in a few words


def queue(
    *, state: str = "", mine: int | None = None, nobodys: bool = False, search: str = "", device_type: str = ""
) -> QuerySet[Submission]:
    """Cases for the queue; open ones unless a state is asked for. Newest last, so that what came first comes first.

    `mine`: key of the person they are assigned to; `nobodys`: also, or only, those assigned to nobody.
    """
    if state == "all":
        cases = Submission.objects.all()
    else:
        cases = Submission.objects.filter(state__in=[state] if state else [member.value for member in OPEN])
    if mine is not None or nobodys:
        cases = cases.filter(Q(assigned_to_id=mine) | Q(assigned_to__isnull=True) if nobodys else Q(assigned_to_id=mine))
    if device_type:
        cases = cases.filter(device_type=device_type)
    if search:
        wanted = Q()
        for field in ("reference", "submitter", "submitter_name", "designation", "manufacturer", "model", "firmware"):
            wanted |= Q(**{f"{field}__icontains": search})
        cases = cases.filter(wanted | Q(organisation__name__icontains=search))
    return cases.select_related("organisation", "assigned_to").order_by("received_at", "id")


def queue_rows(cases: Iterable[Submission]) -> list[QueueRow]:
    """Rows of one page of the queue, with few queries however long it is."""
    cases = list(cases)
    holds: dict[int, list[Hold]] = {}
    for hold in Hold.objects.filter(submission__in=cases):
        holds.setdefault(hold.submission_id, []).append(hold)
    results = _latest_results(cases)
    calendar = working_time.calendar()
    now = timezone.now()
    return [_queue_row(case, holds.get(case.pk, []), results.get(case.pk, ""), calendar, now) for case in cases]


def _queue_row(case: Submission, holds: list[Hold], result: str, calendar: WorkingDays, now: datetime.datetime) -> QueueRow:
    waiting = any(hold.ended_at is None for hold in holds)
    due = _due(case, holds, calendar, now) if case.is_open else None
    return QueueRow(case, due, bool(due and due < now and not waiting), waiting, _attention(case, waiting, result))


def _attention(case: Submission, waiting: bool, result: str) -> str:
    state = State(case.state)
    if state not in OPEN:
        return ""
    if waiting:
        return "Waiting for the submitter"
    if state is State.APPROVED:
        return "Ready to publish"
    gate = gate_due(state)
    if gate is None:
        return "Ready to approve"
    return {"fail": "Errors found", "decide": "Decision needed"}.get(result, "Checks are running")


def _latest_results(cases: Iterable[Submission]) -> dict[int, str]:
    """Result of the gate that is due, by case, where it has run in the case's present round."""
    due = {case.pk: gate_due(State(case.state)) for case in cases}
    runs = CheckRun.objects.filter(submission__in=due, round=F("submission__round")).order_by("id")
    return {case: result for case, gate, result in runs.values_list("submission_id", "gate", "result") if gate == due[case]}


def due_at(case: Submission) -> datetime.datetime:
    """When the case must be done: one Working Day after receipt, without the time spent waiting (Guidance 9)."""
    return _due(case, list(case.holds.all()), working_time.calendar(), timezone.now())


def _due(case: Submission, holds: list[Hold], calendar: WorkingDays, now: datetime.datetime) -> datetime.datetime:
    return calendar.due(case.received_at, 1, [(hold.began_at, hold.ended_at or now) for hold in holds])


def open_hold(case: Submission) -> Hold | None:
    """The question that waits for the submitter's answer, if one does."""
    return case.holds.filter(ended_at__isnull=True).select_related("asked_by").first()


def counts() -> dict[str, int]:
    """How many open cases are in each state, in the order of the path."""
    states = list(Submission.objects.filter(state__in=[state.value for state in OPEN]).values_list("state", flat=True))
    return {state.value: states.count(state.value) for state in PATH[:-1]}


def unhandled_receipts() -> QuerySet[Receipt]:
    """What arrived and no case took over: somebody must look at it."""
    outcomes = [Receipt.Outcome.NO_WORKBOOK, Receipt.Outcome.UNREADABLE]
    return Receipt.objects.filter(outcome__in=outcomes, handled_at__isnull=True).order_by("received_at")


def visible_cases(organisation_id: int | None) -> QuerySet[Submission]:
    """The cases filed under an organisation, for its own people."""
    if organisation_id is None:
        return Submission.objects.none()
    return Submission.objects.filter(organisation_id=organisation_id).order_by("-received_at")


def with_everything(cases: QuerySet[Submission]) -> QuerySet[Submission]:
    """Cases with what a case page and a report show."""
    return cases.select_related("receipt", "organisation", "assigned_to", "last_worked_on_by", "change").prefetch_related(
        Prefetch("documents"), Prefetch("revisions"), Prefetch("holds"), Prefetch("notes")
    )
