"""No input makes `read_mail` raise, and whatever it returns is safe to store and to show."""

import base64
import dataclasses
import re
import string
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import isolation
from submissions.domain import intake, mime
from submissions.domain.intake import MailReading, read_mail
from submissions.domain.mail_text import LONGEST_NAME, clean_line, clean_name, clean_text, decoded_words, html_text
from tests.builders.mails import mail

HEAD = "From: a@b.example\nMessage-ID: <1@b.example>\nSubject: CPL\n"
PDF = "JVBERi0xLjQK"  # %PDF-1.4, coded


def rules(reading: MailReading) -> list[str]:
    return [finding.rule for finding in reading.problems]


def part(*headers: str, body: str = PDF) -> str:
    return "\n".join([*headers, "", body])


def multipart(*parts: str, boundary: str = "q", end: str = "--q--\n", kind: str = "mixed") -> bytes:
    inner = "".join(f"--{boundary}\n{text}\n" for text in parts)
    return f'{HEAD}Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{inner}{end}'.encode()


def attached(disposition: str) -> bytes:
    return multipart(
        part("Content-Type: application/pdf", f"Content-Disposition: {disposition}", "Content-Transfer-Encoding: base64")
    )


# --- Anything at all ----------------------------------------------------------------------------------------------------

WORDS = [
    "From: ", "Subject: ", "Message-ID: ", "References: ", "Content-Type: ", "Content-Disposition: ",
    "Content-Transfer-Encoding: ",
    "multipart/mixed; boundary=q", "multipart/alternative; boundary=q", "message/rfc822", "text/html", "text/plain; charset=",
    "attachment; filename=", "filename*=utf-8''a%2Fb", "filename*0*=", "base64", "quoted-printable", "utf-8", "=?utf-8?b?", "?=",
    "--q", "--q--", "\n", "\n\n", "\r\n", " ", "\t", "<a@b.example>", '"', "(", ")", ",", ";", "SUB-2026-0001",
    "<p>", "&#99999999999;",
    "<!--", "begin 644 x", "\0", "\u202e", "ä", "a.xlsm", "..", "/", "\\", "JVBERi0=",
]  # fmt: skip
SOUP = st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=60).map("".join)


def assert_safe(reading: MailReading) -> None:
    """Bounded, without control characters, encodable, and at most one of unreadable and read."""
    texts = [reading.sender_name, reading.subject, *(file.name for file in reading.attachments)]
    for text in [*texts, reading.message_id, reading.sender, reading.reference, *reading.references]:
        assert not [character for character in text if unicodedata.category(character) in ("Cc", "Cs")], text
        assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text), text
    assert not [
        character for character in reading.body if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
    ]
    assert len(reading.body) <= intake.LONGEST_BODY
    assert len(reading.subject) <= 300
    assert len(reading.sender_name) <= 200
    assert len(reading.sender) <= 254
    assert len(reading.message_id) <= 250
    for file in reading.attachments:
        assert 0 < len(file.name) <= LONGEST_NAME
        assert not re.search(r'[/\\<>:"|?*]', file.name)
        assert file.name not in (".", "..")
        assert file.data
        assert re.fullmatch(r"[!-~]{3,100}", file.content_type)
    for finding in reading.problems:
        assert re.fullmatch(r"M\d{1,2}", finding.rule)
        assert finding.message.isprintable()
    if reading.unreadable:
        assert dataclasses.replace(reading, problems=(), unreadable=False) == MailReading()
        assert reading.problems


@given(st.binary(max_size=400))
def test_any_bytes(raw: bytes) -> None:
    assert_safe(read_mail(raw))


@given(SOUP)
@settings(max_examples=300)
def test_any_words_of_mails(soup: str) -> None:
    assert_safe(read_mail(soup.encode("utf-8", "surrogatepass")))
    assert_safe(read_mail(HEAD.encode() + soup.encode("utf-8", "surrogatepass")))


@given(st.lists(SOUP, max_size=4), st.sampled_from(["mixed", "alternative", "related", "signed", "encrypted", "digest", "x"]))
@settings(max_examples=200)
def test_any_parts(parts: list[str], kind: str) -> None:
    assert_safe(read_mail(multipart(*parts, kind=kind)))


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_header_values(sender: str, subject: str, name: str) -> None:
    head = f"From: {sender}\nSubject: {subject}\nContent-Disposition: attachment; filename={name}"
    assert_safe(read_mail(f"{head}\nContent-Type: application/pdf; name={name}\n\nx".encode("utf-8", "surrogatepass")))


GOOD = mail(
    [("CPA certificate.pdf", b"%PDF-1.4 " + bytes(300)), ("form.xlsm", bytes(range(256)))],
    subject="Re: SUB-2026-0001 Prüfung",
    html="<p>x</p>",
    in_reply_to="<x@y.example>",
)


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.binary(max_size=3), st.integers(0, 40)), min_size=1, max_size=4))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_a_good_mail_with_bytes_changed_anywhere(changes: list[tuple[int, bytes, int]]) -> None:
    raw = GOOD
    for place, new, gone in changes:
        raw = raw[:place] + new + raw[place + gone :]
    assert_safe(read_mail(raw))


@pytest.mark.parametrize("share", range(0, 100, 7))
def test_a_good_mail_cut_off_anywhere(share: int) -> None:
    reading = read_mail(GOOD[: len(GOOD) * share // 100])
    assert_safe(reading)
    if reading.sender and not reading.unreadable and share > 50:
        assert "M4" in rules(reading)


def test_a_fault_that_nobody_foresaw_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks the reader itself, as an unknown input might."""
    monkeypatch.setattr(mime, "MOST_HEADERS", "none")
    reading = read_mail(GOOD)
    assert (reading.unreadable, rules(reading)) == (True, ["M1"])


# --- Shapes that are made to hurt -----------------------------------------------------------------------------------------

REFUSED = {
    "nothing": (b"", "M1"),
    "blank lines": (b"\n \r\n\n", "M1"),
    "no header": (b"hello there, this is no mail", "M1"),
    "a workbook": (b"PK\x03\x04" + bytes(200), "M1"),
    "headers without end": ("".join(f"X-{n}: y\n" for n in range(100_000)).encode(), "M3"),
    "many headers": (("".join(f"X-{n}: y\n" for n in range(501)) + HEAD + "\nx").encode(), "M3"),
    "a header line without end": (f"{HEAD}X-Long: {'a' * 1_000_000}\n\nx".encode(), "M3"),
    "a hundred thousand recipients": (f"{HEAD}To: {','.join(f'u{n}@x.example' for n in range(100_000))}\n\nx".encode(), "M3"),
    "more than can be taken": (HEAD.encode() + b"\n" + bytes(mime.MOST_BYTES), "M2"),
}


@pytest.mark.parametrize(("raw", "rule"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_read_at_all(raw: bytes, rule: str) -> None:
    reading = read_mail(raw)
    assert (reading.unreadable, rules(reading)) == (True, [rule])


NESTED = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3_000))
HURTFUL = {
    "3,000 parts within each other": (f"{HEAD}{NESTED}\nx".encode(), "M4"),
    "500 mails within each other": ((HEAD + "Content-Type: message/rfc822\n\n" * 500 + "x").encode(), "M4"),
    "100,000 parts": (multipart(*["\nx"] * 100_000), "M4"),
    "5,000 attachments": (multipart(*[part("Content-Disposition: attachment; filename=a.pdf")] * 5_000), "M4"),
    "120 attachments": (multipart(*[part("Content-Disposition: attachment; filename=a.pdf")] * 120), "M5"),
    "no boundary": (f"{HEAD}Content-Type: multipart/mixed\n\nx".encode(), "M4"),
    "an empty boundary": (multipart(part("Content-Type: text/plain"), boundary="", end=""), "M4"),
    "a boundary without end": (multipart(part("X: y"), boundary="b" * 5_000), "M4"),
    "no last boundary": (multipart(part("Content-Type: text/plain", body="x"), end=""), "M4"),
    "two types": (f"{HEAD}Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=q\n\n--q\n\nx\n--q--".encode(), "M4"),
    "two transfer codings": (f"{HEAD}Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\neA==".encode(), "M12"),
    "a piece of a mail": (f'{HEAD}Content-Type: message/partial; id="a"; number=1; total=2\n\nhalf'.encode(), "M9"),
    "a part elsewhere": (f"{HEAD}Content-Type: message/external-body; access-type=URL; URL=x\n\nx".encode(), "M9"),
    "an encrypted mail": (multipart(part("Content-Type: application/pgp-encrypted"), kind="encrypted"), "M7"),
    "an encrypted part": (multipart(part("Content-Type: application/pkcs7-mime")), "M7"),
    "comments in the sender": (f"From: {'(' * 20_000}a@b.example\nMessage-ID: <1@b>\n\nx".encode(), "M10"),
    "comments within comments": (f"From: {'(' * 900}{')' * 900}a@b.example\nMessage-ID: <1@b>\n\nx".encode(), "M10"),
    "text that is no base64": (f"{HEAD}Content-Transfer-Encoding: base64\n\n!!!!not base64===\nAAA".encode(), "M12"),
    "text that is not quoted": (f"{HEAD}Content-Transfer-Encoding: quoted-printable\n\n=ZZ=\n=".encode(), "M12"),
    "an unknown transfer coding": (multipart(part("Content-Disposition: attachment", "Content-Transfer-Encoding: x-uue")), "M5"),
    "an endless text": (f"{HEAD}\n{'word ' * 100_000}".encode(), "M12"),
}


@pytest.mark.parametrize(("raw", "rule"), HURTFUL.values(), ids=HURTFUL)
def test_shapes_that_hurt_other_readers_have_their_finding(raw: bytes, rule: str) -> None:
    reading = read_mail(raw)
    assert_safe(reading)
    assert not reading.unreadable
    assert rule in rules(reading)
    assert len(reading.attachments) <= intake.MOST_ATTACHMENTS


def test_the_worst_ends_within_the_limits_of_a_child() -> None:
    """As much of the costliest as fits into a mail: lines, headers by the part, encoded words, HTML that never closes."""
    worst = {
        "lines": HEAD.encode() + b"\n" + b"\n" * (40 << 20),
        "boundaries": HEAD.encode() + b"Content-Type: multipart/mixed; boundary=q\n\n" + b"--q\n" * (10 << 20),
        "almost boundaries": HEAD.encode() + b"Content-Type: multipart/mixed; boundary=q\n\n" + b"--q x\n" * (6 << 20),
        "brackets": HEAD.encode() + b"Content-Type: text/html\n\n" + b"<!--<" * (8 << 20),
        "references": HEAD.encode() + b"Content-Type: text/html\n\n" + b"&#" * (8 << 20) + b"9" * (8 << 20),
        "equals signs": HEAD.encode() + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"= " * (20 << 20),
        "headers of parts": multipart(*[part(*[f"X-{n}: {'y ' * 200}" for n in range(400)])] * 290),
        "parameters": multipart(*[part(f"Content-Type: a/b{';x' * 2_000}")] * 290),
    }
    for name, raw in worst.items():
        outcome = isolation.run("submissions.domain.intake:vet", raw, timeout=20)
        assert outcome.ok, (name, outcome)


# --- Names, words, markup --------------------------------------------------------------------------------------------------

NAMES = {
    'attachment; filename="../../../../etc/cron.d/x"': "x",
    'attachment; filename="..\\\\..\\\\x.xlsm"': "x.xlsm",
    "attachment; filename=/etc/passwd": "passwd",
    'attachment; filename="C:\\\\Users\\\\x.pdf"': "x.pdf",
    'attachment; filename="cert_\u202efdp.exe"': "cert_fdp.exe",
    'attachment; filename="a\u200b.pdf"': "a.pdf",
    "attachment; filename*=utf-8''a%0d%0aX-Inj:%201.pdf": "a X-Inj_ 1.pdf",
    "attachment; filename*0*=utf-8''a%2F..%2F; filename*1*=b.xlsm": "b.xlsm",
    "attachment; filename*=zlib''a%00b.pdf": "a b.pdf",
    "attachment; filename*=idna''xn--a%ff.pdf": None,
    'attachment; filename=".."': "attachment-1.pdf",
    'attachment; filename="CON.pdf"': "_CON.pdf",
    'attachment; filename="   "': "attachment-1.pdf",
    "attachment": "attachment-1.pdf",
    f'attachment; filename="{"a" * 3_000}.pdf"': "a" * 196 + ".pdf",
    'attachment; filename="=?utf-8?b?Li4vLi4veC5wZGY=?="': "x.pdf",
    'attachment; filename="<img src=x onerror=alert(1)>.pdf"': "_img src=x onerror=alert(1)_.pdf",
    'attachment; filename="cert.pdf .exe"': "cert.pdf .exe",
    'attachment; filename="cert.pdf. . ."': "cert.pdf",
}


@pytest.mark.parametrize(("disposition", "name"), NAMES.items())
def test_names_of_attachments(disposition: str, name: str | None) -> None:
    reading = read_mail(attached(disposition))
    assert_safe(reading)
    assert len(reading.attachments) == 1
    assert name is None or reading.attachments[0].name == name


@given(st.text(max_size=600))
def test_any_name_becomes_a_safe_one_and_stays_it(name: str) -> None:
    clean = clean_name(name, "fallback")
    assert 0 < len(clean) <= LONGEST_NAME
    assert not set(clean) & set('/\\<>:"|?*\0\n\r\t')
    assert clean.strip(" .") == clean
    assert clean_name(clean, "fallback") == clean


@given(st.text(alphabet=string.ascii_letters + string.digits + "-_()", min_size=4, max_size=100))
def test_an_honest_name_stays_as_it_is(name: str) -> None:
    assert clean_name(f"{name}.pdf", "fallback") in (f"{name}.pdf", f"_{name}.pdf")


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_line(text, 50) == clean_line(clean_line(text, 50), 50)
    decoded_words(text)


@given(
    st.lists(
        st.sampled_from(["<", ">", "<!--", "-->", "<script>", "</script>", "<p>", "&lt;", "&#x110000;", "&#0;", "x", "\n"])
        | st.text(max_size=4)
    )
)
def test_any_markup_becomes_text(pieces: list[str]) -> None:
    text = html_text("".join(pieces))
    assert "<script" not in text.lower() or "&lt;" in pieces or "<" in pieces
    assert "\n\n\n" not in text


MARKUP = {
    "<p>a<script>if (a<b) alert('<p>')</script>b</p>": "ab",
    "a<!-- <b>x</b> -->b": "ab",
    "a<!-- never closed <b>x</b>": "a",
    "a<script>never closed": "a",
    "a < b <c": "a < b",
    "&lt;b&gt; &amp; &nbsp; &#8364; &#x20ac; &#99999999999; &bogus;": "<b> & € € \ufffd &bogus;",
    "<a href='http://evil.example'>click</a>": "click",
    "<img src='http://127.0.0.1:9/track'>": "",
    "one<br/>two<BR>three": "one\ntwo\nthree",
    "<![CDATA[x]]><?php x ?>y": "y",
    f"&#{'9' * 5_000};": "\ufffd",
}


@pytest.mark.parametrize(("source", "text"), MARKUP.items(), ids=range(len(MARKUP)))
def test_markup(source: str, text: str) -> None:
    assert html_text(source) == text


def test_no_header_is_put_into_answers_by_encoded_words() -> None:
    word = base64.b64encode(b"x\r\nBcc: evil@evil.example").decode()
    reading = read_mail(f"From: =?utf-8?b?{word}?= <a@b.example>\nSubject: =?utf-8?b?{word}?=\n\nx".encode())
    assert reading.subject == reading.sender_name == "x Bcc: evil@evil.example"


def test_nul_and_surrogates_never_reach_the_database() -> None:
    raw = "From: a\0b@b.example\nSubject: C\0PL \ud800 x\n\nx\0y \udfff".encode("utf-8", "surrogatepass")
    assert_safe(read_mail(raw))
    assert "\0" not in read_mail(raw).body
