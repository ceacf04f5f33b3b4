"""Papers and workbooks of a case: given out as files, added, named; RED only with a reason on record."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import Action
from repositories.services import ReasonNeeded
from submissions.domain.intake import suggest_kind
from submissions.forms import AttachForm, ClassifyForm, RedForm, ReviseForm
from submissions.models import Document, Revision, Submission
from submissions.services import papers, receiving
from submissions.services.refusals import REFUSALS
from submissions.views.case import CameBack, page, readable
from submissions.views.uploads import bounded_upload, download, posted


@require_safe
@login_required
def document(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """A paper as it came."""
    case = readable(request, reference)
    paper = get_object_or_404(Document, pk=number, submission=case)
    return download(papers.read(access.person(request), paper), paper.filename)


@posted
@login_required
def classify(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Say what a paper is."""
    case = readable(request, reference)
    access.require(request.user, Action.WORK_CASES, case)
    paper = get_object_or_404(Document, pk=number, submission=case)
    form = ClassifyForm(request.POST, auto_id=f"paper{number}_%s")
    if not form.is_valid():
        return page(request, case, CameBack(422, classify={number: form}))
    try:
        papers.classify(access.person(request), paper, form.cleaned_data["kind"])
    except REFUSALS as refused:
        return page(request, case, CameBack(409, str(refused)))
    messages.success(request, f"{paper.filename} is kept as: {dict(form.fields['kind'].choices)[form.cleaned_data['kind']]}.")  # type: ignore[attr-defined]
    return redirect("cases:case", reference)


@bounded_upload
@posted
@login_required
def attach(request: HttpRequest, reference: str) -> HttpResponse:
    """Add papers to a case."""
    case = readable(request, reference)
    access.require(request.user, Action.WORK_CASES, case)
    form = AttachForm(request.POST, request.FILES, auto_id="attach_%s")
    if not form.is_valid():
        return page(request, case, CameBack(422, attach=form))
    files = [(name, data, form.cleaned_data["kind"] or suggest_kind(name, data)) for name, data in form.named("uploads")]
    try:
        added = papers.attach(access.person(request), case, files)
    except REFUSALS as refused:
        return page(request, case, CameBack(409, str(refused), attach=AttachForm(auto_id="attach_%s")))
    count = len(added)
    text = (
        f"{count} paper{'s' if count != 1 else ''} added; the checks run again."
        if added
        else "The case has these papers already."
    )
    messages.success(request, text) if added else messages.info(request, text)
    return redirect("cases:case", reference)


@bounded_upload
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def revise(request: HttpRequest, reference: str) -> HttpResponse:
    """Take in a corrected workbook as the next revision."""
    case = readable(request, reference)
    access.require(request.user, Action.WORK_CASES, case)
    if not case.is_open:
        raise Http404
    form = ReviseForm(request.POST, request.FILES) if request.method == "POST" else ReviseForm()
    refusal = ""
    if form.is_bound and form.is_valid():
        [(name, data)] = form.named("workbook")
        try:
            receiving.receive_corrected(access.person(request), case, name, data)
        except REFUSALS as refused:
            refusal = str(refused)
        else:
            messages.success(request, "The corrected workbook is taken in; the checks run from the start.")
            return redirect("cases:case", reference)
    status = 409 if refusal else 422 if form.is_bound else 200
    return render(request, "submissions/revise.html", {"case": case, "form": form, "refusal": refusal}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def workbook(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """A submitted workbook exactly as it came (RED): asks why, then gives it out."""
    case, revision = _revision(request, reference, number, Action.OPEN_RAW)
    form = RedForm(request.POST) if request.method == "POST" else RedForm()
    refusal = ""
    if form.is_bound and form.is_valid():
        try:
            return download(
                papers.open_workbook(access.person(request), revision, form.cleaned_data["reason"]), revision.filename
            )
        except ReasonNeeded as fault:
            refusal = str(fault)
    context = {"case": case, "revision": revision, "form": form, "refusal": refusal}
    return render(request, "submissions/workbook.html", context, status=_status(form.is_bound, refusal))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def stack(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """The ZigBee stack values of a revision (RED): asks why, then shows them once."""
    case, revision = _revision(request, reference, number, Action.REVEAL_RED)
    form = RedForm(request.POST) if request.method == "POST" else RedForm()
    context = {"case": case, "revision": revision, "form": form}
    if form.is_bound and form.is_valid():
        vendor, version = papers.reveal_stack(access.person(request), revision, form.cleaned_data["reason"])
        context["rows"] = [
            {"label": "Stack_Vendor", "value": vendor or "not filled in", "mono": True},
            {"label": "Stack_Version", "value": version or "not filled in", "mono": True},
        ]
        response = render(request, "submissions/stack.html", context)
        response["Cache-Control"] = "no-store, private"
        return response
    return render(request, "submissions/stack.html", context, status=_status(form.is_bound, ""))


def _revision(request: HttpRequest, reference: str, number: int, action: Action) -> tuple[Submission, Revision]:
    case = readable(request, reference)
    access.require(request.user, action, case)
    return case, get_object_or_404(Revision.objects.select_related("stack"), submission=case, number=number)


def _status(bound: bool, refusal: str) -> int:
    return 409 if refusal else 422 if bound else 200
