"""Each data item: valid, invalid and boundary values, one table; the form around it is a good one (Single Element, with hash)."""

from dataclasses import dataclass

import pytest

from cpl.dictionary import load
from cpl.domain.findings import Severity
from cpl.domain.validate import validate
from tests.domain import good_forms
from tests.domain.good_forms import HASH, about, check, faults, good

KNOWN_AS_TEXT = ["Example", "Ünïcode Ltd", "O'Neill & Sons", "a", "#1", "(x)"]
FORMULAS = ["=1+1", "-A1", "@SUM(A1)"]


@dataclass(frozen=True)
class Cases:
    """Values that pass, and values that fail with the rule that must speak. Boundaries stand on both sides."""

    rule: str
    passes: list[str]
    fails: list[str]
    long_by_one: str = ""  # one octet too long: rule F19
    characters: tuple[str, ...] = ("\x07", "\u202e")  # inside a value: rule F19


def text(rule: str, longest: int, *more: str, starts: tuple[str, ...] = ("+1",)) -> Cases:
    """A text item of so many octets; two-octet letters count twice."""
    accents = "é" * (longest // 2) + "e" * (longest % 2)
    known = [known for known in KNOWN_AS_TEXT if len(known) < longest]
    return Cases(rule, [*known, "x" * longest, accents, *more], [*FORMULAS, *starts], "x" * (longest + 1))


ITEMS: dict[str, Cases] = {
    "Device_Type.name": Cases(
        "F2",
        [good_forms.SINGLE, good_forms.SINGLE.lower(), f"  {good_forms.SINGLE}\n"],
        ["", "   ", "Pre-Payment Meter Interface Device", "In Home Display", "SAPC", good_forms.SINGLE[:-1]],
        good_forms.SINGLE + "x" * 6,
    ),
    "Device_Model.manufacturer_identifier": Cases(
        "F3",
        ["00:00", "FF:FE", "10:73", "ff:fe", " 0a:0B "],
        [
            "",
            "FF:FF",
            "1073",
            "10:7",
            "10:73:00",
            "10-73",
            "0x1073",
            "1G:73",
            "10:73:",
            ":10:73",
            "１０:73",
            "10 :73",
            "A1:B2,",
            "10:٣3",
        ],
        characters=("\x07", "\u200b"),
    ),
    "Device_Model.model_identifier": Cases("F3", ["00:00", "FF:BF", "ff:bf"], ["", "FF:C0", "FF:FF", "57310", "57", "57.31"]),
    "Device_Model.hardware_version.version": Cases("F3", ["00", "FF", "fF", "01"], ["", "0", "1", "100", "0:1", "GG", "0x1"]),
    "Device_Model.hardware_version.revision": Cases("F3", ["00", "FF", "0a"], ["", "A", "0A0", "1F:"]),
    "Device_Model.firmware_version": Cases(
        "F3",
        ["00:00:00:00", "FF:FF:FF:FF", "04:01:00:03", "0a:0b:0c:0d"],
        ["", "04010003", "4:1:0:3", "04:01:00", "04:01:00:03:00", "1.2.5.6", "04.01.00.03", "04:01:00:0G"],
    ),
    "SMETS/CHTS Version.Version_number": Cases(
        "F4", ["SMETS V5.1", "smets v5.1", " SMETS V5.1 "], ["", "SMETS V3.0", "V5.1", "SMETS 5.1", "5.1"]
    ),
    "GBCS Version.version_number": Cases(
        "F5", ["GBCS Version 4.1", "gbcs version 4.1"], ["", "GBCS Version 1.0", "GBCS V4.1", "4.1"]
    ),
    "CPA_Certificate.identification_number": Cases(
        "F7",
        ["[R] NCSC-1234567891-2345", "[R] AB", "[R] a b", "[R] " + "1" * 20, " [R] 12345 ", "[R] ~!"],
        [
            "",
            "[R]",
            "[R] ",
            "[R] A",
            "[r] 12345",
            "[R]12345",
            "[R]  12345",
            "12345",
            "[X] 12345",
            "[RE] 1234",
            "R 12345",
            "[R] 12–45",
            "[R] ä1",
        ],
        "[R] " + "1" * 21,
        ("\t", "\n", "\u00ad"),
    ),
    "CPA_Certificate.security_characteristics_version": Cases(
        "F8",
        ["Security Characteristics version 1.2", "Security Characteristics version 1.4", "security characteristics VERSION 1.3"],
        ["", "Not Relevant", "not relevant", "1.3", "Security Characteristics version 1.1"],
    ),
    "CPA_Certificate.expiry_date": Cases(
        "F9",
        ["25/10/2030", "29/02/2028", "01/01/2027", "31/12/9999", " 25/10/2030 "],
        [
            "",
            "25-10-2030",
            "2030-10-25",
            "25/10/30",
            "5/10/2030",
            "31/04/2030",
            "29/02/2027",
            "10/25/2030",
            "00/10/2030",
            "25/10/0000",
            "soon",
        ],
    ),
    "DLMS_Certificate.identification_number": Cases(
        "F11", ["2345", "123", "~~~", "DLMS-12345", "12 45"], ["", "12", "23é5", "２345"], "12345678901", ("\t", "\u200b")
    ),
    "DLMS_Certificate.DLMS_version": Cases("F11", ["CTT 3.1", "CTT 4.2", "ctt 4.0"], ["", "CTT 3.0", "CTT", "4.2", "CTT4.2"]),
    "ZSE_Certificate.identification_number": Cases(
        "F12", ["ZIG26049ZSE13129-24", "ZSE", "Z" * 40], ["", "ZI", "ZIG–1"], "Z" * 41, ("\n", "\u2028")
    ),
    "ZSE_Certificate.ZSE_version": Cases(
        "F12",
        ["ZigBee Smart Energy Standard 1.2a", "Zigbee Smart Energy Standard 1.4", "ZIGBEE SMART ENERGY STANDARD 1.2B"],
        ["", "1.4", "ZigBee Smart Energy Standard 1.4a", "ZigBee Smart Energy Standard"],
    ),
    "Manufacturer_Image.creator": text("F13", 100),
    "Manufacturer_Image.hash": Cases(
        "F13",
        [HASH, HASH.lower(), ":".join(["00"] * 32), ":".join(["FF"] * 32), f" {HASH} "],
        [HASH[:-1], HASH[:-3], HASH + ":00", HASH.replace(":", ""), HASH.replace(":", "-"), HASH[:-1] + "G", "none"],
        characters=("\x00", "\u200d"),
    ),
    "Manufacturer_Image.descriptor": text("F13", 100, "Fragment 1 of 2 of FW Version 01:02:03:04"),
    "Contact-CPA.Contact.contact name": Cases(
        "F14", ["Ann", "Ann; Bob", "Ann;Bob;", "A;B;C;D;E", "x" * 400], ["", ";", " ; "], "x" * 401, ("\n", "\t")
    ),
    "Contact-CPA.Contact.contact telephone": Cases(
        "F14", ["+44 20 7946 0000", "0;1;2;3;4", "1" * 100], ["", ";;"], "1" * 101, ("\n",)
    ),
    "Contact-CPA.Contact.contact email": Cases(
        "F14",
        [
            "a@b.example",
            "o'neill@b.example",
            "a@b.example; c@d.example",
            "a@b.example;c@d.example;",
            "a+b@c-d.example",
            "a.b@c.d.example",
        ],
        [
            "",
            "a",
            "a@b",
            "a@b..example",
            "a..b@c.example",
            ".a@b.example",
            "a.@b.example",
            "a@-b.example",
            "a b@c.example",
            "a@b.example, c@d.example",
            "a@b.example; c",
            "@b.example",
            "a@",
            "a@@b.example",
            "ä@b.example",
            f"{'a' * 65}@b.example",
            "a@b.e",
        ],
        "a" * 64 + "@" + "b" * 330 + ".example",
        ("\n", "\r"),
    ),
    "Manufacturer Contact FIR.Company Name": text("F15", 45),
    "Manufacturer Contact FIR.House Number": text("F15", 45, "36", "36-38", "007"),
    "Manufacturer Contact FIR.Street": text("F15", 45),
    "Manufacturer Contact FIR.City": text("F15", 45),
    "Manufacturer Contact FIR.Post Code": text("F15", 8, "EX1 2AB"),
    "Manufacturer Contact FIR.Country": text("F15", 45),
    "Manufacturer Contact FIR.Telephone Number": text("F15", 45, "+44 20 7946 0001", "020 7946 0001", starts=()),
    "Manufacturer Contact FIR.Website": text("F15", 100, "https://meters.example", "www.meters.example"),
    "Manufacturer Contact FIR.Email Address": Cases(
        "F15",
        ["support@meters.example", "a@b.example; c@d.example"],
        ["", "support", "support@", "a@b..c"],
        "a" * 60 + "@" + "b" * 50 + ".example",
    ),
    "FIR Release Notes.Description": text("F15", 500, "First line\nsecond line", "See https://meters.example/notes"),
    "Firmware_Upgrade.Path": Cases(
        "F16",
        ["NA", "na", "N/A", "n/a", " NA ", "000626", "000626; 000630", "000626;000630", "000626 ;  000630;"],
        [
            "",
            "626",
            "0000626",
            "000626, 000630",
            "000626 000630",
            "000626/000630",
            "000000",
            "000626; NA",
            "NA; 000626",
            "000626; 000626",
            "none",
            "٠٠٠٦٢٦",
            "000999",
            "000626; 000999",
        ],
        characters=("\n", "\t"),
    ),
    "ZigBee_Properties.Bands_Join": Cases(
        "F18",
        ["Single Band 2.4 GHz", "dual band - manual selection", "NA", "n/a"],
        ["", "2.4 GHz", "Dual Band", "Single Band (2.4 GHz)"],
    ),
    "Device_ZigBee_Information_Repository.Stack_Vendor": Cases(
        "F18", ["Silicon Labs", "NXP", "x" * 100], ["", "  ", "https://vendor.example", "see www.vendor.example"], "x" * 101
    ),
    "Device_ZigBee_Information_Repository.Stack_Version": Cases(
        "F18", ["3.4.11.12", "1.2.A.B", "R22", "x" * 100], ["", "ftp://stack.example"], "x" * 101
    ),
}
ALLOCATED = ["Entry.number", "Entry.status"]


def test_the_table_has_every_item() -> None:
    assert [*ALLOCATED, *ITEMS] == [item.key for item in load(3).form_items]
    assert all(load(3).by_key[key].rule == cases.rule for key, cases in ITEMS.items())


@pytest.mark.parametrize("principal", [2, 3])
@pytest.mark.parametrize("device", [device.name for device in load(3).device_types])
def test_a_good_form_has_no_findings(device: str, principal: int) -> None:
    assert check(good(device, principal), principal).findings == ()


@pytest.mark.parametrize("principal", [2, 3])
@pytest.mark.parametrize("device", [good_forms.SINGLE, good_forms.TWIN, good_forms.GAS, good_forms.HUB])
def test_a_good_smets1_form_has_no_findings(device: str, principal: int) -> None:
    values = good(device, principal, smets1=True)
    assert not values["CPA_Certificate.identification_number"]
    assert not values["ZSE_Certificate.ZSE_version"]
    assert check(values, principal).findings == ()


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, cases in ITEMS.items() for value in cases.passes])
def test_passes(key: str, value: str) -> None:
    assert faults(check({**good(), key: value}), key) == []


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, cases in ITEMS.items() for value in cases.fails if value not in FORMULAS]
)
def test_fails(key: str, value: str) -> None:
    found = faults(check({**good(), key: value}), key)
    expected = "F19" if value.startswith("+") else ITEMS[key].rule
    assert (expected, "error") in found
    assert len(found) == 1, found


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, cases in ITEMS.items() for value in FORMULAS if value in cases.fails]
)
def test_a_published_value_never_begins_like_a_formula(key: str, value: str) -> None:
    assert faults(check({**good(), key: value}), key) == [("F19", "error")]


@pytest.mark.parametrize("key", [key for key, cases in ITEMS.items() if cases.long_by_one])
def test_one_octet_too_long(key: str) -> None:
    assert faults(check({**good(), key: ITEMS[key].long_by_one}), key) == [("F19", "error")]


@pytest.mark.parametrize("key", [item.key for item in load(3).items if item.kind in good_forms.text_kinds()])
def test_lengths_are_counted_in_octets(key: str) -> None:
    """As many two-octet letters as octets are allowed would pass for who counts characters."""
    limit = load(3).by_key[key].max_octets
    assert faults(check({**good(), key: "é" * (limit // 2)}), key) == []
    assert faults(check({**good(), key: "é" * limit}), key) == [("F19", "error")]


@pytest.mark.parametrize(
    ("key", "character"), [(key, character) for key, cases in ITEMS.items() for character in cases.characters]
)
def test_control_and_invisible_characters(key: str, character: str) -> None:
    value = good()[key]
    found = about(check({**good(), key: f"{value[:3]}{character}{value[3:]}"}), key)
    assert [(finding.rule, finding.severity) for finding in found] == [("F19", Severity.ERROR)]


@pytest.mark.parametrize("character", ["\ud800", "\x00"])
def test_what_is_no_utf_8(character: str) -> None:
    checked = check({**good(), "Manufacturer_Image.creator": f"Example{character}"})
    assert faults(checked) == [("F19", "error")]
    assert checked.values["Manufacturer_Image.creator"] == "Example\ufffd"
    assert about(checked)[0].value == "Example\ufffd"


@pytest.mark.parametrize("key", ITEMS)
def test_a_missing_row_is_said_once(key: str) -> None:
    values = {name: value for name, value in good().items() if name != key}
    found = faults(check(values), key)
    assert found == [("F1", "error")]


@pytest.mark.parametrize("key", ALLOCATED)
@pytest.mark.parametrize("value", ["This value is allocated by SECAS", "", "999999", "=1", "Current", "\x07"])
def test_what_secas_allocates_is_not_read(key: str, value: str) -> None:
    checked = check({**good(), key: value})
    assert checked.findings == ()
    assert checked.values[key] == ""


@pytest.mark.parametrize("key", ALLOCATED)
def test_rows_that_secas_fills_must_be_there_too(key: str) -> None:
    form = good_forms.reading(good(), missing=(key,))
    assert faults(validate(form, load(3), good_forms.ON, good_forms.targets(good())), key) == [("F1", "error")]
