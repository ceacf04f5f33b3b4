"""The ground floor's own periodic work."""

from core import periodic, vault


@periodic.daily("03:30")
def tidy() -> None:
    """Remove half-written files of killed processes and turns of periodic jobs long done."""
    vault.tidy()
    periodic.tidy()
