"""Manufacturer Image: its three items go together (rule F13, guidance 7.2.7)."""

from collections.abc import Iterator

from cpl.domain.applicability import Requirement, requirement
from cpl.domain.entry import IMAGE_HASH
from cpl.domain.rules.ota import no_upgrades
from cpl.domain.rules.problem import Problem, Subject, error, warning
from cpl.domain.rules.wording import say

GROUP = "Manufacturer_Image"


def check(subject: Subject) -> Iterator[Problem]:
    """All three or none; what is missing is reported where it is missing."""
    items = [item for item in subject.rules.items if item.group == GROUP and item.key not in subject.refused]
    for item in items:
        if not subject.value(item.key) and requirement(item, subject.profile) is Requirement.FILLED:
            yield error("F13", item.key, say("empty", condition=item.conditionality))
    stray = [
        item.attribute for item in items if subject.value(item.key) and requirement(item, subject.profile) is Requirement.EMPTY
    ]
    if stray and IMAGE_HASH not in subject.refused:
        yield error("F13", IMAGE_HASH, say("image.stray", strays=" and ".join(stray)))
    if subject.profile.has_hash and (reason := no_upgrades(subject)):
        yield warning("F13", IMAGE_HASH, say("image.no_upgrade", reason=reason), guidance="Appendix 1")
