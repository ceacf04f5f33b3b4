"""When the register has something to learn."""

from typing import Any

from certificates import services
from core import outbox


@outbox.handler("cpl.published", name="certificates.register_release", says="Register of Assurance Certificates")
def published(key: str, payload: dict[str, Any]) -> None:
    """The certificates of what a release added or changed."""
    services.register_release(payload["serial"])


@outbox.handler("cpl.imported", name="certificates.register_list")
def imported(key: str, payload: dict[str, Any]) -> None:
    """The certificates of a list taken over."""
    services.register_list()
