"""Signing in and out: second factor, sessions, guessing, foreign hosts and addresses. Through the real pages."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from axes.models import AccessLog
from django.contrib.auth import hashers
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from accounts import handlers
from accounts.models import STAFF_ROLES, Role, User
from accounts.services import enrol_totp
from accounts.session import recent_authentication_required
from config.urls import urlpatterns as site_pages
from tests.people import PASSWORD, SECRET, person, sign_in, totp

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
PROFILE = "/accounts/"


def fresh(request: Any) -> HttpResponse:
    """Stands for publishing and everything RED."""
    return HttpResponse(f"done {request.method} {request.POST.get('what', '')}")


urlpatterns = [path("fresh/", recent_authentication_required(fresh)), *site_pages]


@pytest.fixture(autouse=True)
def no_attempts_remembered() -> None:
    cache.clear()


def enter(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(LOGIN, {"login": email, "password": password, **extra})


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


# --- Second factor -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted({*STAFF_ROLES, Role.SSC_MEMBER}))
@pytest.mark.parametrize("address", [PROFILE, "/accounts/declaration/", "/accounts/password/change/", "/admin/"])
def test_without_a_second_factor_every_page_leads_to_setting_one_up(client: Client, role: Role, address: str) -> None:
    sign_in(client, person(role), second_factor=False)
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/2fa/totp/activate/?next=")


def test_without_a_second_factor_nothing_can_be_posted(client: Client) -> None:
    member = person(Role.SSC_MEMBER, declared=False)
    sign_in(client, member, second_factor=False)
    assert client.post("/accounts/declaration/", {"accept": "on"}).status_code == 302
    assert member.ssc_memberships.get().declaration_accepted_at is None


def test_a_superuser_without_roles_needs_one_too(client: Client) -> None:
    sign_in(client, User.objects.create_superuser("root@demo.test", PASSWORD, name="Root"), second_factor=False)
    assert client.get("/admin/")["Location"].startswith("/accounts/2fa/totp/activate/")


@pytest.mark.parametrize("role", [Role.SEC_PARTY, Role.DCC])
def test_readers_of_green_only_may_do_without(client: Client, role: Role) -> None:
    user = person(role)
    enter(client, user.email)
    assert client.get(PROFILE).status_code == 200


def test_the_password_alone_does_not_sign_in_whoever_has_a_second_factor(client: Client) -> None:
    user = person(Role.ANALYST)
    enrol_totp(user, SECRET)
    assert enter(client, user.email)["Location"] == "/accounts/2fa/authenticate/"
    assert not signed_in(client)
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert not signed_in(client)
    assert client.post("/accounts/2fa/authenticate/", {"code": totp()}).status_code == 302
    assert client.get(PROFILE).status_code == 200


def test_a_code_works_once(client: Client) -> None:
    user = person(Role.ANALYST)
    enrol_totp(user, SECRET)
    with time_machine.travel("2026-11-24 12:00:10Z", tick=False):
        for browser, works in ((client, True), (Client(), False)):
            enter(browser, user.email)
            browser.post("/accounts/2fa/authenticate/", {"code": totp()})
            assert signed_in(browser) is works


@pytest.mark.django_db(transaction=True)
def test_setting_up_a_second_factor_opens_the_site(client: Client) -> None:
    user = person(Role.ANALYST)
    enter(client, user.email)
    page = client.get(PROFILE, follow=True)
    secret = re.search(rb'id="totp-key">([A-Z2-7]+)<', page.content)
    assert secret
    answer = client.post("/accounts/2fa/totp/activate/", {"code": totp(secret[1].decode())})
    assert answer["Location"] == "/accounts/2fa/recovery-codes/"
    assert client.get("/accounts/2fa/recovery-codes/").content.count(b"<li>") >= 10
    assert client.get(PROFILE).status_code == 200
    assert mail.outbox[-1].to == [user.email]


def test_a_factor_set_up_in_another_browser_is_asked_for_in_this_one(client: Client) -> None:
    user = person(Role.ANALYST)
    sign_in(client, user, second_factor=False)
    enrol_totp(user, SECRET)
    assert client.get(PROFILE)["Location"] == "/accounts/2fa/reauthenticate/?next=%2Faccounts%2F"
    answer = client.post("/accounts/2fa/reauthenticate/", {"code": totp(), "next": PROFILE})
    assert answer["Location"] == PROFILE
    assert client.get(PROFILE).status_code == 200


def test_whoever_needs_a_second_factor_cannot_take_it_away(client: Client) -> None:
    user = person(Role.ANALYST)
    enrol_totp(user, SECRET)
    sign_in(client, user)
    assert b"has to stay" in client.post("/accounts/2fa/totp/deactivate/").content
    assert Authenticator.objects.filter(user=user, type="totp").exists()


def test_the_secret_is_not_readable_in_the_database() -> None:
    user = person(Role.ANALYST)
    enrol_totp(user, SECRET)
    stored = Authenticator.objects.get(user=user, type="totp").data["secret"]
    assert SECRET not in stored
    assert Authenticator.objects.get(user=user, type="totp").wrap().validate_code(totp())


# --- Sessions ------------------------------------------------------------------------------------------------------------


def test_signing_in_starts_a_session_of_its_own(client: Client) -> None:
    client.get(LOGIN)
    client.session["x"] = 1
    client.session.save()
    planted = client.session.session_key
    client.cookies["sessionid"] = planted
    enter(client, person(Role.SEC_PARTY).email)
    assert client.session.session_key != planted


@pytest.mark.parametrize(("minutes", "open_"), [(29, True), (31, False)])
def test_a_session_ends_after_half_an_hour_of_nothing(client: Client, minutes: int, open_: bool) -> None:
    with time_machine.travel("2026-11-24 09:00Z", tick=False) as clock:
        sign_in(client, person(Role.SEC_PARTY))
        clock.shift(minutes * 60)
        assert (client.get(PROFILE).status_code == 200) is open_
        assert signed_in(client) is open_


def test_a_busy_session_ends_after_twelve_hours(client: Client) -> None:
    with time_machine.travel("2026-11-24 06:00Z", tick=False) as clock:
        sign_in(client, person(Role.SEC_PARTY))
        for _ in range(12 * 3):
            clock.shift(20 * 60)
            assert client.get(PROFILE).status_code == 200
        clock.shift(60)
        assert client.get(PROFILE)["Location"] == "/accounts/login/?next=%2Faccounts%2F"


def test_a_cookie_kept_from_before_signing_out_is_worthless(client: Client) -> None:
    sign_in(client, person(Role.SEC_PARTY))
    kept = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    client.cookies["sessionid"] = kept
    assert client.get(PROFILE).status_code == 302


def test_a_page_shown_to_a_person_is_kept_by_no_browser_and_no_proxy(client: Client) -> None:
    sign_in(client, person(Role.SEC_PARTY))
    assert client.get(PROFILE)["Cache-Control"] == "no-store, private"


def test_a_link_cannot_sign_anybody_out(client: Client) -> None:
    sign_in(client, person(Role.SEC_PARTY))
    client.get("/accounts/logout/")
    assert signed_in(client)


def test_whoever_is_deactivated_is_out_at_the_next_request(client: Client) -> None:
    user = person(Role.SEC_PARTY)
    sign_in(client, user)
    assert client.get(PROFILE).status_code == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(PROFILE).status_code == 302


def test_changing_the_password_ends_every_other_session(client: Client) -> None:
    user = person(Role.SEC_PARTY)
    other = sign_in(Client(), user)
    sign_in(client, user)
    new = "four words nobody said"
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert client.get(PROFILE).status_code == 200
    assert other.get(PROFILE).status_code == 302


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(("ago", "asked"), [(60, False), (14 * 60, False), (16 * 60, True)])
def test_publishing_and_red_ask_again_for_whoever_came_long_ago(client: Client, ago: int, asked: bool) -> None:
    sign_in(client, person(Role.SEC_PARTY), ago=ago)
    answer = client.get("/fresh/")
    assert (answer.status_code == 302) is asked
    if asked:
        assert answer["Location"] == "/accounts/reauthenticate/?next=%2Ffresh%2F"


@override_settings(ROOT_URLCONF=__name__)
def test_after_the_fresh_proof_the_form_that_was_sent_goes_on(client: Client) -> None:
    sign_in(client, person(Role.SEC_PARTY), ago=3600)
    assert client.post("/fresh/", {"what": "release"})["Location"].startswith("/accounts/reauthenticate/")
    assert client.post("/accounts/reauthenticate/", {"password": "not this", "next": "/fresh/"}).status_code == 200
    assert client.get("/fresh/").status_code == 302
    client.post("/fresh/", {"what": "release"})
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/fresh/"})
    assert answer.content == b"done POST release"
    assert client.get("/fresh/").status_code == 200


def test_ended_sessions_and_very_old_sign_ins_are_forgotten(client: Client) -> None:
    sign_in(Client(), person(Role.SEC_PARTY))
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    AccessLog.objects.update(attempt_time=timezone.now() - timedelta(days=401))
    sign_in(client, person(Role.SEC_PARTY))
    handlers.tidy()
    assert list(Session.objects.values_list("session_key", flat=True)) == [client.session.session_key]
    assert AccessLog.objects.count() == 1


# --- Guessing ------------------------------------------------------------------------------------------------------------


def test_an_unknown_address_and_a_wrong_password_look_the_same(client: Client) -> None:
    user = person(Role.SEC_PARTY)
    known, unknown = (enter(client, email, "wrong password here").content.decode() for email in (user.email, "nobody@demo.test"))
    plain = [re.sub(r'value="[^"]*"', "", page) for page in (known, unknown)]
    assert plain[0] == plain[1]
    assert "There is a problem" in known


def test_an_unknown_address_costs_as_much_hashing_as_a_known_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user = person(Role.SEC_PARTY)
    work: list[str] = []
    hasher = type(hashers.get_hasher())
    real = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda self, password, salt: work.append(password) or real(self, password, salt))
    counts = []
    for email in (user.email, "nobody@demo.test"):
        work.clear()
        enter(client, email, "wrong password here")
        counts.append(len(work))
    assert counts[0] == counts[1] > 0


def test_a_reset_for_an_unknown_address_answers_alike_and_sends_nothing(client: Client) -> None:
    user = person(Role.SEC_PARTY)
    answers = []
    for email in (user.email, "nobody@demo.test"):
        answer = client.post("/accounts/password/reset/", {"email": email}, follow=True)
        answers.append((answer.redirect_chain, answer.content))
    assert answers[0] == answers[1]
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_ten_wrong_passwords_lock_that_address_from_there_alone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user, other = person(Role.SEC_PARTY), person(Role.SEC_PARTY)
    tried: list[str] = []
    real = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: tried.append(raw) or real(self, raw))
    for number in range(40):
        cache.clear()  # as an attacker who waits out the short brake
        answer = enter(client, user.email.upper() if number % 2 else user.email, f"guess number {number}")
    assert len(tried) == 10
    assert answer.status_code == 429
    assert b"Too many attempts" in answer.content
    cache.clear()
    enter(client, user.email)
    assert not signed_in(client)
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    enter(elsewhere, user.email)
    assert signed_in(elsewhere)
    enter(client, other.email)
    assert signed_in(client)


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
def test_behind_a_proxy_a_forged_header_gives_no_more_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    user = person(Role.SEC_PARTY)
    tried: list[str] = []
    real = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: tried.append(raw) or real(self, raw))
    for number in range(20):
        cache.clear()
        enter(Client(headers={"x-forwarded-for": f"198.51.100.{number}, 192.0.2.9"}), user.email, f"guess number {number}")
    assert len(tried) == 10


def test_quick_guesses_meet_a_brake_before_the_lock(client: Client) -> None:
    user = person(Role.SEC_PARTY)
    for _ in range(6):
        answer = enter(client, user.email, "wrong password here")
    assert b"Too many failed" in answer.content
    enter(client, user.email)
    assert not signed_in(client)


# --- Addresses and hosts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "\thttps://evil.example",
    ],
)
def test_signing_in_never_leads_to_another_site(client: Client, target: str) -> None:
    answer = enter(client, person(Role.SEC_PARTY).email, next=target)
    assert signed_in(client)
    assert answer["Location"] == "/"


def test_signing_in_leads_back_to_the_page_asked_for(client: Client) -> None:
    assert enter(client, person(Role.SEC_PARTY).email, next=PROFILE)["Location"] == PROFILE


def test_an_unknown_host_gets_nothing(client: Client) -> None:
    assert client.get(LOGIN, headers={"host": "evil.example"}).status_code == 400


@override_settings(CPL_BASE_URL="https://cpl.example", ALLOWED_HOSTS=["*"])
def test_the_link_in_the_mail_names_this_site_whatever_the_request_says(client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": person(Role.SEC_PARTY).email}, headers={"host": "evil.example"})
    (message,) = mail.outbox
    assert "https://cpl.example/accounts/password/reset/key/" in message.body
    assert "evil" not in message.body + message.subject


def test_a_link_to_choose_a_password_works_once_and_keeps_the_second_factor(client: Client) -> None:
    user = person(Role.ANALYST)
    enrol_totp(user, SECRET)
    client.post("/accounts/password/reset/", {"email": user.email})
    link = re.search(r"http://127.0.0.1:8000(/accounts/password/reset/key/\S+)", mail.outbox[0].body)
    assert link
    page = client.get(link[1], follow=True)
    new = "four words nobody said"
    form = page.redirect_chain[-1][0]
    assert client.post(form, {"password1": new, "password2": new}).status_code == 302
    assert b"no longer works" in Client().get(link[1], follow=True).content
    assert enter(client, user.email, new)["Location"] == "/accounts/2fa/authenticate/"
    assert not signed_in(client)


def test_a_link_to_choose_a_password_is_dead_after_an_hour(client: Client) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        client.post("/accounts/password/reset/", {"email": person(Role.SEC_PARTY).email})
        link = re.search(r"http://127.0.0.1:8000(\S+)", mail.outbox[0].body)
        assert link
        clock.shift(3601)
        assert b"no longer works" in client.get(link[1], follow=True).content


@pytest.mark.parametrize("address", ["/accounts/signup/", "/accounts/email/"])
def test_nobody_signs_up_or_moves_their_own_address(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404
    sign_in(client, person(Role.SEC_PARTY))
    assert client.get(address).status_code == 404
    assert client.post(address, {"email": "mine@evil.example"}).status_code == 404


@pytest.mark.parametrize("password", ["short1", "password123456", "person0@demo.test"])
def test_weak_passwords_are_refused_in_words(client: Client, password: str) -> None:
    user = person(Role.SEC_PARTY, email="person0@demo.test")
    sign_in(client, user)
    answer = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": password, "password2": password})
    assert answer.status_code == 200
    assert b"There is a problem" in answer.content
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
