"""Taking over the published list: one workbook becomes the releases of its history and the entries of its last version.

Refused beside what reading the workbook refuses (cpl/workbook/read_list.py):

| rule | the import is refused because |
|------|-------------------------------|
| I6   | a row of the history has no version number or date, has a version twice, or does not end with the labelled version |
| I7   | this site has a list already |
| I8   | two Current entries are for one Device Model, device type, SMETS/CHTS and GBCS version |
| I9   | a value does not fit its column of the register |
| I10  | the file is a CSV, whole or damaged; its own rules (cpl/csvfile.py) say what is wrong in it |
Source: guidance 5.1 and 5.3; 8 for duplicates.
"""

import datetime
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import access
from accounts.models import User
from core import audit, outbox, vault
from cpl import selectors
from cpl.csvfile import read_csv
from cpl.dictionary import load
from cpl.domain.dictionary import CSV_VERSION
from cpl.domain.entry import CURRENT
from cpl.domain.findings import Finding, Severity
from cpl.domain.releases import Version, next_after, parse, parse_label
from cpl.models import EntryRow, Release
from cpl.workbook.read_list import CplReading, HistoryRow, read_cpl

FIRST = 1
OLDEST_PRINCIPAL = 2  # the CSV has had the same columns since
BOM = b"\xef\xbb\xbf"
_DERIVED = ("values", "kinds", "device_key", "twin_key", "search_text")  # columns that any value fits


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a workbook would bring, or has brought. With refusals nothing was taken over."""

    label: str
    sha256: str
    entries: int = 0
    current: int = 0
    releases: int = 0
    next_version: str = ""
    imported: bool = False
    oddities: tuple[Finding, ...] = ()
    refusals: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON types; `verdict` is pass or fail."""
        return {"verdict": "fail" if self.refusals else "pass", **asdict(self)}

    @property
    def odd_rules(self) -> list[tuple[str, int]]:
        """How often each rule found something odd, by rule."""
        return sorted(Counter(finding.rule for finding in self.oddities).items())


@dataclass(frozen=True, slots=True)
class _Step:
    """One release of the history with a real version and a real date."""

    version: Version
    issued_on: datetime.date
    changes: str


def import_cpl(data: bytes, actor: User | None, *, dry_run: bool = False) -> ImportReport:
    """Take over a published CPL workbook into an empty site; `dry_run` only says what would happen.

    `actor` None is the command line of the server's own administrator. Texts, dates and values stay as they are, byte for
    byte. Raises Http404 for a person who may not import.
    """
    if actor is not None:
        access.require(actor, access.Action.IMPORT_LIST)
    sha256 = hashlib.sha256(data).hexdigest()
    if data.removeprefix(BOM).startswith(CSV_VERSION.encode()):
        return ImportReport(label="", sha256=sha256, refusals=_about_csv(data))
    reading = read_cpl(data)
    steps, faults = _history(reading.history)
    rows = _rows(reading, serial=len(steps))
    refusals = (*reading.refusals, *faults, *_refusals(reading, steps, rows))
    report = _report(reading, sha256, steps, refusals)
    if refusals or dry_run:
        return report
    vault.put(data)
    try:
        _store(report, steps, rows, actor)
    except IntegrityError:  # somebody imported or published in the same moment
        return replace(report, refusals=(_not_empty(),))
    return replace(report, imported=True)


def _about_csv(data: bytes) -> tuple[Finding, ...]:
    """Why no CSV is taken over: what it lacks, and what of it cannot have been published."""
    text = (
        "A CSV has neither the history of the list nor its certificates, creators and descriptors. Import the workbook (.xlsm or "
        ".xlsx) that it was made from."
    )
    return (Finding("I10", Severity.ERROR, text, guidance="5.1"), *read_csv(data, load(OLDEST_PRINCIPAL)).refusals)


def _store(report: ImportReport, steps: list[_Step], rows: list[EntryRow], actor: User | None) -> None:
    with transaction.atomic(durable=True):
        last = None
        for serial, step in enumerate(steps, FIRST):
            counts = {"entry_count": report.entries, "current_count": report.current} if serial == len(steps) else {}
            last = Release.objects.create(
                serial=serial,
                previous=last,
                principal=step.version.principal,
                sub=step.version.sub,
                issued_on=step.issued_on,
                changes_text=step.changes,
                origin=Release.Origin.IMPORTED,
                **counts,
            )
        assert last is not None  # a history without a release is refused
        EntryRow.objects.bulk_create(rows, batch_size=500)
        audit.record(
            actor,
            "list.imported",
            last,
            workbook=report.sha256,
            releases=report.releases,
            entries=report.entries,
            oddities=dict(report.odd_rules),
        )
        outbox.emit("cpl.imported", str(last.version), {"serial": last.serial})


def _report(reading: CplReading, sha256: str, steps: list[_Step], refusals: tuple[Finding, ...]) -> ImportReport:
    head = steps[-1].version if steps else None
    return ImportReport(
        label=reading.label,
        sha256=sha256,
        entries=len(reading.entries),
        current=sum(entry.status == CURRENT for entry in reading.entries),
        releases=len(steps),
        next_version=str(next_after(head, max(settings.CPL_PRINCIPAL, head.principal if head else 0))),
        oddities=(*reading.oddities, *_odd_date(reading, steps)),
        refusals=refusals,
    )


def _history(history: Iterable[HistoryRow]) -> tuple[list[_Step], list[Finding]]:
    """The releases that can be understood, and a refusal for every row that cannot."""
    steps: list[_Step] = []
    faults = []
    for row in history:
        version, issued_on = parse(row.version), _day(row.issued_on)
        if version is None or issued_on is None:
            words = (
                f"The history has a row {row.version[:40]!r}, {row.issued_on[:40]!r}, which is no version with a date dd/mm/yyyy."
            )
            faults.append(_refusal("I6", words))
        elif any(version == step.version for step in steps):
            faults.append(_refusal("I6", f"The history has version {version} twice."))
        else:
            steps.append(_Step(version, issued_on, row.changes))
    return steps, faults


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.datetime.strptime(text.strip(), "%d/%m/%Y").date()  # noqa: DTZ007 - a calendar day
    except ValueError:
        return None


def _rows(reading: CplReading, serial: int) -> list[EntryRow]:
    return [
        EntryRow.build(entry.number, entry.status, dict(entry.values), serial, kinds=dict(entry.kinds))
        for entry in reading.entries
    ]


def _refusals(reading: CplReading, steps: list[_Step], rows: list[EntryRow]) -> Iterator[Finding]:
    if not _is_empty():
        yield _not_empty()
    if reading.refusals:
        return
    if not steps or steps[-1].version != reading.version:
        ends = f"ends with version {steps[-1].version}" if steps else "is empty"
        yield _refusal("I6", f"The label says {reading.label!r}, but the history {ends}.")
    yield from _twins(rows)
    yield from _unstorable(reading)
    for row in rows:
        try:
            row.clean_fields(exclude=_DERIVED)
        except ValidationError as fault:
            for column, texts in fault.message_dict.items():
                yield _refusal("I9", f"Entry {row.number}, {column.replace('_', ' ')}: {' '.join(texts)}")


def _unstorable(reading: CplReading) -> Iterator[Finding]:
    """PostgreSQL keeps every character but one."""
    texts = [(f"Entry {entry.number}, {key}", text) for entry in reading.entries for key, text in entry.values.items()]
    for where, text in [*texts, *((f"Version {row.version}", row.changes) for row in reading.history)]:
        if "\0" in text:
            yield _refusal("I9", f"{where}: holds a NUL character (_x0000_ in the file). Type the text again without it.")


def _twins(rows: list[EntryRow]) -> Iterator[Finding]:
    numbers: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.status == CURRENT:
            numbers[row.twin_key].append(row.number)
    for same in numbers.values():
        if len(same) > 1:
            words = (
                f"Entries {', '.join(same)} are all Current for one Device Model, device type, SMETS/CHTS and GBCS version. "
                "Remove all but one in the workbook."
            )
            yield _refusal("I8", words, guidance="8")


def _odd_date(reading: CplReading, steps: list[_Step]) -> Iterator[Finding]:
    labelled = parse_label(reading.label)
    if labelled and steps and labelled[0] == steps[-1].version and labelled[1] != steps[-1].issued_on:
        words = f"The label says {reading.label!r}, but the history has {steps[-1].issued_on:%d/%m/%Y}; the history counts."
        yield Finding("I18", Severity.WARNING, words, guidance="5.1")


def _is_empty() -> bool:
    return selectors.head() is None and not EntryRow.objects.exists()


def _not_empty() -> Finding:
    return _refusal(
        "I7",
        "This site has a list already, and an import never overwrites one. "
        "Import into a new site, or change entries by proposing changes and publishing them.",
    )


def _refusal(rule: str, message: str, guidance: str = "5.1") -> Finding:
    return Finding(rule, Severity.ERROR, message, guidance=guidance)
