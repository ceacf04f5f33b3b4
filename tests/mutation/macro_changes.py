"""Slightly wrong versions of the macro: each differs from the right one in one token, condition or statement.

They are made from the tokens that the interpreter reads, so that comments and texts are never taken for code, and an equals
sign is changed where it compares and left alone where it assigns. Every mutant can be compiled.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from tests.vba.lexer import Token, tokens

_OTHERS: Mapping[str, tuple[str, ...]] = {
    "<>": ("=",),
    "<=": ("<", ">"),
    ">=": (">", "<"),
    "<": ("<=", ">="),
    ">": (">=", "<="),
    "+": ("-",),
    "-": ("+",),
    "*": ("+",),
    "\\": ("Mod",),
    "mod": ("\\",),
    "and": ("Or",),
    "or": ("And",),
    "not": ("",),
    "true": ("False",),
    "false": ("True",),
    "vblf": ("vbCr",),
    "vbcr": ("vbLf",),
    "vbexclamation": ("vbInformation",),
    "vbinformation": ("vbExclamation",),
    "vbboolean": ("vbString",),
    "vbstring": ("vbDate",),
    "vbdate": ("vbString",),
}
_COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">=", "is"})
_ASKING = frozenset({"if", "elseif", "while", "until"})
_JOINING = frozenset({"and", "or"})
# What a statement begins with that gives the others their shape, so that it cannot be left out.
_SHAPES = frozenset(
    "if elseif else end case select do loop for next with dim option public private".split()  # noqa: SIM905 - easier to read
)


@dataclass(frozen=True)
class Mutant:
    """`name` says what was changed where, without line numbers. `was`, `now`: a procedure or the declaration of one name.

    `line`: of the changed statement; `lines`: of the whole.
    """

    name: str
    module: str
    line: int
    lines: range
    was: str
    now: str


@dataclass(frozen=True)
class _Change:
    start: int
    end: int
    now: str
    words: str


def mutants(sources: Mapping[str, str]) -> list[Mutant]:
    """Every mutant, in the order of the source."""
    return [mutant for module, source in sources.items() for mutant in _of_module(module, source)]


def _of_module(module: str, source: str) -> Iterator[Mutant]:
    counted: Counter[str] = Counter()
    for name, lines in _pieces(source):
        start, end = lines[0][0].start, _end(lines[-1])
        for line in lines:
            for change in _changes(line):
                words = " ".join(source[line[0].start : _end(line)].replace(" _\n", " ").split())
                title = f"{module}.{name}: {words}: {change.words}"
                counted[title] += 1
                again = f" ({counted[title]})" if counted[title] > 1 else ""
                now = source[start : change.start] + change.now + source[change.end : end]
                lines_of_all = range(lines[0][0].line, lines[-1][-1].line + 1)
                yield Mutant(title + again, module, line[0].line, lines_of_all, source[start:end] + "\n", now + "\n")


def _pieces(source: str) -> Iterator[tuple[str, list[list[Token]]]]:
    """(name, lines of tokens) of each procedure and each declaration."""
    name, piece = "", list[list[Token]]()
    for line in _lines(source):
        words = [token.value for token in line]
        if piece or words[1] in {"function", "sub"}:
            name = name or line[2].text
            piece.append(line)
            if words[0] == "end" and words[1] in {"function", "sub"}:
                yield name, piece
                name, piece = "", []
        elif words[0] in {"public", "private"}:
            yield (line[2] if words[1] == "const" else line[1]).text, [line]


def _lines(source: str) -> Iterator[list[Token]]:
    """The tokens of each statement with all that stands on its line; continued lines are one."""
    line: list[Token] = []
    for token in tokens(source):
        if token.kind != "newline":
            line.append(token)
        elif line:
            yield line
            line = []


def _end(line: list[Token]) -> int:
    return line[-1].start + len(line[-1].text)


def _changes(line: list[Token]) -> Iterator[_Change]:
    yield from _left_out(line)
    for statement in _statements(line):
        yield from _negations(statement)
        for place, token in enumerate(statement):
            for other in _instead(statement, place):
                yield _Change(token.start, token.start + len(token.text), other, f"{token.text} -> {other or 'nothing'}")


def _left_out(line: list[Token]) -> Iterator[_Change]:
    """A statement that may be missing, with the condition before it on the same line; or what stands after Else."""
    words = [token.value for token in line]
    for place, word in enumerate(words):
        if word == "else" and words[0] == "if":
            yield _Change(line[place].start, _end(line), "", "without Else")
    is_label = len(line) > 1 and words[1] == ":"
    one_line_if = words[0] == "if" and words[-1] != "then" and "else" not in words
    if (words[0] not in _SHAPES and not is_label) or one_line_if:
        yield _Change(line[0].start, _end(line), "", "left out")


def _statements(line: list[Token]) -> Iterator[list[Token]]:
    """The parts of a line: conditions with their If, and the statements after Then and Else."""
    statement: list[Token] = []
    for token in line:
        statement.append(token)
        if token.kind == "name" and token.value in {"then", "else"}:
            yield statement
            statement = []
    if statement:
        yield statement


def _negations(statement: list[Token]) -> Iterator[_Change]:
    """The parts of a condition that are true or false by themselves, turned round."""
    begins = next((place for place, token in enumerate(statement) if token.value in _ASKING), None)
    if begins is None:
        return
    operand: list[Token] = []
    for token in [*statement[begins + 1 :], Token("name", "then", 0)]:
        if token.kind == "name" and token.value in _JOINING | {"then"}:
            if operand and not _is_changed_anyway(operand):
                text = f"{operand[0].text} turned round"
                yield _Change(operand[0].start, operand[0].start, "Not ", text)
            operand = []
        else:
            operand.append(token)


def _is_changed_anyway(operand: list[Token]) -> bool:
    return any(token.kind != "string" and token.value in (_COMPARISONS - {"is"}) | {"not"} for token in operand)


def _instead(statement: list[Token], place: int) -> tuple[str, ...]:
    token = statement[place]
    if token.kind == "string":
        return ('"?"' if token.text != '"?"' else '"!"',)
    if token.kind == "number":
        return (str(int(token.text) + 1),)
    if token.value == "=":
        return ("<>",) if _compares(statement, place) else ()
    if token.value == "-" and statement[place - 1].kind not in {"number", "string"} and not _is_operand(statement[place - 1]):
        return ("",)  # in front of a number
    return _OTHERS.get(str(token.value), ())


def _is_operand(token: Token) -> bool:
    return token.value == ")" or (token.kind == "name" and token.value not in {"step", "to", "then", "else", "and", "or", "not"})


def _compares(statement: list[Token], place: int) -> bool:
    """Whether this = compares. The first one outside brackets assigns, unless the statement asks."""
    if any(token.value in _ASKING for token in statement):
        return True
    depth = 0
    for before, token in pairwise([statement[0], *statement[: place + 1]]):
        depth += {"(": 1, ")": -1}.get(str(before.value), 0) if before.kind == "operator" else 0
        if token.value == "=" and token.kind == "operator" and depth == 0:
            return token is not statement[place]
    return True
