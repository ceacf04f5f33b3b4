"""What mails wait for: being sent."""

from typing import Any

from core import outbox
from notifications import delivery, services


@outbox.handler(services.SEND, queue="mail", name="notifications.send")
def send(key: str, payload: dict[str, Any]) -> None:
    """Send one stored mail, once."""
    delivery.send(payload["message"])
