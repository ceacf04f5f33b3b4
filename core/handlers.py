"""The ground floor's own periodic work."""

from core import checkpoints, periodic, vault


@periodic.daily("03:30")
def tidy() -> None:
    """Remove half-written files of killed processes and turns of periodic jobs long done."""
    vault.tidy()
    periodic.tidy()


@periodic.daily("00:15")
def checkpoint() -> None:
    """Write down where every audit chain stands."""
    checkpoints.take()
