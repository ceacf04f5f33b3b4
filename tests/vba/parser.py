"""VBA tokens as a tree of tuples: ("kind", parts…). Covers the language as it is used in modules without classes."""

from dataclasses import dataclass, field

from tests.vba.lexer import Token, VbaSyntaxError, tokens

Node = tuple  # ("kind", parts…); statements end with their line

_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"or", "xor"}),
    frozenset({"and"}),
    frozenset({"=", "<>", "<", ">", "<=", ">=", "is"}),
    frozenset({"&"}),
    frozenset({"+", "-"}),
    frozenset({"mod"}),
    frozenset({"\\"}),
    frozenset({"*", "/"}),
)
_NOT_BEFORE = 2  # NOT binds looser than comparisons and tighter than AND


@dataclass
class Procedure:
    """A Sub or Function. `parameters`: (name, by reference, type)."""

    name: str
    is_function: bool
    public: bool
    parameters: list[tuple[str, bool, str]]
    returns: str
    body: list[Node]
    line: int


@dataclass
class ModuleTree:
    """What stands in one module. `variables`: ("dim", [(name, type, bounds)]) with whether public; `constants` likewise."""

    name: str
    procedures: list[Procedure] = field(default_factory=list)
    variables: list[tuple[bool, Node]] = field(default_factory=list)
    constants: list[tuple[bool, str, Node]] = field(default_factory=list)


def parse(name: str, source: str) -> ModuleTree:
    """The tree of a module. Raises VbaSyntaxError."""
    return _Parser(tokens(source)).module(name)


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.tokens = [*found, Token("end", None, found[-1].line if found else 0)]
        self.place = 0

    # --- Small steps
    @property
    def here(self) -> Token:
        return self.tokens[self.place]

    def at(self, *values: str) -> bool:
        return self.here.kind in {"name", "operator"} and self.here.value in values

    def take(self, *values: str) -> bool:
        if self.at(*values):
            self.place += 1
            return True
        return False

    def need(self, *values: str) -> str:
        token = self.here
        if not self.take(*values):
            raise VbaSyntaxError(f"Line {token.line}: {' or '.join(values)} expected, not {token.value!r}.")
        return str(token.value)

    def identifier(self) -> str:
        token = self.here
        if token.kind != "name":
            raise VbaSyntaxError(f"Line {token.line}: a name expected, not {token.value!r}.")
        self.place += 1
        return str(token.value)

    def end_of_statement(self) -> None:
        if self.at("else") or self.here.kind == "end":
            return
        if self.here.kind != "newline" and not self.at(":"):
            raise VbaSyntaxError(f"Line {self.here.line}: the statement should end before {self.here.value!r}.")
        while self.here.kind == "newline" or self.at(":"):
            self.place += 1

    # --- Modules and declarations
    def module(self, name: str) -> ModuleTree:
        tree = ModuleTree(name)
        self._skip_lines()
        while self.here.kind != "end":
            self._declaration(tree)
            self._skip_lines()
        return tree

    def _skip_lines(self) -> None:
        while self.here.kind == "newline":
            self.place += 1

    def _declaration(self, tree: ModuleTree) -> None:
        if self.take("option"):
            self.need("explicit")
            return
        public = self.at("public")
        self.need("public", "private", "dim")
        if self.at("sub", "function"):
            tree.procedures.append(self._procedure(public))
        elif self.take("const"):
            tree.constants.append((public, *self._constant()))
        else:
            tree.variables.append((public, self._dim()))

    def _constant(self) -> tuple[str, Node]:
        name = self.identifier()
        self._type()
        self.need("=")
        return name, self.expression()

    def _procedure(self, public: bool) -> Procedure:
        line = self.here.line
        is_function = self.need("sub", "function") == "function"
        name = self.identifier()
        self.need("(")
        parameters = []
        while not self.take(")"):
            by_reference = not self.take("byval")
            self.take("byref")
            parameter = self.identifier()
            parameters.append((parameter, by_reference, self._type()))
            self.take(",")
        returns = self._type() if is_function else ""
        self.end_of_statement()
        body = self.block("end")
        self.need("end")
        self.need("function" if is_function else "sub")
        return Procedure(name, is_function, public, parameters, returns, body, line)

    def _type(self) -> str:
        """The language would do without; here everything says what it is."""
        self.need("as")
        return self.identifier()

    def _dim(self) -> Node:
        line, names = self.here.line, []
        while True:
            name, bounds = self.identifier(), None
            if self.take("("):
                low: Node = ("value", 0)
                bounds = self.expression()
                if self.take("to"):
                    low, bounds = bounds, self.expression()
                self.need(")")
                names.append((name, self._type(), (low, bounds)))
            else:
                names.append((name, self._type(), None))
            if not self.take(","):
                return ("dim", names, line)

    # --- Statements
    def block(self, *ends: str) -> list[Node]:
        statements: list[Node] = []
        self._skip_lines()
        while not self.at(*ends) and self.here.kind != "end":
            statements.append(self.statement())
            self.end_of_statement()
        return statements

    def statement(self) -> Node:
        line = self.here.line
        following = self.tokens[self.place + 1]
        if following.kind == "operator" and following.value == ":" and self.here.kind == "name":
            return ("label", self.identifier(), line)
        word = str(self.here.value)
        rule = getattr(self, f"_{word}", None) if self.here.kind == "name" and word in _STATEMENTS else None
        if rule is None:
            return self._assignment_or_call(line)
        self.place += 1
        return (*rule(), line)

    def _set(self) -> Node:
        target = self.postfix()
        self.need("=")
        return ("assign", target, self.expression())

    def _if(self) -> Node:
        branches = [self._condition()]
        if self.here.kind != "newline":
            return self._one_line_if(branches[0])
        self.end_of_statement()
        bodies = [self.block("elseif", "else", "end")]
        otherwise: list[Node] = []
        while self.take("elseif"):
            branches.append(self._condition())
            self.end_of_statement()
            bodies.append(self.block("elseif", "else", "end"))
        if self.take("else"):
            self.end_of_statement()
            otherwise = self.block("end")
        self.need("end")
        self.need("if")
        return ("if", list(zip(branches, bodies, strict=True)), otherwise)

    def _condition(self) -> Node:
        condition = self.expression()
        self.need("then")
        return condition

    def _one_line_if(self, condition: Node) -> Node:
        body = self._until_line_ends()
        otherwise = self._until_line_ends() if self.take("else") else []
        return ("if", [(condition, body)], otherwise)

    def _until_line_ends(self) -> list[Node]:
        statements = [self.statement()]
        while self.take(":"):
            statements.append(self.statement())
        return statements

    def _for(self) -> Node:
        if self.take("each"):
            name = self.identifier()
            self.need("in")
            kind: tuple[object, ...] = ("foreach", name, self.expression())
        else:
            name = self.identifier()
            self.need("=")
            start = self.expression()
            self.need("to")
            end = self.expression()
            kind = ("for", name, start, end, self.expression() if self.take("step") else ("value", 1))
        self.end_of_statement()
        body = self.block("next")
        self.need("next")
        if self.here.kind == "name":
            self.need(name)
        return (*kind, body)

    def _do(self) -> Node:
        before = self._loop_condition()
        self.end_of_statement()
        body = self.block("loop")
        self.need("loop")
        return ("do", before, body, self._loop_condition())

    def _loop_condition(self) -> tuple[bool, Node] | None:
        """(whether the loop goes on while it is true, the condition)."""
        if self.at("while", "until"):
            return self.need("while", "until") == "while", self.expression()
        return None

    def _select(self) -> Node:
        self.need("case")
        subject = self.expression()
        self.end_of_statement()
        self._skip_lines()
        cases, otherwise = [], []
        while self.take("case"):
            if self.take("else"):
                self.end_of_statement()
                otherwise = self.block("end", "case")
                continue
            values = [self.expression()]
            while self.take(","):
                values.append(self.expression())
            self.end_of_statement()
            cases.append((values, self.block("case", "end")))
        self.need("end")
        self.need("select")
        return ("select", subject, cases, otherwise)

    def _with(self) -> Node:
        subject = self.expression()
        self.end_of_statement()
        body = self.block("end")
        self.need("end")
        self.need("with")
        return ("with", subject, body)

    def _exit(self) -> Node:
        return ("exit", self.need("sub", "function", "for", "do"))

    def _on(self) -> Node:
        self.need("error")
        if self.take("resume"):
            self.need("next")
            return ("onerror", "next", "")
        self.need("goto")
        if self.here.kind == "number":
            self.place += 1
            return ("onerror", "off", "")
        return ("onerror", "label", self.identifier())

    def _resume(self) -> Node:
        return ("resume", self.identifier())

    def _assignment_or_call(self, line: int) -> Node:
        target = self.postfix()
        if self.take("="):
            return ("assign", target, self.expression(), line)
        arguments = []
        if self.here.kind != "newline" and not self.at(":", "else") and self.here.kind != "end":
            arguments.append(self.expression())
            while self.take(","):
                arguments.append(self.expression())
        return ("call", target, arguments, line)

    # --- Expressions
    def expression(self, level: int = 0) -> Node:
        if level == _NOT_BEFORE and self.take("not"):
            return ("not", self.expression(_NOT_BEFORE))
        if level == len(_LEVELS):
            return self.unary()
        left = self.expression(level + 1)
        while self.at(*_LEVELS[level]):
            operator = self.need(*_LEVELS[level])
            left = ("binary", operator, left, self.expression(level + 1))
        return left

    def unary(self) -> Node:
        if self.take("-"):
            return ("negative", self.unary())
        return self.postfix()

    def postfix(self) -> Node:
        node = self.primary()
        while True:
            if self.take("("):
                node = ("apply", node, self._arguments())
            elif self.take("."):
                node = ("member", node, self.identifier())
            else:
                return node

    def _arguments(self) -> list[Node]:
        found: list[Node] = []
        while not self.take(")"):
            found.append(self.expression())
            if not self.at(")"):
                self.need(",")
        return found

    def primary(self) -> Node:
        token = self.here
        if token.kind in {"number", "string"}:
            self.place += 1
            return ("value", token.value)
        if self.take("("):
            inner = self.expression()
            self.need(")")
            return inner
        if self.take("."):
            return ("member", ("with",), self.identifier())
        if self.at("true", "false"):
            return ("value", self.need("true", "false") == "true")
        if self.take("nothing"):
            return ("value", None)
        return ("name", self.identifier(), token.line)


_STATEMENTS = frozenset({"set", "if", "for", "do", "select", "with", "exit", "on", "resume", "dim"})
