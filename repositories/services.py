"""RED at the door: the two stack values of a submitted form are sealed here and opened for nobody without a reason on record."""

from django.db import transaction

from accounts import access
from accounts.models import User
from core import audit
from repositories import sealing
from repositories.models import StackRecord


class ReasonNeeded(Exception):  # noqa: N818 - says what is missing
    """RED is opened only with a reason; the text says so, for people."""


def hold_stack(origin: str, vendor: str, version: str) -> StackRecord:
    """Seal the ZigBee stack vendor and version of one revision of a form; joins the caller's transaction.

    ORIGIN names the revision ("submission:SUB-2026-0001/1"). Asked again for it, the record made first is returned as it is:
    the bytes of a revision never change. Guidance 7.2.12, Appendix 7.
    """
    held = StackRecord.objects.filter(origin=origin).first()
    if held is not None:
        return held
    fresh = StackRecord(origin=origin)
    sealing.seal(fresh, vendor, version)
    defaults = {"id": fresh.pk, "vendor_sealed": fresh.vendor_sealed, "version_sealed": fresh.version_sealed}
    record, _ = StackRecord.objects.get_or_create(origin=origin, defaults=defaults)  # another may have come first just now
    return record


def reveal(actor: User, record: StackRecord, reason: str) -> tuple[str, str]:
    """(vendor, version) for someone who works on the case; who, which and why are on record before anything is opened.

    Raises Http404 for whoever may not, ReasonNeeded without a reason. Not inside a transaction, so that the entry in the audit
    trail stays whatever happens afterwards.
    """
    access.require(actor, access.Action.REVEAL_RED)
    if not reason.strip():
        raise ReasonNeeded("Say why you need to see the stack values; the reason is kept with your name.")
    with transaction.atomic(durable=True):
        audit.record(actor, "red.revealed", case_of(record), record=record.pk, reason=reason.strip())
    return sealing.opened(record)


def case_of(record: StackRecord) -> str:
    """The name of the submission in the audit trail: the origin without its revision."""
    return record.origin.rpartition("/")[0] or record.origin
