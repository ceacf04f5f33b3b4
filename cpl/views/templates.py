"""Pages of the templates that SECAS supplies: upload one, look at it, approve it as the second person, withdraw it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Action, access_required, may, person, require
from accounts.session import recent_authentication_required
from core import vault
from cpl import selectors
from cpl.domain.dictionary import RuleSet
from cpl.domain.findings import Finding, Severity
from cpl.forms import TemplateForm, WithdrawForm
from cpl.models import Release, SuppliedTemplate
from cpl.services import artefacts
from cpl.services import templates as service
from cpl.services.templates import TemplateRefused
from cpl.views import showing
from cpl.views.downloads import TYPES

TAGS = {Severity.ERROR: "fail", Severity.WARNING: "decide", Severity.INFO: "info"}


@require_http_methods(["GET", "HEAD", "POST"])
@access_required(Action.READ_TEMPLATES)
def index(request: HttpRequest) -> HttpResponse:
    """Every template there was, which one is in use, and the form to upload another."""
    if request.method != "POST":
        return _index(request, TemplateForm())
    require(request.user, Action.MANAGE_TEMPLATES)
    form = TemplateForm(request.POST, request.FILES)
    if not form.is_valid():
        return _index(request, form)
    file, given = form.cleaned_data["file"], form.cleaned_data
    try:
        record = service.propose(
            person(request),
            file.read(),
            file.name,
            int(given["principal"]),
            valid_from=given["valid_from"],
            note=given["note"],
        )
    except TemplateRefused as refused:
        form.add_error("file", str(refused))
        return _index(request, form, refused.findings)
    messages.success(request, "The template is uploaded. Another person must approve it.")
    return redirect("cpl:template", record.pk)


@require_safe
@access_required(Action.READ_TEMPLATES)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one template, with the buttons for those who may press them."""
    return _detail(request, _record(pk), WithdrawForm())


@require_POST
@access_required(Action.MANAGE_TEMPLATES)
@recent_authentication_required
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to it as the second person."""
    try:
        record = service.approve(person(request), _record(pk))
        messages.success(
            request, f"The template is approved. Versions issued from {record.valid_from:%d/%m/%Y} on are written with it."
        )
    except TemplateRefused as refused:
        messages.error(request, str(refused))
    return redirect("cpl:template", pk)


@require_POST
@access_required(Action.MANAGE_TEMPLATES)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Use it no more, with a reason."""
    record, form = _record(pk), WithdrawForm(request.POST)
    if not form.is_valid():
        return _detail(request, record, form)
    try:
        service.withdraw(person(request), record, form.cleaned_data["reason"])
        messages.success(request, "The template is withdrawn.")
    except TemplateRefused as refused:
        messages.error(request, str(refused))
    return redirect("cpl:template", pk)


@require_safe
@access_required(Action.READ_TEMPLATES)
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """The template as it was uploaded."""
    record = _record(pk)
    name = f"CPL_template_{record.pk}.xlsm"
    return _workbook(vault.read(record.sha256, known_as=name), name)


@require_safe
@access_required(Action.READ_TEMPLATES)
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """The current version as it would look with this template, for those who review it."""
    record, head = _record(pk), selectors.head()
    rules = _rules(record)
    if head is None or not _can_be_tried(head, service.findings(record.sha256, rules)):
        raise Http404
    return _workbook(artefacts.tried_with(head, record, rules), f"CPL_template_{record.pk}_trial.xlsm")


def _can_be_tried(head: Release | None, findings: tuple[Finding, ...]) -> bool:
    """There is a list to write, and nothing stands against the template today."""
    return head is not None and selectors.is_held(head) and _fits(findings)


def _fits(findings: tuple[Finding, ...]) -> bool:
    return Severity.ERROR not in {finding.severity for finding in findings}


def _rules(record: SuppliedTemplate) -> RuleSet:
    return selectors.current_rules(timezone.localdate(), record.principal)


def _record(pk: int) -> SuppliedTemplate:
    people = ("proposed_by", "approved_by", "withdrawn_by")
    return get_object_or_404(SuppliedTemplate.objects.select_related(*people), pk=pk)


def _workbook(data: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(data, content_type=TYPES[artefacts.WORKBOOK], headers=headers)


def _index(request: HttpRequest, form: TemplateForm, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    context = {
        "records": SuppliedTemplate.objects.select_related("proposed_by", "approved_by"),
        "in_use": SuppliedTemplate.in_use(settings.CPL_PRINCIPAL, timezone.localdate()),
        "principal": settings.CPL_PRINCIPAL,
        "form": form,
        "findings": _shown(findings),
    }
    return render(request, "cpl/templates.html", context)


def _detail(request: HttpRequest, record: SuppliedTemplate, form: WithdrawForm) -> HttpResponse:
    findings = service.findings(record.sha256, _rules(record))
    manages = may(request.user, Action.MANAGE_TEMPLATES)
    context = {
        "record": record,
        "intact": service.intact(record),
        "in_use": SuppliedTemplate.in_use(record.principal, timezone.localdate()) == record,
        "findings": _shown(findings),
        "fits": _fits(findings),
        "releases": record.releases.order_by("-serial")[:20],
        "trail": showing.trail(record),
        "has_trial": _can_be_tried(selectors.head(), findings),
        "can_approve": manages and record.status == SuppliedTemplate.Status.PROPOSED,
        "can_withdraw": manages and record.status != SuppliedTemplate.Status.WITHDRAWN,
        "team_of_one": settings.CPL_TEAM_OF_ONE,
        "form": form,
    }
    return render(request, "cpl/template.html", context)


def _shown(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    """Findings for reading: rule, what is wrong, where, and the section of the guidance."""
    return [
        {
            "kind": TAGS[finding.severity],
            "rule": finding.rule,
            "title": finding.message,
            "note": " · ".join(filter(None, (finding.cell, f"CPL guidance {finding.guidance}" if finding.guidance else ""))),
        }
        for finding in findings
    ]
