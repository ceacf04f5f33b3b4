"""The data dictionary: each item once, in the order of the form, and every derived thing right."""

import json
from collections import Counter
from pathlib import Path

import pytest

from cpl.dictionary import PRINCIPALS, load, source
from cpl.domain.applicability import CODES
from cpl.domain.dictionary import Kind, ListValue, Publication, RuleSet
from cpl.domain.dictionary_page import dictionary_page
from cpl.domain.dictionary_source import parse

ROOT = Path(__file__).resolve().parents[2]
V2_GROUPS = {
    "Entry": 2, "Device_Type": 1, "Device_Model": 5, "SMETS/CHTS Version": 1, "GBCS Version": 1, "CPA_Certificate": 3,
    "DLMS_Certificate": 2, "ZSE_Certificate": 2, "Manufacturer_Image": 3, "Contact-CPA": 3, "Manufacturer Contact FIR": 9,
    "FIR Release Notes": 1,
}  # fmt: skip
V3_GROUPS = V2_GROUPS | {"Firmware_Upgrade": 1, "ZigBee_Properties": 1, "Device_ZigBee_Information_Repository": 2}
STACK = {"Device_ZigBee_Information_Repository.Stack_Vendor", "Device_ZigBee_Information_Repository.Stack_Version"}


@pytest.mark.parametrize(("principal", "groups"), [(2, V2_GROUPS), (3, V3_GROUPS)])
def test_every_data_item_stands_there_once_in_the_order_of_the_form(principal: int, groups: dict[str, int]) -> None:
    items = load(principal).form_items
    assert Counter(item.group for item in items) == groups
    assert list(dict.fromkeys(item.group for item in items)) == list(groups)
    assert len({item.key.casefold() for item in items}) == len(items)


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_every_item_is_complete(principal: int) -> None:
    rules = load(principal)
    for item in rules.items:
        assert item.applies in CODES, item.key
        assert item.rule.startswith("F"), item.key
        assert item.max_octets > 0, item.key
        assert all([item.label, item.guidance, item.source, item.notes, item.conditionality, item.format]), item.key
        assert (item.kind is Kind.LIST) <= bool(rules.choices(item)), item.key
        assert all(len(choice.encode()) <= item.max_octets for choice in rules.choices(item)), item.key
        assert bool(item.list_column) == (Publication.CPL in item.published), item.key


def test_version_3_says_only_what_differs() -> None:
    version_2 = load(2)
    new = [item.key for item in load(3).items if item.key not in version_2.by_key]
    assert new == ["Firmware_Upgrade.Path", "ZigBee_Properties.Bands_Join", *sorted(STACK)]
    assert source(3).count("[[item]]") == len(new)
    unchanged = [item for item in version_2.items if load(3).by_key[item.key] == item]
    assert len(unchanged) == 33 - 4 - 10  # CPA (3), descriptor, and the ten FIR items that are for every device now


def test_red_items_are_the_two_of_the_stack() -> None:
    assert {item.key for item in load(3).items if item.red} == STACK
    assert not [item.key for item in load(2).items if item.red]


@pytest.mark.parametrize(("principal", "last"), [(2, "U"), (3, "V")])
def test_columns_of_the_list(principal: int, last: str) -> None:
    columns = [item.list_column for item in load(principal).list_items]
    assert columns == [chr(code) for code in range(ord("B"), ord(last) + 1)]


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_columns_of_the_csv(principal: int) -> None:
    columns = load(principal).csv_columns
    assert [column.header for column in columns] == [
        "Version",
        "Entry.number",
        "Entry.status",
        "Device_Type.name",
        "Device_Model.manufacturer_identifier",
        "Device_Model.model_identifier",
        "Device_Model.hardware_version.version",
        "Device_Model.hardware_version.revision",
        "Device_Model.model_identifier_concatenated_with_hardware_version",
        "Device_Model.firmware_version",
        "SMETS_CHTS Version.Version_number_and_effective_date",
        "GBCS Version.version_number",
        "Manufacturer_Image.hash",
    ]
    assert [column.header for column in columns if column.item is None] == [columns[0].header, columns[8].header]


@pytest.mark.parametrize(
    ("group", "attribute", "key"),
    [
        ("Device_Type", "name", "Device_Type.name"),
        ("  device_type ", "NAME\n", "Device_Type.name"),
        ("SMETS/CHTS Version", "Version_number", "SMETS/CHTS Version.Version_number"),
        ("SMETS_CHTS Version", "Version_number_and_effective_date", "SMETS/CHTS Version.Version_number"),
        ("SMETS_CHTS Version", "Version_number_&_effective_date", "SMETS/CHTS Version.Version_number"),
        ("Zigbee_Properties", "Bands_Join", "ZigBee_Properties.Bands_Join"),
        ("Contact-CPA", "Contact.contact  name", "Contact-CPA.Contact.contact name"),
        ("contact-cpa", "contact.Contact Email", "Contact-CPA.Contact.contact email"),
    ],
)
def test_labels_are_found_however_they_are_spelled(group: str, attribute: str, key: str) -> None:
    found = load(3).item_for(group, attribute)
    assert found is not None
    assert found.key == key


@pytest.mark.parametrize(
    ("group", "attribute"), [("Device_Type", "number"), ("", ""), ("name", "Device_Type"), ("DeviceType", "name")]
)
def test_other_labels_are_not_found(group: str, attribute: str) -> None:
    assert load(3).item_for(group, attribute) is None


def test_no_label_means_two_items() -> None:
    for principal in PRINCIPALS:
        spellings = [
            (group.casefold(), attribute.casefold())
            for item in load(principal).items
            for group, attribute in {(group.casefold(), attribute.casefold()) for group, attribute in item.labels}
        ]
        assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_a_snapshot_survives_json(principal: int) -> None:
    rules = load(principal)
    again = RuleSet.from_snapshot(json.loads(json.dumps(rules.snapshot())))
    assert again == rules
    assert again.digest == rules.digest
    assert again.by_key == rules.by_key


def test_the_digest_names_content_and_not_order_of_making() -> None:
    rules = load(3)
    same = rules.with_reference(dict(reversed(rules.lists.items())), rules.device_types, list(rules.combinations)[::-1])
    assert same.digest == rules.digest
    assert rules.with_reference({}, rules.device_types, list(rules.combinations)[1:]).digest != rules.digest
    assert load(2).digest != rules.digest


def test_reference_data_of_the_day_replaces_lists_and_the_words_about_them() -> None:
    rules = load(3)
    day = rules.with_reference({"gbcs": [ListValue("GBCS Version 4.2", "SMETS2+")]}, rules.device_types, rules.combinations)
    gbcs = day.by_key["GBCS Version.version_number"]
    assert day.choices(gbcs) == ("GBCS Version 4.2",)
    assert gbcs.valid_values == "One of:\n- GBCS Version 4.2"
    assert day.lists["zse_version"] == rules.lists["zse_version"]
    assert rules.choices(rules.by_key["GBCS Version.version_number"])[-1] == "GBCS Version 4.1"


def test_limits_that_follow_from_the_kind() -> None:
    items = load(3).by_key
    assert items["Manufacturer_Image.hash"].max_octets == 95
    assert items["Device_Model.firmware_version"].max_octets == 11
    assert items["CPA_Certificate.expiry_date"].max_octets == 10
    assert items["Device_Model.manufacturer_identifier"].valid_values == "00:00 to FF:FE"
    assert len("; ".join(["000001"] * 15)) == items["Firmware_Upgrade.Path"].max_octets


def test_first_filling_of_the_reference_data() -> None:
    for principal in PRINCIPALS:
        rules = load(principal)
        assert len(rules.combinations) == 49
        assert [device.name for device in rules.device_types] == [value.value for value in rules.lists["device_type"]]
        for device, smets, gbcs in rules.combinations:
            assert rules.device_type(device) is not None
            assert smets in [value.value for value in rules.lists["smets_chts"]]
            assert gbcs in [value.value for value in rules.lists["gbcs"]]
    assert ListValue("Security Characteristics version 1.4") in load(3).lists["security_characteristics"]
    assert ListValue("Security Characteristics version 1.4") not in load(2).lists["security_characteristics"]


def test_what_is_no_dictionary_is_refused() -> None:
    with pytest.raises(ValueError, match="principal version 4"):
        load(4)
    with pytest.raises(ValueError, match="does not extend"):
        parse(source(2), source(3).replace("extends = 2", "extends = 1"))
    with pytest.raises(ValueError, match="Nothing to override"):
        parse(source(2), source(3).replace('group = "FIR Release Notes"', 'group = "FIR Notes"'))


def test_the_page_about_the_dictionary_is_up_to_date() -> None:
    written = (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    made = dictionary_page([load(principal) for principal in PRINCIPALS])
    assert written == made, "Run: python -m cpl.dictionary > docs/data-dictionary.md"
    assert all(f"### {item.key}\n" in made for item in load(3).items)
