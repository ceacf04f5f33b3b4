"""Forms without a fault, one for each kind of Device Model, and short ways to check a changed one."""

import datetime
from collections.abc import Mapping

from cpl.dictionary import load
from cpl.domain.applicability import Requirement, profile_of, requirement
from cpl.domain.dictionary import Kind
from cpl.domain.entry import CURRENT, ListedEntry
from cpl.domain.findings import Finding, Severity
from cpl.domain.form import CellKind, FormCell, FormCheck, FormReading
from cpl.domain.validate import validate

ON = datetime.date(2026, 11, 24)
SHEET = "CPL - New Entry"
SINGLE = "Single Element Electricity Metering Equipment"
TWIN = "Twin Element Electricity Metering Equipment"
POLYPHASE = "Polyphase Electricity Metering Equipment"
GAS = "Gas Smart Meter"
HUB = "Communications Hub"
PPMID = "Pre-Payment Interface Device"
SWITCH = "HAN Connected Auxiliary Load Control Switch"

HASH = ":".join(f"{octet:02X}" for octet in range(32))
LATEST = {HUB: "CHTS V1.5", GAS: "SMETS V4.3", PPMID: "SMETS V4.4"}  # with GBCS Version 4.1; everything else SMETS V5.1

EVERYTHING = {
    "Device_Model.manufacturer_identifier": "10:73",
    "Device_Model.model_identifier": "57:31",
    "Device_Model.hardware_version.version": "01",
    "Device_Model.hardware_version.revision": "0A",
    "Device_Model.firmware_version": "04:01:00:03",
    "CPA_Certificate.identification_number": "[R] NCSC-1234567891-2345",
    "CPA_Certificate.security_characteristics_version": "Security Characteristics version 1.3",
    "CPA_Certificate.expiry_date": "25/10/2030",
    "DLMS_Certificate.identification_number": "2345",
    "DLMS_Certificate.DLMS_version": "CTT 4.2",
    "ZSE_Certificate.identification_number": "ZIG26049ZSE13129-24",
    "ZSE_Certificate.ZSE_version": "ZigBee Smart Energy Standard 1.4",
    "Manufacturer_Image.creator": "Example Meters Ltd",
    "Manufacturer_Image.hash": HASH,
    "Manufacturer_Image.descriptor": "Whole image",
    "Contact-CPA.Contact.contact name": "Ann Example",
    "Contact-CPA.Contact.contact telephone": "+44 20 7946 0000",
    "Contact-CPA.Contact.contact email": "ann@meters.example",
    "Manufacturer Contact FIR.Company Name": "Example Meters Ltd",
    "Manufacturer Contact FIR.House Number": "36",
    "Manufacturer Contact FIR.Street": "Example Street",
    "Manufacturer Contact FIR.City": "Exampleton",
    "Manufacturer Contact FIR.Post Code": "EX1 2AB",
    "Manufacturer Contact FIR.Country": "United Kingdom",
    "Manufacturer Contact FIR.Telephone Number": "+44 20 7946 0001",
    "Manufacturer Contact FIR.Website": "https://meters.example",
    "Manufacturer Contact FIR.Email Address": "support@meters.example",
    "FIR Release Notes.Description": "General release for SMETS2",
    "Firmware_Upgrade.Path": "000626; 000630",
    "ZigBee_Properties.Bands_Join": "Single Band 2.4 GHz",
    "Device_ZigBee_Information_Repository.Stack_Vendor": "Silicon Labs",
    "Device_ZigBee_Information_Repository.Stack_Version": "3.4.11.12",
}


def good(device: str = SINGLE, principal: int = 3, *, smets1: bool = False) -> dict[str, str]:
    """Values of a form without a fault: what the device type needs is filled in, everything else empty."""
    rules = load(principal)
    trio = {
        "Device_Type.name": device,
        "SMETS/CHTS Version.Version_number": "SMETS V1.2" if smets1 else LATEST.get(device, "SMETS V5.1"),
        "GBCS Version.version_number": "GBCS Version 0.0" if smets1 else "GBCS Version 4.1",
    }
    values = {**EVERYTHING, **trio}
    profile = profile_of(values, rules)
    wanted = {Requirement.FILLED, Requirement.OPTIONAL}
    return {
        item.key: values.get(item.key, "") if requirement(item, profile) in wanted and _sensible(item.key, device) else ""
        for item in rules.form_items
    }


def _sensible(key: str, device: str) -> bool:
    """'Not Relevant' or nothing is all that a PPMID may say about Security Characteristics."""
    return not (device == PPMID and key == "CPA_Certificate.security_characteristics_version")


def targets(values: Mapping[str, str], *numbers: str, status: str = CURRENT, **changes: str) -> dict[str, ListedEntry]:
    """Entries on the list that a Device Model with these values can be the upgrade of, by default those of the good form."""
    earlier = {**values, "Device_Model.firmware_version": "04:01:00:02", **changes}
    return {number: ListedEntry(number, status, earlier) for number in numbers or ("000626", "000630")}


def reading(values: Mapping[str, str], kinds: Mapping[str, CellKind] | None = None, **more: object) -> FormReading:
    """The form as a reader would hand it over, rows from 7 on."""
    kinds = kinds or {}
    cells = {
        key: FormCell(key, f"{SHEET}!G{row}", value, kinds.get(key, CellKind.TEXT))
        for row, (key, value) in enumerate(values.items(), 7)
    }
    return FormReading(cells=cells, sheet=SHEET, **more)  # type: ignore[arg-type]


def check(
    values: Mapping[str, str], principal: int = 3, kinds: Mapping[str, CellKind] | None = None, **more: object
) -> FormCheck:
    """Check these values as a form; the entries of the good upgrade path exist unless `targets` says otherwise."""
    more.setdefault("targets", targets(values))
    more.setdefault("on", ON)
    return validate(reading(values, kinds), load(principal), **more)  # type: ignore[arg-type]


def faults(checked: FormCheck, key: str = "") -> list[tuple[str, str]]:
    """(rule, severity) of everything but notes, of one data item or of all, in order."""
    return [(found.rule, found.severity.value) for found in about(checked, key) if found.severity is not Severity.INFO]


def about(checked: FormCheck, key: str = "") -> list[Finding]:
    return [found for found in checked.findings if not key or f"{found.group}.{found.attribute}" == key]


def text_kinds() -> frozenset[Kind]:
    return frozenset({Kind.TEXT, Kind.NAMES, Kind.TELEPHONES})
