"""The list: what changes do to it, what they may not do, how two lists differ, and the Version Control text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpl.dictionary import load
from cpl.domain.dictionary import ListValue
from cpl.domain.listing import (
    Amendment,
    Difference,
    ListedEntry,
    PlannedChange,
    apply,
    conflicts,
    difference,
)
from cpl.domain.version_control import form_text, in_words, line_of, version_control_text
from tests.domain.good_forms import PPMID, good

FIRMWARE = "Device_Model.firmware_version"
CPA = "CPA_Certificate.identification_number"
EXPIRY = "CPA_Certificate.expiry_date"


def values(number: int, **more: str) -> dict[str, str]:
    return {**good(), FIRMWARE: f"00:00:00:{number:02X}", **more}


def entry(number: int, status: str = "Current") -> ListedEntry:
    return ListedEntry(f"{number:06d}", status, values(number))


LIST = [entry(1), entry(2, "Removed"), entry(4)]


def test_additions_get_the_next_number_and_are_current() -> None:
    after = apply(
        [PlannedChange("add", None, values(5)), PlannedChange("add", "", values(6)), PlannedChange("add", "000009", values(9))],
        LIST,
    )
    assert [(row.number, row.status) for row in after[3:]] == [
        ("000005", "Current"),
        ("000006", "Current"),
        ("000009", "Current"),
    ]
    assert after[:3] == LIST


def test_first_entry_of_an_empty_list() -> None:
    assert [row.number for row in apply([PlannedChange("add", None, values(1))], [])] == ["000001"]


def test_other_kinds_of_change() -> None:
    after = apply(
        [
            PlannedChange("amend", "000001", values(1, **{EXPIRY: "01/01/2031"})),
            PlannedChange("reinstate", "000002"),
            PlannedChange("remove", "000004"),
        ],
        LIST,
    )
    assert [row.status for row in after] == ["Current", "Current", "Removed"]
    assert after[0].values[EXPIRY] == "01/01/2031"
    assert [row.values for row in after[1:]] == [row.values for row in LIST[1:]]


def test_a_correction_keeps_the_status() -> None:
    after = apply([PlannedChange("correct", "000002", values(2, **{EXPIRY: "01/01/2031"}))], LIST)
    assert (after[1].status, after[1].values[EXPIRY]) == ("Removed", "01/01/2031")


def test_the_old_list_stays_as_it_was() -> None:
    before = list(LIST)
    apply([PlannedChange("remove", "000001")], before)
    assert before == LIST


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (PlannedChange("add", "000001", values(9)), "on the list already"),
        (PlannedChange("amend", "000003", values(3)), "000003 is not on the list"),
        (PlannedChange("remove", None), "(no number) is not on the list"),
        (PlannedChange("remove", "000002"), "Removed already"),
        (PlannedChange("reinstate", "000001"), "Current already"),
        (PlannedChange("delete", "000001"), "'delete' is not a kind of change"),
        (PlannedChange("add", "000005", values(1)), "Entries 000001 and 000005 would both be Current"),
        (PlannedChange("amend", "000004", values(1)), "Entries 000001 and 000004 would both be Current"),
    ],
)
def test_what_stands_in_the_way(change: PlannedChange, says: str) -> None:
    problems = conflicts([change], LIST)
    assert len(problems) == 1
    assert says in problems[0]


@pytest.mark.parametrize(
    "change",
    [
        PlannedChange("add", "000005", values(5)),
        PlannedChange("add", "000005", values(2)),  # the same as a Removed entry
        PlannedChange("add", "000005", values(1, **{"GBCS Version.version_number": "GBCS Version 4.0"})),  # rule D2: not a twin
        PlannedChange("reinstate", "000002"),
        PlannedChange("correct", "000001", values(7)),
    ],
)
def test_what_does_not(change: PlannedChange) -> None:
    assert conflicts([change], LIST) == []


def test_two_changes_of_one_entry_do_not_fit_into_one_release() -> None:
    problems = conflicts([PlannedChange("amend", "000001", values(8)), PlannedChange("remove", "000001")], LIST)
    assert problems == ["Entry 000001 is changed 2 times. Keep one change, or publish them one after the other."]


def test_two_new_entries_must_not_be_twins() -> None:
    problems = conflicts([PlannedChange("add", "000005", values(5)), PlannedChange("add", "000006", values(5))], LIST)
    assert len(problems) == 1
    assert "000005 and 000006" in problems[0]


def test_twins_that_are_on_the_list_already_block_nothing() -> None:
    twins = [entry(1), ListedEntry("000002", "Current", values(1))]
    assert conflicts([PlannedChange("add", "000003", values(3))], twins) == []
    assert len(conflicts([PlannedChange("add", "000003", values(1))], twins)) == 1


def test_removing_one_makes_room_for_its_twin() -> None:
    assert conflicts([PlannedChange("remove", "000001"), PlannedChange("add", "000005", values(1))], LIST) == []


def test_difference_by_status_and_by_field() -> None:
    after = [
        ListedEntry("000001", "Removed", values(1)),
        ListedEntry("000002", "Current", values(2, **{EXPIRY: "01/01/2031", "ZigBee_Properties.Bands_Join": ""})),
        entry(5),
    ]
    assert difference(LIST, after) == Difference(
        added=("000005",),
        removed=("000001",),
        reinstated=("000002",),
        amended=(
            Amendment("000002", EXPIRY, "25/10/2030", "01/01/2031"),
            Amendment("000002", "ZigBee_Properties.Bands_Join", "Single Band 2.4 GHz", ""),
        ),
        vanished=("000004",),
    )


def test_blanks_are_a_difference_because_the_bytes_differ() -> None:
    found = difference([entry(1)], [ListedEntry("000001", "Current", values(1, **{EXPIRY: "25/10/2030 "}))])
    assert found.amended == (Amendment("000001", EXPIRY, "25/10/2030", "25/10/2030 "),)


def test_an_item_that_is_new_counts_as_empty_before() -> None:
    old = {key: value for key, value in values(1).items() if key != "ZigBee_Properties.Bands_Join"}
    assert difference([ListedEntry("000001", "Current", old)], [entry(1)]).amended == (
        Amendment("000001", "ZigBee_Properties.Bands_Join", "", "Single Band 2.4 GHz"),
    )


CHANGES = st.lists(
    st.builds(
        PlannedChange,
        st.sampled_from(["add", "amend", "remove", "reinstate", "correct", "nonsense"]),
        st.one_of(st.none(), st.sampled_from([f"{number:06d}" for number in range(8)])),
        st.integers(0, 9).map(values),
    ),
    max_size=6,
)


@given(CHANGES)
def test_nothing_vanishes_and_numbers_stay_unique(changes: list[PlannedChange]) -> None:
    after = apply(changes, LIST)
    numbers = [row.number for row in after]
    assert numbers == sorted(set(numbers))
    assert difference(LIST, after).vanished == ()
    assert {row.number for row in LIST} <= set(numbers)
    conflicts(changes, LIST)
    version_control_text(changes, LIST)


@given(CHANGES)
def test_what_conflicts_passes_is_what_apply_does(changes: list[PlannedChange]) -> None:
    if conflicts(changes, LIST):
        return
    found = difference(LIST, apply(changes, LIST))
    assert len(found.added) == sum(change.kind == "add" for change in changes)
    assert set(found.removed) == {change.number for change in changes if change.kind == "remove"}
    assert set(found.reinstated) == {change.number for change in changes if change.kind == "reinstate"}
    assert {amendment.number for amendment in found.amended} <= {
        change.number for change in changes if change.kind in {"amend", "correct"}
    }


# --- The Version Control text --------------------------------------------------------------------------------------------


def test_additions_in_the_manner_of_the_published_history() -> None:
    hub = {FIRMWARE: "04:01:00:03", "SMETS/CHTS Version.Version_number": "CHTS V1.3"}
    smets1 = {FIRMWARE: "00:03:03:0A", "SMETS/CHTS Version.Version_number": "SMETS V1.2"}
    text = version_control_text(
        [
            PlannedChange("add", "000726", hub, "Example Single Band Comms Hub 1.0"),
            PlannedChange("add", "000727", hub, "Example Single Band Comms Hub 1.1 04:01:00:03"),
            PlannedChange("add", "000728", smets1, "Example SGM ESME"),
        ]
    )
    assert text == (
        "Two new SMETS2 device models added:\n"
        "000726 - Example Single Band Comms Hub 1.0 04:01:00:03\n"
        "000727 - Example Single Band Comms Hub 1.1 04:01:00:03\n"
        "\n"
        "One new SMETS1 device model added:\n"
        "000728 - Example SGM ESME 00:03:03:0A"
    )


def test_removals_and_reinstatements_tell_their_reason() -> None:
    text = version_control_text(
        [
            PlannedChange("remove", "000001", designation="Example Meter", reason="clone of entry 000004."),
            PlannedChange("reinstate", "000002", designation="Example Meter"),
        ],
        LIST,
    )
    assert text == (
        "One SMETS2 device model removed:\n"
        "000001 - Example Meter 00:00:00:01 (clone of entry 000004)\n"
        "\n"
        "One SMETS2 device model, status changed to 'Current':\n"
        "000002 - Example Meter 00:00:00:02"
    )


def test_one_sentence_for_a_certificate_renewed_for_many_entries() -> None:
    change = {CPA: "[R] NCSC-1433053936-3917", EXPIRY: "30/08/2031"}
    text = version_control_text(
        [PlannedChange("amend", number, values(int(number), **change), "Hub") for number in ("000001", "000004")], LIST
    )
    assert text == (
        "Two SMETS2 device models amended:\n"
        "000001 - Hub 00:00:00:01\n"
        "000004 - Hub 00:00:00:04\n"
        "The new certificate, [R] NCSC-1433053936-3917, replaces [R] NCSC-1234567891-2345.\n"
        "CPA_Certificate.expiry_date changed from 25/10/2030 to 30/08/2031."
    )


def test_corrections_name_old_and_new() -> None:
    change = {"ZSE_Certificate.ZSE_version": "", "ZigBee_Properties.Bands_Join": "NA"}
    old = ListedEntry("000001", "Current", values(1, **{"ZigBee_Properties.Bands_Join": ""}))
    text = version_control_text([PlannedChange("correct", "000001", values(1, **change), "Hub", "INC000000619565")], [old])
    assert text == (
        "One SMETS2 device model corrected:\n"
        "000001 - Hub 00:00:00:01 (INC000000619565)\n"
        "ZSE_Certificate.ZSE_version ZigBee Smart Energy Standard 1.4 taken out.\n"
        "ZigBee_Properties.Bands_Join added: NA"
    )


def test_an_entry_without_a_name_is_named_by_what_it_says() -> None:
    assert line_of("000001", "", {**values(1), "Device_Type.name": PPMID}) == f"000001 - {PPMID} 10:73 57:31 00:00:00:01"
    assert line_of("000001", "", {}) == "000001"


def test_no_changes_no_text() -> None:
    assert version_control_text([]) == ""


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "No"),
        (1, "One"),
        (12, "Twelve"),
        (19, "Nineteen"),
        (20, "Twenty"),
        (26, "Twenty-six"),
        (99, "Ninety-nine"),
        (100, "100"),
    ],
)
def test_counts_in_words(count: int, words: str) -> None:
    assert in_words(count) == words


def test_new_and_old_values_of_the_form() -> None:
    rules = load(3)
    first, *others = rules.lists["dlms_version"]
    lists = {"dlms_version": [*others, ListValue("CTT 9.1"), ListValue("CTT 9.2"), ListValue("CTT 9.3")]}
    trio = ("Gas Smart Meter", "SMETS V9.1", "GBCS Version 9.1")
    changed = rules.with_reference(lists, rules.device_types, rules.combinations | {trio})
    assert form_text(rules, changed) == (
        "CPL New Entry form amended:\n"
        f"DLMS_Certificate.DLMS_version: CTT 9.1, CTT 9.2 and CTT 9.3 added; {first.value} removed\n"
        "Device Level Versions (TSAT): Gas Smart Meter / SMETS V9.1 / GBCS Version 9.1 added"
    )
    assert form_text(changed, changed) == ""
