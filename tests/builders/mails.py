"""E-mails as submitters send them, as raw bytes: same arguments, same bytes, Message-ID and boundaries included."""

import datetime
import hashlib
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

Attachment = tuple[str, bytes]  # file name and contents

SECAS = "cpl@secas.example"
SENT_AT = datetime.datetime(2026, 11, 24, 9, 30, tzinfo=datetime.UTC)
_TYPES = {
    "xlsm": ("application", "vnd.ms-excel.sheet.macroEnabled.12"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pdf": ("application", "pdf"),
    "docx": ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "zip": ("application", "zip"),
}


def mail(
    attachments: Sequence[Attachment] = (),
    *,
    sender: str = "Robin Winter <robin.winter@alder-metering.example>",
    to: str = SECAS,
    subject: str = "CPL submission",
    body: str = "Dear SECAS,\n\nplease find our CPL submission attached.\n\nKind regards\nRobin Winter\n",
    html: str = "",
    sent_at: datetime.datetime = SENT_AT,
    seed: str = "",
    in_reply_to: str = "",
    headers: Sequence[tuple[str, str]] = (),
) -> bytes:
    """One message with its attachments, in the order given. Two mails alike but for `seed` have different Message-IDs."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(sent_at)
    contents = [f"{name} {hashlib.sha256(content).hexdigest()}" for name, content in attachments]
    digest = _digest(sender, to, subject, body, sent_at.isoformat(), seed, *contents)
    message["Message-ID"] = message_id(digest, sender)
    if in_reply_to:
        message["In-Reply-To"] = in_reply_to
        message["References"] = in_reply_to
    for name, value in headers:
        message[name] = value
    message.set_content(body)
    if html:
        message.add_alternative(html, subtype="html")
    for name, content in attachments:
        main_type, sub_type = _TYPES.get(name.rpartition(".")[2].lower(), ("application", "octet-stream"))
        message.add_attachment(content, maintype=main_type, subtype=sub_type, filename=name)
    _fix_boundaries(message, digest)
    return message.as_bytes()


def message_id(digest: str, sender: str) -> str:
    """A Message-ID in the domain of the sender."""
    domain = sender.rpartition("@")[2].strip("> ") or "sender.example"
    return f"<{digest[:24]}@{domain}>"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _fix_boundaries(message: EmailMessage, digest: str) -> None:
    """Boundaries are random unless they are set."""
    for depth, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{depth}_{digest[:32]}")
