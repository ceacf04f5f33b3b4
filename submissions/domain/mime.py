"""Takes a mail apart into its parts, within limits that hold for every input.

The parser of the standard library recurses into a mail and looks back, so hostile mails take it minutes or its stack. Here
parts are cut by offsets into the one copy of the bytes; header values go through `email.message`, every limit has its finding.

| rule | the mail |
|------|----------|
| M1   | is empty, or is no mail |
| M2   | is larger than a submission can be |
| M3   | has headers without end |
| M4   | cannot be taken apart: nested too deeply, too many parts, no boundary, broken off |
| M5   | has an attachment that is damaged, empty or coded in an unknown way, or too many attachments |
| M6   | has winmail.dat in place of its attachments |
| M7   | is encrypted, or signed as a whole so that its contents are wrapped up |
| M8   | has an archive attached, which is not unpacked |
| M9   | has a part that lies elsewhere, or is only a piece of a mail |
| M10  | has no usable sender, or more than one |
| M11  | has a sender that may be taken for another |
| M12  | has texts that may be shown wrongly: unknown charset, shortened, doubled headers |
| M13  | has an attachment whose name was changed to be safe |
| M14  | has no Message-ID that names it alone, or two case references in its subject |
"""

import binascii
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.message import Message

from cpl.domain.findings import Finding, Severity

MOST_BYTES = 48 << 20  # attachments of 30 MiB grow to 42 MiB on their way
MOST_HEADER_BYTES = 256 << 10  # of one part
MOST_HEADERS = 500
LONGEST_VALUE = 16 << 10
LONGEST_CONTENT_VALUE = 4 << 10  # of Content-Type and its like, whose parameters cost more to read
MOST_PARTS = 300
DEEPEST = 20
LONGEST_BOUNDARY = 200
GUIDANCE = "7.8"
_MAILS = ("message/rfc822", "message/global")
NOT_A_MAIL = "This is no e-mail: it has no headers. Save the message as .eml and try again."

_BLANK_LINE = re.compile(rb"^\r?\n", re.MULTILINE)
_HEADER_LINE = re.compile(rb"[!-9;-~]{1,100}[ \t]*:")
_NO_HEADER_LINE = re.compile(rb"^(?![!-9;-~]{1,100}[ \t]*:|[ \t])", re.MULTILINE)
_HEADER = re.compile(rb"^([!-9;-~]{1,100})[ \t]*:(.*(?:\n[ \t].*)*)", re.MULTILINE)
_BAD_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?(?:\n|\Z))")
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class Unreadable(Exception):  # noqa: N818 - reads as a sentence: raises Unreadable
    """A mail that is not read any further. Stays inside this package: `read_mail` returns the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Part:
    """A part without parts of its own, or a forwarded mail with its own headers in `mail`; its parts come right after it.

    `forwarded`: how many mails it lies within. `spare`: the same text is there as plain text. `lost`: it was not read.
    """

    header: Message
    data: bytes = field(repr=False)
    start: int
    end: int
    forwarded: int = 0
    spare: bool = False
    lost: bool = False
    mail: Message | None = field(default=None, repr=False)

    @property
    def content_type(self) -> str:
        return content_type(self.header)

    @property
    def attached(self) -> bool:
        """It is meant as a file, not as the text of the mail."""
        return disposition(self.header) == "attachment" or bool(given_name(self.header))

    def content(self) -> tuple[bytes, bool]:
        """(contents, sound): decoded as far as they can be."""
        return uncoded(self.data[self.start : self.end], text(self.header, "Content-Transfer-Encoding").strip().lower())


class Mail:
    """One mail as it arrived. `parts` may be taken once; `problems` is complete after that."""

    def __init__(self, raw: bytes) -> None:
        """Raises Unreadable when it is none, or too large."""
        if len(raw) > MOST_BYTES:
            size = f"{len(raw) / (1 << 20):.0f} MiB, and at most {MOST_BYTES >> 20} MiB are taken"
            raise Unreadable(problem("M2", f"The mail is too large: {size}. Send the submissions in several mails."))
        self.raw = raw.replace(b"\r", b"\n") if b"\n" not in raw[: 64 << 10] and b"\r" in raw[: 64 << 10] else raw
        self.problems: list[Finding] = []
        self.count = 0
        start = _first_header(self.raw)
        self.header, self.body = self._head(self.raw, start, len(self.raw))

    def parts(self) -> Iterator[Part]:
        """Every part, in the order of the mail."""
        return self._parts(Part(self.header, self.raw, self.body, len(self.raw)), 0)

    def say(self, finding: Finding) -> None:
        if finding not in self.problems:
            self.problems.append(finding)

    def _parts(self, part: Part, depth: int) -> Iterator[Part]:
        self.count += 1
        kind = part.content_type
        if reason := self._lost(part, depth):
            self.say(reason)
            yield replace(part, lost=True)
        elif kind.startswith("multipart/"):
            yield from self._several(part, kind, depth)
        elif kind in _MAILS or given_name(part.header).lower().endswith(".eml"):
            yield from self._forwarded(part, depth)
        else:
            yield part

    def _lost(self, part: Part, depth: int) -> Finding | None:
        """Why this part is not read, or None."""
        kind = part.content_type
        if self.count > MOST_PARTS:
            return problem("M4", f"The mail has more than {MOST_PARTS} parts; the rest was not read. Ask for several mails.")
        if depth > DEEPEST:
            return problem(
                "M4", "The mail has parts within parts without end; the inner ones were not read. Ask for a plain mail."
            )
        if len(part.header.get_all("Content-Type", [])) > 1:
            return problem(
                "M4", "A part of the mail states its type twice, so it was not read. Ask for the mail to be sent again."
            )
        if kind == "multipart/encrypted":
            return problem("M7", "The mail is encrypted, so nobody can read it here. Ask for it to be sent without encryption.")
        if kind in ("message/partial", "message/external-body"):
            what = "only a piece of a mail" if kind == "message/partial" else "a part that lies elsewhere and is not fetched"
            return problem("M9", f"The mail holds {what}. Ask for the files to be attached to one mail.")
        return None

    def _several(self, part: Part, kind: str, depth: int) -> Iterator[Part]:
        boundary = _boundary(part.header)
        if not boundary:
            self.say(problem("M4", "The parts of the mail cannot be told apart (no boundary). Ask for it to be sent again."))
            yield replace(part, lost=True)
            return
        children = (
            self._parts(replace(part, header=header, start=body, end=end), depth + 1)
            for header, body, end in self._cut(part, boundary)
        )
        if kind == "multipart/alternative":
            yield from _one_of(list(itertools.chain.from_iterable(children)))
        else:
            yield from itertools.chain.from_iterable(children)

    def _cut(self, part: Part, boundary: bytes) -> Iterator[tuple[Message, int, int]]:
        """Header, beginning and end of each part between the lines of the boundary."""
        line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?$\n?", re.MULTILINE)
        start = -1
        digest = part.content_type == "multipart/digest"
        for match in line.finditer(part.data, part.start, part.end):
            if start >= 0:
                yield self._part(part.data, start, match.start(), digest)
            if self.count > MOST_PARTS:
                return
            start = match.end()
            if match[1]:
                return
        self.say(problem("M4", "The mail breaks off before its end, so attachments may be missing. Ask for it to be sent again."))
        if start >= 0:
            yield self._part(part.data, start, part.end, digest)

    def _part(self, data: bytes, start: int, end: int, digest: bool) -> tuple[Message, int, int]:
        """The line break before a boundary belongs to the boundary. Parts of a digest are mails unless they say otherwise."""
        for ending in (b"\r\n", b"\n"):
            if data.endswith(ending, start, end):
                end -= len(ending)
                break
        header, body = self._head(data, start, end)
        if digest:
            header.set_default_type("message/rfc822")
        return header, min(body, end), end

    def _forwarded(self, part: Part, depth: int) -> Iterator[Part]:
        """The mail as a whole, then its parts. It may be coded as other files are, though no mail program should do that."""
        data, start, end = part.data, part.start, part.end
        if text(part.header, "Content-Transfer-Encoding").strip().lower() in ("base64", "quoted-printable"):
            data, start = part.content()[0], 0
            end = len(data)
        if not _HEADER_LINE.match(data, start, end):
            yield part
            return
        header, body = self._head(data, start, end)
        yield replace(part, mail=header)
        yield from self._parts(Part(header, data, body, end, part.forwarded + 1), depth + 1)

    def _head(self, data: bytes, start: int, end: int) -> tuple[Message, int]:
        """The headers of a part and where its contents begin. A part may have none."""
        if not _HEADER_LINE.match(data, start, end):
            blank = _BLANK_LINE.match(data, start, end)
            return Message(), blank.end() if blank else start
        blank = _BLANK_LINE.search(data, start, min(end, start + MOST_HEADER_BYTES))
        if blank is None and end - start > MOST_HEADER_BYTES:
            raise Unreadable(problem("M3", "The mail has headers without end, as no mail program writes them. It was not read."))
        stop, body = (blank.start(), blank.end()) if blank else _without_blank_line(data, start, end)
        found = [match.groups() for match in itertools.islice(_HEADER.finditer(data, start, stop), MOST_HEADERS + 1)]
        if len(found) > MOST_HEADERS:
            raise Unreadable(problem("M3", f"The mail has more than {MOST_HEADERS} headers in one part. It was not read."))
        header = Message()
        for name, value in found:
            longest = LONGEST_CONTENT_VALUE if name.lower().startswith(b"content-") else LONGEST_VALUE
            header[name.decode("ascii")] = _unfolded(value)[:longest]
        self._doubled(header)
        return header, body

    def _doubled(self, header: Message) -> None:
        """Mail programs disagree on which of two headers counts."""
        for name in ("Content-Transfer-Encoding", "Content-Disposition", "Subject"):
            if len(header.get_all(name, [])) > 1:
                self.say(problem("M12", f"A part of the mail states {name} twice; the first was taken.", Severity.WARNING))


def problem(rule: str, message: str, severity: Severity = Severity.ERROR, value: str = "") -> Finding:
    """What is odd about a mail. An error means that something of the mail was not read."""
    return Finding(rule, severity, message, value=value, guidance=GUIDANCE)


def text(header: Message, name: str) -> str:
    """The first header of this name; empty when there is none."""
    return str(header.get(name, ""))


def content_type(header: Message) -> str:
    """The media type in lower case; "text/plain" where none is stated."""
    return header.get_content_type()


def disposition(header: Message) -> str:
    try:
        return header.get_content_disposition() or ""
    except _BROKEN:
        return ""


def given_name(header: Message) -> str:
    """The file name that the part states, as it stands."""
    try:
        return header.get_filename("") or ""
    except _BROKEN:
        return ""


def parameter(header: Message, name: str) -> str:
    """A parameter of Content-Type."""
    try:
        value = header.get_param(name, "")
    except _BROKEN:
        return ""
    return value[2] if isinstance(value, tuple) else str(value)


def uncoded(data: bytes, coding: str) -> tuple[bytes, bool]:
    """(contents, sound) of data in a Content-Transfer-Encoding."""
    if coding == "base64":
        return _from_base64(data)
    if coding == "quoted-printable":
        return binascii.a2b_qp(data), _BAD_QUOTED.search(data) is None
    return data, coding in ("", "7bit", "8bit", "binary")


def _from_base64(data: bytes) -> tuple[bytes, bool]:
    packed = data.translate(None, b" \t\r\n")
    try:
        return binascii.a2b_base64(packed, strict_mode=True), True
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", packed.partition(b"=")[0])
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)), False


def _first_header(raw: bytes) -> int:
    """Where the headers begin: after an mbox line or a stray line or two. Raises Unreadable when there are none."""
    start = 0
    for _ in range(5):
        if _HEADER_LINE.match(raw, start):
            return start
        start = raw.find(b"\n", start) + 1
        if start == 0:
            break
    raise Unreadable(problem("M1", NOT_A_MAIL if raw.strip() else "The mail is empty."))


def _without_blank_line(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Where headers end and contents begin when nothing parts them: at the first line that is no header."""
    line = _NO_HEADER_LINE.search(data, start, end)
    place = line.start() if line else end
    return place, place


def _unfolded(value: bytes) -> str:
    """One header value as text. Bytes beyond ASCII have no charset: UTF-8 where they fit, else as Windows writes them."""
    line = value.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"").strip(b" \t")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _boundary(header: Message) -> bytes:
    boundary = parameter(header, "boundary").rstrip()
    return boundary.encode("utf-8", "replace") if len(boundary) <= LONGEST_BOUNDARY else b""


def _one_of(parts: list[Part]) -> list[Part]:
    """The parts of alternatives, HTML being spare where the same text is there as plain text."""
    plain = any(part.content_type == "text/plain" and not part.attached and part.content()[0].strip() for part in parts)
    return [replace(part, spare=plain and part.content_type == "text/html" and not part.attached) for part in parts]
