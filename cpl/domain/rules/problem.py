"""What the field rules speak in: the Device Model under check, and one thing wrong with it."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from cpl.domain.applicability import Profile
from cpl.domain.dictionary import RuleSet
from cpl.domain.entry import ListedEntry
from cpl.domain.findings import Severity


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the data item `key`: rule, severity and whole sentences on what is wrong and what to do.

    `guidance` names another section than the item's own. The text must hold nothing of the value of a RED item.
    """

    rule: str
    severity: Severity
    key: str
    text: str
    guidance: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A Device Model under check. `values` are normalised; `on` is the day on which the rules are applied.

    `refused` names items whose cell says nothing usable: they have their finding. `listed`: an entry that is on the list
    already, with `current` telling its status, rather than a submission. `targets`: entries by number, for the upgrade path.
    """

    values: Mapping[str, str]
    rules: RuleSet
    profile: Profile
    on: datetime.date
    refused: frozenset[str] = frozenset()
    listed: bool = False
    current: bool = True
    targets: Mapping[str, ListedEntry] = field(default_factory=dict)

    def value(self, key: str) -> str:
        return self.values.get(key, "")


def error(rule: str, key: str, text: str, guidance: str = "") -> Problem:
    return Problem(rule, Severity.ERROR, key, text, guidance)


def warning(rule: str, key: str, text: str, guidance: str = "") -> Problem:
    return Problem(rule, Severity.WARNING, key, text, guidance)


def note(rule: str, key: str, text: str, guidance: str = "") -> Problem:
    return Problem(rule, Severity.INFO, key, text, guidance)
