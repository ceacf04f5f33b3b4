"""What the list does when something happened: an order to publish."""

from typing import Any

from core import outbox
from cpl.services import orders


@outbox.handler(orders.ORDERED, queue="publish")
def publish(key: str, payload: dict[str, Any]) -> None:
    """Carry out an order."""
    orders.carry_out(payload["order"])
