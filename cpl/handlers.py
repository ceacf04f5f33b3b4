"""What the list does when something happened, an order to publish, and every night."""

from typing import Any

from core import outbox, periodic
from cpl import records, selectors
from cpl.services import issued, keys, orders
from cpl.services.stored import Shelf


@outbox.handler(orders.ORDERED, queue="publish")
def publish(key: str, payload: dict[str, Any]) -> None:
    """Carry out an order."""
    orders.carry_out(payload["order"])


@periodic.daily("00:10", queue="publish")
def point_to_the_current_version() -> None:
    """Sign anew which version is the current one, and let a new site's key be known before its first version."""
    if (head := selectors.head()) is not None:
        issued.note(head.version)
    keys.renew_pointer()


class NotTheSame(Exception):  # noqa: N818 - reads as a sentence
    """The current version cannot be made again as it was published; the text says which file."""


@periodic.daily("02:15")
def compare() -> None:
    """Make the current version anew, without kept blocks, and compare it with what was published.

    When they differ, kept blocks are forgotten, so that the next version owes them nothing, and the event stays for a person.
    """
    shelf, head = Shelf(), selectors.head()
    shelf.tidy()
    if head is not None and head.has_files and (faults := list(records.differences_when_made_again(head))):
        shelf.tidy(older_than=0)
        raise NotTheSame(" ".join(faults))
