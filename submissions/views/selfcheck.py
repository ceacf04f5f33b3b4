"""The public self-check: the gates over a workbook that nobody submits. Nothing is kept, nobody has to sign in."""

from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.signin import client_ip
from cpl.dictionary import load
from submissions.domain.lifecycle import Gate
from submissions.forms import SelfCheckForm
from submissions.gates import RED_VALUE
from submissions.services import selfcheck
from submissions.views.uploads import bounded_upload

MOST_CHECKS, PERIOD = 30, 600  # from one address within so many seconds
UNREAD = "F1"  # rule of the note that a gate did not run, because the form could not be read
VERDICTS = {
    "pass": ("pass", "Nothing stands in the way."),
    "decide": ("decide", "No errors, but a person at SECAS will have to decide on the warnings."),
    "fail": ("fail", "SECAS would have to send this back. Put the errors right first."),
}
RESULTS = {"pass": ("pass", "Pass"), "fail": ("fail", "Fail"), "decide": ("decide", "Decide")}
SEVERITIES = {"error": ("fail", "Error"), "warning": ("decide", "Decide"), "info": ("quiet", "Note")}


@dataclass(slots=True)
class Item:
    """One data item of the form and what the check says of it, like column I of the form."""

    group: str
    attribute: str
    label: str
    value: str
    red: bool
    said: list[dict[str, Any]] = field(default_factory=list)


@bounded_upload
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """The form, and after it the result; as JSON where that was asked for."""
    if request.method != "POST":
        return render(request, "check/start.html", {"form": SelfCheckForm()})
    if _too_often(request):
        text = f"More than {MOST_CHECKS} checks came from your address within {PERIOD // 60} minutes. Wait a little."
        context = {"form": SelfCheckForm(), "errors": [{"text": text}]}
        return render(request, "check/start.html", context, status=429)
    form = SelfCheckForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "check/start.html", {"form": form}, status=422)
    [(name, data)] = form.named("workbook")
    answer = selfcheck.check(name, data, form.named("papers"), on=timezone.localdate())
    if request.POST.get("format") == "json":
        return JsonResponse(
            answer, headers={"Content-Disposition": 'attachment; filename="check.json"', "Cache-Control": "no-store"}
        )
    response = render(request, "check/result.html", _context(answer))
    response["Cache-Control"] = "no-store"
    return response


def _context(answer: dict[str, Any]) -> dict[str, Any]:
    kind, words = VERDICTS[answer["verdict"]]
    gates = [_gate(gate) for gate in answer["gates"]]
    return {"answer": answer, "kind": kind, "words": words, "gates": gates, "items": _items(answer)}


def _gate(gate: dict[str, Any]) -> dict[str, Any]:
    unread = any(each["rule"] == UNREAD for each in gate["findings"])
    kind, text = RESULTS.get(gate["result"], ("quiet", "Not checked" if unread else "Not needed"))
    return {
        "title": Gate(gate["gate"]).label,
        "kind": kind,
        "text": text,
        "findings": [_tagged(each) for each in gate["findings"]],
    }


def _tagged(finding: dict[str, Any]) -> dict[str, Any]:
    kind, text = SEVERITIES[finding["severity"]]
    return {**finding, "kind": kind, "text": text}


def _items(answer: dict[str, Any]) -> list[Item]:
    """Every data item that a form holds, with its findings; nothing when the form could not be read at all."""
    entry: dict[str, str] = answer["entry"]
    items: dict[tuple[str, str], Item] = {}
    for item in load(answer["form"]["principal"]).form_items:
        value = entry.get(item.key, "")
        if item.applies != "secas":
            shown = "" if item.red else value
            items[item.group, item.attribute] = Item(item.group, item.attribute, item.label, shown, value == RED_VALUE)
    for gate in answer["gates"]:
        for finding in gate["findings"]:
            if item_of := items.get((finding["group"], finding["attribute"])):
                item_of.said.append(_tagged(finding))
    return list(items.values()) if any(item.value or item.red or item.said for item in items.values()) else []


def _too_often(request: HttpRequest) -> bool:
    """Counts a check; a brake, not a lock: each process of a site without Redis counts for itself."""
    key = f"selfcheck:{client_ip(request)}"
    cache.add(key, 0, PERIOD)
    try:
        return cache.incr(key) > MOST_CHECKS
    except ValueError:  # it ran out between the two lines
        return False
