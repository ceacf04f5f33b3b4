"""The data dictionary: every data item of a principal version, once, as frozen objects. `cpl.dictionary.load` reads them."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any


class Kind(StrEnum):
    """How the value of a data item is written."""

    ALLOCATED = "allocated"  # SECAS fills it: entry number and status
    LIST = "list"  # one of a selection list
    HEX = "hex"  # `octets` pairs of upper-case hex digits with colons
    CPA_NUMBER = "cpa_number"  # "[E] …", "[R] …", "[T] …"
    PRINTABLE = "printable"  # characters 32 to 126, no blank at either end
    DATE = "date"  # dd/mm/yyyy
    TEXT = "text"
    NAMES = "names"  # one or several, separated by semicolons
    TELEPHONES = "telephones"  # one or several, separated by semicolons
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
    """One Data Group and Data Attribute. Its `key`, "Group.Attribute" as on the New Entry tab, names its value everywhere."""

    group: str
    attribute: str
    kind: Kind
    label: str  # short plain-English name for pages and mails
    max_octets: int  # of UTF-8
    guidance: str  # section of the CPL guidance v6.0
    rule: str = ""  # the field rule that answers for this item, e.g. "F3"
    octets: int = 0  # HEX: how many pairs
    maximum: str = ""  # HEX: highest permitted value
    selection: str = ""  # LIST: name of the selection list
    prefixes: tuple[str, ...] = ()  # CPA_NUMBER: what stands before the number, without the blank
    multiline: bool = False  # TEXT: line breaks are allowed
    applies: str = "all"  # who must fill it: see cpl/domain/applicability.py
    listed_may_lack: bool = False  # entries that were listed before the item existed need no value
    published: frozenset[Publication] = frozenset()
    list_group: str = ""  # heading in 'Central Products List' where it differs from group
    list_attribute: str = ""
    list_column: str = ""  # column letter in 'Central Products List'
    aliases: tuple[tuple[str, str], ...] = ()  # other (group, attribute) spellings a reader accepts
    source: str = ""  # where the SEC defines it (row 'Source of definition' of the list)
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

    @property
    def list_label(self) -> tuple[str, str]:
        """(Data Group, Data Attribute) as 'Central Products List' and the CSV write them."""
        return self.list_group or self.group, self.list_attribute or self.attribute

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """Every (group, attribute) spelling a reader accepts for this item."""
        return (self.group, self.attribute), self.list_label, *self.aliases


@dataclass(frozen=True, slots=True)
class ListValue:
    """One value of a selection list; `family` tells SMETS1, SMETS2+ or CHTS values apart where it matters."""

    value: str
    family: str = ""


@dataclass(frozen=True, slots=True)
class DeviceType:
    """A physical device type and what it must bring (guidance Table 2 and Table 6).

    `ota_from`: first GBCS version with which the type can be upgraded over the air; empty when every version allows it.
    """

    name: str
    family: str  # "CHTS" or "SMETS"
    needs_cpa: bool
    needs_dlms: bool
    needs_fir_v2: bool
    ota_from: str = ""


@dataclass(frozen=True, slots=True)
class CsvColumn:
    """One column of 'CPL - Saveable in CSV'. `item` None: worked out, the version label or model with hardware version."""

    header: str
    item: DataItem | None = None


CSV_VERSION = "Version"
CSV_MODEL_AND_HARDWARE = "Device_Model.model_identifier_concatenated_with_hardware_version"

Label = tuple[str, str]


@dataclass(frozen=True)
class RuleSet:
    """Everything a form is checked against: data items of one principal version, lists and TSAT combinations on one day.

    `lists` holds ListValues by list name, in the order of the drop-down. `by_key` finds a data item by its key.
    """

    principal: int
    items: tuple[DataItem, ...]
    lists: Mapping[str, tuple[ListValue, ...]]
    device_types: tuple[DeviceType, ...]
    combinations: frozenset[tuple[str, str, str]]  # (device type, SMETS/CHTS version, GBCS version)
    by_key: Mapping[str, DataItem] = field(init=False, repr=False, compare=False)
    _by_label: Mapping[Label, DataItem] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {item.key: item for item in self.items})
        labels = {fold_label(group, attribute): item for item in self.items for group, attribute in item.labels}
        object.__setattr__(self, "_by_label", labels)

    def item_for(self, group: str, attribute: str) -> DataItem | None:
        """The data item with this pair of labels, upper or lower case and blanks around ignored, aliases included."""
        return self._by_label.get(fold_label(group, attribute))

    def choices(self, item: DataItem) -> tuple[str, ...]:
        """The values of the item's selection list in the order of the drop-down; empty for an item without one."""
        return tuple(choice.value for choice in self.lists.get(item.selection, ()))

    def device_type(self, name: str) -> DeviceType | None:
        return next((device for device in self.device_types if device.name == name), None)

    @property
    def form_items(self) -> tuple[DataItem, ...]:
        """Data items in the order of the New Entry tab."""
        return self.items

    @property
    def list_items(self) -> tuple[DataItem, ...]:
        """Data items in the order of the columns of 'Central Products List', from B on."""
        return tuple(sorted((item for item in self.items if item.list_column), key=lambda item: item.list_column))

    @property
    def csv_columns(self) -> tuple[CsvColumn, ...]:
        """Columns A to M of 'CPL - Saveable in CSV', in order."""
        columns = [CsvColumn(CSV_VERSION)]
        for item in self.list_items:
            if Publication.CSV in item.published:
                columns.append(CsvColumn(".".join(item.list_label), item))
            if item.key == "Device_Model.hardware_version.revision":
                columns.append(CsvColumn(CSV_MODEL_AND_HARDWARE))
        return tuple(columns)

    def with_reference(
        self,
        lists: Mapping[str, Iterable[ListValue]],
        device_types: Iterable[DeviceType],
        combinations: Iterable[tuple[str, str, str]],
    ) -> "RuleSet":
        """The same dictionary with the reference data of a day. A list that `lists` does not name stays as it is."""
        merged = {**self.lists, **{name: tuple(values) for name, values in lists.items()}}
        return RuleSet(
            principal=self.principal,
            items=tuple(naming_choices(item, merged) for item in self.items),
            lists=merged,
            device_types=tuple(device_types),
            combinations=frozenset(combinations),
        )

    def snapshot(self) -> dict[str, Any]:
        """The rule set as JSON types in one canonical order; `from_snapshot` makes an equal rule set of it."""
        return {
            "principal": self.principal,
            "items": [{**asdict(item), "published": sorted(item.published)} for item in self.items],
            "lists": {name: [asdict(value) for value in self.lists[name]] for name in sorted(self.lists)},
            "device_types": [asdict(device) for device in self.device_types],
            "combinations": sorted(list(combination) for combination in self.combinations),
        }

    @classmethod
    def from_snapshot(cls, snapshot: Mapping[str, Any]) -> "RuleSet":
        """The rule set that `snapshot` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            principal=snapshot["principal"],
            items=tuple(data_item(row) for row in snapshot["items"]),
            lists={name: tuple(ListValue(**value) for value in values) for name, values in snapshot["lists"].items()},
            device_types=tuple(DeviceType(**row) for row in snapshot["device_types"]),
            combinations=frozenset((device, smets, gbcs) for device, smets, gbcs in snapshot["combinations"]),
        )

    @cached_property
    def digest(self) -> str:
        """Names this rule set wherever it was used."""
        return digest_of(self.snapshot())


def digest_of(snapshot: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the canonical JSON of a snapshot."""
    text = json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def fold_label(group: str, attribute: str) -> Label:
    """Both labels as they are compared: runs of white space as one blank, none around, case ignored."""
    return " ".join(group.split()).casefold(), " ".join(attribute.split()).casefold()


def naming_choices(item: DataItem, lists: Mapping[str, tuple[ListValue, ...]]) -> DataItem:
    """The item with its valid values written out when it has a selection list, so that no text lags behind its list."""
    if not item.selection:
        return item
    values = "\n".join(f"- {choice.value}" for choice in lists.get(item.selection, ()))
    return replace(item, valid_values=f"One of:\n{values}")


def data_item(row: Mapping[str, Any]) -> DataItem:
    """A data item from JSON or TOML types."""
    plain = dict(row)
    plain["kind"] = Kind(plain["kind"])
    plain["published"] = frozenset(Publication(place) for place in plain.get("published", ()))
    plain["prefixes"] = tuple(plain.get("prefixes", ()))
    plain["aliases"] = tuple((group, attribute) for group, attribute in plain.get("aliases", ()))
    return DataItem(**plain)
