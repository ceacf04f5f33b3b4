"""What is looked at, from disk to mailbox: when it is in order and when not, on the page, in the metrics, in the daily mail."""

import datetime
import email
import email.policy
import re
from typing import Any

import holidays
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from core import health, outbox
from core.health import Answer
from core.models import OutboxEvent
from core.tasks import tick
from cpl import handlers as list_handlers
from cpl.models import Pointer
from notifications import health as mails
from notifications.models import Message
from tests.builders.listing import approved, published, small_list
from tests.people import person, sign_in
from tests.services import Post

pytestmark = pytest.mark.django_db(transaction=True)

ALL = {"database", "vault", "broker", "outbox", "beat", "disk", "holidays", "pointer", "mailbox"}
TOKEN = "a-token-of-the-test"
LINE = re.compile(r'# (HELP|TYPE) \w+ .+|[a-z_]+(\{check="[a-z]+"\})? -?\d+(\.\d+)?')  # of Prometheus, as far as it is used here


@pytest.fixture(autouse=True)
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the day and however full the disk of this machine; beat has ticked, and what was due is done."""
    monkeypatch.setattr(health, "HOLIDAYS", ("", timezone.localdate()))
    monkeypatch.setattr(health, "LEAST_FREE", 0)
    tick()
    outbox.drain(strict=True)


def answers() -> dict[str, Answer]:
    return {result.check.name: result.answer for result in health.gather()}


def troubles() -> set[str]:
    return {name for name, answer in answers().items() if not answer.ok}


def later(**time: float) -> Any:
    return time_machine.travel(timezone.now() + datetime.timedelta(**time), tick=False)


def metrics(client: Client, token: str = TOKEN) -> Any:
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_a_site_in_order() -> None:
    assert (set(answers()), troubles()) == (ALL, set())


def test_the_pointer_has_to_be_signed_every_night() -> None:
    assert answers()["pointer"].ok  # before the first version there is nothing to point to
    small_list()
    assert answers()["pointer"].ok  # nor for one that was taken over
    approved()
    published()
    assert re.fullmatch(r"signed [0-9/]{10} [0-9:]{5}, good until [0-9/]{10} [0-9:]{5}", answers()["pointer"].says)
    with later(hours=35):
        assert answers()["pointer"].ok
    with later(hours=37):
        assert not answers()["pointer"].ok
        assert answers()["pointer"].figures["left_seconds"] == pytest.approx((7 * 24 - 37) * 3600, abs=60)
        list_handlers.point_to_the_current_version()
        assert answers()["pointer"].ok


def test_a_site_whose_pointer_is_old_stays_ready(client: Client) -> None:
    approved()
    published()
    with later(days=8):
        tick()  # beat and worker live, but nobody holds the key
        OutboxEvent.objects.all().delete()
        assert "pointer" in troubles()
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")
        assert client.get("/cpl/latest.csv").status_code == 200


def test_a_version_without_a_pointer_is_found() -> None:
    approved()
    published()
    Pointer.objects.all().delete()
    assert troubles() == {"pointer"}


def test_the_mailbox_has_to_be_looked_into() -> None:
    assert answers()["mailbox"].says.startswith("last looked into ")
    with later(minutes=16):
        assert "mailbox" in troubles()
        tick()
        outbox.drain(strict=True)
        assert answers()["mailbox"].ok
    OutboxEvent.objects.all().delete()
    assert troubles() == {"mailbox"}


def test_a_new_site_has_a_while_to_look_into_its_mailbox() -> None:
    OutboxEvent.objects.all().delete()
    tick()
    assert (answers()["mailbox"].ok, answers()["mailbox"].says) == (True, "not looked into yet")
    with later(minutes=16):
        assert not answers()["mailbox"].ok


def test_a_disk_that_gets_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LEAST_FREE", 1 << 60)
    assert troubles() == {"disk"}


def test_bank_holidays_that_are_old() -> None:
    with later(days=399):
        assert answers()["holidays"].ok
    with later(days=400):
        assert not answers()["holidays"].ok


def test_the_day_of_the_bank_holidays_is_that_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert health.HOLIDAYS[0] == holidays.__version__


def test_a_check_that_breaks_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: {}[folder])
    assert (set(answers()), troubles()) == (ALL, {"disk"})
    assert answers()["disk"].says == "could not be checked (KeyError)"


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="'disk'"):
        health.check("disk", "Disk", "")(lambda: Answer(ok=True))


def test_the_page_says_what_to_do_first(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(client, person(Role.ADMINISTRATOR))
    page = client.get("/health/").content.decode()
    assert ("All in order." in page, "Not in order" in page, "Make room" in page) == (True, False, False)
    monkeypatch.setattr(health, "LEAST_FREE", 1 << 60)
    page = client.get("/health/").content.decode()
    assert ("All in order." in page, "Somebody has to look." in page, "Make room" in page) == (False, True, True)
    titles = re.findall(r'<th scope="row">([^<]+)</th>', page)
    assert (titles[0], len(titles)) == ("Disk", len(ALL))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_finds_the_page(client: Client, role: Role) -> None:
    assert sign_in(client, person(role)).get("/health/").status_code == 404


def test_metrics_for_whoever_has_the_token(client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CPL_METRICS_TOKEN = TOKEN
    monkeypatch.setattr(health, "LEAST_FREE", 1 << 60)
    approved()
    published()
    answer = metrics(client)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "no-store" in answer["Cache-Control"]
    lines = answer.content.decode().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert {name: values[f'cpl_check_ok{{check="{name}"}}'] for name in ALL} == dict.fromkeys(ALL, "1") | {"disk": "0"}
    assert values["cpl_outbox_given_up"] == "0"
    assert float(values["cpl_disk_free_bytes"]) > 0
    assert float(values["cpl_pointer_left_seconds"]) > 6 * 24 * 3600


def test_metrics_are_not_found_without_the_token(client: Client, settings: Any) -> None:
    for token, given in (("", ""), (TOKEN, ""), (TOKEN, "another"), (TOKEN, f"{TOKEN}1"), (TOKEN, "größer")):
        settings.CPL_METRICS_TOKEN = token
        assert metrics(client, given).status_code == 404
        assert client.get("/metrics").status_code == 404
    assert client.post("/metrics").status_code == 405


def test_the_staff_get_one_mail_a_day(settings: Any, smtp: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, _, port = smtp.url.removeprefix("smtp://").partition(":")
    settings.EMAIL_PORT = int(port)
    mails.warn()
    outbox.drain(strict=True)
    assert (smtp.mails, Message.objects.count()) == ([], 0)
    monkeypatch.setattr(health, "LEAST_FREE", 1 << 60)
    for _ in range(2):
        mails.warn()
        outbox.drain(strict=True)
    [(_, to, data)] = smtp.mails
    mail: Any = email.message_from_bytes(data, policy=email.policy.default)
    assert (to, mail["Subject"]) == ([settings.CPL_MAILBOX_ADDRESS], "Not in order: Disk")
    text = mail.get_body().get_content()
    assert ("Make room" in text, f"{settings.CPL_BASE_URL}/health/" in text, "Mailbox" in text) == (True, True, False)
    with later(days=1):
        mails.warn()
        assert Message.objects.count() == 2
