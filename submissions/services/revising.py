"""Corrected workbooks and answers: a new revision voids what was checked and decided for the one before."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts import access
from accounts.models import User
from core import audit
from cpl.services import changes
from submissions.domain.intake import Attachment
from submissions.domain.lifecycle import State
from submissions.models import Hold, Receipt, Submission
from submissions.services import door, opening
from submissions.services.opening import ReadForm


def take_reply(case: Submission, receipt: Receipt, form: ReadForm | None, papers: Sequence[Attachment]) -> None:
    """What the submitter sent for a locked, open case: ends the wait, adds papers, takes the workbook as a new revision."""
    end_hold(case, None, "answered by the submitter")
    added = opening.add_documents(case, receipt, list(papers))
    if added:
        audit.record(None, "case.papers_added", case, documents=[document.sha256 for document in added])
    if form is not None:
        new_revision(case, receipt, form, None)
    elif added:
        check_again(case, None, "new papers arrived")


def new_revision(case: Submission, receipt: Receipt, form: ReadForm, actor: User | None) -> None:
    """Take a corrected workbook for a locked, open case: back to received; an approval is taken back first."""
    door.require_open(case)
    take_back_approval(case, actor, "a corrected workbook arrived")
    opening.add_revision(case, receipt, form, case.revisions.count() + 1)
    _note_worker(case, actor)
    door.move(case, "revise", actor, "a corrected workbook arrived", revision=case.revision_number, workbook=form.file.sha256)


def check_again(case: Submission, actor: User | None, reason: str) -> None:
    """Run every gate of a locked case anew; decisions under the same seal still count."""
    door.require_open(case)
    take_back_approval(case, actor, reason)
    _note_worker(case, actor)
    door.move(case, "revise", actor, reason, revision=case.revision_number)


def run_again(actor: User, case: Submission) -> None:
    """An analyst has the gates run again, for example after reference data was changed."""
    access.require(actor, access.Action.WORK_CASES, case)
    with transaction.atomic(durable=True):
        check_again(door.locked(case), actor, "checks started again by hand")


def end_hold(case: Submission, actor: User | None, why: str) -> bool:
    """The wait for the submitter is over; False when there was none."""
    ended = Hold.objects.filter(submission=case, ended_at__isnull=True).update(ended_at=timezone.now())
    if ended:
        audit.record(actor, "case.hold_ended", case, why=why)
    return bool(ended)


def take_back_approval(case: Submission, actor: User | None, reason: str) -> None:
    """Undo the approval of a locked case, if it has one; its change to the list is withdrawn."""
    if case.state != State.APPROVED:
        return
    if case.change is not None:
        changes.withdraw(actor, case.change, reason)
        case.change = None
    door.move(case, "take_back", actor, reason)


def _note_worker(case: Submission, actor: User | None) -> None:
    if actor is not None:
        case.last_worked_on_by = actor
