"""Version numbers of the list: principal version and sub-version, two integers (guidance 5.1)."""

import datetime
import re
from dataclasses import dataclass

FIRST_PADDED = 2  # from principal version 2 on the sub-version is written with three digits
_NUMBER = re.compile(r"(?P<principal>\d{1,4})\.(?P<sub>\d{1,6})", re.ASCII)
_LABEL = re.compile(r"Version\s+(?P<number>\d+\.\d+)\s+Issued\s+on\s+(?P<date>\d{2}-\d{2}-\d{4})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """X.YYY. Ordered as two integers: 1.10 comes after 1.9, and 1.100 after 1.99."""

    principal: int
    sub: int

    def __str__(self) -> str:
        return f"{self.principal}.{self.sub}" if self.principal < FIRST_PADDED else f"{self.principal}.{self.sub:03d}"

    def label(self, issued_on: datetime.date) -> str:
        """The label of Version Control A3, New Entry A2 and column A of the CSV: "Version 3.000 Issued on 24-11-2026"."""
        return f"Version {self} Issued on {issued_on:%d-%m-%Y}"


def parse(text: str) -> Version | None:
    """The version written as "1.10" or "3.012"; None for anything else."""
    match = _NUMBER.fullmatch(text.strip())
    return Version(int(match["principal"]), int(match["sub"])) if match else None


def parse_label(text: str) -> tuple[Version, datetime.date] | None:
    """Version and date of issue from a label, wherever it stands in the text; None when there is no valid one."""
    match = _LABEL.search(text)
    if match is None or (version := parse(match["number"])) is None:
        return None
    day, month, year = map(int, match["date"].split("-"))
    try:
        return version, datetime.date(year, month, day)
    except ValueError:
        return None


def next_after(head: Version | None, principal: int) -> Version:
    """The version after `head`: the next sub-version, or X.000 when the principal version is new or nothing is published yet.

    Raises ValueError when `principal` lies before the head: a published list never goes back to an older structure.
    """
    if head is None or principal > head.principal:
        return Version(principal, 0)
    if principal < head.principal:
        raise ValueError(f"Principal version {principal} comes before the published version {head}.")
    return Version(principal, head.sub + 1)
