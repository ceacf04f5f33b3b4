"""Working Days of England and due dates counted in them.

A Working Day is any day but Saturday, Sunday, Christmas Day, Good Friday and the bank holidays of England and Wales (the
definition of the Smart Energy Code). "Within one Working Day" is Guidance 9; the cut-off hour is a setting.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

LONDON = ZoneInfo("Europe/London")
WEEKEND = (5, 6)

Pause = tuple[datetime, datetime]


@lru_cache(maxsize=128)
def bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays of England in a year, with their substitute days and the one-off ones known so far."""
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


@dataclass(frozen=True)
class WorkingDays:
    """A calendar: the bank holidays, corrected by days that are closed or open all the same."""

    cut_off: time = time(17)
    closed: frozenset[date] = frozenset()
    opened: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        """Whether DAY is a Working Day."""
        if day in self.closed or day in self.opened:
            return day in self.opened
        return day.weekday() not in WEEKEND and day not in bank_holidays(day.year)

    def next_working_day(self, day: date) -> date:
        """The first Working Day after DAY."""
        return self.add(day, 1)

    def add(self, day: date, days: int) -> date:
        """The DAYS-th Working Day after DAY; DAY itself for none."""
        for _ in range(days):
            day += timedelta(days=1)
            while not self.is_working_day(day):
                day += timedelta(days=1)
        return day

    def between(self, start: date, end: date) -> int:
        """Number of Working Days after START up to and with END; negative when END comes first."""
        if end < start:
            return -self.between(end, start)
        return sum(self.is_working_day(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))

    def counted_day(self, received_at: datetime) -> date:
        """The Working Day something counts as received on: that day until the cut-off hour, otherwise the next one."""
        local = received_at.astimezone(LONDON)
        in_time = self.is_working_day(local.date()) and local.time() <= self.cut_off
        return local.date() if in_time else self.next_working_day(local.date())

    def due(self, received_at: datetime, days: int = 1, pauses: Iterable[Pause] = ()) -> datetime:
        """Close of business (cut-off hour, London) on the DAYS-th Working Day after the day of receipt.

        Every close of business that falls into a pause (start <= close < end) moves the date by one Working Day; so an answer
        after a pause that began at receipt is due when the answer itself, received then, would be. Pauses may overlap; one
        that begins after the date has passed changes nothing. A pause still open is passed with the present moment as its end.
        All times are aware; the answer is in London time.
        """
        day = self.add(self.counted_day(received_at), days)
        for start, end in _merged(pauses):
            if start > self.close(day):
                break
            day = self.add(day, self._closes_within(max(start, received_at), end))
        return self.close(day)

    def close(self, day: date) -> datetime:
        """Close of business on DAY."""
        return datetime.combine(day, self.cut_off, tzinfo=LONDON)

    def _closes_within(self, start: datetime, end: datetime) -> int:
        first, last = start.astimezone(LONDON).date(), end.astimezone(LONDON).date()
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return sum(start <= self.close(day) < end for day in days if self.is_working_day(day))


def _merged(pauses: Iterable[Pause]) -> list[Pause]:
    """The pauses in order, overlapping ones as one, empty ones left out."""
    merged: list[Pause] = []
    for start, end in sorted(pause for pause in pauses if pause[0] < pause[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
