"""How a case is put on a page: clock, steps, checks, values and story, made ready for the templates."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from accounts.models import User
from core import audit
from core.models import AuditEntry
from cpl.domain.dictionary import RuleSet
from cpl.domain.findings import GateResult, Severity
from submissions.domain.lifecycle import PATH, Gate, State
from submissions.forms import DecisionForm
from submissions.gates import RED_VALUE
from submissions.models import CheckFinding, Decision, Revision, Submission
from submissions.selectors import FindingView, GateView, QueueRow
from submissions.signature_panel import SignaturePanel, panel_of

SOON = datetime.timedelta(hours=8)  # before the due time: the day on which it is due, as a rule


@dataclass(frozen=True, slots=True)
class Clock:
    """The time that is left: `state` is calm, soon, late or paused."""

    state: str
    left: str
    due: str


@dataclass(frozen=True, slots=True)
class Line:
    """A finding on the page; `form` where a person may decide."""

    finding: CheckFinding
    decision: Decision | None
    kind: str
    text: str
    form: DecisionForm | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One gate on the page with its findings."""

    gate: Gate
    kind: str
    text: str
    note: str
    lines: tuple[Line, ...]
    signature: SignaturePanel | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """One data item of a form: its masked value, where it stands, and what the checks say of it."""

    label: str
    attribute: str
    value: str
    cell: str
    red: bool = False
    kind: str = ""
    text: str = ""


@dataclass(slots=True)
class Group:
    """The data items of one Data Group."""

    name: str
    values: list[Value] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the story of a case."""

    at: datetime.datetime
    who: str
    what: str
    detail: str


def clock_of(row: QueueRow, now: datetime.datetime | None = None) -> Clock | None:
    """The clock of an open case; None when it is over."""
    if row.due_at is None:
        return None
    left = row.due_at - (now or timezone.now())
    due = f"{timezone.localtime(row.due_at):%a %d/%m/%Y, %H:%M}"
    if row.waiting:
        return Clock("paused", "Clock stopped", "waiting for the submitter")
    if row.late:
        return Clock("late", f"{duration(-left)} late", f"was due {due}")
    return Clock("soon" if left <= SOON else "calm", f"{duration(left)} left", f"due {due}")


def duration(span: datetime.timedelta) -> str:
    """ "2 days 3 h", "4 h 12 min" or "12 min": two units are enough."""
    minutes = max(int(span.total_seconds() // 60), 0)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} day{'s' if days > 1 else ''} {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def steps_of(case: Submission, gates: Sequence[GateView]) -> list[dict[str, str]]:
    """The way of a case: what is done, where it stands, and where it was stopped."""
    state = State(case.state)
    if state not in PATH:
        passed = 1 + sum(gate.status == "passed" and not gate.open_findings for gate in gates)
        done = [{"label": step.label, "state": "done"} for step in PATH[:passed]]
        return [*done, {"label": state.label, "state": "stopped"}]
    here = PATH.index(state)
    stopped = any(gate.status == "fail" for gate in gates)
    return [{"label": step.label, "state": _step_state(place - here, stopped)} for place, step in enumerate(PATH)]


def _step_state(ahead: int, stopped: bool) -> str:
    if ahead <= 0:
        return "done"
    if ahead == 1:
        return "stopped" if stopped else "now"
    return "later"


def checks_of(gates: Iterable[GateView], may_decide: bool, bound: DecisionForm | None = None, bound_to: int = 0) -> list[Check]:
    """The gates with tags and words. `bound`: a form that came back with errors, and the finding it is about."""
    return [_check(gate, may_decide, bound, bound_to) for gate in gates]


def _check(gate: GateView, may_decide: bool, bound: DecisionForm | None, bound_to: int) -> Check:
    kind, text = _tag(gate)
    shown = gate.findings if gate.status not in {"running", "waiting"} else ()
    ordered = sorted(shown, key=lambda view: (not view.is_open, list(Severity).index(Severity(view.finding.severity))))
    lines = []
    for view in ordered:
        form = bound if view.finding.pk == bound_to else None
        lines.append(_line(view, may_decide and gate.status == "decide" or form is not None, form))
    known = gate.run.detail if shown is gate.findings and gate.run is not None and gate.gate is Gate.SIGNATURE else {}
    return Check(gate.gate, kind, text, _note(gate), tuple(lines), panel_of(known))


def _tag(gate: GateView) -> tuple[str, str]:
    if gate.status == "passed" and gate.run is not None and gate.run.result == GateResult.NOT_APPLICABLE:
        return "quiet", "Not needed"
    tags = {"passed": ("pass", "Pass"), "fail": ("fail", "Fail"), "decide": ("decide", "Decide"), "running": ("info", "Running")}
    return tags.get(gate.status, ("quiet", "Not yet"))


def _note(gate: GateView) -> str:
    if gate.status == "running":
        return "The check is running."
    if gate.status == "waiting" or gate.run is None:
        return "Comes after the checks above."
    words = [f"checked {timezone.localtime(gate.run.ran_at):%d/%m/%Y %H:%M}"]
    if found := len(gate.open_findings):
        words.insert(0, f"{found} to settle")
    if gate.run.result == GateResult.NOT_APPLICABLE:
        words.insert(0, "no Manufacturer Image to sign for" if gate.gate is Gate.SIGNATURE else "does not apply")
    accepted = sum(view.decision is not None and not view.is_open for view in gate.findings)
    if accepted:
        words.insert(0, f"{accepted} accepted by a person")
    text = " · ".join(words)
    return text[:1].upper() + text[1:]


def _line(view: FindingView, may_decide: bool, bound: DecisionForm | None) -> Line:
    finding, decision = view.finding, view.decision
    kind, text = _severity_tag(view)
    form = bound
    if form is None and may_decide and finding.severity == Severity.WARNING:
        before = str(decision.pk) if decision else ""
        form = DecisionForm(auto_id=f"decide{finding.pk}_%s", initial={"before": before})
    return Line(finding, decision, kind, text, form)


def _severity_tag(view: FindingView) -> tuple[str, str]:
    if view.finding.severity == Severity.ERROR:
        return "fail", "Error"
    if view.finding.severity == Severity.INFO:
        return "quiet", "Note"
    if view.decision is None:
        return "decide", "Decide"
    return ("decide", "Not accepted") if view.is_open else ("pass", "Accepted")


def tally_of(checks: Iterable[Check]) -> list[dict[str, str]]:
    """How many checks passed, failed and wait for a decision, as tags."""
    kinds = [check.kind for check in checks]
    words = {"pass": "pass", "fail": "fail", "decide": "to decide", "info": "running"}
    return [{"kind": kind, "text": f"{kinds.count(kind)} {word}"} for kind, word in words.items() if kind in kinds]


def groups_of(revision: Revision, rules: RuleSet, checks: Iterable[Check] = ()) -> list[Group]:
    """Every data item of the form by Data Group; RED ones say that there is something, not what."""
    said = {(line.finding.group, line.finding.attribute): line for check in checks for line in reversed(check.lines)}
    groups: dict[str, Group] = {}
    for item in rules.form_items:
        line = said.get((item.group, item.attribute))
        value = revision.values.get(item.key, "")
        if item.applies == "secas":
            continue
        groups.setdefault(item.group, Group(item.group)).values.append(
            Value(
                label=item.label,
                attribute=item.attribute,
                value="" if item.red else value,
                cell=revision.cells.get(item.key, "").rpartition("!")[2],
                red=item.red and value == RED_VALUE,
                kind=line.kind if line else "",
                text=line.text if line else "",
            )
        )
    return list(groups.values())


def difference_of(revisions: Sequence[Revision]) -> list[dict[str, object]]:
    """What each workbook changed against the one before it, newest first; RED values are not compared."""
    pairs = zip(revisions, revisions[1:], strict=False)
    return [{"revision": after, "changes": _changes(before.values, after.values)} for before, after in pairs][::-1]


def _changes(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str, str]]:
    keys = list(dict.fromkeys([*before, *after]))
    return [(key, before.get(key, ""), after.get(key, "")) for key in keys if before.get(key, "") != after.get(key, "")]


_VERBS = {
    "case.received": "Received",
    "case.decided": "Decided on a warning",
    "case.asked": "Asked the submitter",
    "case.hold_ended": "Waiting for the submitter ended",
    "case.recommended": "Recommended for approval",
    "case.assigned": "Assigned",
    "case.noted": "Remark",
    "case.named": "Device Model named",
    "case.papers_added": "Papers added",
    "case.paper_classified": "Paper classified",
    "case.revise": "Checks started again",
    "case.approve": "Approved",
    "case.take_back": "Approval taken back",
    "case.publish": "Published",
    "case.reject": "Rejected",
    "case.withdraw": "Withdrawn",
    "red.revealed": "Stack values revealed (RED)",
    "red.opened": "Workbook opened (RED)",
}


def story_of(case: Submission) -> list[Happening]:
    """What the audit trail says of the case, newest first, with the words of remarks.

    A check that passed is told once, by the step it led to.
    """
    told = {GateResult.PASS.value, GateResult.NOT_APPLICABLE.value}
    entries = [
        entry for entry in audit.trail(case) if not (entry.verb.startswith("gate.") and entry.detail.get("result") in told)
    ]
    numbers = {entry.actor.partition(" ")[0].removeprefix("user:") for entry in entries if entry.actor.startswith("user:")}
    names = {str(user.pk): str(user) for user in User.objects.filter(pk__in=numbers)}
    notes = {note.pk: note.text for note in case.notes.all()}
    return [Happening(entry.at, _who(entry.actor, names), _what(entry.verb), _detail(entry, notes)) for entry in entries[::-1]]


def _who(actor: str, names: dict[str, str]) -> str:
    key, _, address = actor.partition(" ")
    return names.get(key.removeprefix("user:"), address or "the site")


def _what(verb: str) -> str:
    if verb.startswith("gate."):
        return f"Check: {Gate(verb.removeprefix('gate.')).label}"
    if verb.startswith("case.pass_"):
        return f"Passed: {Gate(verb.removeprefix('case.pass_')).label}"
    return _VERBS.get(verb, verb.replace(".", ": ").replace("_", " ").capitalize())


def _detail(entry: AuditEntry, notes: dict[int, str]) -> str:
    detail: dict[str, object] = entry.detail
    if detail.get("result") == GateResult.PASS:
        return ""
    words = [
        str(detail[name]).replace("_", " ") if name in {"result", "verdict"} else str(detail[name])
        for name in ("rule", "verdict", "result", "reason", "question", "why", "remark", "release", "name")
        if detail.get(name)
    ]
    if detail.get("to"):
        words.append(f"to {detail['to']}")
    if isinstance(number := detail.get("note"), int):
        words.append(notes.get(number, ""))
    if isinstance(papers := detail.get("documents"), list) and papers:
        words.append(f"{len(papers)} file{'s' if len(papers) > 1 else ''}")
    return " · ".join(filter(None, words))


def title_of(case: Submission) -> str:
    """Whose Device Model it is, in a few words."""
    return case.organisation.name if case.organisation else case.submitter_name or case.submitter or "unknown sender"
