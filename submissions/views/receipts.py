"""What arrived: the upload page, and mails that no case took over."""

from collections.abc import Sequence

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import Action, access_required
from accounts.models import User
from repositories.services import ReasonNeeded
from submissions import selectors
from submissions.forms import HandleForm, NamedBytes, ReceiveForm, RedForm
from submissions.models import Receipt
from submissions.services import papers, receiving
from submissions.services.receiving import Received
from submissions.services.refusals import REFUSALS
from submissions.views.uploads import bounded_upload, download

A_PAGE = 50


@bounded_upload
@require_http_methods(["GET", "HEAD", "POST"])
@access_required(Action.WORK_CASES)
def receive(request: HttpRequest) -> HttpResponse:
    """Take in what reached SECAS some other way than by mail."""
    form = ReceiveForm(request.POST, request.FILES) if request.method == "POST" else ReceiveForm()
    if not (form.is_bound and form.is_valid()):
        return render(request, "submissions/receive.html", {"form": form}, status=422 if form.is_bound else 200)
    received = _take_in(access.person(request), form, form.named("uploads"))
    if received.repeat:
        messages.warning(request, "This arrived before; nothing was added. This is what became of it then.")
    else:
        messages.success(request, "Taken in.")
    return redirect("cases:receipt", received.receipt.pk)


@require_safe
@access_required(Action.READ_CASE)
def receipts(request: HttpRequest) -> HttpResponse:
    """What no case took over first; everything else that arrived on request."""
    everything = "all" in request.GET
    rows = Receipt.objects.order_by("-received_at") if everything else selectors.unhandled_receipts()
    page = Paginator(rows.defer("body"), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "submissions/receipts.html", {"page": page, "everything": everything})


@require_safe
@access_required(Action.READ_CASE)
def receipt(request: HttpRequest, number: int) -> HttpResponse:
    """What is known of one mail or upload, and what became of it."""
    return _page(request, get_object_or_404(Receipt.objects.select_related("case", "received_by"), pk=number))


@require_POST
@access_required(Action.WORK_CASES)
def handle(request: HttpRequest, number: int) -> HttpResponse:
    """Note what was done about a mail that no case took over."""
    arrived = get_object_or_404(Receipt, pk=number)
    form = HandleForm(request.POST)
    if not form.is_valid():
        return _page(request, arrived, form, status=422)
    try:
        receiving.handle(access.person(request), arrived, form.cleaned_data["remark"])
    except REFUSALS as refused:
        messages.error(request, str(refused))
        return redirect("cases:receipt", number)
    messages.success(request, "Noted.")
    return redirect("cases:receipts")


@require_http_methods(["GET", "HEAD", "POST"])
@access_required(Action.OPEN_RAW)
def raw(request: HttpRequest, number: int) -> HttpResponse:
    """A mail exactly as it came (RED): asks why, then gives it out."""
    arrived = get_object_or_404(Receipt, pk=number)
    form = RedForm(request.POST) if request.method == "POST" else RedForm()
    refusal = ""
    if form.is_bound and form.is_valid():
        try:
            data = papers.open_receipt(access.person(request), arrived, form.cleaned_data["reason"])
            return download(data, f"receipt-{arrived.pk}.eml")
        except ReasonNeeded as fault:
            refusal = str(fault)
    status = 409 if refusal else 422 if form.is_bound else 200
    return render(request, "submissions/raw.html", {"receipt": arrived, "form": form, "refusal": refusal}, status=status)


def _take_in(actor: User, form: ReceiveForm, files: Sequence[NamedBytes]) -> Received:
    """A single saved mail is taken in as that mail; anything else as if the submitter had mailed it."""
    if form.is_saved_mail:
        [(_, data)] = files
        return receiving.receive_mail(data, Receipt.Source.UPLOAD, received_by=actor)
    said = form.cleaned_data
    return receiving.receive_upload(
        actor, said["submitter"], files, submitter_name=said["submitter_name"], subject=said["subject"]
    )


def _page(request: HttpRequest, arrived: Receipt, form: HandleForm | None = None, status: int = 200) -> HttpResponse:
    rights = access.rights(access.person(request))
    waits = arrived.outcome in {Receipt.Outcome.NO_WORKBOOK, Receipt.Outcome.UNREADABLE} and arrived.handled_at is None
    cases = list(arrived.submissions.order_by("reference"))
    context = {
        "receipt": arrived,
        "cases": [*cases, *([arrived.case] if arrived.case and arrived.case not in cases else [])],
        "papers": arrived.documents.select_related("submission"),
        "form": (form or HandleForm()) if waits and Action.WORK_CASES in rights else None,
        "may_open_raw": Action.OPEN_RAW in rights,
    }
    return render(request, "submissions/receipt.html", context, status=status)
