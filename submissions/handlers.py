"""What the cases do when something happened: the gate that is due, the release that carries them."""

from typing import Any

from core import outbox, periodic
from submissions import mailbox
from submissions.models import Submission
from submissions.services import checking, closing
from submissions.services.door import GATE_DUE


@outbox.handler(GATE_DUE)
def run_gate(key: str, payload: dict[str, Any]) -> None:
    """Run the gate that is due."""
    checking.run_due(Submission.objects.get(pk=payload["submission"]))


@outbox.handler("cpl.published")
def close_cases(key: str, payload: dict[str, Any]) -> None:
    """The cases of a release are over."""
    closing.close_cases(payload["serial"])


@periodic.every(minutes=1)
def collect_mail() -> None:
    """Take in what lies in the mailbox and the drop folder."""
    mailbox.collect()
