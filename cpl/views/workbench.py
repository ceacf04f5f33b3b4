"""The publication workbench: what waits, what the next version would be, and the button that publishes it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import Action, access_required, person
from accounts.session import recent_authentication_required
from core import outbox
from core.models import OutboxEvent
from cpl import selectors
from cpl.domain.releases import Version
from cpl.forms import LONGEST_TEXT, PublishForm
from cpl.models import Change, PublicationOrder
from cpl.services import artefacts, orders, planning, publishing
from cpl.services.planning import NothingToPublish, Plan, PublishingBlocked
from cpl.views import showing


@require_safe
@access_required(Action.PUBLISH)
def workbench(request: HttpRequest) -> HttpResponse:
    """Proposed and approved changes, and the next version as it would be."""
    return _page(request)


@require_POST
@access_required(Action.PUBLISH)
@recent_authentication_required
def publish(request: HttpRequest) -> HttpResponse:
    """Order what was looked at to be published; a worker does it, and the order's page says what became of it."""
    form = PublishForm(request.POST)
    if not form.is_valid():
        long = f"The Version Control text is longer than {LONGEST_TEXT:,} characters."
        return _page(request, form.data.get("text", ""), long if "text" in form.errors else "Look at the next version first.")
    text = form.cleaned_data["text"].replace("\r\n", "\n")
    try:
        wanted = orders.order(person(request), text, form.cleaned_data["seen"])
    except PublishingBlocked as blocked:
        return _page(request, text, str(blocked))
    return redirect("cpl:order", wanted.pk)


@require_safe
@access_required(Action.PUBLISH)
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of an order; once it is carried out, on to the release."""
    wanted = get_object_or_404(PublicationOrder.objects.select_related("release", "ordered_by"), pk=pk)
    if wanted.release is None:
        return render(request, "cpl/order.html", {"order": wanted, "event": orders.delivery(wanted)})
    messages.success(request, f"Version {wanted.release.version} is published.")
    return redirect("cpl:published", wanted.release.version)


@require_safe
@access_required(Action.PUBLISH)
def published(request: HttpRequest, version: Version) -> HttpResponse:
    """What was published, and how far what follows from it has come."""
    release = selectors.release(version)
    if release is None:
        raise Http404
    events = OutboxEvent.objects.filter(topic="cpl.published", key=str(version)).order_by("pk")
    context = {
        "release": release,
        "files": artefacts.stored(release),
        "changes": release.changes.all(),
        "follows": [(event, outbox.says(event)) for event in events],
    }
    return render(request, "cpl/published.html", context)


def _page(request: HttpRequest, text: str = "", problem: str = "") -> HttpResponse:
    proposed = Change.objects.filter(status=Change.Status.PROPOSED).select_related("proposed_by")
    approved = Change.objects.filter(status=Change.Status.APPROVED).select_related("proposed_by", "approved_by")
    context: dict[str, Any] = {
        "head": selectors.head(),
        "proposed": proposed,
        "approved": approved.order_by("approved_at", "id"),
        "problem": problem,
        "waiting": PublicationOrder.objects.filter(outcome=PublicationOrder.Outcome.WAITING).first(),
    }
    try:
        context |= _next(planning.preview(changes_text=text))
    except NothingToPublish:
        pass
    except PublishingBlocked as blocked:
        context["blocked"] = str(blocked)
    return render(request, "cpl/workbench.html", context, status=409 if problem else 200)


def _next(plan: Plan) -> dict[str, Any]:
    """The next version for reading: difference, text, files with their sizes."""
    return {
        "plan": plan,
        "found": showing.entry_changes(list(plan.before.values()), list(plan.entries.changed.values())),
        "current": plan.current_count,
        "files": list(publishing.sizes(plan).items()),
        "form": PublishForm(initial={"text": plan.changes_text, "seen": plan.fingerprint}),
    }
