"""The page of one case: checks on the left, evidence on the right; its own organisation sees less of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import Action
from certificates.domain.requirements import DLMS_NUMBER, EXPIRY, ZSE_NUMBER, DocumentKind
from core import isolation, vault
from cpl.domain.dictionary import RuleSet
from cpl.domain.entry import CPA_NUMBER, FIRMWARE, HARDWARE_REVISION, HARDWARE_VERSION, MANUFACTURER, MODEL
from notifications.models import Message
from submissions import presenting, selectors
from submissions.domain.lifecycle import Gate, State
from submissions.forms import AttachForm, ClassifyForm, DecisionForm
from submissions.models import CheckFinding, Document, Revision, Submission
from submissions.services import deciding
from submissions.services.refusals import REFUSALS
from submissions.views import steps
from submissions.views.uploads import posted

LOOK = "submissions.evidence:look"
MOST_SEARCHED = 25 << 20  # bytes of a PDF that is drawn; larger ones are there to be downloaded
_NUMBERS = {
    DocumentKind.ZSE_CERTIFICATE: (ZSE_NUMBER,),
    DocumentKind.DLMS_CERTIFICATE: (DLMS_NUMBER,),
    DocumentKind.RELEASE_NOTES: (CPA_NUMBER, ZSE_NUMBER, DLMS_NUMBER),
}


@dataclass(frozen=True, slots=True)
class CameBack:
    """What a page shows after a step that was not taken: the form as it was filled in, and why."""

    status: int
    refusal: str = ""
    step: tuple[str, Form] | None = None
    decision: tuple[int, DecisionForm] | None = None
    attach: AttachForm | None = None
    classify: Mapping[int, ClassifyForm] = field(default_factory=dict)

    @property
    def wrong(self) -> Form | None:
        """The form in which something is wrong, for the summary at the top of the page."""
        pairs = (self.step, self.decision)
        forms = [*(pair[1] for pair in pairs if pair), self.attach, *self.classify.values()]
        return next((form for form in forms if form is not None and form.errors), None)


def readable(request: HttpRequest, reference: str) -> Submission:
    """The case, for whoever may read it; Http404 for everybody else."""
    case = get_object_or_404(selectors.with_everything(Submission.objects.all()), reference=reference)
    access.require(request.user, Action.READ_CASE, case)
    return case


@require_safe
@login_required
def show(request: HttpRequest, reference: str) -> HttpResponse:
    """The case as its reader may see it."""
    return page(request, readable(request, reference))


def page(request: HttpRequest, case: Submission, came_back: CameBack | None = None) -> HttpResponse:
    """The case page, with what came back from a step, if anything did."""
    rights = access.rights(access.person(request))
    if Action.READ_CASE not in rights:
        return render(request, "submissions/own_case.html", _for_its_organisation(case))
    context = _for_staff(request, case, rights, came_back or CameBack(200))
    return render(request, "submissions/case.html", context, status=came_back.status if came_back else 200)


@posted
@login_required
def act(request: HttpRequest, reference: str, name: str) -> HttpResponse:
    """Take one step; what is refused comes back on the page with what was typed."""
    case = readable(request, reference)
    if name not in steps.STEPS:
        raise Http404
    step = steps.STEPS[name]
    access.require(request.user, Action.APPROVE if name in {"approve", "take_back"} else Action.WORK_CASES, case)
    form = step.form_class(request.POST, auto_id=f"{name}_%s")
    if not form.is_valid():
        return page(request, case, CameBack(422, step=(name, form)))
    hold = selectors.open_hold(case)
    stand = steps.stand_of(case, hold)
    if form.cleaned_data["stand"] not in ("", stand):
        renewed = step.form_class({**request.POST.dict(), "stand": stand}, auto_id=f"{name}_%s")
        text = (
            f"{case.reference} has changed since you loaded the page: it is {State(case.state).label.lower()} now, with workbook "
            f"{case.revision_number}{', and waits for the submitter' if hold else ''}. Nothing was done. Look at it again before "
            "you go on."
        )
        return page(request, case, CameBack(409, text, step=(name, renewed)))
    try:
        step.take(access.person(request), case, form.cleaned_data)
    except REFUSALS as refused:
        return page(request, readable(request, reference), CameBack(409, str(refused), step=(name, form)))
    messages.success(request, step.done)
    return redirect("cases:case", reference)


@posted
@login_required
def decide(request: HttpRequest, reference: str, finding: int) -> HttpResponse:
    """Accept or refuse one warning, unless somebody else decided on it meanwhile."""
    case = readable(request, reference)
    access.require(request.user, Action.WORK_CASES, case)
    found = get_object_or_404(CheckFinding.objects.select_related("run"), pk=finding, run__submission=case)
    form = DecisionForm(request.POST, auto_id=f"decide{finding}_%s")
    back = partial(CameBack, decision=(finding, form))
    if not form.is_valid():
        return page(request, case, back(422))
    latest = selectors.decisions(case, found.run.seal).get(found.identity)
    if form.cleaned_data["before"] != (str(latest.pk) if latest else ""):
        who = latest.made_by if latest else "Somebody"
        return page(
            request, case, CameBack(409, f"{who} decided on this warning after you loaded the page. Your answer was not kept.")
        )
    try:
        deciding.decide(access.person(request), case, found, form.cleaned_data["verdict"], form.cleaned_data["reason"])
    except REFUSALS as refused:
        return page(request, readable(request, reference), back(409, str(refused)))
    messages.success(request, "Your decision is kept.")
    return redirect("cases:case", reference)


def _for_staff(request: HttpRequest, case: Submission, rights: frozenset[Action], came_back: CameBack) -> dict[str, Any]:
    user = access.person(request)
    hold = selectors.open_hold(case)
    gates = selectors.gates_of(case)
    running = any(gate.status == "running" for gate in gates)
    works = Action.WORK_CASES in rights and case.is_open
    decision = came_back.decision
    checks = presenting.checks_of(gates, works, decision[1] if decision else None, decision[0] if decision else 0)
    revision = case.revisions.select_related("rules").get(number=case.revision_number)
    rules = RuleSet.from_snapshot(revision.rules.snapshot)
    receipts = [case.receipt, *case.replies.all()]
    names = steps.possible(user, rights, case, hold, running)
    return {
        **_of_both(case, revision, gates),
        "checks": checks,
        "tally": presenting.tally_of(checks),
        "running": running,
        "hold": hold,
        "refusal": came_back.refusal,
        "wrong": came_back.wrong,
        "steps_to_take": steps.prepared(names, case, steps.stand_of(case, hold), came_back.step),
        "who_approves": steps.who_approves(user, rights, case),
        "groups": presenting.groups_of(revision, rules, checks),
        "papers": _papers(case, works, came_back),
        "evidence": _evidence(request, case, revision),
        "attach_form": (came_back.attach or AttachForm(auto_id="attach_%s")) if works else None,
        "works": works,
        "differences": presenting.difference_of(list(case.revisions.all())),
        "mails": Message.objects.filter(regarding__in=[case.audit_name, *(each.audit_name for each in receipts)]).defer(
            "attachments"
        ),
        "receipts": receipts,
        "story": presenting.story_of(case),
        "may_open_raw": Action.OPEN_RAW in rights,
        "may_reveal": Action.REVEAL_RED in rights,
    }


def _for_its_organisation(case: Submission) -> dict[str, Any]:
    """Its own papers, values and what is wrong with them; nothing about people, remarks, or the cases of others."""
    gates = selectors.gates_of(case)
    checks = presenting.checks_of([gate for gate in gates if gate.gate is not Gate.DUPLICATES], may_decide=False)
    revision = case.revisions.select_related("rules").get(number=case.revision_number)
    return {
        **_of_both(case, revision, gates),
        "checks": checks,
        "groups": presenting.groups_of(revision, RuleSet.from_snapshot(revision.rules.snapshot), checks),
        "hold": selectors.open_hold(case),
    }


def _of_both(case: Submission, revision: Revision, gates: list[selectors.GateView]) -> dict[str, Any]:
    return {
        "case": case,
        "revision": revision,
        "title": presenting.title_of(case),
        "clock": presenting.clock_of(selectors.queue_rows([case])[0]),
        "steps": presenting.steps_of(case, gates),
    }


def _papers(case: Submission, works: bool, came_back: CameBack) -> list[tuple[Document, ClassifyForm | None]]:
    """Every paper with the form that says what it is."""
    pairs = []
    for document in case.documents.all():
        fresh = ClassifyForm(auto_id=f"paper{document.pk}_%s", initial={"kind": document.kind})
        pairs.append((document, came_back.classify.get(document.pk, fresh) if works else None))
    return pairs


def _evidence(request: HttpRequest, case: Submission, revision: Revision) -> dict[str, Any] | None:
    """The chosen paper as a picture with the submitted values marked on it; a word why not where that cannot be."""
    chosen = request.GET.get("paper", "")
    document = next((paper for paper in case.documents.all() if str(paper.pk) == chosen), None)
    if document is None:
        return None
    if not document.filename.lower().endswith(".pdf") or document.size > MOST_SEARCHED:
        return {"document": document, "why_not": "Only PDFs of up to 25 MiB are shown here. Download the file to read it."}
    number = request.GET.get("page", "1")
    wanted = _wanted(document, revision)
    try:
        data = vault.read(document.sha256)
    except vault.Unavailable as fault:
        return {"document": document, "why_not": str(fault)}
    words = [word for _, word in wanted]
    outcome = isolation.run(LOOK, data, page=int(number) if number.isdecimal() and len(number) < 5 else 1, words=words)
    if not outcome.ok:
        return {"document": document, "why_not": f"{outcome.reason} Download the file to read it."}
    found = [{"label": label, "word": word, "pages": outcome.value["found"][word]} for label, word in wanted]
    return {"document": document, **outcome.value, "found": found}


def _wanted(document: Document, revision: Revision) -> list[tuple[str, str]]:
    """What a paper of this kind should say about the Device Model: (data item, text looked for)."""
    values = {key: value.strip() for key, value in revision.values.items()}
    keys = [*_NUMBERS.get(DocumentKind(document.kind), (CPA_NUMBER,)), EXPIRY, MANUFACTURER, MODEL, FIRMWARE]
    wanted = [(key.partition(".")[2], values.get(key, "").rpartition("] ")[2]) for key in keys]
    hardware = ":".join(filter(None, (values.get(HARDWARE_VERSION, ""), values.get(HARDWARE_REVISION, ""))))
    return [pair for pair in [*wanted, ("hardware_version", hardware)] if pair[1]]
