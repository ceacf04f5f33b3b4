"""Turns VBA expressions into Python functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.vba.functions import CONSTANTS, FUNCTIONS
from tests.vba.lexer import VbaSyntaxError
from tests.vba.values import OPERATORS, Array, VbaError, to_long, to_number

if TYPE_CHECKING:
    from tests.vba.machine import Machine, Scope
    from tests.vba.parser import Node, Procedure

Evaluate = Callable[["Frame"], Any]


@dataclass
class Frame:
    """One running procedure."""

    variables: dict[str, Any]
    withs: list[Any] = field(default_factory=list)
    mode: str = ""  # of On Error: "" none, "next", or the label
    handling: bool = False
    error: VbaError | None = None


@dataclass
class _ErrorObject:
    """`Err`: the error that the procedure is dealing with."""

    machine: Machine

    def vba_get(self, name: str, arguments: list[Any]) -> Any:
        error = next((frame.error for frame in reversed(self.machine.frames) if frame.error), VbaError(0, ""))
        return {"number": error.number, "description": error.description}[name]


class Expressions:
    """The half of the compiler that works values out. `types`: of the variables of the procedure, by name."""

    machine: Machine
    scope: Scope
    proc: Procedure | None
    types: dict[str, str]

    def value(self, node: Node) -> Evaluate:
        return getattr(self, f"of_{node[0]}")(node)

    def of_value(self, node: Node) -> Evaluate:
        value = node[1]
        return lambda frame: value

    def of_negative(self, node: Node) -> Evaluate:
        value = self.value(node[1])
        return lambda frame: -to_number(value(frame))

    def of_not(self, node: Node) -> Evaluate:
        value = self.value(node[1])

        def evaluate(frame: Frame) -> Any:
            found = value(frame)
            return not found if isinstance(found, bool) else ~to_long(found)

        return evaluate

    def of_binary(self, node: Node) -> Evaluate:
        left, right, operate = self.value(node[2]), self.value(node[3]), OPERATORS[node[1]]
        return lambda frame: operate(left(frame), right(frame))

    def of_with(self, node: Node) -> Evaluate:
        return lambda frame: frame.withs[-1]

    def of_member(self, node: Node) -> Evaluate:
        return self.apply(node, [])

    def of_name(self, node: Node) -> Evaluate:
        name = node[1]
        if name in self.types:
            return lambda frame: frame.variables[name]
        scope = self._scope_of(name)
        if scope is not None:
            shared = scope.constants if name in scope.constants else scope.variables
            return lambda frame: shared[name]
        if name in CONSTANTS:
            constant = CONSTANTS[name]
            return lambda frame: constant
        machine = self.machine
        objects: dict[str, Evaluate] = {
            "thisworkbook": lambda frame: machine.this_workbook,
            "date": lambda frame: machine.today,
            "err": lambda frame: _ErrorObject(machine),
        }
        return objects.get(name) or self.apply(node, [])

    def of_apply(self, node: Node) -> Evaluate:
        return self.apply(node[1], node[2])

    def apply(self, target: Node, arguments: list[Node]) -> Evaluate:
        """A call or an element of an array: both are written with brackets."""
        values = [self.value(argument) for argument in arguments]
        if target[0] == "member":
            owner, name = self.value(target[1]), target[2]
            return lambda frame: _member(owner(frame), name, [value(frame) for value in values])
        if target[0] == "name" and self._is_procedure(target[1]):
            return self._call(target, values)
        if target[0] == "apply" and not values:
            return self.value(target)
        array = self.value(target)
        return lambda frame: _element(array(frame), [value(frame) for value in values])

    def _is_procedure(self, name: str) -> bool:
        own = self.proc is not None and name == self.proc.name
        return own or (name not in self.types and self._scope_of(name) is None)

    def _call(self, target: Node, values: list[Evaluate]) -> Evaluate:
        name, machine = target[1], self.machine
        if name in machine.declared:
            declared, scope = machine.declared[name]
            if not declared.public and scope is not self.scope:
                raise VbaSyntaxError(f"{self.scope.tree.name}, line {target[2]}: {name} is private to another module")
            return lambda frame: machine.procedures[name](*[value(frame) for value in values])
        function = machine.message_box if name == "msgbox" else FUNCTIONS.get(name)
        if function is None:
            raise VbaSyntaxError(f"{self.scope.tree.name}, line {target[2]}: {name} is not defined")
        return lambda frame: function(*[value(frame) for value in values])

    def _scope_of(self, name: str) -> Scope | None:
        """The module that this name of a variable or constant belongs to."""
        if name in self.scope.variables or name in self.scope.constants:
            return self.scope
        named = (scope for scope in self.machine.scopes.values() if name in scope.public)
        return next(named, None)


def _member(owner: Any, name: str, arguments: list[Any]) -> Any:
    if owner is None:
        raise VbaError(91, "Object variable not set")
    if not hasattr(owner, "vba_get"):
        raise VbaError(424, "Object required")
    return owner.vba_get(name, arguments)


def _element(array: Any, indexes: list[Any]) -> Any:
    if not isinstance(array, Array):
        raise VbaError(13, "Type mismatch")
    return array.get(indexes)
