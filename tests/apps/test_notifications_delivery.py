"""Mails on their way: over a real SMTP server that takes them, refuses them for now, refuses them for good, or is not there."""

import email
import email.policy
import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.contrib.messages import get_messages
from django.core.mail import get_connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from core import audit, outbox, vault
from core.models import OutboxEvent
from core.models.outbox import MAX_ATTEMPTS
from notifications import delivery, services
from notifications.models import Message
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


class Server:
    """Keeps what it takes; answers what the test tells it to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.to: list[list[str]] = []
        self.at_rcpt = self.at_data = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.at_rcpt:
            return self.at_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.at_data:
            return self.at_data
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.raw.append(envelope.content)
        self.to.append(list(envelope.rcpt_tos))
        return "250 OK"


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 10
    yield handler
    controller.stop()


def queued(key: str = "one", **more: Any) -> Message:
    return services.queue("question", "sam@maker.example", "Question: “Größe”", "Grüße\n.\nEnd\n", dedupe_key=key, **more)


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def test_a_queued_mail_arrives_whole_and_is_marked(server: Server) -> None:
    data = b"\xef\xbb\xbfVersion,Entry.number\r\nx,000001"
    file = services.Attachment(name="CPL_v3.001.csv", sha256=vault.put(data), content_type="text/csv")
    message = queued(attachments=[file], reply_to="secas@cpl.example")
    assert outbox.drain(strict=True) == 1
    (mail,) = server.mails
    assert server.to == [["sam@maker.example"]]
    assert mail["Subject"] == "Question: “Größe”"
    assert mail["Message-ID"] == message.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_body().get_content().splitlines() == ["Grüße", ".", "End"]
    (part,) = mail.iter_attachments()
    assert part.get_payload(decode=True) == data
    sent = fresh(message)
    assert sent.state == Message.State.SENT
    assert sent.sent_at <= timezone.now()


def test_delivered_twice_by_the_outbox_it_goes_out_once(server: Server) -> None:
    message = queued()
    outbox.drain(strict=True)
    delivery.send(message.pk)
    assert len(server.mails) == 1


def test_killed_between_sending_and_marking_it_goes_out_once_more_and_can_be_told_for_one(server: Server) -> None:
    message = queued()
    outbox.drain(strict=True)
    Message.objects.update(state=Message.State.QUEUED, sent_at=None)  # as the database stands when the mark was lost
    delivery.send(message.pk)
    delivery.send(message.pk)
    first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


@pytest.mark.parametrize("where", ["at_rcpt", "at_data"])
def test_a_refusal_for_now_is_tried_again(server: Server, where: str) -> None:
    message = queued()
    setattr(server, where, "451 try later")
    assert outbox.drain() == 0
    assert fresh(message).state == Message.State.QUEUED
    setattr(server, where, "")
    OutboxEvent.objects.update(due_at=timezone.now())
    assert outbox.drain(strict=True) == 1
    assert fresh(message).state == Message.State.SENT


@pytest.mark.parametrize("where", ["at_rcpt", "at_data"])
def test_a_refusal_for_good_is_kept_with_the_servers_words_and_not_tried_again(server: Server, where: str) -> None:
    message = queued()
    setattr(server, where, "550 no such mailbox here")
    assert outbox.drain(strict=True) == 1
    assert fresh(message).state == Message.State.FAILED
    assert fresh(message).failure == "550 no such mailbox here"
    assert not OutboxEvent.objects.filter(done_at=None).exists()


def test_no_server_loses_no_mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed.getsockname()[1]
        message = queued()
        with pytest.raises((OSError, smtplib.SMTPException)):
            outbox.drain(strict=True)
    assert fresh(message).state == Message.State.QUEUED
    assert OutboxEvent.objects.get().attempts == 1


def given_up() -> Message:
    """A mail whose every attempt failed."""
    message = queued("lost")
    OutboxEvent.objects.filter(payload__message=message.pk).update(
        attempts=MAX_ATTEMPTS, dead_at=timezone.now(), last_error="OSError at delivery.py:30"
    )
    delivery.note_given_up()
    return fresh(message)


def test_a_mail_that_the_outbox_gave_up_says_so() -> None:
    message = given_up()
    assert message.state == Message.State.FAILED
    assert message.failure == f"Tried {MAX_ATTEMPTS} times: OSError at delivery.py:30"


def test_given_up_mails_can_be_sent_again_from_the_records(client: Client, server: Server) -> None:
    dead = given_up()
    refused = queued("refused")
    server.at_rcpt = "550 unknown"
    outbox.drain(strict=True)
    server.at_rcpt = ""
    waiting = queued("waiting")
    sign_in(client, person(Role.ANALYST))
    chosen = {"action": "send_again", "_selected_action": [dead.pk, refused.pk, waiting.pk]}
    answer = client.post(reverse("admin:notifications_message_changelist"), chosen)
    assert [str(note) for note in get_messages(answer.wsgi_request)] == ["2 of 3 will be sent again."]
    outbox.drain(strict=True)
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.SENT}
    assert len(server.mails) == 3
    assert outbox.health().dead == 0
    assert [entry.verb for entry in audit.trail(dead)] == ["message.sent_again"]


def test_refused_again_it_can_be_sent_again_again(server: Server) -> None:
    message, actor = queued(), person(Role.ANALYST)
    server.at_rcpt = "550 unknown"
    outbox.drain(strict=True)
    for _ in range(2):
        assert delivery.send_again(actor, fresh(message))
        assert not delivery.send_again(actor, fresh(message))
        outbox.drain(strict=True)
        assert fresh(message).state == Message.State.FAILED
    assert OutboxEvent.objects.filter(topic="notifications.send").count() == 3


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR, Role.SEC_PARTY], ids=str)
def test_nobody_else_sends_again(client: Client, role: Role) -> None:
    message = given_up()
    sign_in(client, person(role))
    client.post(reverse("admin:notifications_message_changelist"), {"action": "send_again", "_selected_action": [message.pk]})
    assert fresh(message).state == Message.State.FAILED


def test_the_embedded_site_keeps_its_mails_as_files(settings: Any, tmp_path: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    message = queued()
    outbox.drain(strict=True)
    (file,) = tmp_path.iterdir()
    assert message.message_id.encode() in file.read_bytes()
    assert get_connection().file_path == str(tmp_path)
