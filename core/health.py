"""How the machinery stands: apps register checks here; the page of the staff, /readyz, /metrics and the daily mail read them.

An answer holds counts, ages and states of the machinery and nothing of any record: programs from outside read it, too.
"""

import datetime
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from django.conf import settings
from django.db import Error, connection
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from core import outbox, vault
from core.models import Heartbeat

logger = logging.getLogger(__name__)

OLDEST_EVENT = 900.0  # seconds; older: somebody should look
OLDEST_BEAT = 90.0  # seconds: six ticks
LEAST_FREE = 1 << 30  # bytes
# The library that knows the bank holidays: version, and when it came out. To be changed together with requirements.lock.
HOLIDAYS = ("0.109", datetime.date(2026, 11, 17))
OLDEST_HOLIDAYS = datetime.timedelta(days=400)  # the government tells them a year and more ahead


class Bearing(Enum):
    """What it means for the work of the site when a check is not in order."""

    NEEDED = "no work can be taken in"
    DELAYS = "work is taken in, but done later"
    ASIDE = "everything else goes on"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check found: in order or not, in words, and in figures (base units) by name."""

    ok: bool
    says: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at. `todo`: for people, when it is not in order."""

    name: str
    title: str
    todo: str
    bearing: Bearing
    asks_database: bool
    run: Callable[[], Answer]


@dataclass(frozen=True, slots=True)
class Result:
    """A check and its answer now."""

    check: Check
    answer: Answer


_checks: dict[str, Check] = {}


def check(
    name: str, title: str, todo: str, bearing: Bearing = Bearing.ASIDE, *, asks_database: bool = True
) -> Callable[[Callable[[], Answer]], Callable[[], Answer]]:
    """Register a function that answers how something stands. NAME goes into /metrics: lower-case letters."""

    def register(run: Callable[[], Answer]) -> Callable[[], Answer]:
        if name in _checks:
            raise ValueError(f"There is a check {name!r} already.")
        _checks[name] = Check(name, title, todo, bearing, asks_database, run)
        return run

    return register


def gather(*bearings: Bearing) -> list[Result]:
    """The answers of all checks, or of those with these bearings; without a database only of those that need none."""
    found: list[Result] = []
    for each in _checks.values():  # that of the database is the first of all
        away = any(result.check.name == "database" and not result.answer.ok for result in found)
        if each.bearing in (bearings or Bearing) and not (away and each.asks_database):
            found.append(Result(each, _answer(each)))
    return found


def ago(moment: datetime.datetime) -> float:
    """Seconds since then, to a tenth."""
    return round((timezone.now() - moment).total_seconds(), 1)


def _answer(each: Check) -> Answer:
    try:
        return each.run()
    except Exception as failure:  # noqa: BLE001 - outermost boundary: one broken check must not hide what the others find
        logger.error("health: %s could not be checked: %s", each.name, type(failure).__name__)
        return Answer(ok=False, says=f"could not be checked ({type(failure).__name__})")


@check(
    "database",
    "Database",
    "Start the database; on a new one, run the migrations. Until then the site can do nothing.",
    Bearing.NEEDED,
    asks_database=False,
)
def _database() -> Answer:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations WHERE app = 'core'")
            ok = cursor.fetchone() is not None
    except Error:
        ok = False
    return Answer(ok, "answers" if ok else "does not answer, or was never migrated")


@check(
    "vault",
    "Vault",
    "Make room on the disk, or give the folders of both areas back to the user of the site. Until then nothing can be taken in.",
    Bearing.NEEDED,
    asks_database=False,
)
def _vault() -> Answer:
    ok = vault.writable()
    return Answer(ok, "takes new files" if ok else "takes no new files")


@check(
    "broker",
    "Broker",
    "Start Redis. Nothing is lost: what waits goes out within a minute of its return.",
    Bearing.DELAYS,
    asks_database=False,
)
def _broker() -> Answer:
    ok = outbox.broker_answers()
    return Answer(ok, "answers" if ok else "does not answer")


@check(
    "outbox",
    "Outbox",
    "Look at the Outbox events in the records pages. Mend what the last error names, then “Deliver again” what was given up. If "
    "everything waits, start the worker; if only publishing waits, the publisher.",
    Bearing.DELAYS,
)
def _outbox() -> Answer:
    health = outbox.health()
    oldest = round(health.oldest.total_seconds(), 1)
    waiting = f"{health.waiting} waiting" + (f", the oldest for {oldest:.0f} s" if health.waiting else "")
    return Answer(
        ok=oldest < OLDEST_EVENT and not health.dead,
        says=f"{waiting}; {health.dead} given up",
        figures={"waiting": health.waiting, "oldest_seconds": oldest, "given_up": health.dead},
    )


@check(
    "beat",
    "Beat",
    "Start beat and the worker: without them no mail is fetched and nothing that is due is done.",
    Bearing.DELAYS,
)
def _beat() -> Answer:
    last = Heartbeat.objects.filter(name="beat").first()
    if last is None:
        return Answer(ok=False, says="never seen")
    age = ago(last.at)
    return Answer(age < OLDEST_BEAT, f"last seen {age:.0f} s ago", {"last_seconds_ago": age})


@check("disk", "Disk", "Make room, or give the site a larger volume, before the vault takes no more.", asks_database=False)
def _disk() -> Answer:
    folders = (settings.CPL_DATA_DIR, settings.CPL_VAULT_DIR, settings.CPL_RED_DIR)
    free = min(shutil.disk_usage(folder).free for folder in folders if folder.is_dir())
    return Answer(free >= LEAST_FREE, f"{filesizeformat(free)} free", {"free_bytes": free})


@check(
    "holidays",
    "Bank holidays",
    "Compare them with gov.uk/bank-holidays and enter what is missing as Closed days in the records pages. Then have the site "
    "brought up to date.",
    asks_database=False,
)
def _holidays() -> Answer:
    known = HOLIDAYS[1]
    age = timezone.localdate() - known
    return Answer(age < OLDEST_HOLIDAYS, f"as known on {known:%d/%m/%Y}", {"age_seconds": age.total_seconds()})
