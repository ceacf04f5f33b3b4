"""CPA certificate: prefix, Security Characteristics and date belong together (rules F8 and F10, guidance 7.2.4)."""

import calendar
import datetime
from collections.abc import Iterator

from cpl.domain.applicability import Requirement, requirement
from cpl.domain.entry import CPA_NUMBER
from cpl.domain.rules.kinds import certificate_number, parse_date
from cpl.domain.rules.problem import Problem, Subject, error, warning

CHARACTERISTICS = "CPA_Certificate.security_characteristics_version"
EXPIRY = "CPA_Certificate.expiry_date"
NOT_RELEVANT = "Not Relevant"
EXPIRING, LIFETIME, TRIAL = "[E]", "[R]", "[T]"
YEARS_AHEAD = 6


def check(subject: Subject) -> Iterator[Problem]:
    """What the three items of the Data Group say about each other."""
    item = subject.rules.by_key[CPA_NUMBER]
    prefix, _ = certificate_number(item, subject.value(CPA_NUMBER))
    needed = requirement(item, subject.profile)
    yield from _characteristics(subject, prefix, needed)
    day = parse_date(subject.value(EXPIRY))
    if day and prefix and needed is not Requirement.EMPTY and subject.current and EXPIRY not in subject.refused:
        yield from _date(subject, prefix, day)


def six_years_after(day: datetime.date) -> datetime.date:
    """The same day six years later; 28 February for a 29 February that does not exist."""
    year = min(day.year + YEARS_AHEAD, datetime.MAXYEAR)
    leap_day = (day.month, day.day) == (2, 29) and not calendar.isleap(year)
    return day.replace(year=year, day=28 if leap_day else day.day)


def _characteristics(subject: Subject, prefix: str, needed: Requirement) -> Iterator[Problem]:
    value = subject.value(CHARACTERISTICS)
    if not value or subject.profile.smets1:
        return
    if needed is Requirement.EMPTY:
        if value != NOT_RELEVANT:
            text = f"This device type has no CPA certificate: choose '{NOT_RELEVANT}' or leave the cell empty."
            yield error("F8", CHARACTERISTICS, text)
    elif prefix == TRIAL and value != NOT_RELEVANT:
        text = f"A Trial Device Certificate {TRIAL} is not based on Security Characteristics: choose '{NOT_RELEVANT}'."
        yield error("F8", CHARACTERISTICS, text, guidance="7.2.4.3")
    elif prefix in {EXPIRING, LIFETIME} and value == NOT_RELEVANT:
        text = f"A CPA certificate {prefix} names a version of the Security Characteristics: choose it from the list."
        yield error("F8", CHARACTERISTICS, text)


def _date(subject: Subject, prefix: str, day: datetime.date) -> Iterator[Problem]:
    latest = six_years_after(subject.on)
    if prefix == EXPIRING and not subject.on <= day <= latest:
        text = f"An expiring certificate {EXPIRING} must have a date from {subject.on:%d/%m/%Y} to {latest:%d/%m/%Y}."
        yield error("F10", EXPIRY, f"{text} Take it from the certificate or from the letter of the NCSC.", guidance="7.2.4.2")
    elif prefix == LIFETIME and day < subject.on:
        text = "The date of the next Risk Review has passed. Ask for the letter of the NCSC with the new date."
        yield warning("F10", EXPIRY, text, guidance="7.2.4.1")
    elif prefix == TRIAL and day < subject.on:
        text = "The trial has ended, so its certificate cannot support an entry. A CPA certificate is needed."
        yield error("F10", EXPIRY, text, guidance="Appendix 3.2")
