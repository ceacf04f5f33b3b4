"""From the text of the dictionary files to a RuleSet. A later principal version states only what differs from the one before."""

import tomllib
from collections.abc import Mapping
from typing import Any

from cpl.domain.dictionary import DeviceType, Kind, ListValue, RuleSet, data_item, naming_choices

Row = dict[str, Any]
DATE_OCTETS = len("dd/mm/yyyy")
SPELLED_OUT = 4  # pairs of hexadecimal digits that a format shows one by one


def parse(*texts: str) -> RuleSet:
    """The rule set of the last of the TOML texts. They come in the order of their principal versions, each extending the last.

    Raises ValueError (a TOML error is one) when a file is wrong: these files belong to the program.
    """
    document: Row = {}
    for text in texts:
        document = _extended(document, tomllib.loads(text))
    return _rule_set(document)


def _extended(base: Row, change: Row) -> Row:
    if base and change.get("extends") != base["principal"]:
        raise ValueError(f"Dictionary {change['principal']} does not extend dictionary {base['principal']}.")
    items = [dict(row) for row in base.get("item", ())]
    for override in change.get("override", ()):
        _override(items, override)
    lists = {**base.get("lists", {}), **change.get("lists", {})}
    for name, values in change.get("list_additions", {}).items():
        lists[name] = [*lists[name], *values]
    return {
        "principal": change["principal"],
        "conditions": {**base.get("conditions", {}), **change.get("conditions", {})},
        "item": items + list(change.get("item", ())),
        "lists": lists,
        "device_type": change.get("device_type", base.get("device_type", ())),
        "combinations": change.get("combinations", base.get("combinations", {})),
    }


def _override(items: list[Row], override: Row) -> None:
    """Lay the override over every item of its Data Group, or over the one item whose attribute it names."""
    named = {name: override[name] for name in ("group", "attribute") if name in override}
    touched = [row for row in items if named.items() <= row.items()]
    if not touched:
        raise ValueError(f"Nothing to override: {named}")
    for row in touched:
        row.update(override)


def _rule_set(document: Row) -> RuleSet:
    device_types = tuple(DeviceType(**row) for row in document["device_type"])
    lists = {name: tuple(_list_value(value) for value in values) for name, values in document["lists"].items()}
    lists["device_type"] = tuple(ListValue(device.name, device.family) for device in device_types)
    items = (data_item(_completed(row, document["conditions"])) for row in document["item"])
    return RuleSet(
        principal=document["principal"],
        items=tuple(naming_choices(item, lists) for item in items),
        lists=lists,
        device_types=device_types,
        combinations=frozenset((name, smets, gbcs) for name, pairs in document["combinations"].items() for smets, gbcs in pairs),
    )


def _list_value(value: str | Mapping[str, str]) -> ListValue:
    return ListValue(value) if isinstance(value, str) else ListValue(**value)


def _completed(row: Row, conditions: Mapping[str, str]) -> Row:
    """The item with everything that follows from the rest: its length, its condition and its format in words."""
    full = dict(row)
    if full["kind"] == Kind.HEX:
        full.setdefault("max_octets", 3 * full["octets"] - 1)
        full.setdefault("valid_values", f"{':'.join(['00'] * full['octets'])} to {full['maximum']}")
    if full["kind"] == Kind.DATE:
        full.setdefault("max_octets", DATE_OCTETS)
    full.setdefault("conditionality", conditions[full["applies"]])
    full.setdefault("format", _format_in_words(full))
    return full


def _format_in_words(row: Row) -> str:
    octets = row["max_octets"]
    match Kind(row["kind"]):
        case Kind.HEX:
            return f"{_pairs(row['octets'])} ({octets} octets), each X one of the digits 0 to 9 and A to F."
        case Kind.DATE:
            return "dd/mm/yyyy (10 octets), as text."
        case Kind.PRINTABLE:
            return f"Up to {octets} octets; characters 32 to 126 only, no blank at either end."
        case Kind.NAMES | Kind.TELEPHONES | Kind.EMAILS:
            return f"Up to {octets} octets of UTF-8; a semicolon between two."
        case _:
            return f"Up to {octets} octets of UTF-8."


def _pairs(count: int) -> str:
    return ":".join(["XX"] * count) if count <= SPELLED_OUT else "XX:XX:…:XX"
