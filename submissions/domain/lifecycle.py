"""The one table of a case's states and moves. The state machine, the pages and docs/states.md are held against it."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The last gate passed, or how the case ended."""

    RECEIVED = "received"
    VALIDATED = "validated"
    SIGNATURE_CHECKED = "signature_checked"
    CERTIFICATES_MATCHED = "certificates_matched"
    DUPLICATE_CHECKED = "duplicate_checked"
    APPROVED = "approved"
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class Gate(StrEnum):
    """The checks a case passes, in their order (guidance section 8)."""

    FORM = "form"
    SIGNATURE = "signature"
    CERTIFICATES = "certificates"
    DUPLICATES = "duplicates"

    @property
    def label(self) -> str:
        return {
            "form": "Form",
            "signature": "Digital signature",
            "certificates": "Assurance Certificates",
            "duplicates": "Duplicates",
        }[self.value]


# The states a case walks through when all goes well, in order.
PATH = (
    State.RECEIVED,
    State.VALIDATED,
    State.SIGNATURE_CHECKED,
    State.CERTIFICATES_MATCHED,
    State.DUPLICATE_CHECKED,
    State.APPROVED,
    State.PUBLISHED,
)
# In these a case can still be revised, rejected or withdrawn.
OPEN = PATH[:-1]
# In these a gate is due.
GATES = {
    State.RECEIVED: Gate.FORM,
    State.VALIDATED: Gate.SIGNATURE,
    State.SIGNATURE_CHECKED: Gate.CERTIFICATES,
    State.CERTIFICATES_MATCHED: Gate.DUPLICATES,
}


@dataclass(frozen=True, slots=True)
class Move:
    """One way from state to state: the name of the transition, where from, where to, who makes it, and if a reason is needed."""

    name: str
    sources: tuple[State, ...]
    target: State
    who: str
    needs_reason: bool = False


MOVES = (
    Move("pass_form", (State.RECEIVED,), State.VALIDATED, "the form gate"),
    Move("pass_signature", (State.VALIDATED,), State.SIGNATURE_CHECKED, "the signature gate"),
    Move("pass_certificates", (State.SIGNATURE_CHECKED,), State.CERTIFICATES_MATCHED, "the certificates gate"),
    Move("pass_duplicates", (State.CERTIFICATES_MATCHED,), State.DUPLICATE_CHECKED, "the duplicates gate"),
    Move("approve", (State.DUPLICATE_CHECKED,), State.APPROVED, "an approver other than whoever last worked on the case"),
    Move("take_back", (State.APPROVED,), State.DUPLICATE_CHECKED, "an approver", needs_reason=True),
    Move("publish", (State.APPROVED,), State.PUBLISHED, "the release that carries its change"),
    Move("revise", OPEN, State.RECEIVED, "an analyst, or a corrected workbook from the submitter"),
    Move("reject", OPEN, State.REJECTED, "an analyst or approver", needs_reason=True),
    Move("withdraw", OPEN, State.WITHDRAWN, "an analyst at the submitter's wish", needs_reason=True),
)


def gate_due(state: State) -> Gate | None:
    """The gate that a case in this state has to pass next; None where people decide or all is over."""
    return GATES.get(state)


def states_page() -> str:
    """docs/states.md: picture and table of the moves."""
    arrows = [
        f"    {source.value} --> {move.target.value}: {move.name}"
        for move in MOVES
        if len(move.sources) == 1
        for source in move.sources
    ]
    arrows += [f"    open --> {move.target.value}: {move.name}" for move in MOVES if len(move.sources) > 1]
    inner = [f"        {state.value}" for state in OPEN]
    rows = [
        f"| `{move.name}` | {'any open state' if move.sources == OPEN else move.sources[0].label} | {move.target.label} |"
        f" {move.who} | {'yes' if move.needs_reason else 'no'} |"
        for move in MOVES
    ]
    return "\n".join(
        [
            "# States of a case",
            "",
            "Made from `submissions/domain/lifecycle.py`; a test holds both this page and the state machine against it.",
            "The state is the last gate passed. Waiting for the submitter is a hold with a beginning and an end, not a state.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            "    [*] --> received",
            "    state open {",
            *inner,
            "    }",
            *arrows,
            "    published --> [*]",
            "    rejected --> [*]",
            "    withdrawn --> [*]",
            "```",
            "",
            "| move | from | to | made by | needs a reason |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
