"""The field rules: a form and a rule set in, normalised values and findings out (rules N1 and F1 to F19, guidance 7.2).

Nothing is raised for anything that may stand in a form. A finding about a RED data item never carries its value.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from cpl.domain.applicability import profile_of
from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.domain.entry import CURRENT, ListedEntry
from cpl.domain.findings import Finding
from cpl.domain.form import FormCell, FormCheck, FormReading
from cpl.domain.rules import certificates, image, items, model, upgrade_path
from cpl.domain.rules.cells import CellText, text_of
from cpl.domain.rules.characters import storable
from cpl.domain.rules.normalise import normalise
from cpl.domain.rules.problem import Problem, Subject, error, note
from cpl.domain.rules.upgrade_path import path_numbers
from cpl.domain.rules.wording import say

__all__ = ["path_numbers", "validate", "validate_values"]

LONGEST_QUOTE = 200  # characters of a value that a finding shows
CROSS_CHECKS: tuple[Callable[[Subject], Iterator[Problem]], ...] = (
    model.check,
    certificates.check,
    image.check,
    upgrade_path.check,
)
_NO_TARGETS: Mapping[str, ListedEntry] = MappingProxyType({})


def validate(
    reading: FormReading, rules: RuleSet, on: datetime.date, targets: Mapping[str, ListedEntry] = _NO_TARGETS
) -> FormCheck:
    """Check a submitted form. `on`: the day of receipt. `targets`: the entries of `path_numbers`, by number.

    What the reader noted about the file comes first. A reading with refusals gets those and nothing of the field rules.
    SECAS's own two items stay empty.
    """
    about_the_file = (*reading.refusals, *reading.notes)
    if reading.refusals:
        return FormCheck({item.key: "" for item in rules.items}, about_the_file)
    missing = set(reading.missing)
    problems: list[Problem] = []
    values: dict[str, str] = {}
    refused = set(missing)
    for item in rules.form_items:
        cell = reading.cells.get(item.key)
        if item.kind is Kind.ALLOCATED or cell is None:
            values[item.key] = ""
            if item.key in missing or item.kind is not Kind.ALLOCATED:
                refused.add(item.key)
                problems.append(_missing(item))
            continue
        text = text_of(item, cell)
        values[item.key] = _normalise(item, text, rules, problems)
        if not text.usable:
            refused.add(item.key)
    subject = Subject(values, rules, profile_of(values, rules), on, frozenset(refused), targets=targets)
    problems += _check(subject, rules.form_items)
    return FormCheck(_storable(values), (*about_the_file, *_findings(problems, rules, reading.cells)))


def validate_values(values: Mapping[str, str], rules: RuleSet, on: datetime.date, status: str = CURRENT) -> FormCheck:
    """Check the published data items of an entry of the list, by key; items that are not on the list are left out.

    Dates in the past are held against a Current entry only, and items that came after the entry may be missing.
    """
    problems: list[Problem] = []
    tidy = {
        item.key: _normalise(item, CellText(values.get(item.key, "")), rules, problems)
        for item in rules.list_items
        if item.kind is not Kind.ALLOCATED
    }
    subject = Subject(tidy, rules, profile_of(tidy, rules), on, listed=True, current=status == CURRENT)
    problems += _check(subject, rules.list_items)
    cells = {key: FormCell(key, "", value) for key, value in values.items()}
    return FormCheck(_storable(tidy), tuple(_findings(problems, rules, cells)))


def _check(subject: Subject, to_check: tuple[DataItem, ...]) -> list[Problem]:
    found = list(items.check(subject, to_check))
    for check in CROSS_CHECKS:
        found += check(subject)
    return found


def _missing(item: DataItem) -> Problem:
    return error("F1", item.key, say("no_row"), guidance="5.2")


def _normalise(item: DataItem, text: CellText, rules: RuleSet, problems: list[Problem]) -> str:
    """The normalised value; what happened to it on the way is added to `problems`."""
    if text.problem:
        problems.append(text.problem)
    normalised = normalise(item, text.text, rules.choices(item))
    if text.usable and normalised.changes:
        problems.append(note("N1", item.key, " ".join(normalised.changes)))
    return normalised.value


def _storable(values: Mapping[str, str]) -> dict[str, str]:
    return {key: storable(value) for key, value in values.items()}


def _findings(problems: Iterable[Problem], rules: RuleSet, cells: Mapping[str, FormCell]) -> list[Finding]:
    """Findings in the order of the form, errors of an item after its notes as they were found."""
    place = {item.key: index for index, item in enumerate(rules.items)}
    return [
        _finding(problem, rules.by_key[problem.key], cells) for problem in sorted(problems, key=lambda found: place[found.key])
    ]


def _finding(problem: Problem, item: DataItem, cells: Mapping[str, FormCell]) -> Finding:
    cell = cells.get(item.key)
    address = cell.cell if cell else ""
    guidance = problem.guidance or item.guidance
    where = f" (cell {address.rpartition('!')[2]})" if address else ""
    return Finding(
        rule=problem.rule,
        severity=problem.severity,
        message=f"{item.key}{where}: {say('whole', text=problem.text, guidance=guidance)}",
        group=item.group,
        attribute=item.attribute,
        cell=address,
        value="" if item.red or cell is None else storable(cell.value[:LONGEST_QUOTE]),
        guidance=guidance,
    )
