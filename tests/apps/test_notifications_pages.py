"""The mailing list, which tells nobody who is on it, and the mail log, which is for few."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from core import audit, outbox
from notifications import services, subscriptions
from notifications.models import Message, Subscription
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db

ADDRESS = "sam@maker.example"
SUBSCRIBE = "/subscribe/"


@pytest.fixture(autouse=True)
def kept_in_memory(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def asked(client: Client, address: str = ADDRESS) -> str:
    """Ask, and return the link of the mail that came."""
    assert client.post(SUBSCRIBE, {"email": address}).status_code == 302
    outbox.drain(strict=True)
    link = re.search(r"http://127\.0\.0\.1:8000(/subscribe/\w+/\S+/)", mail.outbox[-1].body)
    assert link
    return link[1]


def subscribed(client: Client) -> Subscription:
    client.post(asked(client))
    subscription = Subscription.objects.get()
    assert subscription.active
    return subscription


# --- The mailing list -------------------------------------------------------------------------------------------------------


def test_an_address_counts_once_it_has_agreed_by_a_button(client: Client) -> None:
    link = asked(client)
    assert mail.outbox[-1].to == [ADDRESS]
    assert client.get(link).status_code == 200
    assert not Subscription.objects.get().active, "a mail scanner that opens the link must not confirm"
    page = client.post(link)
    assert "You are on the mailing list" in page.content.decode()
    assert Subscription.objects.get().active
    assert client.post(link).status_code == 200
    assert [entry.verb for entry in audit.trail(Subscription.objects.get())] == ["subscription.confirmed"]


def test_the_answer_is_the_same_for_known_pending_ended_and_unknown_addresses(client: Client) -> None:
    now = timezone.now()
    Subscription.objects.create(email="in@x.example", confirmed_at=now)
    Subscription.objects.create(email="pending@x.example")
    Subscription.objects.create(email="left@x.example", confirmed_at=now, ended_at=now)
    answers = []
    for address in ("in@x.example", "pending@x.example", "left@x.example", "new@x.example"):
        answer = client.post(SUBSCRIBE, {"email": address}, follow=True)
        answers.append((answer.redirect_chain, re.sub(rb'value="[^"]*"', b"", answer.content)))
    assert all(answer == answers[0] for answer in answers)
    outbox.drain(strict=True)
    assert [(one.to[0], "already" in one.subject) for one in mail.outbox] == [
        ("in@x.example", True),
        ("pending@x.example", False),
        ("left@x.example", False),
        ("new@x.example", False),
    ]


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b.example, c@d.example", "a@b.example\nBcc: x@y.example", "x" * 250 + "@a.example"]
)
def test_what_is_no_address_is_said_beside_the_field_and_nothing_is_sent(client: Client, address: str) -> None:
    page = client.post(SUBSCRIBE, {"email": address})
    assert page.status_code == 422
    assert "There is a problem" in page.content.decode()
    assert not Message.objects.exists()


def test_letters_are_small_so_that_one_mailbox_is_one_address(client: Client) -> None:
    asked(client, "Sam@Maker.Example")
    client.post(SUBSCRIBE, {"email": "SAM@maker.example"})
    assert Subscription.objects.get().email == ADDRESS


def test_asking_again_and_again_sends_one_mail_an_hour(client: Client) -> None:
    for _ in range(5):
        client.post(SUBSCRIBE, {"email": ADDRESS})
    assert Message.objects.count() == 1


def test_the_site_cannot_be_used_to_flood_others(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(subscriptions, "MOST_AN_HOUR", 3)
    answers = {client.post(SUBSCRIBE, {"email": f"victim{n}@x.example"})["Location"] for n in range(6)}
    assert len(answers) == 1
    assert Message.objects.count() == 3


def test_a_link_ends_after_seven_days_and_an_unknown_one_never_began(client: Client) -> None:
    link = asked(client)
    Subscription.objects.update(asked_at=timezone.now() - timedelta(days=7, minutes=1))
    for url in (link, reverse("notifications:confirm", args=["x" * 32])):
        page = client.post(url)
        assert page.status_code == 410
        assert "no longer works" in page.content.decode()
    assert not Subscription.objects.get().active


def test_an_old_link_does_not_bring_an_address_back(client: Client) -> None:
    link = asked(client)
    client.post(link)
    client.post(link.replace("confirm", "end"))
    assert client.post(link).status_code == 410
    assert asked(client) != link
    assert client.post(link).status_code == 410
    assert not Subscription.objects.get().active


def test_leaving_takes_a_button_or_the_one_click_of_the_mail_program(client: Client) -> None:
    url = reverse("notifications:unsubscribe", args=[subscribed(client).token])
    assert client.get(url).status_code == 200
    assert Subscription.objects.get().active
    program = Client(enforce_csrf_checks=True)
    assert program.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Subscription.objects.get().active
    assert program.post(url).status_code == 200
    assert [entry.verb for entry in audit.trail(Subscription.objects.get())] == ["subscription.confirmed", "subscription.ended"]


def test_an_unknown_token_gets_the_same_answer_as_a_known_one(client: Client) -> None:
    known = reverse("notifications:unsubscribe", args=[subscribed(client).token])
    unknown = reverse("notifications:unsubscribe", args=["x" * 32])
    assert client.get(known).content == client.get(unknown).content
    assert client.post(known).content == client.post(unknown).content


def test_asking_and_confirming_need_the_token_of_the_form(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(SUBSCRIBE, {"email": ADDRESS}).status_code == 403
    assert strict.post(asked(client)).status_code == 403
    assert not Subscription.objects.get().active


# --- The mail log -----------------------------------------------------------------------------------------------------------


LOG = "/subscribe/mail-log/"


def queued(n: int = 1, **more: Any) -> Message:
    fields = {"regarding": f"submission:SUB-2026-{n:04d}"} | more
    return services.queue("question", f"sam{n}@maker.example", f"Question {n}", f"<b>Text {n}</b>", dedupe_key=f"q{n}", **fields)


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    assert client.get(LOG)["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize(
    "role", [None, Role.SECURITY_EXPERT, Role.ADMINISTRATOR, Role.SEC_PARTY, Role.DCC, Role.SSC_MEMBER], ids=str
)
def test_the_mail_log_is_not_for_everybody(client: Client, role: Role | None) -> None:
    user = person(*([role] if role else []), is_superuser=role == Role.ADMINISTRATOR)
    assert sign_in(client, user).get(LOG).status_code == 404


@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER, Role.AUDITOR], ids=str)
def test_the_mail_log_shows_what_was_written_as_text(client: Client, role: Role) -> None:
    queued()
    page = sign_in(client, person(role)).get(LOG)
    text = page.content.decode()
    assert "AMBER" in text
    assert "sam1@maker.example" in text
    assert "&lt;b&gt;Text 1&lt;/b&gt;" in text
    assert ">SUB-2026-0001<" in text


def test_a_link_that_acts_for_its_reader_is_not_shown(client: Client) -> None:
    token = asked(client).split("/")[-2]
    page = sign_in(client, person(Role.ANALYST)).get(LOG)
    assert ADDRESS in page.content.decode()
    assert token not in page.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"Question 1", "Question 2"}),
        ({"q": "sam2@"}, {"Question 2"}),
        ({"q": "SUB-2026-0001"}, {"Question 1"}),
        ({"q": "question 1"}, {"Question 1"}),
        ({"state": "failed"}, {"Question 2"}),
        ({"kind": "question", "state": "queued"}, {"Question 1"}),
        ({"q": "nobody"}, set()),
        ({"state": "no such"}, {"Question 1", "Question 2"}),
    ],
)
def test_the_mail_log_is_narrowed(client: Client, query: dict[str, str], found: set[str]) -> None:
    queued(1)
    Message.objects.filter(pk=queued(2).pk).update(state=Message.State.FAILED, failure="550 unknown")
    page = sign_in(client, person(Role.ANALYST)).get(LOG, query)
    assert {line.message.subject for line in page.context["lines"]} == found


def test_the_mail_log_leads_to_what_a_mail_is_about(client: Client) -> None:
    queued(regarding="release:3.001")
    page = sign_in(client, person(Role.ANALYST)).get(LOG)
    assert f'<a href="{reverse("cpl:version", args=["3.001"])}">Version 3.001</a>' in page.content.decode()


def test_the_mail_log_has_pages(client: Client) -> None:
    for n in range(1, 53):
        queued(n)
    sign_in(client, person(Role.ANALYST))
    first, second = (client.get(LOG, {"page": page, "kind": "question"}) for page in (1, 2))
    assert [len(page.context["lines"]) for page in (first, second)] == [50, 2]
    assert "kind=question" in first.content.decode()


# --- Records pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["message", "subscription"])
def test_the_records_show_no_token_and_change_nothing(client: Client, model: str) -> None:
    subscription = subscribed(client)
    sign_in(client, person(Role.AUDITOR))
    obj = Message.objects.get() if model == "message" else subscription
    assert client.get(reverse(f"admin:notifications_{model}_changelist")).status_code == 200
    page = client.get(reverse(f"admin:notifications_{model}_change", args=[obj.pk]))
    assert page.status_code == 200
    assert subscription.token not in page.content.decode()
    assert client.post(reverse(f"admin:notifications_{model}_change", args=[obj.pk]), {}).status_code in {403, 404}
    assert client.get(reverse(f"admin:notifications_{model}_add")).status_code in {403, 404}
    assert admin.site.is_registered(Message)
