"""Who must fill a data item in: the one place that reads `DataItem.applies` (guidance Table 2 and Table 6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cpl.domain.dictionary import DataItem, DeviceType, RuleSet
from cpl.domain.entry import DEVICE_TYPE, GBCS, IMAGE_HASH, SMETS_CHTS

SMETS1_VERSION = "SMETS V1.2"
SMETS1_GBCS = "GBCS Version 0.0"


class Requirement(StrEnum):
    """What a data item of one Device Model must be."""

    FILLED = "filled"
    EMPTY = "empty"
    OPTIONAL = "optional"
    UNKNOWN = "unknown"  # the device type is not known, so nobody can say


@dataclass(frozen=True, slots=True)
class Profile:
    """What decides which data items a Device Model needs. `device` None: the device type is missing or not in the dictionary."""

    device: DeviceType | None
    smets1: bool
    has_hash: bool


def is_smets1(values: Mapping[str, str]) -> bool:
    """SMETS1 is what states SMETS V1.2 (Communications Hubs too). A blank version counts as SMETS1 with GBCS Version 0.0 only."""
    version = values.get(SMETS_CHTS, "").strip().casefold()
    if version:
        return version == SMETS1_VERSION.casefold()
    return values.get(GBCS, "").strip().casefold() == SMETS1_GBCS.casefold()


def profile_of(values: Mapping[str, str], rules: RuleSet) -> Profile:
    """The profile of the Device Model with these (normalised) values."""
    return Profile(
        device=rules.device_type(values.get(DEVICE_TYPE, "")),
        smets1=is_smets1(values),
        has_hash=bool(values.get(IMAGE_HASH, "").strip()),
    )


def requirement(item: DataItem, profile: Profile) -> Requirement:
    """What this data item must be for a Device Model of this profile. Raises KeyError for a code no dictionary may hold."""
    return _RULES[item.applies](profile)


def _filled_if(condition: bool) -> Requirement:
    return Requirement.FILLED if condition else Requirement.EMPTY


def _smets2_with(needs: Callable[[DeviceType], bool]) -> Callable[[Profile], Requirement]:
    """SMETS2+ device types with a need must fill it in; every other Device Model leaves it empty."""

    def rule(profile: Profile) -> Requirement:
        if profile.smets1:
            return Requirement.EMPTY
        return Requirement.UNKNOWN if profile.device is None else _filled_if(needs(profile.device))

    return rule


def _cpa_version(profile: Profile) -> Requirement:
    """As for the certificate, but a type without CPA may state 'Not Relevant' (rule F8 looks at the value)."""
    needed = _smets2_with(lambda device: device.needs_cpa)(profile)
    return Requirement.OPTIONAL if needed is Requirement.EMPTY and not profile.smets1 else needed


def _fir_types(profile: Profile) -> Requirement:
    return Requirement.UNKNOWN if profile.device is None else _filled_if(profile.device.needs_fir_v2)


_RULES: Mapping[str, Callable[[Profile], Requirement]] = {
    "secas": lambda profile: Requirement.OPTIONAL,
    "all": lambda profile: Requirement.FILLED,
    "s2": lambda profile: _filled_if(not profile.smets1),
    "s2_cpa": _smets2_with(lambda device: device.needs_cpa),
    "s2_cpa_version": _cpa_version,
    "s2_dlms": _smets2_with(lambda device: device.needs_dlms),
    "optional": lambda profile: Requirement.OPTIONAL,
    "with_hash": lambda profile: _filled_if(profile.has_hash),
    "hash_or_alone": lambda profile: Requirement.FILLED if profile.has_hash else Requirement.OPTIONAL,
    "fir_types": _fir_types,
}
CODES = frozenset(_RULES)
