"""Writing mails: a row in the caller's transaction, sent later by the outbox. Mails are at most AMBER: no RED in them, ever."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from email.utils import parseaddr
from typing import Any, TypedDict

from django.conf import settings
from django.core.validators import validate_email
from django.db import transaction
from django.template import Context, Template
from django.template.loader import get_template

from core import outbox, vault
from notifications.models import Message

SEND = "notifications.send"
_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, half characters, line and paragraph separators
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,246}>")  # printable ASCII without blanks and further angle brackets

_CONTENT_TYPE = re.compile(r"(?!message/|multipart/)[a-z0-9]+/[a-z0-9.+-]+")


class Attachment(TypedDict):
    """A file of the plain vault area that goes with a mail; there is no way to name one of the RED area."""

    name: str
    sha256: str
    content_type: str


def queue(  # noqa: PLR0913 - each is a part of a mail
    kind: str,
    recipient: str,
    subject: str,
    body: str,
    *,
    dedupe_key: str,
    regarding: str = "",
    attachments: Iterable[Attachment] = (),
    in_reply_to: str = "",
    reply_to: str = "",
    unsubscribe_url: str = "",
) -> Message:
    """Store one mail to one address and have it sent once the caller's transaction has committed.

    The same DEDUPE_KEY is the same mail: the row made first is returned as it is. REGARDING is a name of the audit trail,
    such as "submission:SUB-2026-0001". Raises ValidationError for what is no single address, vault.Missing for an attachment
    that is not in the plain area of the vault.
    """
    fields = {
        "kind": kind,
        "recipient": _address(recipient),
        "subject": one_line(subject)[:250],
        "body": _text(body),
        "regarding": regarding,
        "attachments": [_attachment(file) for file in attachments],
        # Comes from foreign mails; one that is not in order is left out rather than holding up an answer.
        "in_reply_to": in_reply_to.strip() if _MESSAGE_ID.fullmatch(in_reply_to.strip()) else "",
        "reply_to": _address(reply_to) if reply_to else "",
        "unsubscribe_url": unsubscribe_url,
        "message_id": _message_id(dedupe_key),
    }
    with transaction.atomic():  # begins here: what is refused above leaves the caller's transaction usable
        message, created = Message.objects.get_or_create(dedupe_key=dedupe_key, defaults=fields)
        if created:
            outbox.emit(SEND, str(message.pk), {"message": message.pk})
    return message


def render(template: str, **context: Any) -> tuple[str, str]:
    """(subject, body) from templates/notifications/TEMPLATE.txt, whose first line is the subject.

    Values are written as they are (a mail is not HTML) and never read as template code. `site` is the address of this site.
    """
    source = get_template(f"notifications/{template}.txt").template.source  # type: ignore[attr-defined] # Django's own engine
    # Split before rendering: a value with line breaks in it cannot move the border between subject and body.
    subject, _, body = source.partition("\n")
    values = Context({"site": settings.CPL_BASE_URL, **context}, autoescape=False)
    return one_line(Template(subject).render(values)), Template(body).render(values).strip() + "\n"


def one_line(text: str) -> str:
    """A text for a header: whatever could end or fold a line becomes one blank."""
    return " ".join("".join(" " if unicodedata.category(char) in _BREAKING else char for char in text).split())


def _text(body: str) -> str:
    """Line ends as \\n, and nothing that a database or a mail server would stumble over."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in lines if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"})


def _address(text: str) -> str:
    """Exactly one address: Django's check refuses lists, names around it and line breaks."""
    address = text.strip()
    validate_email(address)
    return address


def _attachment(file: Attachment) -> Attachment:
    if not vault.exists(file["sha256"]):
        raise vault.Missing(file["sha256"], file["name"])
    known = _CONTENT_TYPE.fullmatch(file["content_type"])
    content_type = file["content_type"] if known else "application/octet-stream"
    return {"name": one_line(file["name"]) or "file", "sha256": file["sha256"], "content_type": content_type}


def _message_id(dedupe_key: str) -> str:
    """The same for every attempt, so that a mail that arrives twice can be told for one."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(dedupe_key.encode()).hexdigest()[:40]}@{domain}>"
