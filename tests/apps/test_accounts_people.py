"""What administrators do to people, and what people do about themselves."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import MailDomain, Organisation, Role, SscMembership, User
from accounts.services import enrol_totp
from core import audit
from tests.people import PASSWORD, SECRET, person, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client) -> Any:
    user = person(Role.ADMINISTRATOR)
    sign_in(client, user)
    return user


def fields(user: Any, **changed: Any) -> dict[str, Any]:
    """The form of one person as the page would send it."""
    seats = {f"ssc_memberships-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    groups = [group.pk for group in user.groups.all()] if user.pk else []
    return {"name": user.name, "email": user.email, "groups": groups, "is_active": "on"} | seats | changed


def change(user: Any) -> str:
    return f"/admin/accounts/user/{user.pk}/change/"


def role(name: str) -> int:
    return Group.objects.get(name=name).pk


def verbs(obj: Any) -> list[str]:
    return list(audit.trail(obj).values_list("verb", flat=True))


# --- Administrators --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.SEC_PARTY, Role.DCC, Role.SSC_MEMBER])
def test_nobody_else_gets_to_the_people(client: Client, other: Role) -> None:
    sign_in(client, person(other))
    refused = 404 if other in {Role.SEC_PARTY, Role.DCC, Role.SSC_MEMBER} else 403
    assert client.get("/admin/accounts/user/", follow=True).status_code == refused
    assert client.get("/admin/accounts/user/add/", follow=True).status_code == refused


def test_an_auditor_looks_and_changes_nothing(client: Client) -> None:
    user = person(Role.SEC_PARTY)
    sign_in(client, person(Role.AUDITOR))
    assert client.get(change(user)).status_code == 200
    assert client.post(change(user), fields(user, name="Else")).status_code == 403
    client.post("/admin/accounts/user/", {"action": "send_password_link", "_selected_action": user.pk})
    assert mail.outbox == []


def test_no_page_offers_a_password_field(client: Client, administrator: Any) -> None:
    for page in ("/admin/accounts/user/add/", change(person(Role.ANALYST)), change(administrator)):
        answer = client.get(page)
        assert answer.status_code == 200
        assert b"password" not in answer.content.lower()


def test_a_posted_password_or_superuser_flag_is_ignored(client: Client, administrator: Any) -> None:
    user = person(Role.ANALYST)
    client.post(change(user), fields(user, password="pwned pwned pwned", is_superuser="on"))
    stored = User.objects.get(pk=user.pk)
    assert stored.check_password(PASSWORD)
    assert not stored.is_superuser


def test_nobody_changes_their_own_roles_or_seat(client: Client, administrator: Any) -> None:
    seat = {
        "ssc_memberships-TOTAL_FORMS": 1,
        "ssc_memberships-0-valid_from": "01/01/2026",
    }
    client.post(change(administrator), fields(administrator, groups=[role("Administrator"), role("Approver")], **seat))
    assert [group.name for group in administrator.groups.all()] == ["Administrator"]
    assert not SscMembership.objects.exists()


def test_a_new_person_cannot_sign_in_until_they_chose_a_password(client: Client, administrator: Any) -> None:
    answer = client.post(
        "/admin/accounts/user/add/", fields(User(name="New", email="New@Maker.Example"), groups=[role("SEC Party")])
    )
    assert answer.status_code == 302, answer.context["errors"]
    user = User.objects.get(email="new@maker.example")
    assert not user.has_usable_password()
    assert not user.is_staff
    client.post("/admin/accounts/user/", {"action": "send_password_link", "_selected_action": user.pk})
    assert [message.to for message in mail.outbox] == [["new@maker.example"]]
    assert verbs(user) == ["user.changed", "user.roles_changed", "user.password_link_sent"]


def test_giving_and_taking_roles_opens_and_closes_the_records_and_is_kept(client: Client, administrator: Any) -> None:
    user = person(Role.SEC_PARTY)
    client.post(change(user), fields(user, groups=[role("Analyst")]))
    assert User.objects.get(pk=user.pk).is_staff
    client.post(change(user), fields(user, groups=[]))
    assert not User.objects.get(pk=user.pk).is_staff
    kept = [entry.detail["roles"] for entry in audit.trail(user) if entry.verb == "user.roles_changed"]
    assert kept == [["Analyst"], []]


def test_the_old_address_is_told_when_the_address_moves(client: Client, administrator: Any) -> None:
    user = person(Role.SEC_PARTY, email="old@maker.example")
    client.post(change(user), fields(user, email="new@maker.example"))
    (message,) = mail.outbox
    assert message.to == ["old@maker.example"]
    assert "new@maker.example" in message.body


def test_two_people_never_share_an_address_in_two_spellings(client: Client, administrator: Any) -> None:
    person(Role.SEC_PARTY, email="one@maker.example")
    answer = client.post("/admin/accounts/user/add/", fields(User(name="Two", email="One@Maker.Example"), groups=[]))
    assert answer.status_code == 200
    assert User.objects.filter(email__iexact="one@maker.example").count() == 1


def test_people_are_never_deleted(client: Client, administrator: Any) -> None:
    user = person()
    assert client.post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=user.pk).exists()


def test_a_lost_phone_is_replaced_with_a_notice_but_never_ones_own(client: Client, administrator: Any) -> None:
    user = person(Role.ANALYST)
    for somebody in (user, administrator):
        enrol_totp(somebody, SECRET)
    both = {"action": "remove_second_factor", "_selected_action": [user.pk, administrator.pk]}
    client.post("/admin/accounts/user/", both)
    assert set(Authenticator.objects.values_list("user_id", flat=True)) == {administrator.pk}
    assert [message.to for message in mail.outbox] == [[user.email]]
    assert verbs(user) == ["user.second_factor_removed"]


def test_an_administrator_gives_a_seat_but_not_the_declaration(client: Client, administrator: Any) -> None:
    user = person()
    seat = {
        "ssc_memberships-TOTAL_FORMS": 1,
        "ssc_memberships-0-valid_from": "2026-01-01",
        "ssc_memberships-0-declaration_accepted_at": "2026-01-01 00:00",
    }
    answer = client.post(change(user), fields(user, groups=[role("SSC member")], **seat))
    assert answer.status_code == 302
    membership = SscMembership.objects.get(user=user)
    assert membership.declaration_accepted_at is None
    assert verbs(membership) == ["ssc.membership_changed"]


@pytest.mark.parametrize("model", ["mfa/authenticator", "account/emailaddress", "auth/group"])
def test_secrets_second_addresses_and_roles_are_not_in_the_records_even_for_superusers(client: Client, model: str) -> None:
    sign_in(client, User.objects.create_superuser("root@demo.test", name="Root"))
    assert client.get(f"/admin/{model}/").status_code == 404


@pytest.mark.parametrize("address", ["/admin/", "/admin/login/", "/admin/accounts/organisation/"])
def test_strangers_sign_in_for_the_records_like_everywhere(client: Client, address: str) -> None:
    answer = client.get(address, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=")


# --- Oneself ---------------------------------------------------------------------------------------------------------------


def test_the_declaration_is_for_members_of_today(client: Client) -> None:
    for user in (person(Role.ANALYST), person(Role.SEC_PARTY)):
        sign_in(client, user)
        assert client.get("/accounts/declaration/").status_code == 404
        assert client.post("/accounts/declaration/", {"accept": "on"}).status_code == 404
    former = person(Role.SSC_MEMBER)
    SscMembership.objects.filter(user=former).update(valid_to=timezone.localdate() - timedelta(days=1))
    sign_in(client, former)
    assert client.get("/accounts/declaration/").status_code == 404


def test_a_member_accepts_the_declaration_by_a_tick_and_it_is_kept(client: Client) -> None:
    member = person(Role.SSC_MEMBER, declared=False)
    sign_in(client, member)
    refused = client.post("/accounts/declaration/", {})
    assert refused.status_code == 422
    assert b"Tick the box" in refused.content
    seat = SscMembership.objects.get(user=member)
    assert seat.declaration_accepted_at is None
    assert client.post("/accounts/declaration/", {"accept": "on"}).status_code == 302
    first = SscMembership.objects.get(user=member).declaration_accepted_at
    assert first is not None
    client.post("/accounts/declaration/", {"accept": "on"})
    assert SscMembership.objects.get(user=member).declaration_accepted_at == first
    assert verbs(seat) == ["ssc.declaration_accepted"]


def test_the_profile_says_what_one_may_do_and_nothing_about_others(client: Client) -> None:
    person(Role.APPROVER, name="Somebody Else")
    sign_in(client, person(Role.SEC_PARTY, name="Dee Shah"))
    page = client.get("/accounts/").content.decode()
    assert "Dee Shah" in page
    assert "Firmware Information Repository (GREEN)" in page
    assert "RED" not in page
    assert "Somebody Else" not in page


# --- Organisations ---------------------------------------------------------------------------------------------------------


def test_a_sender_is_recognised_by_the_domain_alone() -> None:
    maker = Organisation.objects.create(name="Maker")
    MailDomain.objects.create(organisation=maker, name="maker.example")
    found = Organisation.objects.of_address
    assert found(["Anna ", "anna@Maker.Example>"][1].rstrip(">")) == maker
    for address in ("anna@sub.maker.example", "anna@notmaker.example", "maker.example@evil.example", "anna@", "", "anna"):
        assert found(address) is None


@pytest.mark.parametrize(
    "name", ["@maker.example", "maker", "Maker.example", "maker.example\n", "-a.example", "*.example", "a..b"]
)
def test_a_domain_is_written_in_one_way(name: str) -> None:
    with pytest.raises(Exception, match="after the @"):
        MailDomain(organisation_id=1, name=name).clean_fields()
