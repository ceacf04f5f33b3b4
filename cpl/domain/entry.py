"""One Device Model on the list: its identity and the forms in which its values are compared and published."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

Values = Mapping[str, str]

DEVICE_TYPE = "Device_Type.name"
MANUFACTURER = "Device_Model.manufacturer_identifier"
MODEL = "Device_Model.model_identifier"
HARDWARE_VERSION = "Device_Model.hardware_version.version"
HARDWARE_REVISION = "Device_Model.hardware_version.revision"
FIRMWARE = "Device_Model.firmware_version"
SMETS_CHTS = "SMETS/CHTS Version.Version_number"
GBCS = "GBCS Version.version_number"
CPA_NUMBER = "CPA_Certificate.identification_number"
IMAGE_HASH = "Manufacturer_Image.hash"

DEVICE_MODEL = (MANUFACTURER, MODEL, HARDWARE_VERSION, HARDWARE_REVISION, FIRMWARE)
TRIO = (DEVICE_TYPE, SMETS_CHTS, GBCS)

CURRENT = "Current"
REMOVED = "Removed"

_PREFIX = re.compile(r"\[([A-Z])\]\s*")
# Never part of a longer run of digits or letters: "ESME1433053936-1197" is 1433053936-1197, not ESME14330539.
_CORE = re.compile(r"(?<![0-9])[0-9]{10}-[0-9]{4}(?![0-9])|(?<![A-Z])[A-Z]{4}[0-9]{8}(?![0-9])")


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """One row of the list: six-digit number, "Current" or "Removed", and the published text of each data item by key."""

    number: str
    status: str
    values: Values


def device_fields(values: Values) -> tuple[str, str, str, str, str]:
    """The five Device_Model values, trimmed and in upper case: manufacturer, model, hardware version, revision, firmware."""
    maker, model, version, revision, firmware = (values.get(key, "").strip().upper() for key in DEVICE_MODEL)
    return maker, model, version, revision, firmware


def device_key(values: Values) -> str:
    """SHA-256 (hex) of the five Device_Model values: equal for entries of the same hardware and firmware (rules D2, D3, D6)."""
    return _digest(device_fields(values))


def twin_key(values: Values) -> str:
    """SHA-256 (hex) of the Device Model with device type, SMETS/CHTS and GBCS version: equal for true duplicates (rule D1)."""
    return _digest(twin_fields(values))


def twin_fields(values: Values) -> tuple[str, ...]:
    """What `twin_key` is made of: the five Device_Model values, then device type, SMETS/CHTS and GBCS version, case folded."""
    return *device_fields(values), *(values.get(key, "").strip().casefold() for key in TRIO)


def certificate_prefix(number: str) -> str:
    """The letter of the prefix of a CPA certificate number: "E" expiring, "R" lifetime, "T" trial; "" without a prefix."""
    match = _PREFIX.match(number.strip())
    return match[1] if match else ""


def cpa_core(number: str) -> str:
    """What names a CPA certificate however it is spelled.

    "[E] 1433053936-1497", "[R] NCSC-1433053936-1497" and "NCSC1433053936-1497" are one certificate: 1433053936-1497.
    Numbers of an unknown form are taken whole, without prefix and blanks around.
    """
    bare = _PREFIX.sub("", number.strip(), count=1).strip()
    core = _CORE.search(bare)
    return core[0] if core else bare


def formal_name(device_type: str, manufacturer: str, model: str) -> str:
    """How a Device Model is called that nobody has given a plain-English name."""
    return f"{device_type or 'Device'} {manufacturer} {model}".strip()


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
