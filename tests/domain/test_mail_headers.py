"""What the headers of a mail say: sender, subject, case, what it answers, and whether it may be answered."""

import pytest

from cpl.domain.findings import Severity
from submissions.domain.intake import MailReading, read_mail
from tests.builders.mails import mail


def rules(reading: MailReading) -> list[str]:
    return [finding.rule for finding in reading.problems]


REFERENCES = {
    "Re: [SUB-2026-0001] Your submission": "SUB-2026-0001",
    "AW: sub-2026-12345 corrected": "SUB-2026-12345",
    "SUB-2026-0001 (was SUB-2026-0001)": "SUB-2026-0001",
    "SUB-2026-0001 and SUB-2026-0002": "",
    "XSUB-2026-0001": "",
    "SUB-26-1": "",
    "CPL submission": "",
}


@pytest.mark.parametrize(("subject", "reference"), REFERENCES.items())
def test_the_reference_of_a_case(subject: str, reference: str) -> None:
    reading = read_mail(mail(subject=subject))
    assert (reading.subject, reading.reference) == (subject, reference)
    assert rules(reading) == (["M14"] if " and " in subject else [])


def test_what_it_answers() -> None:
    raw = mail(in_reply_to="<b@secas.example>").replace(
        b"References: <b@secas.example>", b"References: <a@secas.example>\r\n <b@secas.example> junk <c@secas.example>"
    )
    assert read_mail(raw).references == ("<b@secas.example>", "<a@secas.example>", "<c@secas.example>")


@pytest.mark.parametrize(
    ("message_id", "read"),
    [
        ("<1@b.example>", "<1@b.example>"),
        ("  <1@b.example>  ", "<1@b.example>"),
        ("1@b.example", "<1@b.example>"),
        ("<1@b.example> <2@b.example>", ""),
        ("<1@b.example>\nMessage-ID: <2@b.example>", ""),
        (f"<{'1' * 250}@b.example>", ""),
        ("", ""),
    ],
)
def test_the_message_id(message_id: str, read: str) -> None:
    reading = read_mail(f"From: a@b.example\nMessage-ID: {message_id}\n\nx".encode())
    assert reading.message_id == read
    assert rules(reading) == ([] if read else ["M14"])
    assert all(finding.severity is Severity.INFO for finding in reading.problems)


SENDERS = {
    "robin@alder.example": ("robin@alder.example", "", []),
    "Robin Winter <Robin@ALDER.example>": ("Robin@alder.example", "Robin Winter", []),
    '"Winter, Robin" <robin@alder.example>': ("robin@alder.example", "Winter, Robin", []),
    "=?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@alder.example>": ("joerg@alder.example", "Jörg Müller", []),
    "Jörg Müller <joerg@alder.example>": ("joerg@alder.example", "Jörg Müller", []),
    "robin@alder.example (Robin Winter)": ("robin@alder.example", "Robin Winter", []),
    "=?utf-8?q?x_=3Cevil=40evil.example=3E?= <robin@alder.example>": ("robin@alder.example", "x <evil@evil.example>", ["M11"]),
    '"robin@alder.example" <evil@evil.example>': ("evil@evil.example", "robin@alder.example", ["M11"]),
    '"robin@alder.example" <robin@alder.example>': ("robin@alder.example", "robin@alder.example", []),
    "robin@ald\u0435r.example": ("robin@xn--aldr-x4d.example", "", ["M11"]),
    "robin@xn--aldr-x4d.example": ("robin@xn--aldr-x4d.example", "", ["M11"]),
    "robin@alder.example, sam@alder.example": ("robin@alder.example", "", ["M10"]),
    "robin@alder.example\nFrom: robin@alder.example": ("robin@alder.example", "", ["M10"]),
    "rob\u00edn@alder.example": ("", "", ["M10"]),
    "robin@localhost": ("", "", ["M10"]),
    "undisclosed": ("", "", ["M10"]),
    "": ("", "", ["M10"]),
}


@pytest.mark.parametrize(("header", "expected"), SENDERS.items())
def test_the_sender(header: str, expected: tuple[str, str, list[str]]) -> None:
    reading = read_mail(f"From: {header}\nMessage-ID: <1@b.example>\n\nx".encode())
    assert (reading.sender, reading.sender_name, rules(reading)) == expected


def test_a_mail_without_from_is_of_its_sender() -> None:
    assert read_mail(b"Sender: a@b.example\nMessage-ID: <1@b.example>\n\nx").sender == "a@b.example"


AUTOMATIC = {
    "Auto-Submitted: auto-replied": True,
    "Auto-Submitted: auto-generated; owner=x": True,
    "Auto-Submitted: no": False,
    "Precedence: bulk": True,
    "Precedence: first-class": False,
    "List-Id: Metering <metering.example>": True,
    "List-Unsubscribe: <mailto:u@x.example>": True,
    "X-Auto-Response-Suppress: OOF, AutoReply": True,
    "X-Auto-Response-Suppress: DR, RN": False,
    "X-Autoreply: yes": True,
    "Return-Path: <>": True,
    "Return-Path: <a@b.example>": False,
    "Content-Type: multipart/report; boundary=b": True,
    "X-Mailer: Outlook": False,
}


@pytest.mark.parametrize(("header", "automatic"), AUTOMATIC.items())
def test_mails_that_must_not_be_answered(header: str, automatic: bool) -> None:
    assert read_mail(f"From: a@b.example\n{header}\n\nx".encode()).automatic is automatic


def test_bounces_by_their_sender() -> None:
    assert read_mail(b"From: Mail Delivery <MAILER-DAEMON@b.example>\n\nx").automatic
    assert not read_mail(mail()).automatic


def test_encoded_words_of_the_subject() -> None:
    subject = "=?utf-8?b?R3LDvMOf?= =?iso-8859-1?q?e=20?= =?utf-8?q?SUB-2026-0001?="
    assert read_mail(f"From: a@b.example\nSubject: {subject}\n\nx".encode()).subject == "Grüße SUB-2026-0001"
    assert read_mail(b"From: a@b.example\nSubject: =?utf-8?b?!?= =?zlib?b?QUJD?=\n\nx").subject != ""
    assert read_mail("From: a@b.example\nSubject: Grüße\n\nx".encode()).subject == "Grüße"
