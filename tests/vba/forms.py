"""Forms to hold the macro against the server: right ones of every kind, and one on each side of every limit."""

import datetime
import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cpl.dictionary import load
from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.domain.entry import CPA_NUMBER, DEVICE_TYPE, GBCS, IMAGE_HASH, SMETS_CHTS
from cpl.domain.form import CellKind
from cpl.domain.rules.certificates import CHARACTERISTICS, EXPIRY
from cpl.domain.rules.upgrade_path import PATH
from tests.domain.good_forms import HUB, ON, PPMID, SINGLE, SWITCH, good
from tests.vba.probes import LINKED, probes_of

DEVICES = tuple(device.name for device in load(3).device_types)


@dataclass(frozen=True)
class Filled:
    """A cell that does not hold text. `value`: as a workbook stores it."""

    kind: CellKind
    value: str


Values = dict[str, str | Filled]


@dataclass(frozen=True)
class Form:
    """Answers by key; `missing`: data items whose row is not there; `on`: the day of the check."""

    name: str
    values: Mapping[str, str | Filled]
    missing: tuple[str, ...] = ()
    on: datetime.date = ON


def forms(principal: int = 3) -> list[Form]:
    """Every form, always the same ones in the same order."""
    rules = load(principal)
    makers = (_whole, _needs, _probes, _trios, _certificates, _image_and_path, _cells, _mixtures)
    return [form for maker in makers for form in maker(rules)]


def _base(rules: RuleSet, device: str = SINGLE, **changes: str) -> Values:
    return {**good(device, rules.principal), **changes}


def _whole(rules: RuleSet) -> Iterator[Form]:
    """Forms without a fault, an empty one, one with every answer, one with rows missing."""
    for device in DEVICES:
        yield Form(f"good {device}", _base(rules, device))
        yield Form(f"good SMETS1 {device}", dict(good(device, rules.principal, smets1=True)))
        yield Form(f"full {device}", {**_base(rules), DEVICE_TYPE: device})
    yield Form("empty", {})
    yield Form("no type", _base(rules, **{DEVICE_TYPE: ""}))
    yield Form("SMETS1 by GBCS alone", _base(rules, **{SMETS_CHTS: "", GBCS: " gbcs version 0.0 "}))
    yield Form("SMETS1 in other letters", _base(rules, **{SMETS_CHTS: "smets v1.2", GBCS: "GBCS Version 0.0"}))
    yield Form("neither version", _base(rules, **{SMETS_CHTS: "", GBCS: ""}))
    yield Form("rows missing", _base(rules), missing=(DEVICE_TYPE, IMAGE_HASH, "Entry.number"))
    yield Form("other rows missing", _base(rules), missing=(EXPIRY, "Manufacturer_Image.creator", GBCS))


def _needs(rules: RuleSet) -> Iterator[Form]:
    """Each data item left out where it is needed and filled in where it is not."""
    everything = _base(rules)
    for item in _answerable(rules):
        yield Form(f"without {item.key}", {**everything, item.key: ""})
    for device, smets1 in itertools.product((PPMID, HUB, "Gas Smart Meter"), (False, True)):
        lean = {**good(device, rules.principal, smets1=smets1), IMAGE_HASH: "", "Manufacturer_Image.creator": ""}
        lean["Manufacturer_Image.descriptor"] = ""
        yield Form(f"lean {device} {smets1}", dict(lean))
        for item in _answerable(rules):
            if not lean[item.key] and everything[item.key]:
                yield Form(f"{item.key} for {device} {smets1}", {**lean, item.key: everything[item.key]})


def _answerable(rules: RuleSet) -> list[DataItem]:
    return [item for item in rules.form_items if item.kind is not Kind.ALLOCATED]


def _probes(rules: RuleSet) -> Iterator[Form]:
    """The first probe of every data item together, then the second of each, and so on: no item looks at another here."""
    probes = {item.key: list(probes_of(item, rules)) for item in _answerable(rules) if item.key not in LINKED}
    longest = max(map(len, probes.values()))
    for number in range(longest):
        some = {key: values[number % len(values)] for key, values in probes.items()}
        yield Form(f"probe {number}", {**_base(rules), **some})
    for key in LINKED & rules.by_key.keys():
        for number, value in enumerate(probes_of(rules.by_key[key], rules)):
            yield Form(f"{key} probe {number}", {**_base(rules), key: value})


def _trios(rules: RuleSet) -> Iterator[Form]:
    """Device type, SMETS/CHTS and GBCS version: each pair of lists walked through, each once with every device type."""
    versions, gbcs_versions = (rules.choices(rules.by_key[key]) for key in (SMETS_CHTS, GBCS))
    for number, (version, gbcs) in enumerate(itertools.product(versions, gbcs_versions)):
        device = DEVICES[number % len(DEVICES)]
        values = _base(rules, device, **{SMETS_CHTS: version, GBCS: gbcs})
        yield Form(f"{device} {version} {gbcs}", values)
    for device, version in itertools.product(DEVICES, versions[:1] + versions[5:7]):
        yield Form(f"{device} {version}", _base(rules, device, **{SMETS_CHTS: version, GBCS: "GBCS Version 0.0"}))


def _certificates(rules: RuleSet) -> Iterator[Form]:
    """Prefix, Security Characteristics and date; the day of the check is 24/11/2026."""
    numbers = [
        "[E] 1234567891-2345",
        "[R] NCSC-1",
        "[T] GKL1",
        "[X] 12345",
        "[E]12345",
        "[E]  12345",
        "[E] X",
        "[E] XX",
        "[e] 12345",
    ]
    numbers += ["[T] " + "1" * 20, "[T] " + "1" * 21, "[E]", "[E] ", "[R] a\u00e9", "[R] a\u2013", "12345", " [E] 123 "]
    for number in numbers:
        yield Form(f"number {number!r}", _base(rules, **{CPA_NUMBER: number}))
    dates = ["23/11/2026", "24/11/2026", "25/11/2026", "24/11/2032", "25/11/2032", "23/12/2025", "24/10/2032", "01/01/2099"]
    characteristics = ["Not Relevant", "not relevant", "Security Characteristics version 1.3", ""]
    for number, date in itertools.product(numbers[:3], dates):
        fitting = characteristics[0] if number.startswith("[T]") else characteristics[2]
        yield Form(f"{number} {date}", _base(rules, **{CPA_NUMBER: number, EXPIRY: date, CHARACTERISTICS: fitting}))
    for number, value, device in itertools.product(numbers[:4], characteristics, (SINGLE, PPMID)):
        values = _base(rules, device, **{CPA_NUMBER: number, CHARACTERISTICS: value})
        yield Form(f"{device} {number} {value}", values)
    smets1: Values = {
        **good(HUB, rules.principal, smets1=True),
        CPA_NUMBER: numbers[0],
        CHARACTERISTICS: "Not Relevant",
        EXPIRY: dates[0],
    }
    yield Form("SMETS1 with a certificate", smets1)


def _image_and_path(rules: RuleSet) -> Iterator[Form]:
    """What goes with a hash, and what cannot be upgraded over the air."""
    keys = ("Manufacturer_Image.creator", IMAGE_HASH, "Manufacturer_Image.descriptor")
    for there in itertools.product((True, False), repeat=3):
        gone = {key: "" for key, is_there in zip(keys, there, strict=True) if not is_there}
        for path in ("NA", "000626", "000626; x", "x", ""):
            more = {PATH: path} if PATH in rules.by_key else {}
            yield Form(f"image {there} {path}", _base(rules, **gone, **more))
    gbcs = (
        "GBCS Version 4.0",
        "GBCS Version 4.1",
        "GBCS Version 3.2",
        "4.0 5.0",
        "4.2",
        "10003.9",
        "4.00001",
        "10.1",
        "1.",
        ".1",
        "a 4. 4.1",
        "4.09",
        "4",
        "9.x 1.2.3",
    )
    for device, version in itertools.product((PPMID, SWITCH, HUB), gbcs):
        for path in ("NA", "000626", "x", "")[: 4 if device == SWITCH else 2]:
            more = {PATH: path} if PATH in rules.by_key else {}
            yield Form(f"{device} {version} {path}", _base(rules, device, **{GBCS: version}, **more))


def _cells(rules: RuleSet) -> Iterator[Form]:
    """Cells that hold something else than text: one kind in every cell of a form, then in single cells that others look at."""
    filled = [Filled(CellKind.NUMBER, number) for number in ("12", "0", "-5", "1.5", "0.25", "-0.25", "123456789012", "1234567")]
    filled += [
        Filled(CellKind.DATE, number)
        for number in ("1", "0.99", "46351", "46357", "46363", "46368", "46369", "0.4375", "4.99", "5", "5.5", "0.5")
    ]
    filled += [
        Filled(CellKind.BOOLEAN, "1"),
        Filled(CellKind.ERROR, "#N/A"),
        Filled(CellKind.FORMULA, "x"),
        Filled(CellKind.FORMULA, ""),
        Filled(CellKind.FORMULA, "12"),
        Filled(CellKind.FORMULA, "#N/A"),
        Filled(CellKind.FORMULA, "TRUE"),
        Filled(CellKind.NUMBER, "-1.23456789012345E+100"),
    ]
    for value in filled:
        yield Form(f"cells {value.kind} {value.value}", dict.fromkeys((item.key for item in _answerable(rules)), value))
    lone = [
        Filled(CellKind.FORMULA, "GBCS Version 4.0"),
        Filled(CellKind.FORMULA, "3.2"),
        Filled(CellKind.FORMULA, "#N/A"),
        Filled(CellKind.ERROR, "#N/A"),
        Filled(CellKind.BOOLEAN, "1"),
        Filled(CellKind.DATE, "46351"),
        Filled(CellKind.NUMBER, "7"),
    ]
    for key, value in itertools.product(sorted(LINKED & rules.by_key.keys()), lone):
        yield Form(f"{key} {value.kind} {value.value}", {**_base(rules), key: value})
        yield Form(f"{key} {value.kind} {value.value} no hash", {**_base(rules), IMAGE_HASH: "", key: value})
        yield Form(f"{key} {value.kind} {value.value} no upgrades", {**_base(rules, PPMID), GBCS: "GBCS Version 4.0", key: value})


def _mixtures(rules: RuleSet) -> Iterator[Form]:
    """Several things wrong at once, chosen by chance that is always the same."""
    chance = random.Random(20261124)
    items = _answerable(rules)
    for number in range(60):
        values: dict[str, Any] = dict(_base(rules, chance.choice(DEVICES)))
        for item in chance.sample(items, 6):
            values[item.key] = chance.choice([*probes_of(item, rules), "", Filled(CellKind.NUMBER, "12")])
        yield Form(f"mixture {number}", values)
