"""Complete and correct answers for a v3 form of each kind of Device Model, with made-up manufacturers."""

import hashlib
from dataclasses import dataclass

from cpl.dictionary import load
from cpl.domain.applicability import Requirement, profile_of, requirement
from cpl.domain.entry import IMAGE_HASH

SINGLE_ELEMENT = "Single Element Electricity Metering Equipment"
TWIN_ELEMENT = "Twin Element Electricity Metering Equipment"
POLYPHASE = "Polyphase Electricity Metering Equipment"
GAS_METER = "Gas Smart Meter"
HUB = "Communications Hub"
PPMID = "Pre-Payment Interface Device"
HCALCS = "HAN Connected Auxiliary Load Control Switch"
DEVICE_TYPES = (SINGLE_ELEMENT, TWIN_ELEMENT, POLYPHASE, GAS_METER, HUB, PPMID, HCALCS)


@dataclass(frozen=True, slots=True)
class Maker:
    """A made-up manufacturer."""

    name: str
    identifier: str
    domain: str
    telephone: str


MAKERS = (
    Maker("Alder Metering Ltd", "7A:01", "alder-metering.example", "+44 20 7946 0101"),
    Maker("Brookfield Devices plc", "7A:02", "brookfield-devices.example", "+44 20 7946 0202"),
    Maker("Copperline GmbH", "7A:03", "copperline.example", "+49 30 5550 0303"),
    Maker("Dunmore Controls Ltd", "7A:04", "dunmore-controls.example", "+44 20 7946 0404"),
)
# SMETS or CHTS version and GBCS version that a new device of each type would have.
_NEWEST = {
    HUB: ("CHTS V1.5", "GBCS Version 4.1"),
    GAS_METER: ("SMETS V4.3", "GBCS Version 4.1"),
    PPMID: ("SMETS V4.4", "GBCS Version 4.1"),
}
_BANDS = {HUB: "Dual Band - both (Communications Hub)", GAS_METER: "Dual Band - 2.4 GHz first"}


def valid_values(
    device_type: str = SINGLE_ELEMENT,
    *,
    smets1: bool = False,
    with_hash: bool = False,
    number: int = 1,
    maker: Maker | None = None,
    **overrides: str,
) -> dict[str, str]:
    """Values by key of a v3 form that passes every field rule, "" where the device type must leave an item empty.

    `number` makes different Device Models (model identifier, hardware, firmware, certificates). `overrides` are by key; a key
    that the form does not have raises KeyError.
    """
    rules = load(3)
    answers = _answers(device_type, smets1, with_hash, number, maker or MAKERS[number % len(MAKERS)])
    profile = profile_of(answers, rules)
    values = {item.key: "" for item in rules.form_items if item.applies != "secas"}
    for item in rules.form_items:
        if item.key == IMAGE_HASH or requirement(item, profile) is Requirement.FILLED:
            values[item.key] = answers[item.key]
    for key, value in overrides.items():
        if key not in values:
            raise KeyError(f"The form has no data item {key}.")
        values[key] = value
    return values


def _answers(device_type: str, smets1: bool, with_hash: bool, number: int, maker: Maker) -> dict[str, str]:
    specification, gbcs = (
        ("SMETS V1.2", "GBCS Version 0.0") if smets1 else _NEWEST.get(device_type, ("SMETS V5.1", "GBCS Version 4.1"))
    )
    model = f"{number:04X}"
    return {
        "Device_Type.name": device_type,
        "Device_Model.manufacturer_identifier": maker.identifier,
        "Device_Model.model_identifier": f"{model[:2]}:{model[2:]}",
        "Device_Model.hardware_version.version": "0A",
        "Device_Model.hardware_version.revision": f"{number % 256:02X}",
        "Device_Model.firmware_version": f"03:{number // 256 % 256:02X}:{number % 256:02X}:10",
        "SMETS/CHTS Version.Version_number": specification,
        "GBCS Version.version_number": gbcs,
        "CPA_Certificate.identification_number": f"[R] NCSC-{1700000000 + number}-{4000 + number % 1000}",
        "CPA_Certificate.security_characteristics_version": "Security Characteristics version 1.3",
        "CPA_Certificate.expiry_date": "30/06/2031",
        "DLMS_Certificate.identification_number": f"{3000 + number % 1000}",
        "DLMS_Certificate.DLMS_version": "CTT 4.2",
        "ZSE_Certificate.identification_number": f"ZIG26{number % 1000:03d}ZSE{14000 + number % 1000}-24",
        "ZSE_Certificate.ZSE_version": "ZigBee Smart Energy Standard 1.4",
        "Manufacturer_Image.creator": maker.name,
        "Manufacturer_Image.hash": image_hash(f"{maker.name} {device_type} {number}") if with_hash else "",
        "Manufacturer_Image.descriptor": "Complete image",
        "Contact-CPA.Contact.contact name": "Robin Winter; Sam Carter",
        "Contact-CPA.Contact.contact telephone": f"{maker.telephone}; +44 20 7946 0999",
        "Contact-CPA.Contact.contact email": f"certificates@{maker.domain}; sam.carter@{maker.domain}",
        "Manufacturer Contact FIR.Company Name": maker.name,
        "Manufacturer Contact FIR.House Number": "17",
        "Manufacturer Contact FIR.Street": "Harbour Street",
        "Manufacturer Contact FIR.City": "Millport",
        "Manufacturer Contact FIR.Post Code": "MP1 4QX",
        "Manufacturer Contact FIR.Country": "United Kingdom",
        "Manufacturer Contact FIR.Telephone Number": maker.telephone,
        "Manufacturer Contact FIR.Website": f"https://www.{maker.domain}",
        "Manufacturer Contact FIR.Email Address": f"support@{maker.domain}",
        "FIR Release Notes.Description": f"Release for {device_type}: security update and better joining after a power cut.",
        "Firmware_Upgrade.Path": "NA",
        "ZigBee_Properties.Bands_Join": _BANDS.get(device_type, "Single Band 2.4 GHz"),
        "Device_ZigBee_Information_Repository.Stack_Vendor": "Invented Radio Labs",
        "Device_ZigBee_Information_Repository.Stack_Version": "R23.1.4",
    }


def image_hash(seed: str) -> str:
    """A hash as the form writes it, from any text."""
    return hashlib.sha256(seed.encode()).digest().hex(":").upper()
