"""Changes to the list: two people, one sealed content, and no way back once published."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import override_settings

from accounts.models import Role
from core import audit
from cpl.models import Change
from cpl.services import changes
from cpl.services.changes import ChangeRefused, intact
from tests.builders.listing import approved, list_values, proposed, published, small_list, two_people
from tests.people import person

pytestmark = pytest.mark.django_db
STATUS = Change.Status


def test_a_change_is_proposed_by_one_and_approved_by_another() -> None:
    analyst, approver = two_people()
    change = proposed()
    assert (change.status, change.proposed_by, change.number) == (STATUS.PROPOSED, analyst, "")
    change = changes.approve(approver, change)
    assert (change.status, change.approved_by, change.team_of_one) == (STATUS.APPROVED, approver, False)
    entries = [(entry.verb, entry.actor.split()[1]) for entry in audit.trail(change)]
    assert entries == [("change.proposed", analyst.email), ("change.approved", approver.email)]


def test_nobody_approves_their_own_change() -> None:
    _, approver = two_people()
    change = changes.propose(approver, "add", origin="test:own", values=list_values(7))
    with pytest.raises(ChangeRefused, match="another person"), transaction.atomic():
        changes.approve(approver, change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.filter(pk=change.pk).update(status=STATUS.APPROVED, approved_by=approver)
    assert Change.objects.get().status == STATUS.PROPOSED


@override_settings(CPL_TEAM_OF_ONE=True)
def test_a_team_of_one_says_so() -> None:
    _, approver = two_people()
    change = changes.approve(approver, changes.propose(approver, "add", origin="test:own", values=list_values(7)))
    assert change.team_of_one
    assert audit.trail(change).last().detail["team_of_one"] is True


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMINISTRATOR, Role.SEC_PARTY, Role.AUDITOR])
def test_only_approvers_approve(role: Role) -> None:
    with pytest.raises(Http404):
        changes.approve(person(role), proposed())


@pytest.mark.parametrize(
    "tampering",
    [{"values": {"Device_Type.name": "Gas Smart Meter"}}, {"number": "000003"}, {"kind": "correct"}, {"fir": {"a": "b"}}],
    ids=lambda tampering: next(iter(tampering)),
)
def test_a_change_that_was_tampered_with_is_not_approved(tampering: dict) -> None:
    small_list()
    change = proposed("amend", "000002", values=list_values(2))
    Change.objects.filter(pk=change.pk).update(**tampering)
    assert not intact(Change.objects.get())
    with pytest.raises(ChangeRefused, match="sealed"):
        changes.approve(two_people()[1], change)


def test_a_change_is_approved_once() -> None:
    change = approved()
    with pytest.raises(ChangeRefused, match="already approved"):
        changes.approve(two_people()[1], change)


def test_a_change_can_be_taken_back_until_it_is_published() -> None:
    analyst, approver = two_people()
    small_list()
    assert changes.withdraw(analyst, proposed(model=901), "typing mistake").status == STATUS.WITHDRAWN
    change = changes.withdraw(approver, approved(model=902), "no longer wanted")
    assert audit.trail(change).last().detail == {"reason": "no longer wanted"}
    with pytest.raises(ChangeRefused, match="already withdrawn"), transaction.atomic():
        changes.approve(approver, change)
    kept = approved(model=903)
    published()
    with pytest.raises(ChangeRefused, match="already published"):
        changes.withdraw(analyst, kept, "too late")


def test_one_open_change_for_each_origin_and_entry() -> None:
    proposed(origin="submission:SUB-2026-0001")
    with pytest.raises(ValidationError):
        proposed(origin="submission:SUB-2026-0001", model=901)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValidationError):
        proposed("delete", "000001", values=list_values(1))


@pytest.mark.parametrize("kind", ["add", "amend", "correct"])
def test_what_is_to_be_published_needs_values(kind: str) -> None:
    with pytest.raises(ValidationError, match="values"):
        proposed(kind, "" if kind == "add" else "000001", values={})


def test_removing_and_reinstating_need_none() -> None:
    assert {proposed(kind, "000001").values == {} for kind in ("remove", "reinstate")} == {True}


@pytest.mark.parametrize("key", ["Manufacturer_Image.creator", "Device_Type.name", "Device_Model.firmware_version"])
def test_a_value_for_which_the_register_has_no_room_is_refused_before_anybody_agrees(key: str) -> None:
    """PostgreSQL would refuse it when the version is published, and then no other change could be published either."""
    with pytest.raises(ChangeRefused, match="Ensure this value has at most [0-9]+ characters"), transaction.atomic():
        proposed(values={**list_values(7), key: "x" * 1_000})
    assert not Change.objects.exists()
