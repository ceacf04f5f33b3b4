"""Turns VBA expressions into Python expressions. Where VBA declares the type of a value, nothing is asked when it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tests.vba.functions import CONSTANTS, FUNCTIONS, RETURNS
from tests.vba.lexer import VbaSyntaxError

if TYPE_CHECKING:
    from tests.vba.machine import Machine, Scope
    from tests.vba.parser import Node, Procedure

# Names of functions in the world of the generated code (tests.vba.machine).
COERCE = {"string": "to_string", "long": "to_long", "double": "to_double", "boolean": "to_boolean", "object": "to_object"}
_COMPARISONS = {"=": "==", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_JOINING = {"and": "&", "or": "|"}
_NUMBERS = frozenset({"long", "double"})
_KINDS = {str: "string", bool: "boolean", int: "long", float: "double"}


class Python(NamedTuple):
    """A Python expression, and the type of VBA that its value has: "variant" when only running tells."""

    text: str
    kind: str


@dataclass(frozen=True)
class Declared:
    """A variable or constant: how Python reads and writes it, its type, whether it is an array of that type."""

    place: str
    kind: str
    is_array: bool = False
    is_constant: bool = False


class Expressions:
    """The half of the compiler that works values out. `names`: the variables of the procedure; `withs`: the open With blocks."""

    machine: Machine
    scope: Scope
    proc: Procedure | None
    names: dict[str, Declared]
    withs: list[str]

    def value(self, node: Node) -> Python:
        return getattr(self, f"of_{node[0]}")(node)

    def coerced(self, node: Node, kind: str) -> str:
        """The value as the type of what it is put into."""
        found = self.value(node)
        return found.text if kind in {found.kind, "variant"} else f"{COERCE[kind]}({found.text})"

    def condition(self, node: Node) -> str:
        return self.coerced(node, "boolean")

    def of_value(self, node: Node) -> Python:
        return Python(repr(node[1]), _KINDS.get(type(node[1]), "object"))

    def of_negative(self, node: Node) -> Python:
        found = self.value(node[1])
        return (
            Python(f"(-{found.text})", found.kind) if found.kind in _NUMBERS else Python(f"(-to_number({found.text}))", "variant")
        )

    def of_not(self, node: Node) -> Python:
        found = self.value(node[1])
        return (
            Python(f"(not {found.text})", "boolean") if found.kind == "boolean" else Python(f"negated({found.text})", "variant")
        )

    def of_binary(self, node: Node) -> Python:
        operator, left, right = node[1], self.value(node[2]), self.value(node[3])
        kinds = {left.kind, right.kind}
        if operator == "&":
            return Python(f"({self.coerced(node[2], 'string')} + {self.coerced(node[3], 'string')})", "string")
        if operator in _COMPARISONS and (kinds == {"string"} or kinds <= _NUMBERS):
            return Python(f"({left.text} {_COMPARISONS[operator]} {right.text})", "boolean")
        if operator in _JOINING and kinds == {"boolean"}:
            return Python(f"({left.text} {_JOINING[operator]} {right.text})", "boolean")
        if operator in {"+", "-", "*"} and kinds == {"long"}:
            return Python(f"checked({left.text} {operator} {right.text})", "long")
        kind = (
            "boolean"
            if operator in {*_COMPARISONS, "is"}
            else {"\\": "long", "mod": "long", "/": "double"}.get(operator, "variant")
        )
        return Python(f"OPERATORS[{operator!r}]({left.text}, {right.text})", kind)

    def of_with(self, node: Node) -> Python:
        return Python(self.withs[-1], "object")

    def of_member(self, node: Node) -> Python:
        return self.apply(node, [])

    def of_name(self, node: Node) -> Python:
        name = node[1]
        if declared := self.declared(name):
            return Python(declared.place, "variant" if declared.is_array else declared.kind)
        if name in CONSTANTS:
            return Python(repr(CONSTANTS[name]), _KINDS[type(CONSTANTS[name])])
        objects = {"thisworkbook": "machine.this_workbook", "date": "machine.today", "err": "Error(error)"}
        return Python(objects[name], "variant") if name in objects else self.apply(node, [])

    def of_apply(self, node: Node) -> Python:
        return self.apply(node[1], node[2])

    def apply(self, target: Node, arguments: list[Node]) -> Python:
        """A call or an element of an array: both are written with brackets."""
        if target[0] == "name" and self._is_procedure(target[1]):
            return self._call(target, arguments)
        texts = [self.value(argument).text for argument in arguments]
        if target[0] == "member":
            return Python(f"member({self.value(target[1]).text}, {target[2]!r}, [{', '.join(texts)}])", "variant")
        if target[0] == "apply" and not arguments:
            return self.value(target)
        array = self.declared(target[1]) if target[0] == "name" else None
        kind = array.kind if array and array.is_array else "variant"
        return Python(f"element({', '.join([self.value(target).text, *texts])})", kind)

    def _is_procedure(self, name: str) -> bool:
        own = self.proc is not None and name == self.proc.name
        return own or self.declared(name) is None

    def _call(self, target: Node, arguments: list[Node]) -> Python:
        name, where = target[1], f"{self.scope.tree.name}, line {target[2]}"
        if name in self.machine.declared:
            procedure, scope = self.machine.declared[name]
            if not procedure.public and scope is not self.scope:
                raise VbaSyntaxError(f"{where}: {name} is private to another module")
            if len(arguments) != len(procedure.parameters):
                raise VbaSyntaxError(f"{where}: {name} takes {len(procedure.parameters)} arguments, not {len(arguments)}")
            given = [self.coerced(node, kind) for node, (_, _, kind) in zip(arguments, procedure.parameters, strict=True)]
            return Python(f"procedures[{name!r}]({', '.join(given)})", procedure.returns or "variant")
        values = [self.value(argument) for argument in arguments]
        if name == "msgbox":
            return Python(f"machine.message_box({_listed(values)})", "long")
        if name not in FUNCTIONS:
            raise VbaSyntaxError(f"{where}: {name} is not defined")
        if name in _NOTHING_TO_DO and values[0].kind == RETURNS[name]:
            return values[0]
        return Python(f"FUNCTIONS[{name!r}]({_listed(values)})", RETURNS.get(name, "variant"))

    def declared(self, name: str) -> Declared | None:
        """The variable or constant of this name: of the procedure, of the module, or a public one of another."""
        if name in self.names:
            return self.names[name]
        if name in self.scope.names:
            return self.scope.names[name]
        others = (scope.names[name] for scope in self.machine.scopes.values() if name in scope.public)
        return next(others, None)


_NOTHING_TO_DO = frozenset({"cstr", "clng", "cdbl"})


def _listed(values: Sequence[Python]) -> str:
    return ", ".join(value.text for value in values)
