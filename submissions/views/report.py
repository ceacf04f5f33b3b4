"""The report of a case, to read, to print and to keep."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import Action, access_required
from submissions import report
from submissions.views.case import readable
from submissions.views.uploads import download


@require_safe
@access_required(Action.READ_CASE)
def html(request: HttpRequest, reference: str) -> HttpResponse:
    """The report as a page that prints well."""
    said = report.content(readable(request, reference), access.person(request))
    return render(request, "submissions/report.html", said)


@require_safe
@access_required(Action.READ_CASE)
def pdf(request: HttpRequest, reference: str) -> HttpResponse:
    """The report as PDF; where that cannot be made, the page to print and why."""
    case = readable(request, reference)
    said = report.content(case, access.person(request))
    try:
        return download(report.pdf(said), f"{case.reference}.pdf")
    except report.PdfNotPossible as missing:
        return render(request, "submissions/report.html", {**said, "missing": str(missing)})
