"""The one door: no other code moves the state of a case."""

from typing import Any

from accounts.models import User
from core import audit, outbox
from core.models import AuditEntry
from submissions.domain.lifecycle import MOVES, State, gate_due
from submissions.models import Submission

GATE_DUE = "submissions.gate_due"
_MOVES = {move.name: move for move in MOVES}


class MoveRefused(Exception):  # noqa: N818 - reads as door.MoveRefused
    """The step cannot be taken as things stand; the text says why, for people."""


def locked(case: Submission) -> Submission:
    """The case as it is now, locked until the caller's transaction ends."""
    return Submission.objects.select_for_update().get(pk=case.pk)


def require_open(case: Submission) -> None:
    """Raises MoveRefused for a case that is over."""
    if not case.is_open:
        raise MoveRefused(f"{case.reference} is {case.get_state_display().lower()}; nothing about it can change any more.")


def move(case: Submission, name: str, actor: User | None, reason: str = "", **detail: Any) -> None:
    """Make the move NAME of the lifecycle on a locked case: state, audit entry and the next gate's event, or nothing.

    The caller holds the transaction. Raises MoveRefused when the state or a missing reason forbids it.
    """
    step = _MOVES[name]
    if State(case.state) not in step.sources:
        raise MoveRefused(
            f"{case.reference} is {case.get_state_display().lower()}; for this step it would have to be "
            f"{' or '.join(state.label.lower() for state in step.sources)}."
        )
    if step.needs_reason and not reason.strip():
        raise MoveRefused("Write down a reason; it is kept with the case.")
    getattr(case, name)()
    case.save()
    if reason.strip():
        detail["reason"] = reason.strip()
    announce(case, audit.record(actor, f"case.{name}", case, **detail))


def announce(case: Submission, entry: AuditEntry) -> None:
    """Have the gate that is due now run, once for the happening that ENTRY records."""
    if gate_due(State(case.state)) is not None:
        outbox.emit(GATE_DUE, f"{case.reference}:{entry.seq}", {"submission": case.pk})
