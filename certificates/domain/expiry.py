"""How near the date of a certificate is (guidance Appendix 5)."""

import datetime
from enum import StrEnum

MONTH, QUARTER = 30, 90  # days


class Standing(StrEnum):
    """From late to calm; NONE for a certificate without a date or without a Current entry."""

    EXPIRED = "expired"
    MONTH = "30"
    QUARTER = "90"
    CALM = "later"
    NONE = "none"


def standing(until: datetime.date | None, today: datetime.date) -> Standing:
    """Where the date stands today; the day itself still counts as valid."""
    if until is None:
        return Standing.NONE
    left = (until - today).days
    if left < 0:
        return Standing.EXPIRED
    if left <= MONTH:
        return Standing.MONTH
    return Standing.QUARTER if left <= QUARTER else Standing.CALM


def window(chosen: str, today: datetime.date) -> tuple[datetime.date | None, datetime.date] | None:
    """(first, last) day of the dates with that standing, 90 including 30; first None: however long ago. None: no limit."""
    limits = {
        Standing.EXPIRED: (None, today - datetime.timedelta(days=1)),
        Standing.MONTH: (today, today + datetime.timedelta(days=MONTH)),
        Standing.QUARTER: (today, today + datetime.timedelta(days=QUARTER)),
    }
    return limits.get(Standing(chosen)) if chosen in list(Standing) else None
