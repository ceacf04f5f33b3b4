"""Questions to the list: which release is the head, what it held, which rules hold on a day."""

import datetime
import re
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db.models import Max, Q, QuerySet

from cpl.dictionary import load
from cpl.domain.dictionary import ListValue, RuleSet
from cpl.domain.entry import ListedEntry, cpa_core, device_fields, device_key, formal_name
from cpl.domain.releases import Version
from cpl.models import Change, DeviceLevelVersion, EntryRow, Release, ReleaseKey, RuleSetRecord, SelectionValue
from cpl.models.entries import EntryRowQuerySet

HIGHEST_NUMBER = 999_999
MOST_WORDS = 8  # of a search
_HEX = re.compile(r"(?:[0-9a-f]{2}){2,32}")


def head() -> Release | None:
    """The latest release, or None before the first."""
    return Release.objects.order_by("-serial").first()


def release(version: Version) -> Release | None:
    """The release of this version, if there is one."""
    return Release.objects.filter(principal=version.principal, sub=version.sub).select_related("previous").first()


def release_keys() -> QuerySet[ReleaseKey]:
    """Every release key of this site, the oldest first; the last one is in force."""
    return ReleaseKey.objects.order_by("number")


def key_of(release: Release) -> ReleaseKey | None:
    """The key that was in force for this release."""
    return release_keys().filter(last_serial__lt=release.serial).last()


def is_held(release: Release) -> bool:
    """Are the entries of this release on record? Of releases taken over from a workbook only the last one brought any."""
    if release.origin == Release.Origin.PUBLISHED:
        return True
    return not Release.objects.filter(origin=Release.Origin.IMPORTED, serial__gt=release.serial).exists()


def held_releases() -> QuerySet[Release]:
    """Every release whose entries are on record, the newest first."""
    last = Release.objects.filter(origin=Release.Origin.IMPORTED).aggregate(serial=Max("serial"))["serial"]
    return Release.objects.filter(Q(origin=Release.Origin.PUBLISHED) | Q(serial=last))


def changed_rows(earlier: Release, later: Release) -> tuple[list[EntryRow], list[EntryRow]]:
    """Rows of the earlier release that the later one no longer has, and rows the later one has instead or in addition."""
    gone, come = changed_between(earlier, later)
    return list(gone), list(come)


def changed_between(earlier: Release, later: Release) -> tuple[EntryRowQuerySet, EntryRowQuerySet]:
    """The queries of `changed_rows`. Both ends of each range are said, so that a database looks at no other rows."""
    after = earlier.serial + 1
    gone = EntryRow.objects.filter(to_serial__range=(after, later.serial), from_serial__lt=after)
    come = EntryRow.objects.at(later.serial).filter(from_serial__range=(after, later.serial))
    return gone, come


def entries_at(release: Release) -> EntryRowQuerySet:
    """The list as `release` published it, by entry number."""
    return EntryRow.objects.at(release.serial).order_by("number")


def search(text: str = "", *, device_type: str = "", maker: str = "", status: str = "") -> EntryRowQuerySet:
    """Open entries that hold every word of `text` in any published value, hexadecimal values with or without colons."""
    rows = EntryRow.objects.open().order_by("number").defer("search_text", "kinds")
    exact = {"device_type": device_type, "manufacturer": maker, "status": status}
    rows = rows.filter(**{column: value for column, value in exact.items() if value})
    for word in text.lower().split()[:MOST_WORDS]:
        wanted = Q(search_text__contains=word)
        if _HEX.fullmatch(word):
            wanted |= Q(search_text__contains=":".join(word[place : place + 2] for place in range(0, len(word), 2)))
        rows = rows.filter(wanted)
    return rows


def maker_identifiers() -> list[str]:
    """Every manufacturer identifier on the list, in order."""
    return list(EntryRow.objects.open().order_by("manufacturer").values_list("manufacturer", flat=True).distinct())


def highest_number() -> int:
    """The highest entry number ever given out; numbers are serial and never used twice."""
    return int(EntryRow.objects.aggregate(top=Max("number"))["top"] or 0)


def plain_name_of(device_type: str, manufacturer: str, model: str) -> str:
    """The plain-English name that the newest entry of this maker's model has; "" where none has one."""
    rows = EntryRow.objects.filter(manufacturer=manufacturer, model=model, device_type=device_type)
    named = rows.exclude(designation__in=["", formal_name(device_type, manufacturer, model)]).order_by("-number", "-from_serial")
    return named.values_list("designation", flat=True).first() or ""


def current_rules(on: datetime.date, principal: int | None = None) -> RuleSet:
    """The dictionary of the principal version with the selection lists and TSAT combinations that hold on the day.

    A list of which the site has never had a value is that of the dictionary.
    """
    base = load(principal or settings.CPL_PRINCIPAL)
    kept = SelectionValue.objects.order_by().values_list("list_name", flat=True).distinct()
    lists: dict[str, list[ListValue]] = {name: [] for name in kept if name in base.lists}
    for row in SelectionValue.objects.on(on):
        if row.list_name in lists:
            lists[row.list_name].append(ListValue(row.value, row.family))
    combinations = DeviceLevelVersion.objects.on(on).values_list("device_type", "smets_chts", "gbcs")
    return base.with_reference(
        lists={name: tuple(values) for name, values in lists.items()},
        device_types=base.device_types,
        combinations=frozenset(combinations),
    )


def remembered(rules: RuleSet) -> RuleSetRecord:
    """The stored record of a rule set; made on its first use."""
    known = RuleSetRecord.objects.filter(digest=rules.digest).defer("snapshot").first()
    if known is not None:
        return known
    record, _ = RuleSetRecord.objects.get_or_create(
        digest=rules.digest, defaults={"principal": rules.principal, "snapshot": rules.snapshot()}
    )
    return record


def listed(numbers: Iterable[str]) -> dict[str, ListedEntry]:
    """The open entries with these numbers, by number."""
    rows = EntryRow.objects.open().filter(number__in=list(numbers))
    return {row.number: row.as_listed() for row in rows}


def neighbours(values: dict[str, str]) -> list[ListedEntry]:
    """Open entries that share a device key, maker and model, image hash or CPA certificate with `values`; one indexed query."""
    return [row.as_listed() for row in neighbouring(values)]


def neighbouring(values: Mapping[str, str]) -> EntryRowQuerySet:
    """The query of `neighbours`."""
    tidy = {key: value.strip() for key, value in values.items()}
    wanted = Q(device_key=device_key(values)) | Q(
        manufacturer=tidy.get("Device_Model.manufacturer_identifier", ""), model=tidy.get("Device_Model.model_identifier", "")
    )
    if image_hash := tidy.get("Manufacturer_Image.hash"):
        wanted |= Q(image_hash=image_hash)
    if core := cpa_core(tidy.get("CPA_Certificate.identification_number", "")):
        wanted |= Q(cpa_core=core)
    return EntryRow.objects.open().filter(wanted).order_by("number")


def makers(values: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """The manufacturer identifier of `values` and the one with its bytes turned round, as far as they are on the list.

    Each with the image creators seen for it. One look into an index for each creator, however long the list is.
    """
    maker, *_ = device_fields(values)
    seen = {name: _creators(name) for name in {maker, ":".join(reversed(maker.split(":")))}}
    return {name: frozenset(creators - {""}) for name, creators in seen.items() if creators}


def _creators(maker: str) -> set[str]:
    """The image creators of a manufacturer, each found as the next one in order after the last; "" for entries without one."""
    rows = EntryRow.objects.open().filter(manufacturer=maker).order_by("creator").values_list("creator", flat=True)
    found: set[str] = set()
    creator = rows.first()
    while creator is not None:
        found.add(creator.strip())
        creator = rows.filter(creator__gt=creator).first()
    return found


def approved_changes() -> list[Change]:
    """Changes that wait for the next release, in the order in which they were approved."""
    return list(Change.objects.filter(status=Change.Status.APPROVED).order_by("approved_at", "id"))
