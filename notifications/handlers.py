"""What mails wait for: a release to tell of, and being sent."""

from typing import Any

from core import outbox
from notifications import delivery, release_keys, releases, services


@outbox.handler(services.SEND, queue="mail", name="notifications.send")
def send(key: str, payload: dict[str, Any]) -> None:
    """Send one stored mail, once."""
    delivery.send(payload["message"])


@outbox.handler("cpl.published", queue="mail", name="notifications.announce", says="Mails to the mailing list and the DCC")
def announce(key: str, payload: dict[str, Any]) -> None:
    """Tell the DCC and the mailing list of the release."""
    releases.announce(payload["serial"])


@outbox.handler("cpl.key_changed", queue="mail", name="notifications.announce_key")
def announce_key(key: str, payload: dict[str, Any]) -> None:
    """Tell the DCC, the staff and the mailing list of the key."""
    release_keys.announce(payload["number"])
