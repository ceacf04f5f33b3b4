"""The data dictionary: every data item of a principal version, once, read from cpl/dictionary/vN.toml into frozen objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """How the value of a data item is written."""

    ALLOCATED = "allocated"  # SECAS fills it: entry number and status
    LIST = "list"  # one of a selection list
    HEX = "hex"  # `octets` pairs of upper-case hex digits with colons
    CPA_NUMBER = "cpa_number"  # "[E] …", "[R] …", "[T] …"
    PRINTABLE = "printable"  # characters 32 to 126, no blank at either end
    DATE = "date"  # dd/mm/yyyy
    TEXT = "text"
    EMAILS = "emails"  # one or several, separated by semicolons
    PATH = "path"  # NA, or up to 15 entry numbers separated by semicolons


class Publication(StrEnum):
    """Where SECAS publishes a data item. DZIR items are RED."""

    CPL = "CPL"
    CSV = "CSV"
    FIR = "FIR"
    DZIR = "DZIR"


@dataclass(frozen=True, slots=True)
class DataItem:
    """One Data Group and Data Attribute. `key` is "Group.Attribute" as the New Entry tab writes it, and names the value everywhere."""

    group: str
    attribute: str
    kind: Kind
    label: str  # short plain-English name for pages and mails
    max_octets: int
    guidance: str  # section of the CPL guidance v6.0
    octets: int = 0  # HEX: how many pairs
    maximum: str = ""  # HEX: highest permitted value
    selection: str = ""  # LIST: name of the selection list
    applies: str = "all"  # who must fill it: see cpl/domain/applicability.py
    published: frozenset[Publication] = frozenset()
    list_group: str = ""  # heading in 'Central Products List' where it differs from group
    list_attribute: str = ""
    list_column: str = ""  # column letter in 'Central Products List'
    aliases: tuple[tuple[str, str], ...] = ()  # other (group, attribute) spellings a reader accepts
    notes: str = ""
    conditionality: str = ""
    format: str = ""
    valid_values: str = ""

    @property
    def key(self) -> str:
        return f"{self.group}.{self.attribute}"

    @property
    def red(self) -> bool:
        return Publication.DZIR in self.published and Publication.CPL not in self.published


@dataclass(frozen=True, slots=True)
class ListValue:
    """One value of a selection list; `family` tells SMETS1, SMETS2+ or CHTS values apart where it matters."""

    value: str
    family: str = ""


@dataclass(frozen=True, slots=True)
class DeviceType:
    """A physical device type and what it must bring (guidance Table 2 and Table 6)."""

    name: str
    family: str  # "CHTS" or "SMETS"
    needs_cpa: bool
    needs_dlms: bool
    needs_fir_v2: bool


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything a form is checked against: data items of one principal version, lists and TSAT combinations on one day."""

    principal: int
    items: tuple[DataItem, ...]
    lists: Mapping[str, tuple[ListValue, ...]]
    device_types: tuple[DeviceType, ...]
    combinations: frozenset[tuple[str, str, str]]  # (device type, SMETS/CHTS version, GBCS version)
    by_key: Mapping[str, DataItem] = field(default_factory=dict)
