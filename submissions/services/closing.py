"""After a release: its cases are over, and their submitters hear of it."""

from django.db import transaction
from django.utils import timezone

from cpl.models import Release
from submissions.domain.lifecycle import State
from submissions.models import Submission
from submissions.services import answering, door


def close_cases(serial: int) -> None:
    """Move every case whose change went out with release SERIAL to published; safe to call twice."""
    release = Release.objects.get(serial=serial)
    for case in Submission.objects.filter(change__release=release).order_by("id"):
        _close(case, release)


def _close(case: Submission, release: Release) -> None:
    assert case.change is not None  # the cases were found by it
    number = case.change.number
    with transaction.atomic(durable=True):
        case = door.locked(case)
        if case.state == State.PUBLISHED:
            return
        case.closed_at = timezone.now()
        door.move(case, "publish", None, release=str(release.version), number=number)
        answering.tell(case, "submission_published", f"submission_published:{case.pk}", release=release, number=number)
