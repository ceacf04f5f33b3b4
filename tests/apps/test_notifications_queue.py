"""Mails in the making: stored once, with nothing in a header that could start another one."""

import email
import email.policy
from email.message import EmailMessage

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from core import vault
from core.models import OutboxEvent
from notifications import delivery, services
from notifications.models import Message

pytestmark = pytest.mark.django_db


def written(**changes: object) -> Message:
    fields: dict = {"dedupe_key": "one", "regarding": "submission:SUB-2026-0001"} | changes
    kind, recipient = fields.pop("kind", "acknowledgement"), fields.pop("recipient", "sam@maker.example")
    subject, body = fields.pop("subject", "Received"), fields.pop("body", "Thank you.\n")
    return services.queue(kind, recipient, subject, body, **fields)


def as_sent(message: Message) -> EmailMessage:
    raw = delivery.email_of(message).message().as_bytes()
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def lost_with_its_cause() -> str:
    """The Message-ID of a mail whose transaction was rolled back."""
    with transaction.atomic():
        message = written()
        transaction.set_rollback(True)
    return message.message_id


def test_the_same_key_is_the_same_mail_and_is_sent_once() -> None:
    first, again = written(), written(subject="Something else")
    assert again == first
    assert again.subject == "Received"
    assert OutboxEvent.objects.filter(topic="notifications.send").count() == 1


def test_a_mail_falls_with_the_transaction_it_belongs_to() -> None:
    lost_with_its_cause()
    assert not Message.objects.exists()
    assert not OutboxEvent.objects.exists()


@pytest.mark.parametrize(
    "recipient",
    [
        " ",
        "nobody",
        "a@b.example, c@d.example",
        "Sam <sam@maker.example>",
        "sam@maker.example\nBcc: all@world.example",
        "sam@maker.example\r\n\r\nText",
    ],
)
@pytest.mark.parametrize("field", ["recipient", "reply_to"])
def test_what_is_no_single_address_is_refused_and_leaves_the_transaction_usable(field: str, recipient: str) -> None:
    with transaction.atomic():
        with pytest.raises(ValidationError):
            written(**{field: recipient})
        assert written(dedupe_key="two").pk


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\0"])
def test_no_subject_starts_another_header(line_end: str) -> None:
    message = written(subject=f"Question{line_end}Bcc: all@world.example{line_end}{line_end}Hello")
    parsed = as_sent(message)
    assert parsed["Subject"] == "Question Bcc: all@world.example Hello"
    assert parsed["Bcc"] is None
    assert parsed.get_content() == "Thank you.\n"


@limits(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(subject=st.text(max_size=300), reply=st.text(max_size=60), name=st.text(max_size=40))
def test_whatever_texts_say_the_headers_are_ours_alone(subject: str, reply: str, name: str) -> None:
    Message.objects.all().delete()
    OutboxEvent.objects.all().delete()
    file = services.Attachment(name=name, sha256=vault.put(b"x"), content_type="text/csv")
    parsed = as_sent(written(subject=subject, in_reply_to=reply, attachments=[file]))
    ours = {"content-type", "mime-version", "subject", "from", "to", "date", "message-id", "auto-submitted"}
    assert {header.lower() for header in set(parsed)} - {"in-reply-to", "references"} == ours
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/mixed", "text/plain", "text/csv"]


def test_a_foreign_message_id_that_is_none_is_left_out() -> None:
    assert written(in_reply_to="<a@b>\r\nBcc: all@world.example").in_reply_to == ""
    assert written(in_reply_to=" <CAF=x_1@mail.maker.example> ", dedupe_key="two").in_reply_to == "<CAF=x_1@mail.maker.example>"


def test_the_message_id_belongs_to_the_key_even_after_a_rollback() -> None:
    lost = lost_with_its_cause()
    assert written().message_id == lost
    assert written(dedupe_key="two").message_id != lost


def test_an_answer_says_what_it_answers_and_that_a_program_wrote_it() -> None:
    parsed = as_sent(written(in_reply_to="<q@maker.example>", reply_to="secas+SUB-2026-0001@cpl.example"))
    assert (parsed["In-Reply-To"], parsed["References"]) == ("<q@maker.example>", "<q@maker.example>")
    assert parsed["Auto-Submitted"] == "auto-replied"
    assert parsed["Reply-To"] == "secas+SUB-2026-0001@cpl.example"


def test_attachments_come_from_the_plain_area_and_arrive_byte_for_byte() -> None:
    data = "\ufeffVersion,Entry.number\r\nx,000001".encode()
    sha256 = vault.put(data)
    message = written(attachments=[services.Attachment(name="CPL_v3.001.csv", sha256=sha256, content_type="text/csv")])
    (part,) = as_sent(message).iter_attachments()
    assert part.get_filename() == "CPL_v3.001.csv"
    assert part.get_payload(decode=True) == data


def test_nothing_of_the_red_area_can_be_attached() -> None:
    sha256 = vault.put(b"a raw submission", red=True)
    with pytest.raises(vault.Missing):
        written(attachments=[services.Attachment(name="raw.eml", sha256=sha256, content_type="message/rfc822")])


def test_values_are_neither_code_nor_html_nor_a_second_subject() -> None:
    subject, body = services.render("subscribe_confirm", email="<b>&\n{{ site }}{% load x %}", url="https://x.example/?a=1&b=2")
    assert "\n" not in subject
    assert "<b>&\n{{ site }}{% load x %}" in body
    assert "https://x.example/?a=1&b=2" in body
