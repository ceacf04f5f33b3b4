"""The queue of SECAS, and the list of its own cases for an organisation."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import Action, access_required
from submissions import presenting, selectors
from submissions.domain.lifecycle import OPEN, State
from submissions.forms import QueueFilter
from submissions.models import Submission
from submissions.selectors import QueueRow

A_PAGE = 50


@require_safe
@access_required(Action.READ_CASE)
def queue(request: HttpRequest) -> HttpResponse:
    """Open cases, due soonest first; others by filter, newest first."""
    types = Submission.objects.exclude(device_type="").order_by("device_type").values_list("device_type", flat=True).distinct()
    form = QueueFilter(request.GET, device_types=list(types))
    chosen = form.chosen()
    cases = selectors.queue(
        state=chosen["state"],
        mine=access.person(request).pk if chosen["who"] in {"me", "mine"} else None,
        nobodys=chosen["who"] in {"nobody", "mine"},
        search=chosen["search"],
        device_type=chosen["device_type"],
    )
    page = _by_due_time(cases, request) if _only_open(chosen["state"]) else _by_receipt(cases, request)
    counts = [(State(state), count) for state, count in selectors.counts().items()]
    context = {
        "filter": form,
        "chosen": chosen,
        "page": page,
        "rows": [(row, presenting.clock_of(row)) for row in page.object_list],
        "counts": counts,
        "open": sum(count for _, count in counts),
        "unhandled": selectors.unhandled_receipts().count(),
        "filtered": any(chosen.values()),
    }
    return render(request, "submissions/queue.html", context)


@require_safe
@login_required
def own(request: HttpRequest) -> HttpResponse:
    """What the reader's organisation has submitted."""
    organisation = access.person(request).organisation
    if organisation is None:
        raise Http404
    page = _by_receipt(selectors.visible_cases(organisation.pk).select_related("organisation", "assigned_to"), request)
    rows = [(row, presenting.clock_of(row)) for row in page.object_list]
    return render(request, "submissions/own.html", {"organisation": organisation, "page": page, "rows": rows})


def _only_open(state: str) -> bool:
    return not state or state in [member.value for member in OPEN]


def _by_due_time(cases: Any, request: HttpRequest) -> Any:
    """Due times follow from Working Days and waits, so all open cases are looked at; there are never very many."""
    rows = sorted(selectors.queue_rows(cases), key=_urgency)
    return Paginator(rows, A_PAGE).get_page(request.GET.get("page"))


def _urgency(row: QueueRow) -> tuple[bool, datetime]:
    return row.waiting, row.due_at or timezone.now()


def _by_receipt(cases: Any, request: HttpRequest) -> Any:
    page = Paginator(cases.order_by("-received_at", "-id"), A_PAGE).get_page(request.GET.get("page"))
    page.object_list = selectors.queue_rows(page.object_list)
    return page
