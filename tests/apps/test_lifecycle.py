"""The one table of states and moves: the state machine, its page and the purity of the rules are held against it."""

import subprocess
import sys
from pathlib import Path

import pytest
from django_fsm import FSMField, TransitionNotAllowed
from hypothesis import given
from hypothesis import strategies as st

from submissions.domain.lifecycle import GATES, MOVES, OPEN, PATH, Gate, Move, State, gate_due, states_page
from submissions.models import Submission

ROOT = Path(__file__).resolve().parent.parent.parent
ENDS = (State.PUBLISHED, State.REJECTED, State.WITHDRAWN)


def machine() -> FSMField:
    field = Submission._meta.get_field("state")
    assert isinstance(field, FSMField)
    return field


def test_the_state_machine_has_exactly_the_moves_of_the_table() -> None:
    table = {(move.name, source.value, move.target.value) for move in MOVES for source in move.sources}
    built = {(move.name, move.source, move.target) for move in machine().get_all_transitions(Submission)}
    assert built == table
    assert sum(len(move.sources) for move in MOVES) == len(table)


def test_the_state_machine_has_exactly_the_states() -> None:
    assert [value for value, _ in machine().choices] == [state.value for state in State]
    assert machine().default == State.RECEIVED.value
    assert max(len(state.value) for state in State) <= machine().max_length


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.name)
def test_every_move_from_every_state(move: Move, state: State) -> None:
    """In memory, as the one door makes it: what the table does not name is refused and changes nothing."""
    case = Submission(state=state.value)
    if state in move.sources:
        getattr(case, move.name)()
        assert case.state == move.target.value
    else:
        with pytest.raises(TransitionNotAllowed):
            getattr(case, move.name)()
        assert case.state == state.value


def test_a_state_is_not_simply_written() -> None:
    with pytest.raises(AttributeError):
        Submission(state=State.RECEIVED.value).state = State.PUBLISHED.value


def test_the_path_leads_from_received_to_published_by_single_moves() -> None:
    steps = {(source, move.target) for move in MOVES for source in move.sources}
    assert all(step in steps for step in zip(PATH, PATH[1:], strict=False))
    assert PATH[0] is State.RECEIVED
    assert PATH[-1] is State.PUBLISHED
    assert set(PATH) | set(ENDS) == set(State)


@given(st.lists(st.sampled_from(MOVES), max_size=30))
def test_no_walk_skips_a_gate_or_leaves_an_end(walk: list[Move]) -> None:
    """Any sequence of moves: nothing is approved without all gates since the last revision, nothing comes back from an end."""
    state, passed = State.RECEIVED, set[Gate]()
    for move in walk:
        if state not in move.sources:
            continue
        assert state not in ENDS
        due = gate_due(state)
        if due is not None and move.target is PATH[PATH.index(state) + 1]:
            passed.add(due)
        if move.target is State.RECEIVED:
            passed.clear()
        if move.target in (State.APPROVED, State.PUBLISHED):
            assert passed == set(Gate)
        state = move.target


def test_each_gate_is_due_once_and_in_order() -> None:
    assert list(GATES.values()) == list(Gate)
    assert [gate_due(state) for state in PATH] == [*Gate, None, None, None]
    assert [gate_due(state) for state in ENDS] == [None, None, None]


def test_every_open_case_can_be_ended_or_begun_again() -> None:
    for name in ("revise", "reject", "withdraw"):
        (move,) = (move for move in MOVES if move.name == name)
        assert move.sources == OPEN
    assert not set(OPEN) & set(ENDS)


def test_turning_away_needs_a_reason() -> None:
    assert {move.name for move in MOVES if move.needs_reason} == {"reject", "withdraw", "take_back"}


def test_the_page_of_states_is_up_to_date() -> None:
    assert (ROOT / "docs" / "states.md").read_text(encoding="utf-8") == states_page()


IMPORT_ALL = """
import importlib, pathlib, sys
folders = sorted(pathlib.Path(".").glob("*/domain")) + [pathlib.Path("submissions/signature"), pathlib.Path("cpl/workbook")]
names = [".".join(path.with_suffix("").parts) for folder in folders for path in sorted(folder.rglob("*.py"))]
for name in names:
    importlib.import_module(name.removesuffix(".__init__"))
print(len(names), *sorted({"django", "celery", "redis", "psycopg"} & {name.partition(".")[0] for name in sys.modules}))
"""


def test_rules_work_without_django() -> None:
    """Every module of rules is imported in a fresh process: they are pure, and a child process reads mails without settings."""
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, env={}, check=False)
    assert done.returncode == 0, done.stderr
    count, *frameworks = done.stdout.split()
    assert int(count) > 40
    assert frameworks == []
