"""What is read from mails as honest people send them (guidance 7.6 to 7.8)."""

import base64
import hashlib
import io
import json
import quopri
import zipfile
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from certificates.domain.requirements import DocumentKind
from core import isolation
from cpl.domain.findings import Severity
from submissions.domain.intake import MailReading, is_form, read_mail, suggest_kind, vet
from tests.builders.mails import mail
from tests.builders.values import valid_values
from tests.builders.workbooks import form_workbook

WORKBOOK = form_workbook(valid_values())
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
HEAD = "From: a@b.example\nMessage-ID: <1@b.example>\n"
ZSE_NAME = "ZSE certificate.pdf"


def names(reading: MailReading) -> list[str]:
    return [attachment.name for attachment in reading.attachments]


def rules(reading: MailReading) -> list[str]:
    return [finding.rule for finding in reading.problems]


def message(**headers: str) -> EmailMessage:
    """A mail to build upon, other than `mail` builds them."""
    new = EmailMessage(policy=SMTP)
    for name, value in {"From": "robin@alder.example", "Message-ID": "<1@alder.example>", "Subject": "CPL", **headers}.items():
        new[name.replace("_", "-")] = value
    return new


def test_a_submission_as_it_should_be() -> None:
    raw = mail([("submission.xlsm", WORKBOOK), (ZSE_NAME, PDF)], subject="New hub", html="<p>Dear SECAS</p>")
    reading = read_mail(raw)
    assert reading == MailReading(
        message_id=reading.message_id,
        sender="robin.winter@alder-metering.example",
        sender_name="Robin Winter",
        subject="New hub",
        body="Dear SECAS,\n\nplease find our CPL submission attached.\n\nKind regards\nRobin Winter",
        attachments=reading.attachments,
    )
    assert reading.message_id.startswith("<")
    assert [(file.name, file.data) for file in reading.attachments] == [("submission.xlsm", WORKBOOK), (ZSE_NAME, PDF)]
    assert [file.content_type for file in reading.attachments] == [
        "application/vnd.ms-excel.sheet.macroenabled.12",
        "application/pdf",
    ]
    assert all(file.sha256 == hashlib.sha256(file.data).hexdigest() for file in reading.attachments)


def test_line_endings_make_no_difference() -> None:
    raw = mail([("submission.xlsm", WORKBOOK)])
    assert b"\r\n" in raw
    assert read_mail(raw.replace(b"\r\n", b"\n")) == read_mail(raw)


def test_html_alone_becomes_text() -> None:
    new = message()
    new.set_content(
        "<html><head><title>CPL</title><style>p {color: red}</style></head><body><!-- <p>hidden --><p>Dear&nbsp;SECAS,"
        "<br>two hubs:</p>\n<script>no()</script><ul><li>one &lt;b&gt;<li>two</ul><table><tr><td>a<td>b</table> 3 < 4",
        subtype="html",
    )
    assert read_mail(new.as_bytes()).body == "CPL\n\nDear SECAS,\ntwo hubs:\n\none <b>\ntwo\n\na b\n3 < 4"


def test_plain_text_counts_where_both_are_there_unless_it_is_blank() -> None:
    assert "HTML" not in read_mail(mail(html="<p>HTML</p>")).body
    assert read_mail(mail(body="\n", html="<p>HTML</p>")).body == "HTML"
    with_image = message()
    with_image.set_content("Plain")
    with_image.add_alternative("<p>HTML</p>", subtype="html")
    html_part = list(with_image.iter_parts())[1]
    assert isinstance(html_part, EmailMessage)
    html_part.add_related(b"\x89PNG", "image", "png", cid="<logo>")
    reading = read_mail(with_image.as_bytes())
    assert (reading.body, names(reading)) == ("Plain", ["attachment-3.png"])


CHARSETS = {
    "utf-8": "Grüße €",
    "ISO-8859-1": "Grüße",
    "windows-1252": "Grüße €",
    "iso-8859-15": "Grüße €",
    "utf-16": "Grüße €",
    "gb2312": "你好",
    "shift_jis": "こんにちは",
    "iso-2022-jp": "こんにちは",
    "koi8-r": "привет",
    "ks_c_5601-1987": "안녕",
}


@pytest.mark.parametrize(("charset", "words"), CHARSETS.items())
@pytest.mark.parametrize("coding", ["base64", "quoted-printable"])
def test_charsets_of_the_text(charset: str, words: str, coding: str) -> None:
    data = words.encode(charset)
    coded = base64.encodebytes(data) if coding == "base64" else quopri.encodestring(data)
    head = f"{HEAD}Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {coding}\n\n"
    reading = read_mail(head.encode() + coded)
    assert (reading.body, rules(reading)) == (words, [])


@pytest.mark.parametrize(
    "charset", ["no-such", "zlib", "unicode_escape", "punycode", "idna", "utf-7", "rot13", "hex", "us-ascii"]
)
def test_charsets_that_are_none(charset: str) -> None:
    head = f"{HEAD}Content-Type: text/plain; charset={charset}\n\n"
    reading = read_mail(head.encode() + "Grüße".encode("cp1252"))
    assert (reading.body, rules(reading)) == ("Grüße", ["M12"])


def test_attachments_of_a_forwarded_mail_count() -> None:
    inner = message(Subject="Our certificates")
    inner.set_content("Here they are.")
    inner.add_attachment(WORKBOOK, "application", "octet-stream", filename="form.xlsm")
    middle = message(Subject="Fwd")
    middle.set_content("See below.")
    middle.add_attachment(inner)
    outer = message(Subject="Fwd: Fwd")
    outer.set_content("Please process.")
    outer.add_attachment(middle)
    outer.add_attachment(PDF, "application", "pdf", filename="CPA.pdf")
    reading = read_mail(outer.as_bytes())
    assert names(reading) == ["form.xlsm", "CPA.pdf"]
    assert reading.subject == "Fwd: Fwd"
    assert reading.body.split("\n\n") == [
        "Please process.",
        "--- Forwarded mail: Fwd ---",
        "See below.",
        "--- Forwarded mail: Our certificates ---",
        "Here they are.",
    ]


@pytest.mark.parametrize("as_file", [False, True])
def test_a_forwarded_mail_of_text_alone_is_a_paper_itself(as_file: bool) -> None:
    """The confirmation of the SSC comes as a mail (guidance 6.2)."""
    inner = message(Subject="SSC: urgent fix confirmed", From="ssc@secas.example")
    inner.set_content("Confirmed.")
    outer = message()
    outer.set_content("See the confirmation.")
    if as_file:
        outer.add_attachment(inner.as_bytes(), "application", "octet-stream", filename="confirmation.eml")
    else:
        outer.add_attachment(inner)
    reading = read_mail(outer.as_bytes())
    assert names(reading) == ["confirmation.eml" if as_file else "SSC_ urgent fix confirmed.eml"]
    assert b"Confirmed." in reading.attachments[0].data
    assert "Confirmed." in reading.body
    assert suggest_kind(reading.attachments[0].name, reading.attachments[0].data) is DocumentKind.EMAIL


def test_the_parts_of_a_digest_are_mails() -> None:
    inner = message(Subject="One of them")
    inner.set_content("See the form.")
    inner.add_attachment(WORKBOOK, "application", "octet-stream", filename="form.xlsm")
    head = f'{HEAD}Content-Type: multipart/digest; boundary="d"\n\n--d\n\n'
    reading = read_mail(head.encode() + inner.as_bytes() + b"\n--d--\n")
    assert (names(reading), reading.body) == (["form.xlsm"], "--- Forwarded mail: One of them ---\n\nSee the form.")


def test_a_mail_without_a_blank_line_behind_its_headers() -> None:
    reading = read_mail(f"{HEAD}Subject: x\nno blank line here\nand more\n".encode())
    assert (reading.subject, reading.body) == ("x", "no blank line here\nand more")


def test_a_forwarded_mail_that_brings_what_nobody_opens_is_no_paper() -> None:
    """It would carry a form, which is RED, among papers that are AMBER."""
    inner = message()
    inner.set_content("See the archive.")
    inner.add_attachment(zipped("form.xlsm", WORKBOOK), "application", "zip", filename="all.zip")
    outer = message()
    outer.set_content("Fwd")
    outer.add_attachment(inner)
    reading = read_mail(outer.as_bytes())
    assert (names(reading), rules(reading)) == ([], ["M8"])


def zipped(name: str, data: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(name, data)
    return stream.getvalue()


CONTAINERS = {
    "an archive": ("papers.zip", zipped("a.pdf", PDF), "M8"),
    "an archive with a workbook": ("papers.zip", zipped("form.xlsm", WORKBOOK), "M8"),
    "an archive under another name": ("papers.pdf", zipped("a.pdf", PDF), "M8"),
    "another archive": ("papers.7z", b"7z\xbc\xaf\x27\x1c" + bytes(40), "M8"),
    "an archive by its name": ("papers.rar", b"whatever", "M8"),
    "Outlook's wrapper": ("winmail.dat", b"x", "M6"),
    "Outlook's wrapper under another name": ("attachment.bin", b"\x78\x9f\x3e\x22xx", "M6"),
    "an encrypted mail": ("smime.p7m", b"x", "M7"),
}


@pytest.mark.parametrize(("name", "data", "rule"), CONTAINERS.values(), ids=CONTAINERS)
def test_containers_are_said_and_not_kept_among_the_papers(name: str, data: bytes, rule: str) -> None:
    reading = read_mail(mail([(name, data), ("CPA.pdf", PDF)]))
    assert (names(reading), rules(reading)) == (["CPA.pdf"], [rule])
    assert reading.problems[0].severity is Severity.ERROR
    assert name in reading.problems[0].message


def test_a_damaged_workbook_is_left_to_the_reader_of_forms() -> None:
    """Without its table of contents a workbook is a zip file like any other; the name says what it was meant to be."""
    reading = read_mail(mail([("form.xlsm", zipped("xl/sheet.xml", b"<x/>")), ("form.bin", WORKBOOK[:9_000])]))
    assert (names(reading), rules(reading)) == (["form.xlsm", "form.bin"], [])
    assert all(is_form(file.name, file.data) for file in reading.attachments)


def test_a_clear_signed_mail_is_read() -> None:
    signed = mail([("form.xlsm", WORKBOOK), ("smime.p7s", b"signature")], html="<p>x</p>").replace(
        b"application/octet-stream", b"application/pkcs7-signature"
    )
    reading = read_mail(signed)
    assert (names(reading), rules(reading)) == (["form.xlsm"], ["M7"])
    assert reading.problems[0].severity is Severity.INFO


@pytest.mark.parametrize("name", ["form.odt", "letter.docx", "form.xlsm"])
def test_office_files_are_no_archives(name: str) -> None:
    first = ("mimetype", b"application/vnd.oasis.opendocument.text") if name.endswith("odt") else ("[Content_Types].xml", b"<x/>")
    assert names(read_mail(mail([(name, zipped(*first))]))) == [name]


def test_attachments_as_programs_name_them() -> None:
    new = message()
    new.set_content("x")
    new.add_attachment(PDF, "application", "pdf", filename="Zertifikat für Zähler — 1.pdf")
    new.add_attachment(PDF, "application", "pdf")
    new.add_attachment(PDF, "application", "pdf", filename="inline.pdf", disposition="inline")
    new.add_attachment("text of a letter", filename="letter.txt")
    reading = read_mail(new.as_bytes())
    assert names(reading) == ["Zertifikat für Zähler — 1.pdf", "attachment-3.pdf", "inline.pdf", "letter.txt"]
    assert rules(reading) == []
    by_name = (
        f'From: a@b.example\nMessage-ID: <1@b>\nContent-Type: application/pdf; name="=?utf-8?b?w7wucGRm?="\n\n{PDF.decode()}'
    )
    assert names(read_mail(by_name.encode())) == ["ü.pdf"]


def test_damage_is_told() -> None:
    raw = mail([("form.xlsm", bytes(200))])
    cut = raw[: raw.index(b"AAAA") + 101]
    for damaged in (cut, raw.replace(b"AAAA\r\n", b"A*AA\r\n", 1)):
        reading = read_mail(damaged)
        assert names(reading) == ["form.xlsm"]
        assert "M5" in rules(reading) or "M4" in rules(reading)
    assert rules(read_mail(cut)) == ["M5", "M4"] or rules(read_mail(cut)) == ["M4", "M5"]
    assert rules(read_mail(mail([("form.xlsm", b"")]))) == ["M5"]


def test_a_file_within_the_text_is_not_shown_as_text() -> None:
    body = "Dear SECAS\nbegin 644 form.xlsm\n#0V%T\n`\nend\n"
    reading = read_mail(mail(body=body))
    assert (reading.body, rules(reading)) == ("Dear SECAS", ["M5"])
    assert read_mail(mail(body="We begin 600 tests.\n")).problems == ()


def test_a_large_workbook_arrives_whole() -> None:
    data = bytes(range(256)) * (30 << 12)
    assert len(data) == 30 << 20
    (attachment,) = read_mail(mail([("form.xlsm", data)])).attachments
    assert attachment.data == data


def test_a_mail_beyond_the_limit_is_refused_with_the_reason() -> None:
    reading = read_mail(mail([("form.xlsm", bytes(36 << 20))]))
    assert (reading.unreadable, rules(reading), names(reading)) == (True, ["M2"], [])
    assert "48 MiB" in reading.problems[0].message


def test_the_child_tells_what_the_parent_will_read() -> None:
    raw = mail([("form.xlsm", WORKBOOK), ("all.zip", zipped("a", b"b"))], subject="Re: SUB-2026-0001")
    outcome = isolation.run("submissions.domain.intake:vet", raw)
    assert outcome.ok
    assert outcome.value == json.loads(json.dumps(vet(raw)))
    reading = read_mail(raw)
    assert outcome.value["attachments"] == [
        ["form.xlsm", reading.attachments[0].content_type, len(WORKBOOK), reading.attachments[0].sha256]
    ]
    assert (outcome.value["sender"], outcome.value["problems"]) == (reading.sender, ["M8"])


def test_the_child_stays_within_its_memory_with_a_full_mail() -> None:
    outcome = isolation.run("submissions.domain.intake:vet", mail([("form.xlsm", bytes(34 << 20))]))
    assert (outcome.status, outcome.value["attachments"][0][2]) == (isolation.Status.OK, 34 << 20)


@pytest.mark.parametrize(("stated", "kept"), [("Application/PDF", "application/pdf"), ("a\x01/b c", "application/octet-stream")])
def test_the_type_of_an_attachment(stated: str, kept: str) -> None:
    raw = f"{HEAD}Content-Type: {stated}\nContent-Disposition: attachment; filename=a.pdf\n\nx"
    assert [file.content_type for file in read_mail(raw.encode()).attachments] == [kept]
