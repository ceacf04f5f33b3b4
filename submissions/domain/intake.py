"""Reads one mail of a submitter into what the case needs: who, what about, text, attachments, and what is odd about it.

Guidance 7.6 to 7.8 say what a mail should bring. `read_mail` answers for every input. The attachments of forwarded mails count.
Containers that nobody opens (archives, winmail.dat, S/MIME) are said as problems and are not among the attachments: they may
hold a form, which is RED, and the raw mail keeps them. A forwarded mail is an attachment itself only when it brings no files.
"""

import hashlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from certificates.domain.requirements import DocumentKind
from cpl.domain.findings import Finding, Severity
from submissions.domain.attachments import container, is_form, suggest_kind
from submissions.domain.mail_headers import (
    Sender,
    case_in,
    is_automatic,
    message_id_of,
    references_of,
    sender_of,
    subject_of,
)
from submissions.domain.mail_text import clean_name, clean_text, decoded, decoded_words, html_text
from submissions.domain.mime import Mail, Part, Unreadable, given_name, parameter, problem

__all__ = ["Attachment", "DocumentKind", "MailReading", "is_form", "read_mail", "suggest_kind", "vet"]

MOST_ATTACHMENTS = 100
LONGEST_BODY = 100_000  # characters
MOST_PROBLEMS = 50
_ENDINGS = {
    "application/pdf": ".pdf",
    "application/vnd.ms-excel.sheet.macroenabled.12": ".xlsm",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/html": ".html",
    "text/plain": ".txt",
}
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,48}/[a-z0-9][a-z0-9!#$&^_.+-]{0,48}")
# A file within the text, as old programs send it: it may be a form, which must not stand in the text.
_UUENCODED = re.compile(r"^begin [0-7]{3,4} \S.*\r?\n[\x20-\x60]{2}", re.MULTILINE)
_WRAPPED = {
    "M6": "'{name}' is an Outlook wrapper (TNEF) around the real attachments. Ask for the mail in HTML or plain text.",
    "M7": "'{name}' is encrypted or signed as a whole (S/MIME, PGP), so its contents were not read. Ask for a plain mail.",
    "M8": "'{name}' is an archive, and archives are not unpacked. Ask for the files themselves to be attached.",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file: a safe name of at most 200 characters, the media type as stated, its bytes and their SHA-256 (hex)."""

    name: str
    content_type: str
    data: bytes = field(repr=False)
    sha256: str


@dataclass(frozen=True, slots=True)
class MailReading:
    """What a mail says. All texts are safe to store and to show as text.

    `sender` is "" when no address can be used; `message_id` "" when none names the mail alone; `reference` is that of a case in
    the subject. `automatic`: never answer it. An error among `problems` means that something of the mail was not read.
    """

    message_id: str = ""
    sender: str = ""
    sender_name: str = ""
    subject: str = ""
    body: str = ""
    automatic: bool = False
    references: tuple[str, ...] = ()
    reference: str = ""
    attachments: tuple[Attachment, ...] = ()
    problems: tuple[Finding, ...] = ()
    unreadable: bool = False


def read_mail(raw: bytes) -> MailReading:
    """Read a mail as it arrived (RFC 5322 with MIME). Never raises: what cannot be read is said in `problems`.

    Works on at most 48 MiB and within limits of parts, depth and headers; call `vet` in a child process first.
    """
    try:
        return _read(raw)
    except Unreadable as refusal:
        return MailReading(problems=(refusal.finding,), unreadable=True)
    except Exception:  # noqa: BLE001 - the promise of this function: a mail nobody foresaw is a finding, not a fault
        text = "The mail is built in a way that cannot be read. Look at the mail itself and ask for it to be sent again."
        return MailReading(problems=(problem("M1", text),), unreadable=True)


def vet(data: bytes) -> dict[str, Any]:
    """Read the mail and tell what it holds as JSON data without the bytes of its attachments.

    For `core.isolation.run("submissions.domain.intake:vet", raw)`: when the child comes back OK, these bytes have been read
    within its limits, so `read_mail(raw)` in the parent does the same work safely and gets the attachments. Their bytes would
    not fit through the child's answer.
    """
    reading = read_mail(data)
    return {
        "unreadable": reading.unreadable,
        "message_id": reading.message_id,
        "sender": reading.sender,
        "subject": reading.subject,
        "automatic": reading.automatic,
        "attachments": [[file.name, file.content_type, len(file.data), file.sha256] for file in reading.attachments],
        "problems": [finding.rule for finding in reading.problems],
    }


def _read(raw: bytes) -> MailReading:
    mail = Mail(raw)
    sender: Sender = sender_of(mail.header, mail.say)
    subject = subject_of(mail.header)
    texts: list[str] = []
    attachments = tuple(_attachments(mail, texts))
    body = clean_text("\n\n".join(filter(None, texts)))
    if len(body) > LONGEST_BODY:
        mail.say(problem("M12", f"The text of the mail is shortened to {LONGEST_BODY} characters.", Severity.WARNING))
    return MailReading(
        message_id=message_id_of(mail.header, mail.say),
        sender=sender.address,
        sender_name=sender.name,
        subject=subject,
        body=body[:LONGEST_BODY].strip(),
        automatic=is_automatic(mail.header, sender.address),
        references=references_of(mail.header),
        reference=case_in(subject, mail.say),
        attachments=attachments,
        problems=tuple(mail.problems[:MOST_PROBLEMS]),
    )


def _attachments(mail: Mail, texts: list[str]) -> Iterator[Attachment]:
    """The files of the mail; its texts go to `texts`."""
    count = 0
    parts = list(mail.parts())
    for number, part in enumerate(parts):
        if part.mail is not None:
            texts.append(f"--- Forwarded mail: {subject_of(part.mail) or 'no subject'} ---")
            if _brings_files(parts, number):
                continue
        if part.lost or part.spare:
            continue
        if _is_text(part):
            texts.append(_text(mail, part))
        elif (attachment := _attachment(mail, part, number + 1)) is not None:
            count += 1
            if count > MOST_ATTACHMENTS:
                text = f"The mail has more than {MOST_ATTACHMENTS} attachments; the rest was not read. Ask for several mails."
                mail.say(problem("M5", text))
                return
            yield attachment


def _is_text(part: Part) -> bool:
    return part.mail is None and not part.attached and part.content_type in ("text/plain", "text/html")


def _brings_files(parts: list[Part], number: int) -> bool:
    """Whether the forwarded mail at this place holds more than text."""
    inside = itertools.takewhile(lambda part: part.forwarded > parts[number].forwarded, parts[number + 1 :])
    return any(part.lost or not _is_text(part) for part in inside)


def _text(mail: Mail, part: Part) -> str:
    content, sound = part.content()
    text, certain = decoded(content, parameter(part.header, "charset"))
    if not (sound and certain):
        mail.say(problem("M12", "The text of the mail is damaged or in an unknown charset; it may read oddly.", Severity.WARNING))
    if uuencoded := _UUENCODED.search(text):
        mail.say(problem("M5", "The text of the mail holds files (uuencode) that were not read. Ask for them to be attached."))
        text = text[: uuencoded.start()]
    return clean_text(html_text(text) if part.content_type == "text/html" else text)


def _attachment(mail: Mail, part: Part, number: int) -> Attachment | None:
    """The part as a file; None for what is none, with a finding where something is missing by that."""
    content, sound = part.content()
    name = _name(mail, part, number)
    if part.content_type in ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"):
        text = "The mail carries a digital signature of its own, which is not checked; the one in the workbook counts."
        mail.say(problem("M7", text, Severity.INFO))
        return None
    if not is_form(name, content) and (wrapped := container(name, part.content_type, content)):
        mail.say(problem(wrapped, _WRAPPED[wrapped].format(name=name), value=name))
        return None
    if not content:
        mail.say(problem("M5", f"The attachment '{name}' is empty. Ask for it to be sent again.", value=name))
        return None
    if not sound:
        text = f"The attachment '{name}' is damaged or coded in an unknown way. Ask for it to be sent again."
        mail.say(problem("M5", text, value=name))
    stated = part.content_type if _TYPE.fullmatch(part.content_type) else "application/octet-stream"
    return Attachment(name, stated, content, hashlib.sha256(content).hexdigest())


def _name(mail: Mail, part: Part, number: int) -> str:
    ending = _ENDINGS.get(part.content_type, ".bin")
    given = decoded_words(given_name(part.header))
    if not given:
        title = subject_of(part.mail) if part.mail is not None else ""
        return clean_name(f"{title[:100]}{ending}" if title else "", f"attachment-{number}{ending}")
    name = clean_name(given, f"attachment-{number}{ending}")
    if name != " ".join(given.split()):
        text = f"An attachment had a name that is not safe as it stood; it is kept as '{name}'."
        mail.say(problem("M13", text, Severity.WARNING, value=name))
    return name
