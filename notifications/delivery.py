"""Handing mails to the mail server, and what becomes of those it refuses.

A mail is sent and then marked as sent. Killed in between, it goes out a second time, never more often and never not at all;
SMTP offers nothing better. Both copies have the same Message-ID and Date, so that a mail program can tell them for one.
"""

import smtplib
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from email.utils import format_datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, outbox, periodic, vault
from core.models import OutboxEvent
from notifications.models import Message
from notifications.services import SEND, Attachment

State = Message.State


def send(message_id: int) -> None:
    """Send the mail unless that has happened. Raises what may pass (the outbox tries again); a refusal for good is kept."""
    message = Message.objects.get(pk=message_id)
    if message.state != State.QUEUED:
        return
    try:
        email_of(message).send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as refusal:
        if not (answer := _final_answer(refusal)):
            raise
        _settle(message, state=State.FAILED, failure=answer)
    else:
        _settle(message, state=State.SENT, sent_at=timezone.now(), failure="")


def email_of(message: Message) -> EmailMessage:
    """The mail as it goes out; Auto-Submitted keeps well-behaved programs from answering it (RFC 3834)."""
    headers = {
        "Message-ID": message.message_id,
        "Date": format_datetime(message.created_at),
        "Auto-Submitted": "auto-replied" if message.in_reply_to else "auto-generated",
    }
    if message.in_reply_to:
        headers |= {"In-Reply-To": message.in_reply_to, "References": message.in_reply_to}
    if message.unsubscribe_url:  # RFC 8058: the mail program's own button posts to this address
        headers |= {
            "List-Unsubscribe": f"<{message.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-ID": f"CPL releases <cpl-releases.{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2].rstrip('>')}>",
        }
    reply_to = [message.reply_to] if message.reply_to else None
    email = EmailMessage(message.subject, message.body, to=[message.recipient], headers=headers, reply_to=reply_to)
    for file in message.attachments:
        email.attach(_part(file))
    return email


def _part(file: Attachment) -> MIMEBase:
    """The file in base64, whatever it is: sent as text, a CSV would arrive with other line ends and another checksum."""
    kind, _, subkind = file["content_type"].partition("/")
    part = MIMEBase(kind, subkind)
    part.set_payload(vault.read(file["sha256"]))
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=file["name"])
    return part


@periodic.every(minutes=10, queue="mail")
def note_given_up() -> None:
    """Mark mails as given up whose delivery the outbox has given up, so that the mail log says so."""
    dead = OutboxEvent.objects.filter(topic=SEND, dead_at__isnull=False)
    for event in dead:
        waiting = Message.objects.filter(pk=event.payload["message"], state=State.QUEUED)
        waiting.update(state=State.FAILED, failure=f"Tried {event.attempts} times: {event.last_error}"[:300])


def send_again(actor: User, message: Message) -> bool:
    """Let a mail that was given up start over; False when it is waiting or sent."""
    with transaction.atomic():
        if not Message.objects.filter(pk=message.pk, state=State.FAILED).update(state=State.QUEUED, failure=""):
            return False
        audit.record(actor, "message.sent_again", message)
        dead = OutboxEvent.objects.filter(topic=SEND, payload__message=message.pk, dead_at__isnull=False).first()
        if dead is None or not outbox.requeue(dead):
            outbox.emit(SEND, f"{message.pk} again {audit.trail(message).count()}", {"message": message.pk})
    return True


def _final_answer(refusal: smtplib.SMTPException) -> str:
    """What the server said when it will never take this mail; "" when trying again may help."""
    text: bytes | str
    if isinstance(refusal, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(refusal.recipients.values()))
    elif isinstance(refusal, smtplib.SMTPDataError):
        code, text = refusal.smtp_code, refusal.smtp_error
    else:
        return ""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{code} {' '.join(said.split())}"[:300] if code >= 500 else ""


def _settle(message: Message, **outcome: object) -> None:
    Message.objects.filter(pk=message.pk, state=State.QUEUED).update(**outcome)
