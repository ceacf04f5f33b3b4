"""Runs VBA modules: each procedure is turned into Python functions once, names resolved as the compiler of Office does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.vba.expressions import Evaluate, Expressions, Frame
from tests.vba.lexer import VbaSyntaxError
from tests.vba.parser import ModuleTree, Node, Procedure, parse
from tests.vba.values import COERCE, EMPTY, INITIAL, OPERATORS, Array, Date, VbaError, to_boolean, to_long, to_number

Run = Callable[[Frame], "Signal | None"]
Signal = tuple[str, str]  # ("exit", "for"), ("goto", label)


MOST_LOOPS = 1_000_000


class TooLongError(Exception):
    """The macro did not come to an end."""


@dataclass
class Scope:
    """A module while it runs."""

    tree: ModuleTree
    variables: dict[str, Any] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
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
        self.frames: list[Frame] = []
        self.scopes = {name: Scope(parse(name, source)) for name, source in sources.items()}
        self.procedures: dict[str, Callable[..., Any]] = {}
        self.declared = {p.name: (p, scope) for scope in self.scopes.values() for p in scope.tree.procedures}
        for scope in self.scopes.values():
            for _, name, value in scope.tree.constants:
                scope.constants[name] = Compiler(self, scope, None).value(value)(Frame({}))
            for _, declaration in scope.tree.variables:
                for name, kind, bounds in declaration[1]:
                    compiler = Compiler(self, scope, None)
                    scope.variables[name] = compiler.initial(kind, bounds)(Frame({}))
                    scope.types[name] = kind
        for name, (procedure, scope) in self.declared.items():
            self.procedures[name] = Compiler(self, scope, procedure).procedure()

    def run(self, name: str, *arguments: Any) -> Any:
        return self.procedures[name.lower()](*arguments)

    def message_box(self, text: Any, buttons: Any = 0, title: Any = "") -> int:
        self.dialogs.append((text, buttons, title))
        return 1

    def looped(self) -> None:
        self.loops -= 1
        if self.loops < 0:
            raise TooLongError


class Compiler(Expressions):
    """Turns the tree of one procedure into functions."""

    def __init__(self, machine: Machine, scope: Scope, procedure: Procedure | None) -> None:
        self.machine, self.scope, self.proc = machine, scope, procedure
        self.types: dict[str, str] = {}
        self.guarded = False
        if procedure is not None:
            self.types = {name: kind for name, _, kind in procedure.parameters}
            if procedure.is_function:
                self.types[procedure.name] = procedure.returns
            self._declare(procedure.body)

    def _declare(self, body: list[Node]) -> None:
        """Variables and error handling, wherever in the procedure they stand."""
        for statement in body:
            self.guarded = self.guarded or statement[0] == "onerror"
            if statement[0] == "dim":
                self.types |= {name: kind for name, kind, _ in statement[1]}

    def procedure(self) -> Callable[..., Any]:
        proc, machine = self.proc, self.machine
        assert proc is not None
        statements = [self.statement(node) for node in proc.body]
        labels = {node[1]: place for place, node in enumerate(proc.body) if node[0] == "label"}
        coercions = [(name, COERCE[kind]) for name, _, kind in proc.parameters]
        start = {name: INITIAL[kind] for name, kind in self.types.items()}

        def call(*arguments: Any) -> Any:
            if len(arguments) != len(coercions):
                raise VbaError(450, f"Wrong number of arguments: {proc.name}")
            frame = Frame(dict(start))
            for (name, coerce), value in zip(coercions, arguments, strict=True):
                frame.variables[name] = coerce(value)
            machine.frames.append(frame)
            try:
                self._execute(frame, statements, labels)
            finally:
                machine.frames.pop()
            return frame.variables[proc.name] if proc.is_function else EMPTY

        return call

    def _execute(self, frame: Frame, statements: list[Run], labels: dict[str, int]) -> None:
        place = 0
        while place < len(statements):
            try:
                signal = statements[place](frame)
            except VbaError as error:
                if frame.handling or frame.mode not in labels:
                    raise
                frame.handling, frame.error = True, error
                place = labels[frame.mode]
                continue
            place = place + 1 if signal is None else labels[signal[1]] if signal[0] == "goto" else len(statements)

    # --- Statements
    def block(self, nodes: list[Node]) -> Run:
        statements = [self.statement(node) for node in nodes]

        def run(frame: Frame) -> Signal | None:
            for statement in statements:
                signal = statement(frame)
                if signal is not None:
                    return signal
            return None

        return run

    def statement(self, node: Node) -> Run:
        run = getattr(self, f"do_{node[0]}")(node)
        line, seen = node[-1], self.scope.lines
        if not self.machine.record:
            return self._guard(run) if self.guarded else run

        def recorded(frame: Frame) -> Signal | None:
            seen.add(line)
            return run(frame)

        return self._guard(recorded) if self.guarded else recorded

    def _guard(self, run: Run) -> Run:
        """After On Error Resume Next a statement that fails does nothing."""

        def guarded(frame: Frame) -> Signal | None:
            try:
                return run(frame)
            except VbaError:
                if frame.mode != "next":
                    raise
                return None

        return guarded

    def do_label(self, node: Node) -> Run:
        return lambda frame: None

    def do_dim(self, node: Node) -> Run:
        made = [(name, self.initial(kind, bounds)) for name, kind, bounds in node[1] if bounds]

        def run(frame: Frame) -> None:
            for name, make in made:
                frame.variables[name] = make(frame)

        return run

    def initial(self, kind: str, bounds: tuple[Node, Node] | None) -> Evaluate:
        if bounds is None:
            return lambda frame: INITIAL[kind]
        low, high = map(self.value, bounds)

        def make(frame: Frame) -> Array:
            return Array([INITIAL[kind]] * (high(frame) - low(frame) + 1), low(frame), COERCE[kind])

        return make

    def do_assign(self, node: Node) -> Run:
        _, target, expression, _ = node
        value = self.value(expression)
        put = self._target(target)
        return lambda frame: put(frame, value(frame))

    def _target(self, target: Node) -> Callable[[Frame, Any], None]:
        if target[0] == "name":
            return self._variable(target)
        if target[0] == "apply":
            array, indexes = self.value(target[1]), [self.value(index) for index in target[2]]
            return lambda frame, value: array(frame).put([index(frame) for index in indexes], value)
        owner, name = self.value(target[1]), target[2]
        return lambda frame, value: owner(frame).vba_set(name, value)

    def _variable(self, target: Node) -> Callable[[Frame, Any], None]:
        name = target[1]
        if name in self.types:
            coerce = COERCE[self.types[name]]

            def put(frame: Frame, value: Any) -> None:
                frame.variables[name] = coerce(value)

            return put
        scope = self._scope_of(name)
        if scope is None or name not in scope.variables:
            raise VbaSyntaxError(f"{self.scope.tree.name}, line {target[2]}: {name} is not a variable")
        shared, kind = scope.variables, COERCE[scope.types[name]]

        def put_shared(frame: Frame, value: Any) -> None:
            shared[name] = kind(value)

        return put_shared

    def do_call(self, node: Node) -> Run:
        _, target, arguments, _ = node
        call = self.apply(target, arguments)

        def run(frame: Frame) -> None:
            call(frame)

        return run

    def do_if(self, node: Node) -> Run:
        branches = [(self.value(condition), self.block(body)) for condition, body in node[1]]
        otherwise = self.block(node[2])

        def run(frame: Frame) -> Signal | None:
            for condition, body in branches:
                if to_boolean(condition(frame)):
                    return body(frame)
            return otherwise(frame)

        return run

    def do_for(self, node: Node) -> Run:
        _, name, start, end, step, body, line = node
        put, block = self._variable(("name", name, line)), self.block(body)
        first, last, stride, current = map(self.value, (start, end, step, ("name", name, line)))

        def run(frame: Frame) -> Signal | None:
            place, limit, by = to_long(first(frame)), to_number(last(frame)), to_long(stride(frame))
            put(frame, place)
            while place <= limit if by >= 0 else place >= limit:
                self.machine.looped()
                signal = block(frame)
                if signal is not None:
                    return None if signal == ("exit", "for") else signal
                place = current(frame) + by  # the body may have changed the variable
                put(frame, place)
            return None

        return run

    def do_foreach(self, node: Node) -> Run:
        _, name, expression, body, line = node
        put, values, block = self._variable(("name", name, line)), self.value(expression), self.block(body)

        def run(frame: Frame) -> Signal | None:
            collection = values(frame)
            for value in list(collection.items if isinstance(collection, Array) else collection):
                put(frame, value)
                signal = block(frame)
                if signal is not None:
                    return None if signal == ("exit", "for") else signal
            return None

        return run

    def do_do(self, node: Node) -> Run:
        _, before, body, after, _ = node
        goes_on, again, block = self._condition(before), self._condition(after), self.block(body)

        def run(frame: Frame) -> Signal | None:
            while goes_on(frame):
                self.machine.looped()
                signal = block(frame)
                if signal is not None:
                    return None if signal == ("exit", "do") else signal
                if not again(frame):
                    return None
            return None

        return run

    def _condition(self, condition: tuple[bool, Node] | None) -> Callable[[Frame], bool]:
        if condition is None:
            return lambda frame: True
        wanted, value = condition[0], self.value(condition[1])
        return lambda frame: to_boolean(value(frame)) is wanted

    def do_select(self, node: Node) -> Run:
        _, expression, cases, otherwise, _ = node
        subject, same = self.value(expression), OPERATORS["="]
        compiled = [([self.value(value) for value in values], self.block(body)) for values, body in cases]
        rest = self.block(otherwise)

        def run(frame: Frame) -> Signal | None:
            value = subject(frame)
            for values, body in compiled:
                if any(same(value, candidate(frame)) for candidate in values):
                    return body(frame)
            return rest(frame)

        return run

    def do_with(self, node: Node) -> Run:
        _, expression, body, _ = node
        subject, block = self.value(expression), self.block(body)

        def run(frame: Frame) -> Signal | None:
            frame.withs.append(subject(frame))
            try:
                return block(frame)
            finally:
                frame.withs.pop()

        return run

    def do_exit(self, node: Node) -> Run:
        signal = ("exit", node[1])
        return lambda frame: signal

    def do_onerror(self, node: Node) -> Run:
        mode = {"next": "next", "off": ""}.get(node[1], node[2])

        def run(frame: Frame) -> None:
            frame.mode, frame.error = mode, None

        return run

    def do_resume(self, node: Node) -> Run:
        def run(frame: Frame) -> Signal:
            frame.handling, frame.error = False, None
            return "goto", node[1]

        return run
