"""VBA source text as tokens."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+)
      | (?P<continued>_[ \t]*\n)
      | (?P<comment>'[^\n]*)
      | (?P<newline>\n)
      | (?P<string>"(?:[^"\n]|"")*")
      | (?P<number>\d+(?:\.\d+)?(?:[Ee][+-]?\d+)?[&%#!]?)
      | (?P<hexadecimal>&H[0-9A-Fa-f]+&?)
      | (?P<name>[A-Za-z]\w*[$]?)
      | (?P<operator><>|<=|>=|:=|[-+*/\\^&=<>().,:])
    """,
    re.VERBOSE,
)


class VbaSyntaxError(Exception):
    """What the compiler of Office would refuse; the message says the line."""


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: name, number, string, operator or newline. Names are in lower case; `text` stands in the source at `start`."""

    kind: str
    value: object
    line: int
    text: str = ""
    start: int = 0


def tokens(source: str) -> list[Token]:
    """The tokens of a module, lines of attributes left out."""
    kept = [line if not line.startswith("Attribute ") else " " * len(line) for line in source.splitlines()]
    text = "\n".join(kept) + "\n"
    found: list[Token] = []
    place, line = 0, 1
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise VbaSyntaxError(f"Line {line}: {text[place : place + 20]!r} is not VBA.")
        found += _token(match, line)
        line += match[0].count("\n")
        place = match.end()
    return found


def _token(match: "re.Match[str]", line: int) -> list[Token]:
    kind, text = match.lastgroup or "", match[0]
    if kind in {"blank", "continued", "comment"}:
        return []
    return [Token(kind if kind != "hexadecimal" else "number", _value(kind, text), line, text, match.start())]


def _value(kind: str, text: str) -> object:
    if kind == "string":
        return text[1:-1].replace('""', '"')
    if kind == "number":
        digits = text.rstrip("&%#!")
        return float(digits) if set(digits) & set(".eE") or text[-1] in "#!" else int(digits)
    if kind == "hexadecimal":
        return int(text[2:].rstrip("&"), 16)
    return text.lower().rstrip("$") if kind == "name" else text
