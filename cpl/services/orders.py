"""Publishing by a worker: the button stores an order, the queue `publish` carries it out, the page shows what became of it."""

from django.db import transaction

from accounts import access
from accounts.models import User
from core import audit, crypto, outbox
from core.models import OutboxEvent
from cpl import selectors
from cpl.domain.releases import parse
from cpl.models import PublicationOrder, Release
from cpl.services import planning, publishing
from cpl.services.planning import PublishingBlocked
from cpl.services.publishing import PlanChanged

ORDERED = "cpl.publication_ordered"


def order(actor: User, text: str, seen: str) -> PublicationOrder:
    """Have the plan with the fingerprint `seen` published. Pressed twice, it is one order; one that was given up is made anew.

    Raises PublishingBlocked when nothing can be published or somebody has ordered the same with another text, PlanChanged when
    something else than what was seen would be.
    """
    access.require(actor, access.Action.PUBLISH)
    plan = planning.preview(changes_text=text)
    if plan.fingerprint != seen:
        raise PlanChanged(publishing.LOOK_AGAIN)
    with transaction.atomic(durable=True):
        _close_given_up(seen)
        wanted, created = PublicationOrder.objects.get_or_create(
            fingerprint=seen,
            outcome=PublicationOrder.Outcome.WAITING,
            defaults={
                "version": str(plan.version),
                "changes": [change.pk for change in plan.changes],
                "text": text,
                "ordered_by": actor,
            },
        )
        if created:
            audit.record(actor, "release.ordered", wanted, version=wanted.version, changes=wanted.changes)
            outbox.emit(ORDERED, str(wanted.pk), {"order": wanted.pk})
    if wanted.text != text:
        raise PublishingBlocked(f"{wanted.ordered_by} has ordered this version with another text. Yours was not taken.")
    return wanted


def delivery(wanted: PublicationOrder) -> OutboxEvent:
    """How far the worker has come with an order."""
    return OutboxEvent.objects.get(topic=ORDERED, key=str(wanted.pk))


def _close_given_up(fingerprint: str) -> None:
    for wanted in PublicationOrder.objects.filter(fingerprint=fingerprint, outcome=PublicationOrder.Outcome.WAITING):
        event = delivery(wanted)
        if event.dead_at:
            _finish(
                wanted, PublicationOrder.Outcome.REFUSED, None, f"Given up after {event.attempts} attempts: {event.last_error}"
            )


def carry_out(pk: int) -> None:
    """Publish what was ordered, or note why not; safe to call again after a worker died at any point.

    Raises crypto.NoPrivateKey in a process that has no release key at all, so that the order is left to one that has.
    """
    if not crypto.held():
        raise crypto.NoPrivateKey("Orders are carried out where the release key is.")
    wanted = PublicationOrder.objects.select_related("ordered_by").get(pk=pk)
    if wanted.outcome != PublicationOrder.Outcome.WAITING:
        return
    reason = "" if _published(wanted) else _publish(wanted)
    release = _published(wanted)  # by this worker or by one that was quicker or died
    outcome = PublicationOrder.Outcome.PUBLISHED if release else PublicationOrder.Outcome.REFUSED
    _finish(wanted, outcome, release, "" if release else reason)


def _publish(wanted: PublicationOrder) -> str:
    """Why nothing was published; "" when something was."""
    if not access.may(wanted.ordered_by, access.Action.PUBLISH):
        return f"{wanted.ordered_by} may not publish any more."
    try:
        publishing.publish(wanted.ordered_by, wanted.text, seen=wanted.fingerprint)
    except PublishingBlocked as blocked:
        return str(blocked)
    return ""


def _published(wanted: PublicationOrder) -> Release | None:
    """The release with just these changes, if a worker that died had got so far."""
    version = parse(wanted.version)
    release = selectors.release(version) if version else None
    if release is None or set(release.changes.values_list("pk", flat=True)) != set(wanted.changes):
        return None
    return release


def _finish(wanted: PublicationOrder, outcome: str, release: Release | None, reason: str) -> None:
    with transaction.atomic():
        waiting = PublicationOrder.objects.filter(pk=wanted.pk, outcome=PublicationOrder.Outcome.WAITING)
        if waiting.update(outcome=outcome, release=release, reason=reason):
            audit.record(wanted.ordered_by, f"release.order_{outcome}", wanted, reason=reason)
