"""Rules over several items: who must fill what in, permitted combinations, certificates, image, upgrade path."""

import datetime
import itertools

import pytest

from cpl.dictionary import load
from cpl.domain.dictionary import ListValue
from cpl.domain.entry import TRIO
from cpl.domain.findings import Severity
from cpl.domain.rules.certificates import years_after
from cpl.domain.validate import path_numbers, validate_values
from tests.domain.good_forms import (
    EVERYTHING,
    GAS,
    HUB,
    ON,
    POLYPHASE,
    PPMID,
    SINGLE,
    SWITCH,
    TWIN,
    about,
    check,
    faults,
    good,
    targets,
)

CPA = [f"CPA_Certificate.{name}" for name in ("identification_number", "security_characteristics_version", "expiry_date")]
DLMS = ["DLMS_Certificate.identification_number", "DLMS_Certificate.DLMS_version"]
ZSE = ["ZSE_Certificate.identification_number", "ZSE_Certificate.ZSE_version"]
IMAGE = [f"Manufacturer_Image.{name}" for name in ("creator", "hash", "descriptor")]
CONTACT = [f"Contact-CPA.Contact.contact {name}" for name in ("name", "telephone", "email")]
FIR = [key for key in EVERYTHING if "FIR" in key]
PATH = "Firmware_Upgrade.Path"
TODAY = f"{ON:%d/%m/%Y}"
RULE = {**dict.fromkeys(CPA, "F7"), CPA[1]: "F8", CPA[2]: "F9", **dict.fromkeys(DLMS, "F11"), **dict.fromkeys(ZSE, "F12"),
        **dict.fromkeys(CONTACT, "F14"), **dict.fromkeys(FIR, "F15")}  # fmt: skip

# Device type, SMETS1?, and which Data Groups it must fill in (guidance Table 2; FIR by principal version).
NEEDS = [
    (HUB, False, [*CPA, *ZSE, *CONTACT], []),
    (GAS, False, [*CPA, *ZSE, *CONTACT], FIR),
    (SWITCH, False, [*CPA, *ZSE, *CONTACT], []),
    (POLYPHASE, False, [*CPA, *DLMS, *ZSE, *CONTACT], FIR),
    (PPMID, False, ZSE, []),
    (SINGLE, False, [*CPA, *DLMS, *ZSE, *CONTACT], FIR),
    (TWIN, False, [*CPA, *DLMS, *ZSE, *CONTACT], FIR),
    (HUB, True, [], []),
    (GAS, True, [], FIR),
    (PPMID, True, [], []),
    (SINGLE, True, [], FIR),
    (TWIN, True, [], FIR),
]


@pytest.mark.parametrize("principal", [2, 3])
@pytest.mark.parametrize(("device", "smets1", "needed", "fir_in_2"), NEEDS)
def test_who_must_fill_what_in(device: str, smets1: bool, needed: list[str], fir_in_2: list[str], principal: int) -> None:
    """Each conditional item emptied where it is needed, and filled in where it is not: one error of its rule, on that item."""
    values = good(device, principal, smets1=smets1)
    wanted = {*needed, *(FIR if principal == 3 else fir_in_2)}
    for key in [*CPA, *DLMS, *ZSE, *CONTACT, *FIR]:
        if key == CPA[1] and device == PPMID and not smets1:
            continue  # may be empty or Not Relevant: see below
        assert (key in wanted) == bool(values[key]), key
        changed = {**values, key: "" if key in wanted else EVERYTHING[key]}
        found = check(changed, principal).findings
        assert [(finding.rule, finding.severity, finding.attribute) for finding in found if finding.rule == RULE[key]] == [
            (RULE[key], Severity.ERROR, load(principal).by_key[key].attribute)
        ], key


@pytest.mark.parametrize(("principal", "smets1"), [(2, False), (2, True), (3, False), (3, True)])
def test_every_permitted_combination_passes_and_every_other_fails(principal: int, smets1: bool) -> None:
    """49 of 7 × 13 × 7. Around it stands the form of the type, so that only the combination can be wrong."""
    rules = load(principal)
    lists = [[value.value for value in rules.lists[name]] for name in ("device_type", "smets_chts", "gbcs")]
    passed = set()
    for trio in itertools.product(*lists):
        if (trio[1] == "SMETS V1.2") != smets1:
            continue
        values = {**good(trio[0], principal, smets1=smets1), **dict(zip(TRIO, trio, strict=True))}
        found = [finding for finding in check(values, principal).findings if finding.severity is Severity.ERROR]
        if not found:
            passed.add(trio)
            continue
        assert len(found) == 1, (trio, found)
        assert found[0].rule in {"F4", "F5", "F6"}
        assert (found[0].group, found[0].attribute) == ("Device_Type", "name")
        assert all(value in found[0].message for value in trio)
    assert passed == {trio for trio in rules.combinations if (trio[1] == "SMETS V1.2") == smets1}
    assert len(passed) == (5 if smets1 else 44)


@pytest.mark.parametrize(
    ("device", "smets", "gbcs", "rule", "says"),
    [
        (HUB, "SMETS V5.1", "GBCS Version 4.1", "F4", "CHTS version"),
        (GAS, "CHTS V1.5", "GBCS Version 4.1", "F4", "CHTS version"),
        (SWITCH, "SMETS V1.2", "GBCS Version 0.0", "F4", "no SMETS1 device of this type"),
        (POLYPHASE, "SMETS V1.2", "GBCS Version 0.0", "F4", "no SMETS1 device of this type"),
        (SINGLE, "SMETS V1.2", "GBCS Version 4.1", "F5", "goes with SMETS1"),
        (SINGLE, "SMETS V5.1", "GBCS Version 0.0", "F5", "goes with SMETS1"),
        (HUB, "SMETS V1.2", "GBCS Version 1.1", "F5", "goes with SMETS1"),
        (SINGLE, "SMETS V5.1", "GBCS Version 4.0", "F6", "SMETS V5.1 with GBCS Version 4.1"),
        (PPMID, "SMETS V5.1", "GBCS Version 4.1", "F6", "SMETS V4.4 with GBCS Version 4.1"),
    ],
)
def test_why_a_combination_is_not_permitted(device: str, smets: str, gbcs: str, rule: str, says: str) -> None:
    values = {**good(device, smets1=smets == "SMETS V1.2"), **dict(zip(TRIO, (device, smets, gbcs), strict=True))}
    found = about(check(values), "Device_Type.name")
    assert [finding.rule for finding in found] == [rule]
    assert says in found[0].message
    assert found[0].guidance == "7.2.3"


def test_combinations_are_those_of_the_day() -> None:
    rules = load(3)
    trio = (SINGLE, "SMETS V5.1", "GBCS Version 4.1")
    without = rules.with_reference({}, rules.device_types, rules.combinations - {trio})
    assert [finding.rule for finding in validate_values(good(), without, ON).findings] == ["F6"]
    assert validate_values(good(), rules, ON).findings == ()


def test_a_new_device_type_needs_more_than_a_place_in_the_list() -> None:
    rules = load(3)
    device_list = [*rules.lists["device_type"], ListValue("Sapphire Meter", "SMETS")]
    wider = rules.with_reference({"device_type": device_list}, rules.device_types, rules.combinations)
    found = validate_values({**good(), "Device_Type.name": "Sapphire Meter"}, wider, ON).findings
    assert ("F2", "Device_Type") in [(finding.rule, finding.group) for finding in found]


def test_an_unknown_device_type_leaves_no_item_without_answer() -> None:
    """The macro stops here; the server still finds what is wrong elsewhere, and asks for nothing it cannot know."""
    values = {**good(), "Device_Type.name": "Toaster", "DLMS_Certificate.DLMS_version": "", "Manufacturer Contact FIR.City": ""}
    values |= {"Device_Model.model_identifier": "1", "ZSE_Certificate.identification_number": ""}
    assert faults(check(values)) == [("F2", "error"), ("F3", "error"), ("F12", "error"), ("F15", "error")]


@pytest.mark.parametrize(
    ("smets", "gbcs", "smets1"),
    [("SMETS V1.2", "GBCS Version 4.1", True), ("smets v1.2 ", "", True), ("", "GBCS Version 0.0", True), ("", "", False),
     ("SMETS V9.9", "GBCS Version 0.0", False), ("SMETS V1.20", "", False)],
)  # fmt: skip
def test_what_counts_as_smets1(smets: str, gbcs: str, smets1: bool) -> None:
    values = {**good(smets1=smets1), "SMETS/CHTS Version.Version_number": smets, "GBCS Version.version_number": gbcs}
    assert not [finding for finding in check(values).findings if finding.rule in {"F7", "F8", "F9", "F11", "F12", "F14"}]


@pytest.mark.parametrize(
    ("prefix", "characteristics", "principal", "expected"),
    [
        ("[E]", "Security Characteristics version 1.3", 3, []),
        ("[R]", "Security Characteristics version 1.3", 3, []),
        ("[T]", "Not Relevant", 3, []),
        ("[E]", "Not Relevant", 3, [("F8", "error")]),
        ("[R]", "Not Relevant", 3, [("F8", "error")]),
        ("[T]", "Security Characteristics version 1.3", 3, [("F8", "error")]),
        ("[T]", "", 3, [("F8", "error")]),
        ("[T]", "Not Relevant", 2, [("F7", "error")]),
        ("[E]", "Security Characteristics version 1.4", 2, [("F8", "error")]),
    ],
)
def test_prefix_and_security_characteristics(
    prefix: str, characteristics: str, principal: int, expected: list[tuple[str, str]]
) -> None:
    values = {**good(principal=principal), CPA[0]: f"{prefix} ABC123456789", CPA[1]: characteristics, CPA[2]: "25/10/2030"}
    assert faults(check(values, principal)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", []), ("Not Relevant", []), ("not relevant", []), ("Security Characteristics version 1.3", ["F8"])],
)
def test_security_characteristics_of_a_ppmid(value: str, expected: list[str]) -> None:
    assert [rule for rule, _ in faults(check({**good(PPMID), CPA[1]: value}))] == expected
    smets1 = check({**good(PPMID, smets1=True), CPA[1]: value})
    assert faults(smets1, CPA[1]) == ([("F8", "error")] if value else [])


@pytest.mark.parametrize(
    ("prefix", "date", "expected"),
    [
        ("[E]", TODAY, []),
        ("[E]", "23/11/2026", [("F10", "error")]),
        ("[E]", "24/11/2032", []),
        ("[E]", "25/11/2032", [("F10", "error")]),
        ("[R]", TODAY, []),
        ("[R]", "23/11/2026", [("F10", "warning")]),
        ("[R]", "25/11/2062", []),
        ("[T]", TODAY, []),
        ("[T]", "23/11/2026", [("F10", "error")]),
        ("[T]", "25/11/2062", []),
    ],
)
def test_dates_of_certificates(prefix: str, date: str, expected: list[tuple[str, str]]) -> None:
    characteristics = "Not Relevant" if prefix == "[T]" else EVERYTHING[CPA[1]]
    values = {**good(), CPA[0]: f"{prefix} ABC123456789", CPA[1]: characteristics, CPA[2]: date}
    assert faults(check(values)) == expected


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (datetime.date(2024, 2, 29), datetime.date(2030, 2, 28)),
        (datetime.date(2026, 2, 28), datetime.date(2032, 2, 28)),
        (datetime.date(9998, 2, 28), datetime.date(9999, 2, 28)),
    ],
)
def test_six_years_later(day: datetime.date, later: datetime.date) -> None:
    assert years_after(day, 6) == later


def test_dates_of_a_removed_entry_may_have_passed() -> None:
    values = {**good(), CPA[0]: "[E] ABC123456789", CPA[2]: "01/01/2020"}
    assert [finding.rule for finding in validate_values(values, load(3), ON).findings] == ["F10"]
    assert validate_values(values, load(3), ON, status="Removed").findings == ()


IMAGE_CASES = [  # creator, hash, descriptor given; where principal 3 finds fault; where principal 2 does
    (True, True, True, [], []),
    (False, False, False, [], []),
    (False, True, True, ["creator"], ["creator"]),
    (True, True, False, ["descriptor"], ["descriptor"]),
    (False, True, False, ["creator", "descriptor"], ["creator", "descriptor"]),
    (True, False, True, ["hash"], ["hash"]),
    (True, False, False, ["hash"], ["hash"]),
    (False, False, True, ["hash"], []),
]


@pytest.mark.parametrize("principal", [2, 3])
@pytest.mark.parametrize(("creator", "image_hash", "descriptor", "in_3", "in_2"), IMAGE_CASES)
def test_the_image_is_given_whole_or_not_at_all(
    creator: bool, image_hash: bool, descriptor: bool, in_3: list[str], in_2: list[str], principal: int
) -> None:
    given = dict(zip(IMAGE, (creator, image_hash, descriptor), strict=True))
    values = good(principal=principal) | {key: EVERYTHING[key] if there else "" for key, there in given.items()}
    if principal == 3 and not image_hash:
        values[PATH] = "NA"
    found = [(finding.rule, finding.attribute) for finding in check(values, principal).findings]
    assert found == [("F13", attribute) for attribute in (in_3 if principal == 3 else in_2)]


@pytest.mark.parametrize(
    ("device", "smets", "gbcs", "warned"),
    [
        (PPMID, "SMETS V4.3", "GBCS Version 4.0", True),
        (PPMID, "SMETS V4.4", "GBCS Version 4.1", False),
        (SWITCH, "SMETS V5.0", "GBCS Version 4.0", True),
        (SWITCH, "SMETS V5.1", "GBCS Version 4.1", False),
        (SINGLE, "SMETS V2.0", "GBCS Version 1.1", False),
        (HUB, "CHTS V1.0", "GBCS Version 1.1", False),
    ],
)
def test_types_without_upgrades_over_the_air(device: str, smets: str, gbcs: str, warned: bool) -> None:
    values = {**good(device), **dict(zip(TRIO, (device, smets, gbcs), strict=True))}
    assert faults(check(values)) == ([("F13", "warning"), ("F16", "warning")] if warned else [])
    assert faults(check({**values, PATH: "NA"})) == ([("F13", "warning")] if warned else [])
    without = {**values, **dict.fromkeys(IMAGE, ""), PATH: "NA"}
    assert check(without).findings == ()


def test_more_than_five_contacts_need_a_decision() -> None:
    five, six = "; ".join(["a@b.example"] * 5), "; ".join(["a@b.example"] * 6)
    assert faults(check({**good(), CONTACT[2]: five})) == []
    assert faults(check({**good(), CONTACT[2]: six})) == [("F14", "warning")]
    assert faults(check({**good(), CONTACT[0]: "A;B;C;D;E;F;"})) == [("F14", "warning")]
    found = about(check({**good(), CONTACT[2]: "a@b.example; nobody; c@d.example; no one"}))
    assert "address 2, 4" in found[0].message


def test_a_web_address_in_the_release_notes_is_to_be_opened() -> None:
    found = check({**good(), "FIR Release Notes.Description": "See https://meters.example/notes"}).findings
    assert [(finding.rule, finding.severity, finding.guidance) for finding in found] == [("F15", Severity.INFO, "Appendix 6.2")]


@pytest.mark.parametrize(("count", "expected"), [(1, []), (15, []), (16, [("F16", "error")])])
def test_up_to_fifteen_entries_in_the_path(count: int, expected: list[tuple[str, str]]) -> None:
    numbers = [f"{number:06d}" for number in range(1, count + 1)]
    values = {**good(), PATH: "; ".join(numbers)}
    assert faults(check(values, targets=targets(values, *numbers))) == expected


def test_a_path_needs_a_hash() -> None:
    values = {**good(), **dict.fromkeys(IMAGE, "")}
    assert faults(check(values)) == [("F16", "error")]
    assert faults(check({**values, PATH: "N/A"})) == []


def test_entries_of_the_path_must_exist() -> None:
    values = {**good(), PATH: "000626; 000999"}
    found = about(check(values), PATH)
    assert [finding.rule for finding in found] == ["F16"]
    assert "000999" in found[0].message
    assert "000626" not in found[0].message


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({}, "Removed", "is Removed"),
        ({"Device_Type.name": GAS}, "Current", "another device type"),
        ({"Device_Model.manufacturer_identifier": "10:15"}, "Current", "another manufacturer"),
        ({"Device_Model.model_identifier": "00:00"}, "Current", "another model"),
        ({"Device_Model.hardware_version.version": "02"}, "Current", "another hardware version"),
        ({"Device_Model.hardware_version.revision": "FF"}, "Current", "another hardware revision"),
        ({"Device_Model.model_identifier": "57:31 "}, "Current", ""),
        ({"Device_Type.name": SINGLE.upper()}, "Current", ""),
    ],
)
def test_doubtful_entries_in_the_path_need_a_decision(changes: dict[str, str], status: str, says: str) -> None:
    values = {**good(), PATH: "000626"}
    found = about(check(values, targets=targets(values, "000626", status=status, **changes)))
    assert [(finding.rule, finding.severity) for finding in found] == ([("F17", Severity.WARNING)] if says else [])
    assert not says or (says in found[0].message and "000626" in found[0].message)


@pytest.mark.parametrize(
    ("path", "numbers"),
    [("NA", ()), ("", ()), ("000626;000630 ; 000626", ("000626", "000630")), ("626; 000000; x; 000001", ("000001",))],
)
def test_numbers_to_fetch_for_the_path(path: str, numbers: tuple[str, ...]) -> None:
    assert path_numbers({PATH: path}) == numbers


def test_entries_from_before_version_3_need_no_band() -> None:
    values = {key: value for key, value in good().items() if key != "ZigBee_Properties.Bands_Join"}
    assert validate_values(values, load(3), ON).findings == ()
    assert faults(check({**good(), "ZigBee_Properties.Bands_Join": ""})) == [("F18", "error")]
