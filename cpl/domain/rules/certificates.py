"""CPA certificate: prefix, Security Characteristics and date belong together (rules F8 and F10, guidance 7.2.4)."""

import calendar
import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cpl.domain.applicability import Requirement, requirement
from cpl.domain.entry import CPA_NUMBER
from cpl.domain.findings import Severity
from cpl.domain.rules.kinds import certificate_number, parse_date
from cpl.domain.rules.problem import Problem, Subject, error
from cpl.domain.rules.wording import say

CHARACTERISTICS = "CPA_Certificate.security_characteristics_version"
EXPIRY = "CPA_Certificate.expiry_date"
NOT_RELEVANT = "Not Relevant"


@dataclass(frozen=True, slots=True)
class Terms:
    """What one kind of certificate asks of the other two items. `years_ahead` 0: no latest date."""

    characteristics: bool  # whether it is based on Security Characteristics
    characteristics_text: str  # names of texts in cpl.domain.rules.wording
    characteristics_guidance: str
    past: Severity  # of a date in the past, and of one too far ahead
    date_text: str
    date_guidance: str
    years_ahead: int = 0


TERMS: Mapping[str, Terms] = MappingProxyType(
    {
        "[E]": Terms(True, "characteristics.version", "", Severity.ERROR, "expiry", "7.2.4.2", years_ahead=6),
        "[R]": Terms(True, "characteristics.version", "", Severity.WARNING, "expiry.review", "7.2.4.1"),
        "[T]": Terms(False, "characteristics.trial", "7.2.4.3", Severity.ERROR, "expiry.trial", "Appendix 3.2"),
    }
)


def check(subject: Subject) -> Iterator[Problem]:
    """What the three items of the Data Group say about each other."""
    item = subject.rules.by_key[CPA_NUMBER]
    prefix, _ = certificate_number(item, subject.value(CPA_NUMBER))
    needed = requirement(item, subject.profile)
    yield from _characteristics(subject, prefix, needed)
    day = parse_date(subject.value(EXPIRY))
    if day and prefix in TERMS and needed is not Requirement.EMPTY and subject.current and EXPIRY not in subject.refused:
        yield from _date(subject, prefix, day)


def years_after(day: datetime.date, years: int) -> datetime.date:
    """The same day so many years later; 28 February for a 29 February that does not exist."""
    year = min(day.year + years, datetime.MAXYEAR)
    leap_day = (day.month, day.day) == (2, 29) and not calendar.isleap(year)
    return day.replace(year=year, day=28 if leap_day else day.day)


def _characteristics(subject: Subject, prefix: str, needed: Requirement) -> Iterator[Problem]:
    value = subject.value(CHARACTERISTICS)
    if not value or subject.profile.smets1:
        return
    if needed is Requirement.EMPTY:
        if value != NOT_RELEVANT:
            yield error("F8", CHARACTERISTICS, say("characteristics.none", none=NOT_RELEVANT))
    elif (terms := TERMS.get(prefix)) and terms.characteristics == (value == NOT_RELEVANT):
        text = say(terms.characteristics_text, prefix=prefix, none=NOT_RELEVANT)
        yield error("F8", CHARACTERISTICS, text, guidance=terms.characteristics_guidance)


def _date(subject: Subject, prefix: str, day: datetime.date) -> Iterator[Problem]:
    terms = TERMS[prefix]
    latest = years_after(subject.on, terms.years_ahead) if terms.years_ahead else datetime.date.max
    if not subject.on <= day <= latest:
        text = say(terms.date_text, prefix=prefix, first=f"{subject.on:%d/%m/%Y}", last=f"{latest:%d/%m/%Y}")
        yield Problem("F10", terms.past, EXPIRY, text, terms.date_guidance)
