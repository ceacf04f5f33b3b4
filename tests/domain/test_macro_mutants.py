"""A wrong macro is noticed: mutants of it, and whether they are made as they should be."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cpl.workbook.macro import sources
from tests.mutation.macro_changes import Mutant, mutants
from tests.mutation.macro_equivalents import EQUIVALENT
from tests.mutation.macro_mutants import noticed, survivors
from tests.vba.parser import parse
from tests.vba.situations import ready, situations

EACH = 40  # one mutant in so many; `python -m tests.mutation.macro_mutants` tries them all


@pytest.mark.slow
def test_mutants_are_noticed() -> None:
    some = [mutant for mutant in mutants(sources()) if mutant.name not in EQUIVALENT][::EACH]
    assert len(some) >= 35
    assert survivors(some) == []


def test_mutants_that_change_nothing_are_not_noticed() -> None:
    """In a few situations; the full run tries all."""
    by_name = {mutant.name: mutant for mutant in mutants(sources())}
    assert EQUIVALENT.keys() <= by_name.keys()
    some = situations()[:: len(situations()) // 12]
    assert [name for name in EQUIVALENT if noticed(by_name[name], some)] == []


def test_a_mutant_leaves_no_trace() -> None:
    run = ready("v3")
    mutant = next(
        one for one in mutants(sources()) if one.name == "CplRules.Say: Say = CStr(texts(RowOf(texts, key), 2)): left out"
    )
    assert noticed(mutant, situations()) is not None
    assert situations()[-200].agrees(run)


def test_every_operator_and_value_is_changed() -> None:
    """As many as the parser finds, which reads the language in a way of its own."""
    made = Counter(first_of(mutant) for mutant in mutants(sources()))
    found = Counter[str]()
    for name, source in sources().items():
        tree = parse(name, source)
        found.update(places([procedure.body for procedure in tree.procedures]))
        found.update(places([value for _, _, value in tree.constants]))
    for sign in ("=", "<>", "<", ">", "<=", ">=", "+", "*", "\\", "mod", "and", "or", "not", "string", "true", "false"):
        assert made[sign] == found[sign] > 0, sign
    assert made["-"] == found["-"] + found["negative"] > 0


def first_of(mutant: Mutant) -> str:
    """What was changed, where it is the first of the ways in which this was changed."""
    words = mutant.name.removesuffix(")").rpartition(" (")[0] if mutant.name.endswith(")") else mutant.name
    was, arrow, now = words.rpartition(": ")[2].partition(" -> ")
    if not arrow or (was, now) in {("<", ">="), (">", "<="), ("<=", ">"), (">=", "<")}:
        return ""
    return "string" if was.startswith('"') else was.lower()


def places(node: Any) -> Iterator[str]:
    """Every operator, text and truth value in a tree."""
    if not isinstance(node, (list, tuple)):
        return
    match node:
        case ("binary", str(sign), _, _):
            yield sign
        case ("not" | "negative" as sign, _):
            yield sign
        case ("value", bool(truth)):
            yield str(truth).lower()
        case ("value", str()):
            yield "string"
    for part in node:
        yield from places(part)


@pytest.mark.parametrize(
    "name",
    [
        "CplAnswers.CellText: ElseIf IsError(content) Then: IsError turned round",
        'CplAnswers.NumberText: Case "hex": "hex" -> "?"',
        "CplKinds.HexHint: For place = 3 To Len(found) Step 2: 2 -> 3",
        "CplKinds.HoldsWebAddress: For back = place - 1 To 1 Step -1: - -> nothing",
        "CplRules.RULE_KIND: Public Const RULE_KIND As Long = 4: 4 -> 5",
        "CplValidation.CplRunValidation: On Error Resume Next: left out",
        'CplAnswers.Normalised: If IsNotApplicable(value) Then value = Say("set.not_applicable") '
        'Else value = JoinedParts(value, "; ", True): without Else',
    ],
)
def test_every_kind_of_line_is_changed(name: str) -> None:
    assert name in {mutant.name for mutant in mutants(sources())}


def test_each_mutant_is_one_change_of_the_source_with_a_name_of_its_own() -> None:
    made = mutants(sources())
    assert made == mutants(sources())
    assert len({mutant.name for mutant in made}) == len(made) == len({(mutant.module, mutant.was, mutant.now) for mutant in made})
    for mutant in made:
        assert sources()[mutant.module].count(mutant.was.rstrip()) == 1, mutant.name
        assert mutant.now != mutant.was
    before_code = 'Attribute VB_Name = "M"\nOption Explicit\n'
    function = "Public Function F(ByVal a As Long) As Long ' not 1 + 1\n    F = a ' \"1\"\nEnd Function\n"
    assert [mutant.name for mutant in mutants({"M": before_code + function})] == ["M.F: F = a: left out"]
