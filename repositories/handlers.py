"""What FIR and DZIR do when a release is out."""

from typing import Any

from core import outbox
from repositories import exports


@outbox.handler("cpl.published", queue="publish", name="repositories.follow", says="FIR and DZIR")
def follow(key: str, payload: dict[str, Any]) -> None:
    """Rows and workbooks of FIR and DZIR for the release."""
    exports.follow(payload["serial"])
