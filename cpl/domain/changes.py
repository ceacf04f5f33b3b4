"""One step of a release before it happens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ChangeKind(StrEnum):
    """What people can do to an entry. A correction repairs a published mistake; an amendment follows new facts."""

    ADD = "add"
    AMEND = "amend"
    REMOVE = "remove"
    REINSTATE = "reinstate"
    CORRECT = "correct"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One step of a release. `values` are the published data items after the change; removing and reinstating need none.

    An addition without a number gets the next one of the series. `designation` is the plain-English name, `reason` goes
    into the Version Control text.
    """

    kind: str
    number: str | None
    values: Mapping[str, str] = field(default_factory=dict)
    designation: str = ""
    reason: str = ""
