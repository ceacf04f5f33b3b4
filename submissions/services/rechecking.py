"""When whom the site trusts has changed: cases that waited for it, or rested on what ended, are checked again."""

from collections.abc import Callable

from django.db import transaction

from submissions import selectors
from submissions.domain.lifecycle import OPEN, Gate, State, gate_due
from submissions.models import Authorisation, CheckRun, Submission
from submissions.models.trust import AuthorityCertificate, Vouched
from submissions.services import door, revising
from submissions.signature import Code

_OF_AUTHORITIES = frozenset({Code.CERT_UNTRUSTED, Code.CRL_UNAVAILABLE})


def after_beginning(record: Vouched) -> int:
    """RECORD is in force now; returns how many cases are checked again."""
    codes = frozenset({Code.ORG_MISMATCH}) if isinstance(record, Authorisation) else _OF_AUTHORITIES
    return _again(lambda case, run: _stopped_by(case, run, codes), f"{record} is in force now")


def after_list() -> int:
    """A revocation list was taken in."""
    missing = frozenset({Code.CRL_UNAVAILABLE})
    return _again(lambda case, run: _stopped_by(case, run, missing), "a revocation list arrived")


def after_end(record: Vouched) -> int:
    """RECORD is no longer in force; an approval that rests on it is taken back."""
    return _again(lambda case, run: _rests_on(run, record), f"{record} is no longer in force")


def _again(concerns: Callable[[Submission, CheckRun], bool], why: str) -> int:
    """Check every open case again whose signature this concerns; safe to do twice."""
    count = 0
    for found in Submission.objects.filter(state__in=[state.value for state in OPEN]).order_by("id"):
        run = selectors.latest_run(found, Gate.SIGNATURE, selectors.current_revision(found).seal)
        if run is None or not concerns(found, run):
            continue
        with transaction.atomic(durable=True):
            case = door.locked(found)
            if case.state == found.state:
                revising.check_again(case, None, why)
                count += 1
    return count


def _stopped_by(case: Submission, run: CheckRun, codes: frozenset[Code]) -> bool:
    waits = gate_due(State(case.state)) is Gate.SIGNATURE
    return waits and any(finding.rule in codes for finding in run.findings.all())


def _rests_on(run: CheckRun, record: Vouched) -> bool:
    if isinstance(record, AuthorityCertificate):
        return record.subject in run.detail.get("chain", ())
    return bool((run.detail.get("authorisation") or {}).get("record") == record.pk)
