"""What the compiler of Office and good habits ask of VBA modules, and what keeps a macro harmless.

Office compiles a whole project before it runs a line, and only there one sees it: so this must find what it would refuse.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.vba.functions import CONSTANTS, FUNCTIONS
from tests.vba.lexer import VbaSyntaxError, tokens
from tests.vba.machine import Machine
from tests.vba.office import Workbook
from tests.vba.parser import ModuleTree, Procedure, parse
from tests.vba.values import Date

LONGEST_LINE, MOST_CONTINUATIONS, LONGEST_NAME = 1023, 24, 31
# Nothing here starts a program, touches a file, calls the system, or works on another workbook than its own.
_FORBIDDEN = frozenset(
    """shell createobject getobject declare kill open close put get filecopy mkdir rmdir chdir environ sendkeys run evaluate
    executeexcel4macro callbyname activeworkbook activesheet activecell selection workbooks application stop addressof varptr
    strptr savesetting deletesetting setattr dir followhyperlink ontime""".split()  # noqa: SIM905 - easier to read
)
_SECOND_IN_IF = re.compile(r"\bThen\s+[A-Za-z]\w*\s+[\w\"][^=]*\bElse\b")  # LibreOffice does not read it


def lint(sources: Mapping[str, str]) -> list[str]:
    """Everything there is against these modules, as "module, line: what"."""
    found = [problem for name, source in sources.items() for problem in _text(name, source)]
    try:
        trees = [parse(name, source) for name, source in sources.items()]
        for name, source in sources.items():
            found += _tokens(name, source)
        found += [problem for tree in trees for problem in _names(tree, trees)]
        found += [problem for tree in trees for procedure in tree.procedures for problem in _procedure(tree, procedure, trees)]
        Machine(sources, Workbook([]), Date(0))  # resolves every name
    except VbaSyntaxError as error:
        found.append(str(error))
    return found


def _text(name: str, source: str) -> Iterator[str]:
    lines = source.splitlines()
    if lines[0] != f'Attribute VB_Name = "{name}"':
        yield f"{name}, line 1: the module does not say its name"
    if "Option Explicit" not in lines:
        yield f"{name}, line 2: no Option Explicit"
    if not source.isascii():
        yield f"{name}: a character that is not ASCII"
    continued = 0
    for number, line in enumerate(lines, 1):
        continued = continued + 1 if line.rstrip().endswith(" _") else 0
        if len(line) > LONGEST_LINE:
            yield f"{name}, line {number}: longer than {LONGEST_LINE}"
        if continued > MOST_CONTINUATIONS:
            yield f"{name}, line {number}: more than {MOST_CONTINUATIONS} continued lines"
        if _SECOND_IN_IF.search(line):
            yield f"{name}, line {number}: a call before Else on one line"


def _tokens(name: str, source: str) -> Iterator[str]:
    found = tokens(source)
    for before, token in zip(found, found[1:], strict=False):
        if token.kind == "name" and token.value in _FORBIDDEN:
            yield f"{name}, line {token.line}: {token.text} has no place here"
        if token.kind == "name" and len(str(token.value)) > LONGEST_NAME:
            yield f"{name}, line {token.line}: {token.text} is too long"
        if before.value == "*" and isinstance(token.value, int) and token.value < 32768 and _before(found, before) is int:
            yield f"{name}, line {token.line}: two small numbers multiplied overflow an Integer"


def _before(found: list[Any], operator: Any) -> type:
    return type(found[found.index(operator) - 1].value)


def _names(tree: ModuleTree, trees: list[ModuleTree]) -> Iterator[str]:
    """Names of a module that stand for two things, or for nothing that is used."""
    own = _declared(tree, only_public=False)
    others = {module.name.lower() for module in trees}
    others |= {name for other in trees if other is not tree for name in _declared(other, only_public=True)}
    used = {name for module in trees for name in _used_names(module)} | _STARTED_FROM_OUTSIDE
    for name in own:
        if own.count(name) > 1 or name in others | FUNCTIONS.keys() | CONSTANTS.keys():
            yield f"{tree.name}: {name} stands for two things"
        if name not in used:
            yield f"{tree.name}: {name} is not used"


_STARTED_FROM_OUTSIDE = frozenset({"validatenewentry", "cplrunvalidation", "cplcombinationwarning", "cplmessage"})


def _declared(tree: ModuleTree, *, only_public: bool) -> list[str]:
    """What a module declares."""
    names = [name for public, (_, found, _) in tree.variables if public or not only_public for name, _, _ in found]
    names += [name for public, name, _ in tree.constants if public or not only_public]
    return names + [procedure.name for procedure in tree.procedures if procedure.public or not only_public]


def _used_names(tree: ModuleTree) -> Iterator[str]:
    for procedure in tree.procedures:
        yield from (name for name in _walk(procedure.body) if name != procedure.name)
    yield from _walk([value for _, _, value in tree.constants])
    yield from _walk([declaration for _, declaration in tree.variables])


def _walk(node: Any) -> Iterator[str]:
    """The names in a tree that are read or written; a loop names its variable itself."""
    if not isinstance(node, (list, tuple)):
        return
    if len(node) > 1 and isinstance(node[0], str) and node[0] in {"name", "for", "foreach"} and isinstance(node[1], str):
        yield node[1]
    for part in node:
        yield from _walk(part)


def _procedure(tree: ModuleTree, procedure: Procedure, trees: list[ModuleTree]) -> Iterator[str]:
    where = f"{tree.name}, line {procedure.line}: {procedure.name}"
    declared = [name for name, _, _ in procedure.parameters]
    declared += [name for statement in _dims(procedure.body) for name, _, _ in statement[1]]
    used = list(_walk(procedure.body))
    procedures = {other.name: other for module in trees for other in module.procedures}
    for name in declared:
        if declared.count(name) > 1 or name in procedures or name in FUNCTIONS or name in CONSTANTS:
            yield f"{where}: {name} stands for two things"
        if name not in used:
            yield f"{where}: {name} is not used"
    for name, by_reference, kind in procedure.parameters:
        if by_reference and kind != "variant":
            yield f"{where}: {name} should be ByVal"
    if procedure.is_function and procedure.name not in used:
        yield f"{where}: gives nothing back"
    for node in _dims_not_at_top(procedure.body):
        yield f"{where}: declares variables inside a block (line {node[2]})"
    yield from _calls(where, procedure.body, procedures)


def _dims(body: list[Any]) -> list[Any]:
    return [statement for statement in body if statement[0] == "dim"]


def _dims_not_at_top(node: Any, depth: int = 0) -> Iterator[Any]:
    for part in node if isinstance(node, (list, tuple)) else ():
        if isinstance(part, tuple) and part and part[0] == "dim" and depth > 0:
            yield part
        yield from _dims_not_at_top(part, depth + 1)


def _calls(where: str, node: Any, procedures: Mapping[str, Procedure]) -> Iterator[str]:
    """Calls of own procedures with too many or too few arguments."""
    if not isinstance(node, (list, tuple)):
        return
    kind = node[0] if node and isinstance(node[0], str) else ""
    if kind in {"apply", "call"} and isinstance(node[1], tuple) and node[1][0] == "name":
        callee = procedures.get(node[1][1])
        if callee is not None and len(node[2]) != len(callee.parameters):
            yield f"{where}: {callee.name} takes {len(callee.parameters)} arguments, not {len(node[2])}"
    for part in node:
        yield from _calls(where, part, procedures)
