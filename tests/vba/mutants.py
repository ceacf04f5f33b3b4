"""Slightly wrong versions of the macro: a test suite that lets one pass has not looked closely enough."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_CODE = re.compile(r"^(?!Attribute|Option|\s*'|\s*(?:Public|Private) (?:Function|Sub)|\s*Dim|\s*End|\s*$)")
_TOKEN = re.compile(r'"(?:[^"]|"")*"|<>|<=|>=|[=<>+]|(?<= )-(?= )|\bAnd\b|\bOr\b|\bNot |\bTrue\b|\bFalse\b|(?<![\w"])\d+\b|\'.*')
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "<>": ("=",),
    "<=": ("<", ">"),
    ">=": (">", "<"),
    "<": ("<=", ">"),
    ">": (">=", "<"),
    "+": ("-",),
    "-": ("+",),
    "And": ("Or",),
    "Or": ("And",),
    "Not ": ("",),
    "True": ("False",),
    "False": ("True",),
}
_CALL = re.compile(r"^\s+(?:Check|Find|Add|Count|Write|Lock|Load|Read|Refuse)\w+(?: .*)?$")
_COMPARED = re.compile(r"^\s*(?:(?:Else)?If|Do While|Do Until|Case)\b|\bThen\b|^\s*\w+ = \(")


@dataclass(frozen=True)
class Mutant:
    """One module changed in one place."""

    module: str
    line: int
    was: str
    now: str
    source: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.was!r} -> {self.now!r}: {self.source.splitlines()[self.line - 1].strip()[:90]}"


def mutants(sources: Mapping[str, str]) -> Iterator[Mutant]:
    """Every mutant: comparisons, sums, logic, numbers and texts changed, and calls left out."""
    for module, source in sources.items():
        lines = source.split("\n")
        for number, line in enumerate(lines, 1):
            if _CODE.match(line):
                for was, now, changed in _changes(line):
                    yield Mutant(module, number, was, now, "\n".join([*lines[: number - 1], changed, *lines[number:]]))


def _changes(line: str) -> Iterator[tuple[str, str, str]]:
    if _CALL.match(line):
        indent = line[: len(line) - len(line.lstrip())]
        yield line.strip(), "nothing", f"{indent}' left out"
    for match in _TOKEN.finditer(line):
        for other in _instead(match[0], line, match.start()):
            yield match[0], other.strip() or "nothing", line[: match.start()] + other + line[match.end() :]


def _instead(token: str, line: str, place: int) -> tuple[str, ...]:
    if token.startswith("'"):
        return ()
    if token.startswith('"'):
        return ('"?"',)
    if token.isdigit():
        return (str(int(token) + 1),)
    if token == "=":
        return ("<>",) if _compares(line, place) else ()
    return _OTHERS[token]


def _compares(line: str, place: int) -> bool:
    """Whether this = compares: the first of a line assigns, unless the line asks."""
    before = line[:place]
    return bool(re.search(r"\b(?:If|While|Until|And|Or|Not)\b(?!.*\bThen\b)", before)) or before.rstrip().count(
        "("
    ) > before.count(")")
