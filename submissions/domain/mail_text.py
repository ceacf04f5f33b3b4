"""Texts out of untrusted mails: charsets, encoded words, HTML, names of files. Whatever comes in, plain safe text comes out.

"Safe" means: no control characters but line feed and tab, nothing that turns the writing direction, no lone surrogates, bounded
length. It can be stored in any database and shown as text; it is still data and never markup.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header

LONGEST_NAME = 200  # characters of a file name
LONGEST_HTML = 2_000_000  # characters of one HTML part that are looked at
LONGEST_ENCODED = 8_192  # characters of a header value in which encoded words are looked for

# Charsets that mails are really written in. Python knows codecs that are none: "zlib", "unicode_escape", slow "punycode".
_CHARSET = re.compile(
    r"us-ascii|ascii|utf-?8|utf-?16(?:le|be)?|iso-?8859-\d{1,2}|latin-?1|(?:windows-|cp)125\d|cp(?:437|85\d)|koi8-[ru]|macintosh|"
    r"gb2312|gbk|gb18030|big5|shift-jis|euc-(?:jp|kr)|iso-2022-(?:jp|kr)|ks-c-5601-1987"
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\U000e0000-\U000e007f]")
_LONG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
_TAG = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]{0,15})")
_BREAKS = frozenset(
    ("p", "div", "br", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr", "title")
)
_UNSEEN = frozenset(("script", "style", "template", "noscript", "svg"))
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


def decoded(data: bytes, charset: str) -> tuple[str, bool]:
    """(text, certain): the bytes as text; not certain when the charset is none or does not fit. Only broken bytes are lost."""
    name = charset.strip().strip("\"'").lower().replace("_", "-")
    if _CHARSET.fullmatch(name):
        try:
            return data.decode(name), True
        except (LookupError, ValueError):
            pass
    try:
        return data.decode("utf-8"), not name
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), False


def decoded_words(value: str) -> str:
    """A header value with its encoded words (RFC 2047) replaced by what they say; as it stands when they are broken."""
    try:
        parts = decode_header(value[:LONGEST_ENCODED])
    except (MessageError, ValueError, LookupError):
        return value[:LONGEST_ENCODED]
    return "".join(part if isinstance(part, str) else decoded(part, charset or "")[0] for part, charset in parts)


def clean_text(text: str) -> str:
    """Text of several lines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _INVISIBLE.sub("", _CONTROLS.sub("", text)).strip()


def clean_line(text: str, longest: int) -> str:
    """Text of one line, white space collapsed, at most `longest` characters, all of them printable."""
    visible = "".join(sign for sign in _CONTROLS.sub(" ", text) if sign.isprintable() or sign.isspace())
    return " ".join(visible.split())[:longest].strip()


def clean_name(name: str, fallback: str) -> str:
    """The name of a file: no folders, nothing invisible, nothing a file system minds, at most 200 characters with its ending.

    `fallback` where nothing is left.
    """
    line = clean_line(unicodedata.normalize("NFC", name[: 20 * LONGEST_NAME]), 20 * LONGEST_NAME)
    last = re.split(r"[/\\]", line.rstrip("/\\ "))[-1]
    tidy = re.sub(r'[<>:"|?*]', "_", last).strip(" .")
    if not tidy:
        return fallback
    if _DEVICE.fullmatch(tidy):
        tidy = f"_{tidy}"
    if len(tidy) > LONGEST_NAME:
        stem, dot, ending = tidy.rpartition(".")
        ending = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        tidy = tidy[: LONGEST_NAME - len(ending)].rstrip(" .") + ending
    return tidy


def html_text(source: str) -> str:
    """What a reader of this HTML would see, as plain text with line breaks. Nothing is fetched and nothing is run.

    Reads in one pass, since the pages of a hostile mail are made to be slow for parsers that look back.
    """
    first, *pieces = source[:LONGEST_HTML].split("<")
    seen = _spaced(first) + "".join(_seen(pieces))
    return _tidy_lines(html.unescape(_LONG_REFERENCE.sub("\ufffd", seen)))


def _seen(pieces: list[str]) -> Iterator[str]:
    """The texts behind opening brackets. `unseen` is what they lie in while nobody sees them: "!--" or the name of an element."""
    unseen = ""
    for piece in pieces:
        if unseen:
            after = _after_unseen(piece, unseen)
            if after is not None:
                unseen = ""
                yield _spaced(after)
        else:
            unseen = _begins_unseen(piece)
            yield "" if unseen else _after_tag(piece)


def _name(piece: str) -> str:
    tag = _TAG.match(piece)
    return tag[1].lower() if tag else ""


def _begins_unseen(piece: str) -> str:
    if piece.startswith("!--"):
        return "" if "-->" in piece else "!--"
    name = _name(piece)
    return name if name in _UNSEEN and not piece.startswith("/") else ""


def _after_unseen(piece: str, unseen: str) -> str | None:
    """The text behind the end of what is not seen; None while it goes on."""
    if unseen == "!--":
        _, ended, after = piece.partition("-->")
        return after if ended else None
    return piece.partition(">")[2] if piece.startswith("/") and _name(piece) == unseen else None


def _after_tag(piece: str) -> str:
    """What follows a tag, with the break that the tag makes. `piece` begins behind its opening bracket."""
    name = _name(piece)
    if piece.startswith("!--"):
        return _spaced(piece.partition("-->")[2])
    if not name and piece[:1] not in ("!", "?", "/"):
        return f"<{_spaced(piece)}"  # a bracket that opens no tag
    after = _spaced(piece.partition(">")[2])
    if name in ("td", "th"):
        return f"\t{after}"
    return f"\n{after}" if name in _BREAKS else after


def _spaced(text: str) -> str:
    """Line breaks of the source are blanks for a reader."""
    return text.replace("\r", " ").replace("\n", " ")


def _tidy_lines(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.replace("\xa0", " ").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
