"""Working Days: the real bank holidays, the rule of the due date, and what must hold for any dates whatever."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import working_time
from core.domain.working_days import LONDON, WorkingDays, bank_holidays
from core.models import ClosedDay

CALENDAR = WorkingDays()

# gov.uk/bank-holidays, England and Wales: month-day
PUBLISHED = {
    2019: "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26",
    2020: "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    2028: "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_every_weekday_of_the_year_is_open_unless_published_as_a_bank_holiday(year: int) -> None:
    closed = {date.fromisoformat(f"{year}-{day}") for day in PUBLISHED[year].split()}
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365 + (year % 4 == 0))]
    assert {day for day in days if day.weekday() < 5 and not CALENDAR.is_working_day(day)} == closed
    assert not any(CALENDAR.is_working_day(day) for day in days if day.weekday() >= 5)


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-02-23T10:00", "2026-02-24T17:00"),  # an ordinary Monday
        ("2026-02-23T17:00", "2026-02-24T17:00"),  # on the stroke is in time
        ("2026-02-23T17:00:01", "2026-02-25T17:00"),  # after it counts as Tuesday
        ("2026-02-27T09:00", "2026-03-02T17:00"),  # Friday to Monday
        ("2026-02-27T18:00", "2026-03-03T17:00"),  # late on Friday counts as Monday
        ("2026-02-28T12:00", "2026-03-03T17:00"),  # Saturday counts as Monday
        ("2026-04-02T10:00", "2026-04-07T17:00"),  # Maundy Thursday to the Tuesday after Easter
        ("2026-04-05T03:00", "2026-04-08T17:00"),  # Easter Sunday counts as that Tuesday
        ("2026-12-24T16:00", "2026-12-29T17:00"),  # Christmas, Saturday, Sunday, substitute for Boxing Day
        ("2026-12-31T16:59", "2027-01-04T17:00"),  # over the year's end
        ("2028-02-28T12:00", "2028-02-29T17:00"),  # leap day
        ("2022-09-16T12:00", "2022-09-20T17:00"),  # the day of the Queen's funeral
        ("2026-03-27T16:30", "2026-03-30T17:00"),  # clocks go forward in between
        ("2026-10-23T16:30", "2026-10-26T17:00"),  # clocks go back in between
    ],
)
def test_due_at_the_close_of_the_next_working_day(received: str, due: str) -> None:
    assert CALENDAR.due(london(received)) == london(due)


def test_the_cut_off_is_london_time_whatever_zone_the_mail_states() -> None:
    summer_in_time = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)  # 17:00 in London
    assert CALENDAR.due(summer_in_time) == datetime(2026, 6, 2, 16, 0, tzinfo=UTC)
    assert CALENDAR.due(summer_in_time + timedelta(seconds=1)) == datetime(2026, 6, 3, 16, 0, tzinfo=UTC)
    winter_in_time = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)
    assert CALENDAR.due(winter_in_time) == datetime(2026, 1, 6, 17, 0, tzinfo=UTC)
    after_the_change = CALENDAR.due(datetime(2026, 3, 27, 12, 0, tzinfo=UTC))
    assert after_the_change.astimezone(UTC) == datetime(2026, 3, 30, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ([], "2026-02-24T17:00"),
        ([("2026-02-23T11:00", "2026-02-23T16:00")], "2026-02-24T17:00"),  # asked and answered the same day
        ([("2026-02-23T15:00", "2026-02-26T11:00")], "2026-02-27T17:00"),  # three closes missed
        ([("2026-02-24T09:00", "2026-02-24T18:00")], "2026-02-25T17:00"),  # answered after the cut-off
        ([("2026-02-23T15:00", "2026-02-28T11:00")], "2026-03-03T17:00"),  # Saturday's answer counts as Monday's
        ([("2026-02-23T15:00", "2026-02-24T11:00"), ("2026-02-24T12:00", "2026-02-25T11:00")], "2026-02-26T17:00"),
        ([("2026-02-23T15:00", "2026-02-25T11:00"), ("2026-02-24T09:00", "2026-02-26T11:00")], "2026-02-27T17:00"),  # overlap
        ([("2026-02-26T09:00", "2026-03-02T11:00")], "2026-02-24T17:00"),  # asked when it was late already
        ([("2026-02-20T09:00", "2026-02-23T09:00")], "2026-02-24T17:00"),  # over before receipt
        ([("2026-02-24T11:00", "2026-02-24T11:00")], "2026-02-24T17:00"),  # empty
    ],
)
def test_pauses_move_the_date(pauses: list[tuple[str, str]], due: str) -> None:
    spans = [(london(start), london(end)) for start, end in pauses]
    assert CALENDAR.due(london("2026-02-23T10:00"), pauses=spans) == london(due)


days = st.dates(date(2018, 1, 1), date(2035, 12, 31))
within_a_day = st.timedeltas(timedelta(), timedelta(days=1))
moments = st.builds(lambda day, after: datetime.combine(day, time(), UTC) + after, days, within_a_day)
spans = st.tuples(moments, st.timedeltas(timedelta(), timedelta(days=40))).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(moments, st.integers(1, 30))
def test_due_is_a_working_days_close_later_than_receipt(received: datetime, count: int) -> None:
    due = CALENDAR.due(received, count)
    assert due > received
    assert due.astimezone(LONDON).time() == time(17)
    assert CALENDAR.is_working_day(due.date())
    assert CALENDAR.between(CALENDAR.counted_day(received), due.date()) == count


@given(moments, st.timedeltas(timedelta(), timedelta(days=60)))
def test_a_pause_from_receipt_is_as_if_the_answer_were_the_receipt(received: datetime, length: timedelta) -> None:
    assert CALENDAR.due(received, pauses=[(received, received + length)]) == CALENDAR.due(received + length)


@given(moments, moments)
def test_what_comes_later_is_never_due_earlier(one: datetime, other: datetime) -> None:
    earlier, later = sorted([one, other])
    assert CALENDAR.due(earlier) <= CALENDAR.due(later)


@given(moments, st.lists(spans, max_size=4), st.randoms())
def test_pauses_never_shorten_and_their_order_does_not_matter(received: datetime, pauses: list, random: object) -> None:
    due = CALENDAR.due(received, pauses=pauses)
    assert due >= CALENDAR.due(received)
    shuffled = list(pauses)
    random.shuffle(shuffled)
    assert CALENDAR.due(received, pauses=shuffled) == due


@given(days, st.integers(0, 60))
def test_counting_forward_and_counting_between_agree(day: date, count: int) -> None:
    assert CALENDAR.between(day, CALENDAR.add(day, count)) == count
    assert CALENDAR.between(CALENDAR.add(day, count), day) == -count


@given(days)
def test_the_next_working_day_is_the_first(day: date) -> None:
    following = CALENDAR.next_working_day(day)
    assert CALENDAR.is_working_day(following)
    assert not any(CALENDAR.is_working_day(day + timedelta(days=n)) for n in range(1, (following - day).days))


def test_bank_holidays_are_those_of_england() -> None:
    assert date(2026, 1, 2) not in bank_holidays(2026)  # Scotland only
    assert date(2026, 3, 17) not in bank_holidays(2026)  # Northern Ireland only


@pytest.mark.django_db
def test_the_admin_overrules_the_calendar_both_ways(settings) -> None:
    ClosedDay.objects.create(date=date(2026, 2, 24), closed=True, reason="One-off bank holiday")
    ClosedDay.objects.create(date=date(2026, 2, 28), closed=False, reason="Saturday worked for the new principal version")
    assert not working_time.is_working_day(date(2026, 2, 24))
    assert working_time.is_working_day(date(2026, 2, 28))
    assert working_time.due(london("2026-02-23T10:00")) == london("2026-02-25T17:00")
    assert working_time.next_working_day(date(2026, 2, 27)) == date(2026, 2, 28)
    assert working_time.working_days_between(date(2026, 2, 23), date(2026, 3, 2)) == 5
    settings.CPL_CUT_OFF_HOUR = 12
    assert working_time.due(london("2026-02-25T12:30")) == london("2026-02-27T12:00")
