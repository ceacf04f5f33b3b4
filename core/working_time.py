"""Working Days as this site counts them: the bank-holiday calendar with the days overruled in the admin (ClosedDay)."""

from collections.abc import Iterable
from datetime import date, datetime, time

from django.conf import settings

from core.domain.working_days import Pause, WorkingDays
from core.models import ClosedDay


def calendar() -> WorkingDays:
    """The calendar as of now: one query. Take it once when many dates are asked for."""
    overruled = dict(ClosedDay.objects.values_list("date", "closed"))
    return WorkingDays(
        cut_off=time(settings.CPL_CUT_OFF_HOUR),
        closed=frozenset(day for day, closed in overruled.items() if closed),
        opened=frozenset(day for day, closed in overruled.items() if not closed),
    )


def is_working_day(day: date) -> bool:
    """Whether DAY is a Working Day."""
    return calendar().is_working_day(day)


def next_working_day(day: date) -> date:
    """The first Working Day after DAY."""
    return calendar().next_working_day(day)


def working_days_between(start: date, end: date) -> int:
    """Number of Working Days after START up to and with END; negative when END comes first."""
    return calendar().between(start, end)


def due(received_at: datetime, days: int = 1, pauses: Iterable[Pause] = ()) -> datetime:
    """When something received then must be done; the rule is in `WorkingDays.due` (Guidance 9)."""
    return calendar().due(received_at, days, pauses)
