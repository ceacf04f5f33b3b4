"""Who may do what: refusals first, then the whole table of roles and actions."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import access
from accounts.access import Action
from accounts.models import Organisation, Role, SscMembership, User
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db

ROLES = (
    Role.ANALYST,
    Role.APPROVER,
    Role.SECURITY_EXPERT,
    Role.ADMINISTRATOR,
    Role.AUDITOR,
    Role.SEC_PARTY,
    Role.DCC,
    Role.SSC_MEMBER,
)
#                             An Ap Se Ad Au SP DC SS
TABLE = {
    Action.READ_FIR: "        y  y  y  y  y  y  y  -",
    Action.READ_DZIR: "       -  -  -  -  -  -  -  y",
    Action.READ_CASE: "       y  y  y  -  y  -  -  -",
    Action.WORK_CASES: "      y  y  -  -  -  -  -  -",
    Action.VET_FIR: "         -  -  y  -  -  -  -  -",
    Action.OPEN_RAW: "        y  y  -  -  -  -  -  -",
    Action.REVEAL_RED: "      y  y  -  -  -  -  -  -",
    Action.APPROVE: "         -  y  -  -  -  -  -  -",
    Action.PUBLISH: "         -  y  -  -  -  -  -  -",
    Action.READ_MAIL_LOG: "   y  y  -  -  y  -  -  -",
    Action.MANAGE_REFERENCE: "-  -  -  y  -  -  -  -",
    Action.READ_TEMPLATES: "  y  y  y  y  y  -  -  -",
    Action.MANAGE_TEMPLATES: "-  y  -  y  -  -  -  -",
    Action.IMPORT_LIST: "     -  -  -  y  -  -  -  -",
    Action.ADMINISTER: "      -  -  -  y  -  -  -  -",
    Action.MANAGE_USERS: "    -  -  -  y  -  -  -  -",
    Action.AUDIT: "           -  -  -  -  y  -  -  -",
}
RED = (Action.READ_DZIR, Action.OPEN_RAW, Action.REVEAL_RED)


def present(user: Any) -> Any:
    """The person as a request with a second factor brings them."""
    user.second_factor_used = True
    return user


# --- Refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", Action)
def test_a_stranger_may_do_nothing(action: Action) -> None:
    assert not access.may(AnonymousUser(), action)


@pytest.mark.parametrize("action", Action)
def test_a_person_without_a_role_may_do_nothing(action: Action) -> None:
    assert not access.may(present(person()), action)


@pytest.mark.parametrize("action", Action)
def test_a_deactivated_person_may_do_nothing_even_as_an_object_loaded_before(action: Action) -> None:
    user = present(person(*ROLES))
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not access.may(user, action)


@pytest.mark.parametrize("action", Action)
def test_being_superuser_opens_people_and_records_only(action: Action) -> None:
    root = present(User.objects.create_superuser("root@demo.test", name="Root"))
    assert access.may(root, action) is (action in {Action.ADMINISTER, Action.MANAGE_USERS})


@pytest.mark.parametrize("action", RED)
def test_nothing_red_opens_without_a_second_factor_in_this_session(action: Action) -> None:
    user = person(*ROLES)
    assert not access.may(user, action)
    assert access.may(present(user), action)


def test_a_role_that_is_only_a_group_of_a_similar_name_gives_nothing() -> None:
    user = present(person())
    user.groups.add(Group.objects.create(name="approver"))
    assert access.rights(user) == frozenset()


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "last", "declared", "open_"),
    [
        (-10, None, True, True),
        (0, 0, True, True),
        (-10, 10, True, True),
        (-10, -1, True, False),
        (1, None, True, False),
        (-10, None, False, False),
    ],
    ids=["until further notice", "today only", "in between", "ended yesterday", "begins tomorrow", "not declared"],
)
def test_dzir_needs_a_seat_today_and_its_declaration(first: int, last: int | None, declared: bool, open_: bool) -> None:
    user = present(person())
    user.groups.add(Group.objects.get(name=Role.SSC_MEMBER))
    today = timezone.localdate()
    SscMembership.objects.create(
        user=user,
        valid_from=today + first * DAY,
        valid_to=None if last is None else today + last * DAY,
        declaration_accepted_at=timezone.now() if declared else None,
    )
    assert access.may(user, Action.READ_DZIR) is open_


def test_a_declaration_for_an_old_seat_does_not_open_the_dzir_for_a_new_one() -> None:
    user = present(person())
    user.groups.add(Group.objects.get(name=Role.SSC_MEMBER))
    today = timezone.localdate()
    SscMembership.objects.create(
        user=user, valid_from=today - 30 * DAY, valid_to=today - DAY, declaration_accepted_at=timezone.now()
    )
    SscMembership.objects.create(user=user, valid_from=today)
    assert not access.may(user, Action.READ_DZIR)


def test_a_seat_without_the_role_does_not_open_the_dzir() -> None:
    user = present(person(Role.SSC_MEMBER))
    user.groups.clear()
    assert not access.may(user, Action.READ_DZIR)


def test_one_submitter_never_reads_the_case_of_another() -> None:
    ours, theirs = (Organisation.objects.create(name=name) for name in ("Ours", "Theirs"))
    submitter = person(organisation=ours)
    assert access.may(submitter, Action.READ_CASE, SimpleNamespace(organisation_id=ours.pk))
    assert not access.may(submitter, Action.READ_CASE, SimpleNamespace(organisation_id=theirs.pk))
    assert not access.may(submitter, Action.READ_CASE, SimpleNamespace(organisation_id=None))
    assert not access.may(submitter, Action.WORK_CASES, SimpleNamespace(organisation_id=ours.pk))


def test_a_person_without_an_organisation_does_not_own_cases_without_one() -> None:
    assert not access.may(person(), Action.READ_CASE, SimpleNamespace(organisation_id=None))


def test_whoever_leaves_an_organisation_loses_its_cases_at_once() -> None:
    ours = Organisation.objects.create(name="Ours")
    submitter = person(organisation=ours)
    User.objects.filter(pk=submitter.pk).update(organisation=None)
    assert not access.may(submitter, Action.READ_CASE, SimpleNamespace(organisation_id=ours.pk))


def test_a_right_taken_away_is_gone_at_the_next_question() -> None:
    user = present(person(Role.APPROVER))
    assert access.may(user, Action.PUBLISH)
    Group.objects.get(name=Role.APPROVER).user_set.remove(User.objects.get(pk=user.pk))
    assert not access.may(user, Action.PUBLISH)


def test_a_refusal_looks_like_a_page_that_does_not_exist() -> None:
    with pytest.raises(Http404):
        access.require(person(Role.ANALYST), Action.PUBLISH)
    access.require(person(Role.APPROVER), Action.PUBLISH)


def test_a_guarded_view_asks_strangers_to_sign_in_and_knows_nobody_else() -> None:
    @access.access_required(Action.PUBLISH)
    def workbench(request: Any) -> HttpResponse:
        return HttpResponse("open")

    request = RequestFactory().get("/somewhere?a=1")
    request.user = AnonymousUser()
    answer = workbench(request)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/somewhere%3Fa%3D1")
    request.user = person(Role.ANALYST)
    with pytest.raises(Http404):
        workbench(request)
    request.user = person(Role.APPROVER)
    assert workbench(request).content == b"open"


# --- The table -----------------------------------------------------------------------------------------------------------


def test_the_table_knows_every_action_and_every_role() -> None:
    assert set(TABLE) == set(Action)
    assert set(access.ROLES) == set(Action)
    assert set(ROLES) == set(Role)
    assert {len(row.split()) for row in TABLE.values()} == {len(ROLES)}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_the_table_says_and_nothing_else(role: Role) -> None:
    user = present(person(role))
    column = ROLES.index(role)
    expected = {action for action, row in TABLE.items() if row.split()[column] == "y"}
    assert {action for action in Action if access.may(user, action)} == expected
    assert access.rights(user) == expected


def test_every_role_is_a_group_of_a_new_site() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(Role.values)


# --- The records pages ---------------------------------------------------------------------------------------------------

RECORDS = {
    "accounts.change_user": {Role.ADMINISTRATOR},
    "accounts.view_user": {Role.ADMINISTRATOR, Role.AUDITOR},
    "core.view_auditentry": {Role.AUDITOR},
    "core.change_outboxevent": {Role.ADMINISTRATOR},
    "cpl.change_selectionvalue": {Role.ADMINISTRATOR},
    "submissions.view_submission": {Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.AUDITOR},
    "submissions.change_document": {Role.ANALYST, Role.APPROVER},
    "notifications.view_message": {Role.ANALYST, Role.APPROVER, Role.AUDITOR},
    "repositories.view_stackrecord": set(),
    "mfa.view_authenticator": set(),
    "sessions.view_session": set(),
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_its_own_records_only(role: Role) -> None:
    user = person(role)
    assert {perm for perm in RECORDS if user.has_perm(perm)} == {perm for perm, roles in RECORDS.items() if role in roles}


def test_a_role_taken_away_closes_the_records_of_an_open_session(client: Client) -> None:
    user = person(Role.ADMINISTRATOR)
    sign_in(client, user)
    assert client.get("/admin/accounts/user/").status_code == 200
    user.groups.clear()
    assert client.get("/admin/accounts/user/").status_code == 403
