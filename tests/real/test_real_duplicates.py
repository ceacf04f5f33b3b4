"""Rules D1 to D10 over the real list of version 2.051: what was accepted over the years stays acceptable."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from cpl import selectors
from cpl.dictionary import load
from cpl.domain.entry import DEVICE_MODEL, IMAGE_HASH, MANUFACTURER, ListedEntry, device_fields
from cpl.domain.findings import Finding, Severity
from cpl.models import EntryRow
from submissions.domain.duplicates import Makers, check_duplicates
from submissions.domain.suspicions import CREATOR
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared

RULES = load(2)
# Thirteen pairs share hardware and firmware under another SMETS/CHTS or GBCS version. The reference material speaks of twelve
# (eight, not nine, of them both Current): that is the count when an image hash must be shared as well. The thirteenth pair,
# 000203 and 000330, is a Pre-Payment Interface Device without a hash. The rule asks for the Device Model alone, so it counts.
PAIRS = {
    "000116": "000096",
    "000128": "000040",
    "000129": "000087",
    "000130": "000079",
    "000137": "000088",
    "000322": "000317",
    "000323": "000318",
    "000325": "000320",
    "000326": "000321",
    "000330": "000203",
    "000710": "000629",
    "000711": "000630",
    "000712": "000631",
}
WITHOUT_HASH = "000330"


@pytest.fixture(scope="module")
def entries() -> list[ListedEntry]:
    with (SHARED / "data" / "cpl_v2.051_entries_raw.csv").open(encoding="utf-8", newline="") as file:
        return [
            ListedEntry(
                row["Entry.number"], row["Entry.status"], {item.key: row[".".join(item.list_label)] for item in RULES.list_items}
            )
            for row in csv.DictReader(file)
        ]


def as_they_came(entries: list[ListedEntry]) -> Iterator[tuple[str, Finding]]:
    """Each entry checked against those with lower numbers, in the state in which version 2.051 has them."""
    makers: dict[str, set[str]] = defaultdict(set)
    for place, entry in enumerate(entries):
        for finding in check_duplicates(entry.values, entries[:place], makers, ()):
            yield entry.number, finding
        makers[entry.values[MANUFACTURER]].update({entry.values[CREATOR].strip()} - {""})


@pytest.fixture(scope="module")
def found(entries: list[ListedEntry]) -> list[tuple[str, Finding]]:
    return list(as_they_came(entries))


def test_nothing_that_was_accepted_is_an_error(found: list[tuple[str, Finding]]) -> None:
    assert {finding.severity for _, finding in found} == {Severity.WARNING, Severity.INFO}


def test_the_thirteen_pairs_are_warnings(found: list[tuple[str, Finding]]) -> None:
    pairs = {number: finding for number, finding in found if finding.rule == "D2"}
    assert set(pairs) == set(PAIRS)
    for later, earlier in PAIRS.items():
        assert pairs[later].severity is Severity.WARNING
        assert earlier in pairs[later].message


def test_twelve_of_the_thirteen_pairs_share_an_image_hash_too(entries: list[ListedEntry]) -> None:
    by_number = {entry.number: entry for entry in entries}
    hashes = {
        later: (by_number[later].values[IMAGE_HASH], by_number[earlier].values[IMAGE_HASH]) for later, earlier in PAIRS.items()
    }
    assert [later for later, (one, other) in hashes.items() if not one] == [WITHOUT_HASH]
    assert all(one == other for one, other in hashes.values())
    statuses = Counter((by_number[earlier].status, by_number[later].status) for later, earlier in PAIRS.items())
    assert statuses == {("Current", "Current"): 9, ("Removed", "Current"): 3, ("Removed", "Removed"): 1}
    shared = Counter(
        tuple(entry.values[key] for key in (*DEVICE_MODEL, IMAGE_HASH)) for entry in entries if entry.values[IMAGE_HASH]
    )
    assert sum(count > 1 for count in shared.values()) == 12


def test_what_else_the_rules_see_on_the_real_list(found: list[tuple[str, Finding]]) -> None:
    """Counts by rule and data item. A change of a rule that shows here is a change of what officers are asked to decide."""
    assert Counter((finding.rule, finding.attribute) for _, finding in found) == {
        ("D2", "model_identifier"): 13,
        ("D3", "model_identifier"): 4,  # 000130, 000710 to 000712: entered again after a removal
        ("D4", "name"): 60,  # one Twin Element among the Single Elements of 11:8F/00:00
        ("D5", "hash"): 4,
        ("D7", "expiry_date"): 24,  # 1433053936-1497
        ("D7", "security_characteristics_version"): 4,  # 1433053936-3157
        ("D7", "manufacturer_identifier"): 5,  # SMCH62279216
        ("D8", "manufacturer_identifier"): 19,  # the first entry of each of the 19 manufacturers
        ("D8", "creator"): 12,
        ("D9", "model_identifier"): 5,
        ("D9", "creator"): 10,  # "49:74:72:6F:6E"
        ("D10", "firmware_version"): 69,
    }


def test_the_known_cases_behind_the_warnings(found: list[tuple[str, Finding]]) -> None:
    certificates = {finding.message.split()[2] for _, finding in found if finding.rule == "D7"}
    assert certificates == {"1433053936-1497", "1433053936-3157", "SMCH62279216"}
    assert {finding.value for _, finding in found if (finding.rule, finding.attribute) == ("D9", "creator")} == {"49:74:72:6F:6E"}
    assert [number for number, finding in found if finding.rule == "D3"] == ["000130", "000710", "000711", "000712"]


def test_every_current_entry_submitted_again_is_an_error(entries: list[ListedEntry]) -> None:
    makers: Makers = {entry.values[MANUFACTURER]: {other.values[CREATOR].strip() for other in entries} for entry in entries}
    for entry in entries:
        near = [other for other in entries if device_fields(other.values) == device_fields(entry.values)]
        errors = {
            finding.rule for finding in check_duplicates(entry.values, near, makers, ()) if finding.severity is Severity.ERROR
        }
        assert errors == ({"D1"} if entry.status == "Current" else set())


@pytest.mark.django_db
def test_the_selectors_find_every_entry_that_the_rules_need(entries: list[ListedEntry]) -> None:
    """Each entry against its neighbours from the database says the same as against the whole list."""
    EntryRow.objects.bulk_create(EntryRow.build(entry.number, entry.status, dict(entry.values), 1) for entry in entries)
    makers: Makers = {
        maker: {other.values[CREATOR].strip() for other in entries if other.values[MANUFACTURER].strip() == maker} - {""}
        for maker in {entry.values[MANUFACTURER].strip() for entry in entries}
    }
    for entry in entries:
        near, seen = selectors.neighbours(dict(entry.values)), selectors.makers(entry.values)
        assert check_duplicates(entry.values, near, seen, ()) == check_duplicates(entry.values, entries, makers, ())
