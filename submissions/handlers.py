"""What the cases do when something happened: the gate that is due, the release that carries them."""

from typing import Any

from core import outbox, periodic
from submissions import mailbox
from submissions.models import CrlSource, RevocationList, Submission
from submissions.services import checking, closing, rechecking, revocation, trust
from submissions.services.door import GATE_DUE


@outbox.handler(GATE_DUE)
def run_gate(key: str, payload: dict[str, Any]) -> None:
    """Run the gate that is due."""
    checking.run_due(Submission.objects.get(pk=payload["submission"]))


@outbox.handler("cpl.published", says="Cases closed, submitters told")
def close_cases(key: str, payload: dict[str, Any]) -> None:
    """The cases of a release are over."""
    closing.close_cases(payload["serial"])


@periodic.every(minutes=1)
def collect_mail() -> None:
    """Take in what lies in the mailbox and the drop folder."""
    mailbox.collect()


@outbox.handler(revocation.FETCH_DUE)
def fetch_list(key: str, payload: dict[str, Any]) -> None:
    """Ask one place for its revocation list."""
    revocation.ask(CrlSource.objects.get(pk=payload["source"]))


@outbox.handler(trust.CHANGED)
def trust_changed(key: str, payload: dict[str, Any]) -> None:
    """Check the cases again that this concerns."""
    record = trust.KINDS[payload["kind"]]._default_manager.get(pk=payload["record"])
    if payload["step"] == "retire":
        rechecking.after_end(record)
    else:
        rechecking.after_beginning(record)


@outbox.handler(revocation.LIST_TAKEN)
def list_taken(key: str, payload: dict[str, Any]) -> None:
    """Check the cases again that waited for a list, or whose signer is on it."""
    rechecking.after_list(RevocationList.objects.get(pk=payload["list"]))


@periodic.every(minutes=60)
def fetch_lists() -> None:
    """Have every place asked for its revocation list."""
    revocation.ask_all()


@periodic.daily("07:00")
def watch_lists() -> None:
    """Warn of revocation lists that are missing, stale or about to be."""
    revocation.warn()
