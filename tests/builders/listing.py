"""A small list as a site would have it: taken over from a workbook, then changed by two people and published."""

from typing import Any

from accounts.models import Role, User
from cpl import selectors
from cpl.dictionary import load
from cpl.domain import listing
from cpl.domain.listing import Difference
from cpl.models import Change, Release
from cpl.services import changes, publishing
from cpl.services.importing import import_cpl
from tests.builders.values import DEVICE_TYPES, valid_values
from tests.builders.workbooks import list_workbook, sample_entries
from tests.people import person

HISTORY = (("3.000", "10/01/2024", "First issue"), ("3.001", "12/02/2024", "Two new SMETS2 device models added:\n000001\n000002"))
FIRMWARE = "Device_Model.firmware_version"


def small_list(count: int = 24) -> Release:
    """Version 3.001, taken over with this many entries (every twentieth is Removed); answers the head."""
    report = import_cpl(list_workbook(sample_entries(count), (3, 1), history=HISTORY), None)
    assert report.imported, report.refusals
    release = selectors.head()
    assert release is not None
    return release


def list_values(number: int, **overrides: str) -> dict[str, str]:
    """The published data items of a Device Model that no other number has."""
    values = valid_values(DEVICE_TYPES[number % len(DEVICE_TYPES)], with_hash=True, number=number, **overrides)
    return {item.key: values[item.key] for item in load(3).list_items if item.applies != "secas"}


def two_people() -> tuple[User, User]:
    """An analyst who proposes and an approver."""
    people = {user.email: user for user in User.objects.filter(email__in=["proposer@secas.example", "approver@secas.example"])}
    return (
        people.get("proposer@secas.example") or person(Role.ANALYST, email="proposer@secas.example", name="Petra Proposer"),
        people.get("approver@secas.example") or person(Role.APPROVER, email="approver@secas.example", name="Alan Approver"),
    )


def proposed(kind: str = "add", number: str = "", **more: Any) -> Change:
    """A change that waits for its second person. Additions need no more than a `model` number for a new Device Model."""
    analyst, _ = two_people()
    if kind == "add":
        more.setdefault("values", list_values(more.pop("model", 900)))
    count = Change.objects.count()
    return changes.propose(analyst, kind, origin=more.pop("origin", f"test:{count}"), number=number, **{"values": {}} | more)


def approved(kind: str = "add", number: str = "", **more: Any) -> Change:
    """A change that waits for publication."""
    _, approver = two_people()
    return changes.approve(approver, proposed(kind, number, **more))


def amended(number: str, **overrides: str) -> dict[str, str]:
    """The values of an entry with some of them changed."""
    return {**selectors.listed([number])[number].values, **overrides}


def published() -> Release:
    """The next version, from all approved changes."""
    return publishing.publish(two_people()[1])


def difference_between(earlier: Release, later: Release) -> Difference:
    """What changed from one release to a later one, by entry."""
    gone, come = selectors.changed_rows(earlier, later)
    return listing.difference([row.as_listed() for row in gone], [row.as_listed() for row in come])
