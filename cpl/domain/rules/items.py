"""Each data item by itself: filled in or left empty as it must be, and written as its kind demands."""

from collections.abc import Iterator

from cpl.domain.applicability import Requirement, requirement
from cpl.domain.dictionary import DataItem, Kind
from cpl.domain.rules.characters import character_problem
from cpl.domain.rules.image import GROUP as IMAGE
from cpl.domain.rules.kinds import form_problems
from cpl.domain.rules.problem import Problem, Subject, error
from cpl.domain.rules.wording import say


def check(subject: Subject, items: tuple[DataItem, ...]) -> Iterator[Problem]:
    """Problems of single data items, in the order of `items`. The image group decides about empty cells as a whole elsewhere."""
    for item in items:
        if item.key not in subject.refused and item.kind is not Kind.ALLOCATED:
            yield from _item(subject, item)


def _item(subject: Subject, item: DataItem) -> Iterator[Problem]:
    value = subject.value(item.key)
    needed = requirement(item, subject.profile)
    if not value:
        if needed is Requirement.FILLED and item.group != IMAGE and not (subject.listed and item.listed_may_lack):
            yield error(item.rule, item.key, say("empty", condition=item.conditionality))
        return
    if needed is Requirement.EMPTY and item.group != IMAGE:
        yield error(item.rule, item.key, say("not_empty", condition=item.conditionality))
        return
    problem = character_problem(item, value)
    if problem is not None:
        yield problem
        return
    yield from form_problems(item, value, subject.rules)
