"""What the headers of a mail say: who sent it, what it is about, what it answers, and whether it may be answered."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses

from cpl.domain.findings import Finding, Severity
from cpl.domain.rules.kinds import is_mail_address
from submissions.domain.mail_text import clean_line, decoded_words
from submissions.domain.mime import content_type, problem, text

LONGEST_SUBJECT = 300
LONGEST_PERSON = 200
LONGEST_ID = 250
LONGEST_SENDER = 2_048  # characters of From that are read
MOST_REFERENCES = 100
SENDER_AGAIN = "Look at the mail itself before you answer it."

_ID = re.compile(r"<([!-;=?-~]+)>")
_BARE_ID = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
_CASE = re.compile(r"\bSUB-[0-9]{4}-[0-9]{4,8}\b", re.ASCII | re.IGNORECASE)
_BULK = frozenset(("bulk", "junk", "list", "auto_reply"))
_LIST_HEADERS = ("List-Id", "List-Post", "List-Unsubscribe", "List-Help", "Mailing-List", "X-Mailing-List")
_ROBOT_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From", "X-Failed-Recipients")
_ROBOTS = frozenset(("mailer-daemon", "postmaster"))

Say = Callable[[Finding], None]


@dataclass(frozen=True, slots=True)
class Sender:
    """The address to answer, "" when none can be used, and the name that stands with it."""

    address: str = ""
    name: str = ""


def subject_of(header: Message) -> str:
    """The subject as one line, at most 300 characters."""
    return clean_line(decoded_words(text(header, "Subject")), LONGEST_SUBJECT)


def sender_of(header: Message, say: Say) -> Sender:
    """The one author of the mail. The structure is read before encoded words, so that none of them can pose as an address."""
    headers = header.get_all("From") or header.get_all("Sender") or []
    found = [pair for value in headers for pair in _addresses(str(value))]
    if not found:
        say(problem("M10", f"The mail has no sender that can be read. {SENDER_AGAIN}", Severity.WARNING))
        return Sender()
    if len({address for _, address in found}) > 1 or len(headers) > 1:
        listed = ", ".join(clean_line(address, 60) for _, address in found[:3])
        say(
            problem(
                "M10", f"The mail names more than one sender ({listed}); the first was taken. {SENDER_AGAIN}", Severity.WARNING
            )
        )
    name, written = found[0]
    name = clean_line(decoded_words(name), LONGEST_PERSON)
    address = _plain(written)
    if not address:
        text = f"The sender's address '{clean_line(written, 80)}' cannot be used. {SENDER_AGAIN}"
        say(problem("M10", text, Severity.WARNING))
        return Sender("", name)
    _look_alike(name, written, address, say)
    return Sender(address, name)


def _addresses(value: str) -> list[tuple[str, str]]:
    try:
        return [(name, address) for name, address in getaddresses([value[:LONGEST_SENDER]]) if "@" in address]
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        return []


def _plain(address: str) -> str:
    """The address as mail programs send it: ASCII, the domain in lower case; "" when it is none."""
    mailbox, _, domain = address.strip().rpartition("@")
    if not domain.isascii():
        try:
            domain = domain[:253].encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    plain = f"{mailbox}@{domain.lower()}"
    return plain if is_mail_address(plain) else ""


def _look_alike(name: str, written: str, address: str, say: Say) -> None:
    if "xn--" in address.partition("@")[2]:
        text = f"The domain of the sender ({clean_line(written, 80)}) has letters that may look like others: it is {address}."
        say(problem("M11", text, Severity.WARNING, value=address))
    if "@" in name and address.lower() not in name.lower():
        text = f"The sender's name is an address ('{clean_line(name, 80)}'), and another one than the sender's: {address}."
        say(problem("M11", text, Severity.WARNING, value=address))


def message_id_of(header: Message, say: Say) -> str:
    """The Message-ID with its brackets; "" when there is none, or more than one: what arrived twice is known by its bytes too."""
    values = [str(value) for value in header.get_all("Message-ID", [])]
    found = _ID.findall(" ".join(values)) or _BARE_ID.findall(" ".join(values))
    if len(found) == 1 and len(found[0]) + 2 <= LONGEST_ID:
        return f"<{found[0]}>"
    say(problem("M14", "The mail has no Message-ID that names it alone.", Severity.INFO))
    return ""


def references_of(header: Message) -> tuple[str, ...]:
    """Message-IDs of what it answers: In-Reply-To first, then References, each once."""
    values = [*header.get_all("In-Reply-To", []), *header.get_all("References", [])]
    found = (f"<{name}>" for value in values for name in _ID.findall(str(value)) if len(name) + 2 <= LONGEST_ID)
    return tuple(dict.fromkeys(found))[:MOST_REFERENCES]


def case_in(subject: str, say: Say) -> str:
    """The reference of the case in the subject; "" without one, or with two different ones."""
    found = set(map(str.upper, _CASE.findall(subject)))
    if len(found) > 1:
        text = f"The subject names more than one case ({', '.join(sorted(found)[:5])}), so it decides nothing."
        say(problem("M14", text, Severity.WARNING))
    return found.pop() if len(found) == 1 else ""


def is_automatic(header: Message, sender: str) -> bool:
    """A machine wrote it or it came by a list: an answer could start a loop (RFC 3834). Bounces and absence notes count."""
    submitted = text(header, "Auto-Submitted").partition(";")[0].strip().lower()
    suppress = {word.strip().lower() for word in text(header, "X-Auto-Response-Suppress").split(",")}
    return (
        submitted not in ("", "no")
        or text(header, "Precedence").strip().lower() in _BULK
        or bool({"all", "autoreply", "oof"} & suppress)
        or any(name in header for name in (*_LIST_HEADERS, *_ROBOT_HEADERS))
        or text(header, "Return-Path").strip() == "<>"
        or content_type(header) == "multipart/report"
        or sender.partition("@")[0].lower() in _ROBOTS
    )
