"""Pages of a change: propose it, look at it, approve it as the second person, withdraw it."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Action, access_required, may, person
from cpl import selectors
from cpl.domain.dictionary import RuleSet
from cpl.domain.findings import Severity
from cpl.domain.validate import validate_values
from cpl.forms import WithdrawForm, form_for
from cpl.models import Change, EntryRow
from cpl.models.entries import CURRENT
from cpl.services import changes as service
from cpl.services.changes import ChangeRefused
from cpl.views import showing

OF_A_CASE = "submission:"  # origin of a change that belongs to a case: it is taken back there, so that both stay together
KINDS = ("amend", "correct", "remove", "reinstate")
TAGS = {Severity.ERROR: ("fail", "Fail"), Severity.WARNING: ("decide", "Look"), Severity.INFO: ("info", "Note")}


@require_http_methods(["GET", "HEAD", "POST"])
@access_required(Action.WORK_CASES)
def propose(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """Propose to amend, correct, remove or reinstate an entry."""
    if kind not in KINDS:
        raise Http404
    row = get_object_or_404(EntryRow.objects.open(), number=number)
    form = form_for(kind, row, request.POST if request.method == "POST" else None)
    if form.is_valid():
        change = service.propose(person(request), kind, number=number, origin=f"entry:{number}", **form.change)
        messages.success(request, "The change is proposed. Another person must approve it.")
        return redirect("cpl:change", change.pk)
    return render(
        request,
        "cpl/propose.html",
        {"entry": row, "kind": Change.Kind(kind).label, "form": form, "device": showing.device(row.values)},
    )


@require_safe
@access_required(Action.READ_CASE)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one change, with the buttons for those who may press them."""
    return _page(request, _change(pk), WithdrawForm())


@require_POST
@access_required(Action.APPROVE)
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to it as the second person."""
    try:
        service.approve(person(request), _change(pk))
        messages.success(request, "The change is approved and waits for the next version.")
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    return redirect("cpl:change", pk)


@require_POST
@access_required(Action.WORK_CASES)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back, with a reason."""
    found, form = _change(pk), WithdrawForm(request.POST)
    if found.origin.startswith(OF_A_CASE):
        messages.error(request, "This change belongs to a case. Take the approval of the case back instead.")
        return redirect("cpl:change", pk)
    if not form.is_valid():
        return _page(request, found, form)
    try:
        service.withdraw(person(request), found, form.cleaned_data["reason"])
        messages.success(request, "The change is withdrawn.")
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    return redirect("cpl:change", pk)


def _change(pk: int) -> Change:
    return get_object_or_404(Change.objects.select_related("proposed_by", "approved_by", "release"), pk=pk)


def _page(request: HttpRequest, change: Change, form: WithdrawForm) -> HttpResponse:
    waiting = change.status == Change.Status.PROPOSED
    of_a_case = change.origin.startswith(OF_A_CASE)
    before = _before(change)
    rules = selectors.current_rules(timezone.localdate())
    return render(
        request,
        "cpl/change.html",
        {
            "change": change,
            "intact": service.intact(change),
            "entry": before,
            "moved": showing.moved(before.values, change.values) if before and change.values else (),
            "groups": showing.groups(change.values, rules) if change.values and not before else (),
            "fir": [(showing.label_of(key), value) for key, value in change.fir.items()],
            "evidence": [(name.replace("_", " "), value) for name, value in change.evidence.items()],
            "findings": _findings(change, rules),
            "trail": showing.trail(change),
            "device": showing.device(change.values or (before.values if before else {})),
            "can_approve": waiting and may(request.user, Action.APPROVE),
            "case": change.origin.removeprefix(OF_A_CASE).partition("/")[0] if of_a_case else "",
            "can_withdraw": not of_a_case and change.status in {"proposed", "approved"} and may(request.user, Action.WORK_CASES),
            "team_of_one": settings.CPL_TEAM_OF_ONE,
            "form": form,
        },
    )


def _before(change: Change) -> EntryRow | None:
    """What the entry said when nothing of the change was published yet."""
    if not change.number or change.kind == Change.Kind.ADD:
        return None
    rows = EntryRow.objects.filter(number=change.number).order_by("-from_serial")
    return rows.filter(from_serial__lt=change.release.serial).first() if change.release else rows.first()


def _findings(change: Change, rules: RuleSet) -> list[dict[str, str]]:
    """What the field rules say today about the values as they would be published."""
    if not change.values:
        return []
    found = validate_values(change.values, rules, timezone.localdate(), CURRENT).findings
    return [
        {"kind": TAGS[finding.severity][0], "text": TAGS[finding.severity][1], "title": finding.message, "note": finding.rule}
        for finding in found
    ]
