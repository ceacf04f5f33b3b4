"""Questions to FIR and DZIR. Nothing here puts RED where it could be searched, sorted or cached."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from cpl.dictionary import PRINCIPALS, load
from cpl.domain.entry import REMOVED
from cpl.models import EntryRow
from repositories.domain import dzir, fir
from repositories.domain.sheet import NOT_HELD
from repositories.models import Export, FirEntry, StackRecord
from repositories.sealing import opened

# The newest dictionary knows every data item that was ever held, whatever principal version a release has.
RULES = load(PRINCIPALS[-1])
COMPANY = fir.items(RULES)[0].key


@dataclass(frozen=True, slots=True)
class Line:
    """One entry on a page: the entry on the list and the cells of the repository, in the order of its columns."""

    entry: EntryRow
    cells: tuple[str, ...]

    @property
    def removed(self) -> bool:
        return self.entry.status == REMOVED

    @property
    def held(self) -> bool:
        """Whether anything is known of the entry; of most historic ones, nothing is."""
        return any(cell != NOT_HELD for cell in self.cells)


def latest(kind: Export.Kind) -> Export | None:
    """The workbook of the newest release that has one."""
    return Export.objects.filter(kind=kind).select_related("release").order_by("-release__serial").first()


def fir_values_at(serial: int) -> dict[str, dict[str, str]]:
    """FIR data items by key, by entry number, as they stood in a release."""
    return dict(_at(FirEntry.objects.all(), serial).values_list("number", "values"))


def stack_values_at(serial: int) -> dict[str, dict[str, str]]:
    """Stack vendor and version by key, by entry number, as they stood in a release. RED."""
    return {record.number: _by_key(record) for record in _at(StackRecord.objects.exclude(number=""), serial)}


def entries(query: str = "") -> QuerySet[EntryRow]:
    """The list as it stands, or those whose published values, plain-English name or manufacturer in the FIR hold the text."""
    rows = EntryRow.objects.open().order_by("number")
    wanted = query.strip()
    if not wanted:
        return rows
    named = FirEntry.objects.filter(to_serial__isnull=True, **{f"values__{COMPANY}__icontains": wanted}).values("number")
    return rows.filter(Q(search_text__contains=wanted.lower()) | Q(number__in=named))


def fir_lines(page: Iterable[EntryRow]) -> list[Line]:
    """The FIR for the entries of one page."""
    rows = list(page)
    entries = FirEntry.objects.filter(to_serial__isnull=True, number__in=[row.number for row in rows])
    held = dict(entries.values_list("number", "values"))
    return [Line(row, fir.cells(held.get(row.number, {}), RULES)) for row in rows]


def dzir_lines(page: Iterable[EntryRow]) -> list[Line]:
    """The DZIR for the entries of one page. RED: the caller has put on record who reads it."""
    rows = list(page)
    records = StackRecord.objects.filter(to_serial__isnull=True, number__in=[row.number for row in rows])
    held = {record.number: _by_key(record) for record in records}
    return [Line(row, dzir.cells(held.get(row.number, {}), RULES)) for row in rows]


def dzir_matches(vendor: str, version: str) -> list[Line]:
    """Every entry whose stack vendor and version contain these texts, upper or lower case. RED, as `dzir_lines`.

    The sealed columns cannot be searched by the database; some thousand records are opened in a fraction of a second.
    """
    wanted = (vendor.casefold(), version.casefold())
    records = StackRecord.objects.filter(to_serial__isnull=True).exclude(number="")
    numbers = [record.number for record in records if _holds(record, wanted)]
    return dzir_lines(entries().filter(number__in=numbers))


def _holds(record: StackRecord, wanted: tuple[str, str]) -> bool:
    return all(text in value.casefold() for text, value in zip(wanted, opened(record), strict=True))


def _at(rows: QuerySet, serial: int) -> QuerySet:
    return rows.filter(Q(to_serial__isnull=True) | Q(to_serial__gt=serial), from_serial__lte=serial)


def _by_key(record: StackRecord) -> dict[str, str]:
    return dict(zip((item.key for item in dzir.items(RULES)), opened(record), strict=True))
