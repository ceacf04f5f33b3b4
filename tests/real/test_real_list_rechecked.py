"""The real list of version 2.051 held against the rules: the dictionary agrees with it, and only its known oddities are found."""

import csv
import datetime
import json
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from cpl.dictionary import load
from cpl.domain.entry import device_key, twin_key
from cpl.domain.findings import Finding, Severity
from cpl.domain.releases import parse
from cpl.domain.validate import validate_values
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared

ISSUED_ON = datetime.date(2022, 9, 21)
RULES = load(2)
Row = dict[str, str]
Found = list[tuple[str, Finding]]

# What the rules of principal version 2 have against entries accepted earlier: which entries, by rule, severity and item.
ODDITIES = {
    # GBCS Version 1.0, out of effect since 07/05/2018.
    ("F5", "error", "version_number"): "1-32 34-73 76-96",
    # CTT 3.0, taken out of the selection list on 02/02/2022.
    ("F11", "error", "DLMS_version"): (
        "21-22 32 35 38 43-44 46-47 51 53 60 63 66-67 70 72-73 76-77 80-81 83-85 88-89 91 97-99 105-107 111 113 115 117 119 "
        "121-127 137 140-141 146 148-149 153 159-161 163-165 168 176 184 188-189 194-195 201 207 209-210 214 216 218 235 247-249 "
        "262-263 265 276-278 281 293-294 301 316-318 322-323 333-334 352-353 392-393 519 527 537 639-640"
    ),
    # A combination that is no longer permitted: PPMID with SMETS V2.0 and GBCS Version 2.1.
    ("F6", "error", "name"): "162",
    # The image was not always given whole before version 2.000 of 04/11/2021 brought the macro.
    ("F13", "error", "descriptor"): (
        "26-31 56-58 60 82 93-95 101-103 110 139 143-145 169-172 177 182 185 189-192 194 197 219 236 250-252 259-261 268-272 292 "
        "303-304 308 312 349-350 373-376 415-417 419-420 453-458 466-467 471 484 486-487 501-502 505 519-520 529-534 544-548"
    ),
    ("F13", "error", "creator"): "268-272",
    ("F13", "error", "hash"): "220-223 496",
    # The one PPMID with a hash, a SMETS1 device.
    ("F13", "warning", "hash"): "225",
    # dd-mm-yyyy.
    ("F9", "error", "expiry_date"): "439-440",
    # A line break inside the descriptor.
    ("F19", "error", "descriptor"): "652 676 681-682",
}
# Blanks and line breaks around a value, or another case than the list's: read as the same value.
TIDIED = {
    "Version_number": 156,
    "version_number": 152,
    "identification_number": 40,
    "descriptor": 22,
    "ZSE_version": 11,
    "creator": 4,
}


def rows() -> Iterator[Row]:
    with (SHARED / "data" / "cpl_v2.051_entries_raw.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def values_of(row: Row) -> Row:
    """The row under the keys of the dictionary."""
    return {item.key: row[".".join(item.list_label)] for item in RULES.list_items}


@pytest.fixture(scope="module")
def found() -> Found:
    return [
        (row["Entry.number"], finding)
        for row in rows()
        for finding in validate_values(values_of(row), RULES, ISSUED_ON, row["Entry.status"]).findings
    ]


def test_only_the_known_oddities_are_found(found: Found) -> None:
    numbers: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for number, finding in found:
        if finding.severity is not Severity.INFO:
            numbers[finding.rule, finding.severity.value, finding.attribute].append(number)
    assert {key: in_ranges(entries) for key, entries in numbers.items()} == ODDITIES


def in_ranges(numbers: list[str]) -> str:
    """Ascending entry numbers in short: "1-32 34"."""
    ranges: list[list[int]] = []
    for number in map(int, numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def test_what_was_tidied(found: Found) -> None:
    notes = [finding for _, finding in found if finding.severity is Severity.INFO]
    assert {finding.rule for finding in notes} == {"N1"}
    assert {attribute: sum(finding.attribute == attribute for finding in notes) for attribute in TIDIED} == TIDIED
    assert sum(TIDIED.values()) == len(notes)


def test_the_oddities_are_what_they_are_said_to_be(found: Found) -> None:
    seen = {
        (finding.rule, finding.attribute): {other.value.strip() for _, other in found if _same(other, finding)}
        for _, finding in found
    }
    assert seen["F11", "DLMS_version"] == {"CTT 3.0"}
    assert seen["F5", "version_number"] == {"GBCS Version 1.0"}
    assert seen["F9", "expiry_date"] == {"19-02-2026"}
    assert all("\n" in value for value in seen["F19", "descriptor"])
    assert seen["F13", "descriptor"] == seen["F13", "creator"] == {""}


def _same(one: Finding, other: Finding) -> bool:
    return (one.rule, one.attribute) == (other.rule, other.attribute)


def test_the_dictionary_has_the_lists_of_the_workbook() -> None:
    lists = json.loads((SHARED / "data" / "cpl_v2.051_validation_lists.json").read_text(encoding="utf-8"))
    ours = {name: [choice.value for choice in choices] for name, choices in RULES.lists.items()}
    pairs = {
        "DeviceType": "device_type",
        "EntryStatus": "entry_status",
        "SMETSCHTSVersion": "smets_chts",
        "GBCSVersion": "gbcs",
        "ZSEVersion": "zse_version",
        "SecurityCharacteristicsVersion": "security_characteristics",
        "DLMSCOSEMVersion": "dlms_version",
    }
    assert {name: sorted(ours[name]) for name in pairs.values()} == {
        name: sorted(row[0] for row in lists[theirs]) for theirs, name in pairs.items()
    }
    families = {row[0]: row[1] for name in ("SMETSCHTSVersion", "GBCSVersion") for row in lists[name]}
    assert families == {choice.value: choice.family for name in ("smets_chts", "gbcs") for choice in RULES.lists[name]}
    flags = {row[0]: (row[1], *(flag == "True" for flag in row[2:5])) for row in lists["DeviceType"]}
    assert flags == {
        device.name: (device.family, device.needs_cpa, device.needs_dlms, device.needs_fir_v2) for device in RULES.device_types
    }


def test_the_dictionary_has_the_combinations_of_the_workbook() -> None:
    with (SHARED / "data" / "cpl_v2.051_device_level_versions.csv").open(encoding="utf-8", newline="") as file:
        combinations = {(row["device_type"], row["smets_chts_version"], row["gbcs_version"]) for row in csv.DictReader(file)}
    assert combinations == RULES.combinations
    assert len(combinations) == 49


def test_the_dictionary_has_the_items_of_the_form() -> None:
    with (SHARED / "data" / "cpl_v2.051_new_entry_form_definition.csv").open(encoding="utf-8", newline="") as file:
        form = list(csv.DictReader(file))
    assert [(row["data_group"], row["data_attribute"]) for row in form] == [
        (item.group, item.attribute) for item in RULES.form_items
    ]
    for row in form:
        item = RULES.item_for(row["data_group"], row["data_attribute"])
        assert item is not None
        octets = [word for word in row["format"].split() if word.isdecimal()]
        if octets and item.key != "Manufacturer_Image.descriptor":
            assert str(item.max_octets) == octets[0], item.key
        if row["dropdown"]:
            assert sorted(RULES.choices(item)) == sorted(row["dropdown"].split(","))


def test_no_two_current_entries_are_twins_and_thirteen_pairs_share_a_device() -> None:
    """The same hardware and firmware twice is legitimate when the SMETS/CHTS or GBCS version differs (rule D2)."""
    twins: dict[str, list[str]] = defaultdict(list)
    devices: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows():
        values = values_of(row)
        twins[twin_key(values)].append(row["Entry.number"])
        devices[device_key(values)].append((row["Entry.number"], row["Entry.status"]))
    assert [numbers for numbers in twins.values() if len(numbers) > 1] == []
    shared = [entries for entries in devices.values() if len(entries) > 1]
    assert Counter(tuple(status for _, status in entries) for entries in shared) == {
        ("Current", "Current"): 9,
        ("Removed", "Current"): 3,
        ("Removed", "Removed"): 1,
    }
    assert [number for number, _ in shared[6]] == ["000317", "000322"]


def test_the_real_version_history_is_in_order() -> None:
    with (SHARED / "data" / "cpl_v2.051_version_history.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["version"] for row in csv.DictReader(file)]
    versions = [parse(text) for text in texts]
    assert [str(version) for version in versions] == texts
    assert all(
        later is not None and earlier is not None and earlier < later
        for earlier, later in zip(versions, versions[1:], strict=False)
    )
    assert len(versions) == 346
