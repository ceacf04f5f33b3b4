"""Runs VBA modules: each procedure is turned into a Python function once, names resolved as the compiler of Office does."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.vba.expressions import Declared
from tests.vba.functions import FUNCTIONS
from tests.vba.parser import ModuleTree, parse
from tests.vba.statements import INITIAL, Compiler
from tests.vba.values import (
    EMPTY,
    OPERATORS,
    Array,
    Date,
    VbaError,
    checked,
    to_boolean,
    to_long,
    to_number,
    to_object,
    to_string,
)

MOST_LOOPS = 50_000  # several times what any form needs; loops that count up to a limit are not counted


class TooLongError(Exception):
    """The macro did not come to an end."""


@dataclass
class Scope:
    """A module while it runs. `names`: what it declares; `initial`: how its variables begin."""

    tree: ModuleTree
    names: dict[str, Declared] = field(default_factory=dict)
    initial: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    lines: set[int] = field(default_factory=set)  # that ran

    @property
    def public(self) -> set[str]:
        named = {name for public, (_, names, _) in self.tree.variables if public for name, _, _ in names}
        return named | {name for public, name, _ in self.tree.constants if public}


class Machine:
    """The modules of a project. `dialogs`: what pop-ups said (text, buttons, title). `record`: note which lines ran."""

    def __init__(self, sources: Mapping[str, str], this_workbook: Any, today: Date, *, record: bool = False) -> None:
        self.record = record
        self.this_workbook = this_workbook
        self.today = today
        self.dialogs: list[tuple[str, int, str]] = []
        self.loops = MOST_LOOPS
        self.scopes = {name: Scope(parse(name, source)) for name, source in sources.items()}
        self.procedures: dict[str, Callable[..., Any]] = {}
        self.declared = {p.name: (p, scope) for scope in self.scopes.values() for p in scope.tree.procedures}
        self.world = {**_WORLD, "machine": self, "procedures": self.procedures, "seen": self._seen}
        for name, scope in self.scopes.items():
            self.world |= {f"variables_{name}": scope.variables, f"constants_{name}": scope.constants}
        for scope in self.scopes.values():
            self._declare(scope, scope.tree)
        for scope in self.scopes.values():
            self._compile(scope, scope.tree)

    def _declare(self, scope: Scope, tree: ModuleTree) -> None:
        for _, name, value in tree.constants:
            found = Compiler(self, scope).value(value)
            scope.constants[name] = eval(found.text, self.world)
            scope.names[name] = Declared(f"constants_{tree.name}[{name!r}]", found.kind, is_constant=True)
        for _, declaration in tree.variables:
            for name, kind, bounds in declaration[1]:
                scope.names[name] = Declared(f"variables_{tree.name}[{name!r}]", kind, is_array=bounds is not None)
                scope.initial[name] = Compiler(self, scope).array(kind, bounds) if bounds else INITIAL[kind]
                scope.variables[name] = eval(scope.initial[name], self.world)

    def _compile(self, scope: Scope, tree: ModuleTree) -> None:
        for procedure in tree.procedures:
            exec(Compiler(self, scope, procedure).procedure(), self.world)
            self.procedures[procedure.name] = self.world.pop(f"p_{procedure.name}")

    def change(self, module: str, declarations: str) -> None:
        """Put these procedures, constants and variables in the place of those of the same names."""
        scope, tree = self.scopes[module], parse(module, declarations)
        self._declare(scope, tree)
        self._compile(scope, tree)

    def restart(self) -> None:
        """As when the workbook has just been opened."""
        self.loops = MOST_LOOPS
        self.dialogs.clear()
        for scope in self.scopes.values():
            for name, initial in scope.initial.items():
                scope.variables[name] = eval(initial, self.world)

    def run(self, name: str, *arguments: Any) -> Any:
        return self.procedures[name.lower()](*arguments)

    def message_box(self, text: Any, buttons: Any = 0, title: Any = "") -> int:
        self.dialogs.append((text, buttons, title))
        return 1

    def looped(self) -> None:
        self.loops -= 1
        if self.loops < 0:
            raise TooLongError

    def _seen(self, module: str, line: int) -> None:
        self.scopes[module].lines.add(line)


@dataclass
class _ErrorObject:
    """`Err`: the error that the procedure is dealing with."""

    error: VbaError | None

    def vba_get(self, name: str, arguments: list[Any]) -> Any:
        error = self.error or VbaError(0, "")
        return {"number": error.number, "description": error.description}[name]


def _member(owner: Any, name: str, arguments: list[Any]) -> Any:
    if owner is None:
        raise VbaError(91, "Object variable not set")
    if not hasattr(owner, "vba_get"):
        raise VbaError(424, "Object required")
    return owner.vba_get(name, arguments)


def _element(array: Any, *indexes: Any) -> Any:
    if not isinstance(array, Array):
        raise VbaError(13, "Type mismatch")
    found: Any = array.items
    for index in indexes:
        place = index - array.low if type(index) is int else to_long(index) - array.low
        if place < 0 or type(found) is not list or place >= len(found):
            raise VbaError(9, "Subscript out of range")
        found = found[place]
    return found


def _put(array: Any, value: Any, *indexes: Any) -> None:
    if not isinstance(array, Array):
        raise VbaError(13, "Type mismatch")
    array.put(indexes, value)


def _new_array(low: int, high: int, value: Any, coerce: Callable[[Any], Any]) -> Array:
    return Array([value] * (high - low + 1), low, coerce)


def _items(collection: Any) -> Iterable[Any]:
    return list(collection.items if isinstance(collection, Array) else collection)


def _steps(first: int, last: Any, step: int) -> range:
    if step == 0:
        raise TooLongError
    return range(first, math.floor(to_number(last)) + 1 if step > 0 else math.ceil(to_number(last)) - 1, step)


def _negated(value: Any) -> Any:
    return not value if isinstance(value, bool) else ~to_long(value)


# What the generated code can call.
_WORLD: dict[str, Any] = {
    "EMPTY": EMPTY,
    "Error": _ErrorObject,
    "FUNCTIONS": FUNCTIONS,
    "OPERATORS": OPERATORS,
    "VbaError": VbaError,
    "checked": checked,
    "element": _element,
    "items": _items,
    "member": _member,
    "negated": _negated,
    "new_array": _new_array,
    "put": _put,
    "steps": _steps,
    "to_boolean": to_boolean,
    "to_double": lambda value: float(to_number(value)),
    "to_long": to_long,
    "to_number": to_number,
    "to_object": to_object,
    "to_string": to_string,
    "unchanged": lambda value: value,
}
