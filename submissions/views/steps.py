"""What a person may do with a case now, each step with its form and the service that takes it."""

from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.forms import Form

from accounts.access import Action
from accounts.models import User
from submissions.domain.lifecycle import State
from submissions.forms import AssignForm, NameForm, QuestionForm, ReasonForm, RecommendForm, RemarkForm, StepForm
from submissions.models import Hold, Submission
from submissions.services import deciding, revising


@dataclass(frozen=True, slots=True)
class Step:
    """One step: words of its button, form, and what takes it. `look` names the button's class; `open` shows the form at once."""

    name: str
    label: str
    form_class: type[Form]
    take: Callable[[User, Submission, dict[str, Any]], Any]
    done: str
    look: str = "btn-outline-secondary"
    intro: str = ""
    form: Form | None = None
    open: bool = False

    @property
    def bare(self) -> bool:
        """Whether there is nothing to fill in and nothing to read first."""
        return self.form_class is StepForm and not self.intro


_ALL = (
    Step(
        "recommend",
        "Recommend for approval",
        RecommendForm,
        lambda actor, case, said: deciding.recommend(actor, case, said["remark"]),
        "Recommended. Another person may approve it now.",
        "btn-primary",
        "All checks are settled. Say that you have looked at the case; another person approves it.",
    ),
    Step(
        "approve",
        "Approve",
        StepForm,
        lambda actor, case, said: deciding.approve(actor, case),
        "Approved. The Device Model goes onto the list with the next version.",
        "btn-primary",
        "As the second person you agree that this Device Model goes onto the list with the next version.",
    ),
    Step(
        "ask",
        "Request information",
        QuestionForm,
        lambda actor, case, said: deciding.ask(actor, case, said["question"]),
        "The question is on its way. The clock stands still until the answer comes.",
        "btn-primary",
    ),
    Step(
        "resume",
        "End the wait",
        ReasonForm,
        lambda actor, case, said: deciding.resume(actor, case, said["reason"]),
        "The clock runs again.",
        intro="Use this when the answer came another way than by mail, for example by telephone.",
    ),
    Step("take", "Take it", StepForm, lambda actor, case, said: deciding.assign(actor, case, actor), "The case is yours."),
    Step(
        "assign",
        "Assign",
        AssignForm,
        lambda actor, case, said: deciding.assign(actor, case, said["person"]),
        "Assigned.",
    ),
    Step(
        "name",
        "Name the device",
        NameForm,
        lambda actor, case, said: deciding.name(actor, case, said["name"]),
        "The Device Model has its name.",
    ),
    Step(
        "run_again",
        "Run the checks again",
        StepForm,
        lambda actor, case, said: revising.run_again(actor, case),
        "The checks run again.",
    ),
    Step(
        "remark", "Add a remark", RemarkForm, lambda actor, case, said: deciding.remark(actor, case, said["text"]), "Remark kept."
    ),
    Step(
        "take_back",
        "Take the approval back",
        ReasonForm,
        lambda actor, case, said: deciding.take_back(actor, case, said["reason"]),
        "The approval is taken back.",
        intro="The change is taken out of the next version, and the case is open for decisions again.",
    ),
    Step(
        "withdraw",
        "Withdraw",
        ReasonForm,
        lambda actor, case, said: deciding.withdraw(actor, case, said["reason"]),
        "Withdrawn. The submitter is told.",
        intro="Closes the case for good because the submitter takes it back. The submitter is told by mail, with the reason.",
    ),
    Step(
        "reject",
        "Reject",
        ReasonForm,
        lambda actor, case, said: deciding.reject(actor, case, said["reason"]),
        "Rejected. The submitter is told.",
        "btn-danger",
        "Closes the case for good. The submitter is told by mail, with the reason.",
    ),
)
STEPS = {step.name: step for step in _ALL}


def stand_of(case: Submission, hold: Hold | None) -> str:
    """What a page has shown of a case: when it differs at the next step, somebody or something came in between."""
    return f"{case.state}:{case.revision_number}:{hold.pk if hold else ''}"


def possible(user: User, rights: Set[Action], case: Submission, hold: Hold | None, running: bool) -> list[str]:
    """Names of the steps this person may take now, in the order of the page. The services ask again."""
    return [name for name in STEPS if _may(name, user, rights, case, hold, running)]


def who_approves(user: User, rights: Set[Action], case: Submission) -> str:
    """Why a case that is ready waits for somebody else; "" when its reader may approve it, or has no part in it."""
    approver = Action.APPROVE in rights
    if Action.WORK_CASES not in rights or case.state != State.DUPLICATE_CHECKED or (approver and settings.CPL_TEAM_OF_ONE):
        return ""
    if case.last_worked_on_by_id is None:
        return "Nobody has looked at this case yet. One person recommends it, another one approves it."
    if not approver:
        return "An approver may approve this case now."
    return "You were the last to work on this case; another person approves it." if case.last_worked_on_by_id == user.pk else ""


def _may(name: str, user: User, rights: Set[Action], case: Submission, hold: Hold | None, running: bool) -> bool:
    if name in {"approve", "take_back"}:
        return Action.APPROVE in rights and _approver_may(name, user, rights, case, hold)
    if Action.WORK_CASES not in rights:
        return False
    if name == "remark":
        return True
    wanted = {
        "recommend": case.state == State.DUPLICATE_CHECKED
        and case.last_worked_on_by_id != user.pk
        and not _may("approve", user, rights, case, hold, running),
        "ask": hold is None,
        "resume": hold is not None,
        "take": case.assigned_to_id != user.pk,
        "name": case.state != State.APPROVED and bool(case.designation),
        "run_again": not running,
    }
    return case.is_open and wanted.get(name, True)


def _approver_may(name: str, user: User, rights: Set[Action], case: Submission, hold: Hold | None) -> bool:
    if name == "take_back":
        return case.state == State.APPROVED
    return case.state == State.DUPLICATE_CHECKED and hold is None and not who_approves(user, rights, case)


def prepared(names: list[str], case: Submission, stand: str, bound: tuple[str, Form] | None) -> list[Step]:
    """The steps with their forms; `bound`: one that came back with something wrong, shown open even if no longer possible."""
    steps = []
    if bound and bound[0] not in names:
        names = [*names, bound[0]]
    for name in names:
        form, is_open = (bound[1], True) if bound and bound[0] == name else (_fresh(name, case, stand), False)
        nothing_to_ask = name == "ask" and not form.initial.get("question")
        look = "btn-outline-secondary" if nothing_to_ask else STEPS[name].look
        steps.append(replace(STEPS[name], form=form, open=is_open, look=look))
    return steps


def _fresh(name: str, case: Submission, stand: str) -> Form:
    initial: dict[str, Any] = {"stand": stand}
    if name == "ask":
        initial["question"] = deciding.question_draft(case)
    if name == "assign":
        initial["person"] = case.assigned_to_id
    if name == "name":
        initial["name"] = case.plain_name
    return STEPS[name].form_class(auto_id=f"{name}_%s", initial=initial)
