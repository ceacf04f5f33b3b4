"""Taking over a published workbook by page: first a report of what it would bring, then the confirmation."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import Action, access_required, person
from accounts.session import recent_authentication_required
from core import vault
from cpl import selectors
from cpl.forms import UploadForm
from cpl.services.importing import import_cpl

KEY = "cpl.import"  # in the session: SHA-256 of the workbook whose report was shown
MOST_SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
@access_required(Action.IMPORT_LIST)
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a workbook; nothing is taken over yet."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "cpl/import.html", {"form": form, "head": selectors.head()})
    data = form.cleaned_data["file"].read()
    report = import_cpl(data, person(request), dry_run=True)
    if report.refusals:
        request.session.pop(KEY, None)
    else:
        request.session[KEY] = vault.put(data)
    context = {"report": report, "name": form.cleaned_data["file"].name, "shown": report.oddities[:MOST_SHOWN]}
    return render(request, "cpl/import_report.html", context)


@require_POST
@access_required(Action.IMPORT_LIST)
@recent_authentication_required
def confirm(request: HttpRequest) -> HttpResponse:
    """Take over the workbook whose report was shown."""
    sha256 = request.session.pop(KEY, None)
    if sha256 is None:
        messages.error(request, "Choose the workbook again; the report you confirmed is no longer there.")
        return redirect("cpl:import")
    report = import_cpl(vault.read(sha256), person(request))
    if report.refusals:
        return render(request, "cpl/import_report.html", {"report": report, "name": "the workbook", "shown": ()})
    messages.success(request, f"{report.label}: {report.entries} entries and {report.releases} versions are taken over.")
    return redirect("cpl:home")
