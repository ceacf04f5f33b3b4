"""Who may do what: the one place that decides, asked again at every request (docs/adr/0004)."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts.models import STAFF_ROLES, Role, SscMembership, User

P = ParamSpec("P")


class Action(StrEnum):
    """Everything that is not open to the whole world."""

    READ_FIR = "read the Firmware Information Repository (GREEN)"
    READ_DZIR = "read the Device ZigBee Information Repository (RED)"
    READ_CASE = "see the queue and read its cases"
    WORK_CASES = "receive, check, override, ask and reject"
    VET_FIR = "vet release notes before they enter the FIR"
    OPEN_RAW = "open a submission exactly as it came (RED)"
    REVEAL_RED = "see the masked stack values of a case (RED)"
    APPROVE = "approve a case or a change as the second person"
    PUBLISH = "publish a version"
    READ_MAIL_LOG = "read the mails the site has sent"
    MANAGE_REFERENCE = "change selection lists, combinations and trust anchors"
    READ_TEMPLATES = "look at the templates of the workbook"
    MANAGE_TEMPLATES = "upload, approve and withdraw templates of the workbook"
    IMPORT_LIST = "import an existing list or repository"
    ADMINISTER = "open the records pages"
    MANAGE_USERS = "add people, give and take roles"
    AUDIT = "read the audit trail"


ROLES: dict[Action, frozenset[Role]] = {
    Action.READ_FIR: STAFF_ROLES | {Role.SEC_PARTY, Role.DCC},
    Action.READ_DZIR: frozenset({Role.SSC_MEMBER}),
    Action.READ_CASE: frozenset({Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.AUDITOR}),
    Action.WORK_CASES: frozenset({Role.ANALYST, Role.APPROVER}),
    Action.VET_FIR: frozenset({Role.SECURITY_EXPERT}),
    Action.OPEN_RAW: frozenset({Role.ANALYST, Role.APPROVER}),
    Action.REVEAL_RED: frozenset({Role.ANALYST, Role.APPROVER}),
    Action.APPROVE: frozenset({Role.APPROVER}),
    Action.PUBLISH: frozenset({Role.APPROVER}),
    Action.READ_MAIL_LOG: frozenset({Role.ANALYST, Role.APPROVER, Role.AUDITOR}),
    Action.MANAGE_REFERENCE: frozenset({Role.ADMINISTRATOR}),
    Action.READ_TEMPLATES: STAFF_ROLES,
    Action.MANAGE_TEMPLATES: frozenset({Role.ADMINISTRATOR, Role.APPROVER}),
    Action.IMPORT_LIST: frozenset({Role.ADMINISTRATOR}),
    Action.ADMINISTER: frozenset({Role.ADMINISTRATOR}),
    Action.MANAGE_USERS: frozenset({Role.ADMINISTRATOR}),
    Action.AUDIT: frozenset({Role.AUDITOR}),
}
RED = frozenset({Action.READ_DZIR, Action.OPEN_RAW, Action.REVEAL_RED})
# The first person of a new site has no role yet and must be able to give some.
SUPERUSER_MAY = frozenset({Action.ADMINISTER, Action.MANAGE_USERS})

Visitor = User | AnonymousUser


def person(request: HttpRequest) -> User:
    """The one who asks, signed in; raises Http404 for a stranger."""
    if not request.user.is_authenticated:
        raise Http404
    return request.user


def roles_of(user: Visitor) -> frozenset[Role]:
    """The roles the register gives this person now; none for a stranger or a person who has been deactivated."""
    if user.pk is None:
        return frozenset()
    names = User.objects.filter(pk=user.pk, is_active=True).values_list("groups__name", flat=True)
    return frozenset(Role(name) for name in names if name in Role.values)


def may(user: Visitor, action: Action, obj: Any = None) -> bool:
    """Whether `user` may do `action` (to `obj`). RED also needs the second factor in this very session.

    READ_CASE takes a case with `organisation_id`: its own organisation may read it, the roles below may read all.
    """
    return _allowed(user, action, obj, roles_of(user))


def rights(user: Visitor) -> frozenset[Action]:
    """Every action this person may do without an object, for menus; one look at the register."""
    roles = roles_of(user)
    return frozenset(action for action in Action if _allowed(user, action, None, roles))


def require(user: Visitor, action: Action, obj: Any = None) -> None:
    """Raises Http404 when the answer is no, so that a refusal looks like a page that does not exist."""
    if not may(user, action, obj):
        raise Http404


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def access_required(action: Action) -> Callable[[View[P]], View[P]]:
    """A view for those who may do `action`: strangers are asked to sign in, everybody else gets "not found".

    After signing in they come back to the page; not to a deed, which needs its form again.
    A view about one case asks `require(request.user, Action.READ_CASE, case)` itself, so that its submitter is let in.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path() if request.method in {"GET", "HEAD"} else "/")
            require(request.user, action)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def needs_second_factor(user: Visitor) -> bool:
    """SECAS staff, members of the SSC, and whoever may open the records pages."""
    return bool(user.is_staff or user.is_superuser or roles_of(user) & (STAFF_ROLES | {Role.SSC_MEMBER}))


def seats(user: Visitor) -> QuerySet[SscMembership]:
    """The seats on the SSC this person holds today."""
    if user.pk is None:
        return SscMembership.objects.none()
    return SscMembership.objects.on(timezone.localdate()).filter(user_id=user.pk)


def may_declare(user: Visitor) -> bool:
    """Whether this person holds a seat on the SSC today and so may accept the declaration."""
    return Role.SSC_MEMBER in roles_of(user) and seats(user).exists()


def _allowed(user: Visitor, action: Action, obj: Any, roles: frozenset[Role]) -> bool:
    if action in RED and not getattr(user, "second_factor_used", False):
        return False
    if action is Action.READ_DZIR:
        return bool(roles & ROLES[action]) and seats(user).filter(declaration_accepted_at__isnull=False).exists()
    if action is Action.READ_CASE and _is_own_case(user, obj):
        return True
    return bool(roles & ROLES[action]) or (action in SUPERUSER_MAY and user.is_superuser and user.is_active)


def _is_own_case(user: Visitor, case: Any) -> bool:
    """The organisation a case is filed under may read it; the organisation is read from the register, not the session."""
    organisation = getattr(case, "organisation_id", None)
    if organisation is None or user.pk is None:
        return False
    return User.objects.filter(pk=user.pk, is_active=True, organisation_id=organisation).exists()
