"""Rules D1 to D10: what on the list or among open cases speaks against a Device Model (guidance 8 step 4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpl.domain.entry import (
    CPA_NUMBER,
    CURRENT,
    DEVICE_TYPE,
    FIRMWARE,
    GBCS,
    IMAGE_HASH,
    MANUFACTURER,
    MODEL,
    REMOVED,
    ListedEntry,
)
from cpl.domain.findings import Finding, Severity
from submissions.domain.duplicates import CHARACTERISTICS, EXPIRY, OpenCase, check_duplicates
from submissions.domain.suspicions import CREATOR
from tests.builders.values import GAS_METER, SINGLE_ELEMENT, image_hash, valid_values

VALUES = valid_values(SINGLE_ELEMENT, with_hash=True)
OTHER_HARDWARE = "Device_Model.hardware_version.revision"
RELEASE_NOTES = "FIR Release Notes.Description"
MAKERS = {VALUES[MANUFACTURER]: frozenset({VALUES[CREATOR]})}
OTHER_HASH = image_hash("another image")


def form(**changed: str) -> dict[str, str]:
    """The values under check, with some items changed; keys as the dictionary has them, given by `**{KEY: value}`."""
    return {**VALUES, **changed}


def listed(number: str = "000007", status: str = CURRENT, **changed: str) -> ListedEntry:
    """An entry that says the same but for what is changed."""
    return ListedEntry(number, status, form(**changed))


def stranger(number: str = "000007", status: str = CURRENT, **same: str) -> ListedEntry:
    """An entry of another model, hardware, firmware, image and certificate, but for what is given."""
    return ListedEntry(number, status, {**valid_values(SINGLE_ELEMENT, with_hash=True, number=300), **same})


def found(*neighbours: ListedEntry, values: dict[str, str] = VALUES, others: tuple[OpenCase, ...] = ()) -> dict[str, Finding]:
    """The findings by rule; each rule at most once."""
    findings = check_duplicates(values, neighbours, MAKERS, others)
    assert len({finding.rule for finding in findings}) == len(findings)
    return {finding.rule: finding for finding in findings}


def test_a_new_device_model_has_no_findings() -> None:
    assert check_duplicates(VALUES, [], MAKERS, []) == ()
    assert check_duplicates(VALUES, [stranger()], MAKERS, [OpenCase("SUB-2026-0002", stranger().values)]) == ()


RULES: dict[str, tuple[list[ListedEntry], set[str]]] = {
    "the same": ([listed()], {"D1"}),
    "the same, with blanks and in lower case": (
        [listed(**{GBCS: f"{VALUES[GBCS].lower()} ", MODEL: VALUES[MODEL].lower()})],
        {"D1"},
    ),
    "the same but for certificates": ([listed(**{"ZSE_Certificate.identification_number": "ZIG26999ZSE14999-24"})], {"D1"}),
    "another GBCS version": ([listed(**{GBCS: "GBCS Version 3.2"})], {"D2"}),
    "another GBCS version, removed": ([listed(status=REMOVED, **{GBCS: "GBCS Version 3.2"})], {"D2", "D3"}),
    "removed": ([listed(status=REMOVED)], {"D3"}),
    "another device type": ([listed(**{DEVICE_TYPE: GAS_METER})], {"D2", "D4"}),
    "another firmware of the model, with its own hash": ([listed(**{FIRMWARE: "03:00:00:01", IMAGE_HASH: OTHER_HASH})], set()),
    "another firmware with the same hash": ([listed(**{FIRMWARE: "03:00:00:01"})], {"D5"}),
    "a higher firmware": ([listed(**{FIRMWARE: "04:00:00:00", IMAGE_HASH: OTHER_HASH})], {"D10"}),
    "a higher firmware, removed": ([listed(status=REMOVED, **{FIRMWARE: "04:00:00:00", IMAGE_HASH: OTHER_HASH})], set()),
    "other hardware with the same hash": ([listed(**{OTHER_HARDWARE: "77"})], set()),
    "other hardware with a higher firmware": ([listed(**{OTHER_HARDWARE: "77", FIRMWARE: "FF:00:00:00", IMAGE_HASH: ""})], set()),
    "the same with another hash": ([listed(**{IMAGE_HASH: OTHER_HASH})], {"D1", "D6"}),
    "another GBCS version and another hash": ([listed(**{IMAGE_HASH: OTHER_HASH, GBCS: "GBCS Version 3.2"})], {"D2", "D6"}),
    "removed with another hash": ([listed(status=REMOVED, **{IMAGE_HASH: OTHER_HASH})], {"D3"}),
    "the same without a hash": ([listed(**{IMAGE_HASH: ""})], {"D1"}),
    "another device type of the same model": (
        [stranger(**{MANUFACTURER: VALUES[MANUFACTURER], MODEL: VALUES[MODEL], DEVICE_TYPE: GAS_METER})],
        {"D4"},
    ),
    "the same hash in lower case": ([stranger(**{IMAGE_HASH: VALUES[IMAGE_HASH].lower()})], {"D5"}),
    "one certificate, one manufacturer, one date": (
        [stranger(**{key: VALUES[key] for key in (MANUFACTURER, CPA_NUMBER, EXPIRY, CHARACTERISTICS)})],
        set(),
    ),
    "one certificate, another spelling and date": (
        [
            listed(
                **{
                    FIRMWARE: "03:00:00:01",
                    IMAGE_HASH: "",
                    CPA_NUMBER: VALUES[CPA_NUMBER].replace("[R] NCSC-", "[E] "),
                    EXPIRY: "01/01/2030",
                }
            )
        ],
        {"D7"},
    ),
    "one certificate, its date with hyphens": (
        [listed(**{FIRMWARE: "03:00:00:01", IMAGE_HASH: "", EXPIRY: VALUES[EXPIRY].replace("/", "-")})],
        set(),
    ),
    "one certificate, other characteristics": (
        [listed(**{FIRMWARE: "03:00:00:01", IMAGE_HASH: "", CHARACTERISTICS: "Security Characteristics version 1.2"})],
        {"D7"},
    ),
    "one certificate, another manufacturer": ([stranger(**{CPA_NUMBER: VALUES[CPA_NUMBER]})], {"D7"}),
}


@pytest.mark.parametrize(("neighbours", "rules"), RULES.values(), ids=RULES)
def test_what_the_list_says(neighbours: list[ListedEntry], rules: set[str]) -> None:
    assert set(found(*neighbours)) == rules


SEVERITIES = {
    "D1": Severity.ERROR,
    "D2": Severity.WARNING,
    "D3": Severity.WARNING,
    "D4": Severity.WARNING,
    "D5": Severity.WARNING,
    "D6": Severity.ERROR,
    "D7": Severity.WARNING,
    "D10": Severity.INFO,
}


def test_each_rule_has_its_severity_and_names_the_entry() -> None:
    seen: dict[str, Finding] = {}
    for neighbours, _ in RULES.values():
        seen |= found(*neighbours)
    assert {rule: finding.severity for rule, finding in seen.items()} == SEVERITIES
    for finding in seen.values():
        assert "000007" in finding.message
        assert finding.guidance
        assert f"{finding.group}.{finding.attribute}" in VALUES


def test_the_gravest_rules_come_first() -> None:
    findings = check_duplicates(
        VALUES, [listed(**{IMAGE_HASH: OTHER_HASH}), listed("000009", **{GBCS: "GBCS Version 3.2"})], {}, []
    )
    assert [finding.rule for finding in findings] == ["D1", "D2", "D6", "D8"]


def test_many_entries_are_named_in_short() -> None:
    entries = [listed(f"{number:06d}", **{FIRMWARE: f"02:00:00:{number:02X}"}) for number in range(1, 21)]
    message = found(*entries)["D5"].message
    assert "000001, 000002, 000003, 000004, 000005, 000006 and 14 more" in message


CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    "the same": (form(), {"D1"}),
    "the same with another hash": (form(**{IMAGE_HASH: OTHER_HASH}), {"D1"}),
    "another GBCS version": (form(**{GBCS: "GBCS Version 3.2"}), {"D2"}),
    "the same hash for another firmware": (form(**{FIRMWARE: "03:00:00:01"}), {"D5"}),
    "a higher firmware": (form(**{FIRMWARE: "04:00:00:00", IMAGE_HASH: OTHER_HASH}), set()),
    "other hardware": (form(**{OTHER_HARDWARE: "77"}), set()),
}


@pytest.mark.parametrize(("values", "rules"), CASES.values(), ids=CASES)
def test_what_open_cases_say(values: dict[str, str], rules: set[str]) -> None:
    findings = found(others=(OpenCase("SUB-2026-0002", values),))
    assert set(findings) == rules
    assert all("SUB-2026-0002" in finding.message for finding in findings.values())


def test_entry_and_open_case_are_two_findings_of_one_rule() -> None:
    findings = check_duplicates(
        VALUES, [listed()], MAKERS, [OpenCase("SUB-2026-0002", VALUES), OpenCase("SUB-2026-0003", VALUES)]
    )
    assert [finding.rule for finding in findings] == ["D1", "D1"]
    assert "000007" in findings[0].message
    assert "SUB-2026-0002, SUB-2026-0003" in findings[1].message


MAKER = VALUES[MANUFACTURER]
KNOWN: dict[str, tuple[dict[str, frozenset[str]], dict[str, str], str]] = {
    "maker and creator known": ({MAKER: frozenset({"Another", VALUES[CREATOR]})}, form(), ""),
    "maker unknown": ({"7A:77": frozenset({VALUES[CREATOR]})}, form(), MANUFACTURER),
    "creator unknown": ({MAKER: frozenset({"Alder Metering"})}, form(), CREATOR),
    "no creator seen yet": ({MAKER: frozenset()}, form(), CREATOR),
    "no creator stated": ({MAKER: frozenset({"Alder Metering"})}, form(**{CREATOR: "", IMAGE_HASH: ""}), ""),
}


@pytest.mark.parametrize(("makers", "values", "key"), KNOWN.values(), ids=KNOWN)
def test_makers_and_creators_that_the_list_does_not_know(
    makers: dict[str, frozenset[str]], values: dict[str, str], key: str
) -> None:
    findings = check_duplicates(values, [], makers, [])
    assert [(finding.rule, f"{finding.group}.{finding.attribute}") for finding in findings] == ([("D8", key)] if key else [])
    assert all(finding.severity is Severity.WARNING for finding in findings)


def test_a_new_creator_is_told_beside_the_known_ones() -> None:
    (finding,) = check_duplicates(VALUES, [], {MAKER: frozenset({"Alder Metering", "Alder"})}, [])
    assert "seen: 'Alder', 'Alder Metering'" in finding.message


SUSPICIONS: dict[str, tuple[dict[str, str], str, str]] = {
    "a creator as character codes": (form(**{CREATOR: "41:6C:64:65:72"}), CREATOR, "'Alder'"),
    "a creator that is a hexadecimal word": (form(**{CREATOR: "FACADE"}), "", ""),
    "a model as character codes": (form(**{MODEL: "31:32"}), MODEL, "'12'"),
    "half a model as character codes": (form(**{MODEL: "31:02"}), "", ""),
    "a firmware as character codes": (form(**{FIRMWARE: "31:2E:30:34"}), FIRMWARE, "'1.04'"),
    "a firmware as decimal digits": (
        form(**{FIRMWARE: "10:02:05:06", RELEASE_NOTES: "Release 10.2.5.6"}),
        FIRMWARE,
        "0A:02:05:06",
    ),
    "the right firmware for the version": (form(**{FIRMWARE: "0A:02:05:06", RELEASE_NOTES: "Release 10.2.5.6"}), "", ""),
    "a version that reads the same both ways": (form(**{FIRMWARE: "01:02:05:06", RELEASE_NOTES: "Release 1.2.5.6"}), "", ""),
    "another version in the text": (form(**{FIRMWARE: "10:02:05:06", RELEASE_NOTES: "Replaces 10.2.5.5"}), "", ""),
    "the bytes themselves with dots": (form(**{FIRMWARE: "24:02:00:00", RELEASE_NOTES: "Release 24.02.00.00"}), "", ""),
    "at the end of a sentence": (form(**{FIRMWARE: "10:02:05:06", RELEASE_NOTES: "It is 10.2.5.6."}), FIRMWARE, "0A:02:05:06"),
    "part of a longer number": (form(**{FIRMWARE: "10:02:05:06", RELEASE_NOTES: "See 10.2.5.6.1"}), "", ""),
}


@pytest.mark.parametrize(("values", "key", "said"), SUSPICIONS.values(), ids=SUSPICIONS)
def test_values_that_look_like_something_else(values: dict[str, str], key: str, said: str) -> None:
    findings = [finding for finding in check_duplicates(values, [], MAKERS, []) if finding.rule == "D9"]
    assert [f"{finding.group}.{finding.attribute}" for finding in findings] == ([key] if key else [])
    assert all(said in finding.message and finding.severity is Severity.WARNING for finding in findings)


def test_a_model_that_is_listed_already_is_not_suspected() -> None:
    assert "D9" in found(values=form(**{MODEL: "31:32"}))
    assert found(listed(**{MODEL: "31:32", OTHER_HARDWARE: "77"}), values=form(**{MODEL: "31:32"})) == {}


@pytest.mark.parametrize(
    ("maker", "makers", "suspected"),
    [("01:7A", ["7A:01"], True), ("01:7A", ["7A:01", "01:7A"], False), ("01:7A", [], False), ("7A:7A", [], False)],
)
def test_swapped_bytes_of_a_manufacturer(maker: str, makers: list[str], suspected: bool) -> None:
    known = {name: frozenset({VALUES[CREATOR]}) for name in makers}
    findings = check_duplicates(form(**{MANUFACTURER: maker}), [], known, [])
    assert [finding.message for finding in findings if finding.rule == "D9" and "7A:01" in finding.message] != [] or not suspected
    assert any(finding.rule == "D9" for finding in findings) is suspected


RED = ("Device_ZigBee_Information_Repository.Stack_Vendor", "Device_ZigBee_Information_Repository.Stack_Version")
SOME = st.sampled_from(
    ["", "01", "31:32", "7A:01", "01:7A", "41:42", "00:00:00:01", "no hex", "10.2.3.4", "10:02:03:04", "[E] X", "٣"]
)


@given(st.lists(st.fixed_dictionaries({key: SOME | st.text(max_size=8) for key in VALUES}), min_size=2, max_size=4))
def test_no_value_makes_it_stumble_or_speak_of_red_items(forms: list[dict[str, str]]) -> None:
    values, *rest = [{**form, **dict.fromkeys(RED, "SECRET-STACK")} for form in forms]
    entries = [ListedEntry(f"{number:06d}", CURRENT if number % 2 else REMOVED, other) for number, other in enumerate(rest)]
    findings = check_duplicates(values, entries, {"7A:01": ["A"]}, [OpenCase("SUB-2026-0002", other) for other in rest])
    assert all(finding.rule in {f"D{number}" for number in range(1, 11)} for finding in findings)
    assert "SECRET-STACK" not in repr(findings)


@given(st.permutations([listed("000001"), listed("000002", REMOVED), listed("000003", **{GBCS: "GBCS Version 3.2"})]))
def test_the_order_of_entries_does_not_change_the_rules(neighbours: list[ListedEntry]) -> None:
    assert sorted(found(*neighbours)) == ["D1", "D2", "D3"]


def test_it_needs_no_more_than_the_neighbours() -> None:
    """Entries that share neither Device Model, model, hash nor certificate say nothing, however many there are."""
    rest = [ListedEntry(f"{n:06d}", CURRENT, valid_values(SINGLE_ELEMENT, with_hash=True, number=n)) for n in range(400, 500)]
    assert check_duplicates(VALUES, [listed(), *rest], MAKERS, []) == check_duplicates(VALUES, [listed()], MAKERS, [])
