"""Tries mutants of the macro: each must be noticed in some situation, but for those that are known to change nothing.

`nice python -m tests.mutation.macro_mutants [PART]` tries all of them on two processes, or those whose name holds PART, and
prints what should not have survived and what should not have been noticed. A part of them is tried in every test run.
"""

import multiprocessing
import random
import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import chain

from cpl.workbook.macro import sources
from tests.mutation.macro_changes import Mutant, mutants
from tests.mutation.macro_equivalents import EQUIVALENT
from tests.vba.agreement import MacroRun
from tests.vba.machine import TooLongError
from tests.vba.situations import Situation, ready, rule_set, situations
from tests.vba.values import VbaError

PROCESSES = 2
# How a mutant may end besides with another outcome: with an error that the macro does not deal with, or never.
_ENDS = (VbaError, TooLongError, RecursionError, OverflowError, ValueError)


def noticed(mutant: Mutant, order: Iterable[Situation]) -> Situation | None:
    """The first of these situations in which the mutant does not do what the macro must do.

    Raises VbaSyntaxError for a mutant that is none because it cannot be compiled.
    """
    changed: dict[str, MacroRun] = {}
    try:
        for situation in order:
            if situation.rules not in changed:
                changed[situation.rules] = ready(situation.rules)
                changed[situation.rules].machine.change(mutant.module, mutant.now)
            if not _agrees(situation, changed[situation.rules]):
                return situation
    finally:
        for run in changed.values():
            run.machine.change(mutant.module, mutant.was)
    return None


def _agrees(situation: Situation, run: MacroRun) -> bool:
    try:
        return situation.agrees(run)
    except _ENDS:
        return False


def survivors(some: Iterable[Mutant]) -> list[str]:
    """The names of the mutants that are noticed nowhere. A situation that noticed one is tried first on the next."""
    order, survived = _order(), []
    for mutant in some:
        running = _running(mutant)
        situation = noticed(mutant, [one for one in order if one.name in running])
        if situation is None:
            survived.append(mutant.name)
        else:
            order.remove(situation)
            order.insert(0, situation)
    return survived


@cache
def _order() -> list[Situation]:
    """Situations in which much is wrong first, then the others, neighbours far apart: most of them try the same again."""
    mixed = random.Random(1).sample(situations(), len(situations()))
    return sorted(mixed, key=lambda one: not one.name.startswith(("probe", "cells", "mixture")))


def _running(mutant: Mutant) -> frozenset[str]:
    """The names of the situations in which the changed statement runs: in all others nothing can differ."""
    if len(mutant.lines) == 1:  # a declaration
        return frozenset(one.name for one in situations())
    named = situations_by_line()
    is_statement = (mutant.module, mutant.line) in named  # ElseIf and Case are parts of one that began before
    lines = [mutant.line] if is_statement else mutant.lines
    return frozenset(chain.from_iterable(named.get((mutant.module, line), ()) for line in lines))


@cache
def situations_by_line() -> dict[tuple[str, int], list[str]]:
    """The names of the situations in which the statement on each line runs, by module and line."""
    runs = {name: MacroRun(rule_set(name), record=True) for name in {one.rules for one in situations()}}
    found = defaultdict(list)
    for situation in situations():
        scopes = runs[situation.rules].machine.scopes
        for scope in scopes.values():
            scope.lines.clear()
        situation.difference(runs[situation.rules])
        for name, scope in scopes.items():
            for line in scope.lines:
                found[name, line].append(situation.name)
    return dict(found)


def main(part: str) -> int:
    """Try the mutants and say what became of them; the number of faults found."""
    chosen = [mutant for mutant in mutants(sources()) if part in mutant.name]
    unknown = sorted(EQUIVALENT.keys() - {mutant.name for mutant in mutants(sources())})
    situations_by_line()  # before the processes part
    by_piece = defaultdict(list)
    for mutant in chosen:
        by_piece[mutant.was].append(mutant)
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        survived = set(chain.from_iterable(pool.imap_unordered(survivors, by_piece.values())))
    for name in unknown:
        print(f"NO SUCH MUTANT {name}")
    wrong = [mutant.name for mutant in chosen if (mutant.name in survived) is not (mutant.name in EQUIVALENT)]
    for name in wrong:
        print(f"{'SURVIVED' if name in survived else 'NOTICED'} {name}")
    print(f"{len(chosen)} mutants: {len(chosen) - len(survived)} noticed, {len(survived)} survived; {len(wrong)} faults")
    return len(wrong) + len(unknown)


if __name__ == "__main__":
    sys.exit(bool(main(" ".join(sys.argv[1:]))))
