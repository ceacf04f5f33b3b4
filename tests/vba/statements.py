"""Turns the statements of a VBA procedure into those of a Python function."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from tests.vba.expressions import COERCE, Declared, Expressions
from tests.vba.lexer import VbaSyntaxError

if TYPE_CHECKING:
    from tests.vba.machine import Machine, Scope
    from tests.vba.parser import Node, Procedure

INITIAL = {"string": "''", "long": "0", "double": "0.0", "boolean": "False", "object": "None", "variant": "EMPTY"}
_INDENT = "    "


class Compiler(Expressions):
    """Writes one procedure in Python; a compiler without a procedure only works values out.

    A procedure that deals with errors becomes a loop over its statements, so that it can go on at a label. After On Error
    Resume Next a failure ends the whole statement of the procedure in which it happens.
    """

    def __init__(self, machine: Machine, scope: Scope, procedure: Procedure | None = None) -> None:
        self.machine, self.scope, self.proc = machine, scope, procedure
        self.names: dict[str, Declared] = {}
        self.withs: list[str] = []
        self.loops: list[str] = []
        self.labels: dict[str, int] = {}
        self.lines: list[str] = []
        self.depth = 0
        self.numbers = count(1)

    def emit(self, line: str) -> None:
        self.lines.append(_INDENT * self.depth + line)

    # --- Procedures
    def procedure(self) -> str:
        """The Python function: p_ and the name of the procedure."""
        proc = self.proc
        assert proc is not None
        for name, _, kind in proc.parameters:
            self.names[name] = Declared(f"v_{name}", kind)
        self.emit(f"def p_{proc.name}({', '.join(f'v_{name}' for name, _, _ in proc.parameters)}):")
        self.depth += 1
        if proc.is_function:
            self._local(proc.name, proc.returns)
        for statement in proc.body:
            if statement[0] == "dim":
                for name, kind, bounds in statement[1]:
                    self._local(name, kind, is_array=bounds is not None)
        if any(statement[0] == "onerror" for statement in proc.body):
            self._handled(proc.body)
        else:
            self._statements(proc.body)
        self._leave()
        return "\n".join(self.lines)

    def _local(self, name: str, kind: str, *, is_array: bool = False) -> None:
        self.names[name] = Declared(f"v_{name}", kind, is_array)
        self.emit(f"v_{name} = {INITIAL[kind]}")

    def _leave(self) -> None:
        self.emit(f"return v_{self.proc.name}" if self.proc and self.proc.is_function else "return EMPTY")

    def _handled(self, body: list[Node]) -> None:
        self.labels = {node[1]: place for place, node in enumerate(body) if node[0] == "label"}
        self.emit("place, mode, handling, error = 0, '', False, None")
        self.emit(f"while place < {len(body)}:")
        self.depth += 1
        self.emit("machine.looped()")  # Resume may go round in circles
        self.emit("try:")
        self.depth += 1
        for place, statement in enumerate(body):
            self.emit(f"if place == {place}:")
            self._block([statement])
            self.depth += 1
            self.emit("place += 1")
            self.depth -= 1
        self.depth -= 1
        self.emit("except VbaError as found:")
        self.emit("    if mode != 'next' and (handling or not mode):")
        self.emit("        raise")
        self.emit(
            f"    place, handling, error = (place + 1, handling, error) if mode == 'next' else ({self.labels}[mode], True, found)"
        )
        self.depth -= 1

    # --- Statements
    def _statements(self, nodes: list[Node]) -> None:
        for node in nodes:
            if self.machine.record:
                self.emit(f"seen({self.scope.tree.name!r}, {node[-1]})")
            getattr(self, f"do_{node[0]}")(node)

    def _block(self, nodes: list[Node]) -> None:
        self.depth += 1
        self.emit("pass")
        self._statements(nodes)
        self.depth -= 1

    def do_label(self, node: Node) -> None:
        """Only a place."""

    def do_dim(self, node: Node) -> None:
        for name, kind, bounds in node[1]:
            if bounds:
                self.emit(f"v_{name} = {self.array(kind, bounds)}")

    def array(self, kind: str, bounds: tuple[Node, Node]) -> str:
        low, high = (self.coerced(bound, "long") for bound in bounds)
        return f"new_array({low}, {high}, {INITIAL[kind]}, {COERCE.get(kind, 'unchanged')})"

    def do_assign(self, node: Node) -> None:
        _, target, expression, line = node
        if target[0] == "name":
            declared = self._variable(target[1], line)
            self.emit(f"{declared.place} = {self.coerced(expression, declared.kind)}")
        elif target[0] == "apply":
            parts = [self.value(target[1]).text, self.value(expression).text, *(self.value(index).text for index in target[2])]
            self.emit(f"put({', '.join(parts)})")
        else:
            self.emit(f"{self.value(target[1]).text}.vba_set({target[2]!r}, {self.value(expression).text})")

    def _variable(self, name: str, line: int) -> Declared:
        declared = self.declared(name)
        if declared is None or declared.is_constant:
            raise VbaSyntaxError(f"{self.scope.tree.name}, line {line}: {name} is not a variable")
        return declared

    def do_call(self, node: Node) -> None:
        self.emit(self.apply(node[1], node[2]).text)

    def do_if(self, node: Node) -> None:
        for word, (condition, body) in zip(["if", *["elif"] * len(node[1])], node[1], strict=False):
            self.emit(f"{word} {self.condition(condition)}:")
            self._block(body)
        self.emit("else:")
        self._block(node[2])

    def do_for(self, node: Node) -> None:
        """The variable ends one step beyond the last round, as in VBA; the statements inside must not change it."""
        _, name, start, end, step, body, line = node
        place, rounds = self._variable(name, line).place, f"rounds{next(self.numbers)}"
        if _assigned(body, name):
            raise VbaSyntaxError(f"{self.scope.tree.name}, line {line}: {name} is changed inside its loop")
        bounds = (self.coerced(start, "long"), self.value(end).text, self.coerced(step, "long"))
        self.emit(f"{rounds} = steps({', '.join(bounds)})")
        self.emit(f"{place} = {rounds}.start")
        self.emit(f"for {place} in {rounds}:")
        self._loop("for", body)
        self.emit("else:")
        self.emit(f"    {place} = {rounds}.start + len({rounds}) * {rounds}.step")

    def do_foreach(self, node: Node) -> None:
        _, name, expression, body, line = node
        self.emit(f"for {self._variable(name, line).place} in items({self.value(expression).text}):")
        self._loop("for", body)

    def do_do(self, node: Node) -> None:
        _, before, body, after, _ = node
        self.emit(f"while {self._goes_on(before)}:")
        self._loop("do", body, f"if not ({self._goes_on(after)}): break")

    def _goes_on(self, condition: tuple[bool, Node] | None) -> str:
        if condition is None:
            return "True"
        wanted, node = condition
        return self.condition(node) if wanted else f"not {self.condition(node)}"

    def _loop(self, kind: str, body: list[Node], at_the_end: str = "pass") -> None:
        self.loops.append(kind)
        self.depth += 1
        if kind == "do":
            self.emit("machine.looped()")
        self._statements(body)
        self.emit(at_the_end)
        self.depth -= 1
        self.loops.pop()

    def do_select(self, node: Node) -> None:
        _, expression, cases, otherwise, line = node
        name = f"chosen{next(self.numbers)}"
        subject = self.value(expression)
        self.names[name] = Declared(name, subject.kind)
        self.emit(f"{name} = {subject.text}")
        asked = [([("binary", "=", ("name", name, line), value) for value in values], body) for values, body in cases]
        word = "if"
        for questions, body in asked:
            self.emit(f"{word} {' or '.join(self.condition(question) for question in questions)}:")
            self._block(body)
            word = "elif"
        self.emit("else:")
        self._block(otherwise)

    def do_with(self, node: Node) -> None:
        self.withs.append(f"with{next(self.numbers)}")
        self.emit(f"{self.withs[-1]} = {self.value(node[1]).text}")
        self._statements(node[2])
        self.withs.pop()

    def do_exit(self, node: Node) -> None:
        if node[1] in {"function", "sub"}:
            self._leave()
        elif self.loops[-1:] != [node[1]]:
            raise VbaSyntaxError(f"{self.scope.tree.name}, line {node[2]}: only the innermost loop can be left here")
        else:
            self.emit("break")

    def do_onerror(self, node: Node) -> None:
        mode = {"next": "next", "off": ""}.get(node[1], node[2])
        self.emit(f"mode, error = {mode!r}, None")

    def do_resume(self, node: Node) -> None:
        if self.loops:
            raise VbaSyntaxError(f"{self.scope.tree.name}, line {node[2]}: cannot resume out of a loop here")
        self.emit(f"place, handling, error = {self.labels[node[1]]}, False, None")
        self.emit("continue")


def _assigned(node: object, name: str) -> bool:
    """Whether this variable gets a value somewhere in these statements."""
    if not isinstance(node, (list, tuple)):
        return False
    if node and node[0] == "assign" and node[1][:2] == ("name", name):
        return True
    return any(_assigned(part, name) for part in node)
