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
    probes = {item.key: list(_probes_of(item, rules)) for item in _answerable(rules) if item.key not in _LINKED}
    longest = max(map(len, probes.values()))
    for number in range(longest):
        some = {key: values[number % len(values)] for key, values in probes.items()}
        yield Form(f"probe {number}", {**_base(rules), **some})
    for key in _LINKED & rules.by_key.keys():
        for number, value in enumerate(_probes_of(rules.by_key[key], rules)):
            yield Form(f"{key} probe {number}", {**_base(rules), key: value})


_LINKED = frozenset({DEVICE_TYPE, SMETS_CHTS, GBCS, CPA_NUMBER, CHARACTERISTICS, EXPIRY, IMAGE_HASH, PATH})


def _probes_of(item: DataItem, rules: RuleSet) -> Iterator[str]:
    if item.kind is not Kind.LIST or item.key not in _LINKED:
        yield from _characters(item.max_octets)
    yield from _OF_KIND.get(item.kind, _no_more)(item, rules)


def _characters(most: int) -> Iterator[str]:
    """Blanks, odd characters, beginnings and lengths, for a value of at most so many octets."""
    yield from ("   ", "\u00a0", "\n\t", " \u2003x\u3000", "x\u200bx", "x\x07x", "x\nx", "x\r\nx\rx", "x\tx", "x\u2028x")
    yield from (
        "\U000e0041x",
        "x\U0001f600",
        "x\U00010000x",
        "x\U0010ffff",
        "=x",
        "+x",
        "-x",
        "@x",
        "x=+-@",
        "x\u00e9",
        "xx",
        "xxx",
        "{x}",
        "%x~",
    )
    yield from ("x\ufeffx", "x\u00adx", "x\x7fx", "x\x1fx", "x\u0600x", "x\u2010x", "x\u206fx", "x\u2070\u2060", "x\ue000x")
    for tail in ("", "x"):
        yield "x" * most + tail
        yield "\u00e9" * (most // 2) + "x" * (most % 2) + tail
        yield "\u20ac" * (most // 3) + "x" * (most % 3) + tail
        yield "\U0001f600" * (most // 4) + "x" * (most % 4) + tail


def _no_more(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from ()


def _hexadecimal(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from ("x" * 999 + "\x01", "x" * 1000 + "\x01")  # so far the characters are looked at
    digits = ["%02X" % (171 + 7 * place & 255) for place in range(item.octets)]
    right = ":".join(digits)
    higher = int(item.maximum.replace(":", ""), 16) + 1
    above = f"{higher:0{2 * item.octets}X}"
    yield from (right, right.lower(), f" {right}\n", item.maximum, ":".join(["00"] * item.octets))
    yield from (right[:-1], right + "0", right + ":00", right + ":", ":" + right, right[:-1] + "G", right[:-1] + "g", right[3:])
    yield from (
        "-".join(digits),
        ".".join(digits),
        " ".join(digits),
        "".join(digits),
        "0x" + "".join(digits),
        "0X" + right.lower(),
    )
    yield from ("\u00a0".join(digits), "/".join(digits), ":".join(above[place : place + 2] for place in range(0, len(above), 2)))
    yield from (
        "0x",
        "0xx" + "".join(digits),
        "x0" + "".join(digits),
        right.replace("A", "\u0410"),
        "::".join(digits),
        "9" * most_of(item),
    )
    yield from ("@" * most_of(item), "`" * most_of(item), ";".join(digits), "/9", ":")


def most_of(item: DataItem) -> int:
    return item.max_octets


def _list(item: DataItem, rules: RuleSet) -> Iterator[str]:
    choices = rules.choices(item)
    yield from choices
    yield from (choices[0].upper(), choices[-1].lower(), f" {choices[0]} ", choices[0] + "x", choices[0][:-1])
    yield from ("; ".join(choices[:2]), "na", "N/A", "n/a", "NA", "N / A", "; ", choices[0].replace(" ", "  "), "0")


def _printable(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from (
        "12",
        "123",
        "1",
        " 1 2 ",
        "a b",
        "12\u20133",
        "\u00a312",
        "\u4e00\U0001f60012",
        "12\u0180",
        "12\x80",
        "~ ~",
        "1\u00a02",
    )


def _names(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from ("a;b;c;d;e", "a;b;c;d;e;f", "a;b;;c; ;d;e;", ";a;b;c;d;e;f", "a", "; ;", " a ; b ", "a;\u2003;b", ";" * 9)


def _telephones(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from ("+44 20 7946 0000", "-44", "=44", "@44", "+1;+2;+3;+4;+5", "+1;+2;+3;+4;+5;+6", ";+1")


def _emails(item: DataItem, rules: RuleSet) -> Iterator[str]:
    good_ones = ["a@b.co", "o'hara@x.example", "a.b+c_d-e@x-y.example", "A1!#$%&'*+/=?^_`{|}~-@x.org", f"{'m' * 64}@b.co"]
    good_ones += [f"a@{'d' * 63}.co", "a@1.b2", "a@b.c1", f"a@b.c{'d' * 62}", "0@0.a0", "a@b.c.d.ef", "a@b.c-d", "z@Z.Zz"]
    bad = ["a", "@", "a@", "@b.co", "a@b", "a@b.c", "a@@b.co", "a@b@c.co", ".a@b.co", "a.@b.co", "a..b@b.co", "a@b..co", "a@.co"]
    bad += [
        "a@b.co.",
        "a@-b.co",
        "a@b-.co",
        "a@b.-co",
        "a@b.co-",
        "a@b.1co",
        "a b@b.co",
        "a@b c.co",
        "a@b.c\u00f6",
        "\u00e9@b.co",
    ]
    bad += [f"{'m' * 65}@b.co", f"a@{'d' * 64}.co", f"a@b.c{'d' * 63}", "<a@b.co>", "a@b_c.co", "a,b@b.co", 'a"b@b.co', "a@b.co:"]
    local, label = "m" * 64, "d" * 60
    long = f"{local}@{label}.{label}.{label}."  # 248 characters
    yield from (*good_ones, *bad, long + "e" * 6, long + "e" * 7)
    yield from ("a@b.co;c@d.co", "a@b.co; bad;c@d.co;worse", ";a@b.co;;", "a@b.co,c@d.co", ";".join(["a@b.co"] * 5))
    yield from (
        ";".join(["a@b.co"] * 6),
        ";".join(["a"] * 6),
        ";".join(["a@b.co", "a@b"] * 3),
        " a@b.co ; c@d.co ",
        "a@b.co;\u00a0c@d.co",
    )


def _text(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from (
        "http://x",
        "www.x",
        "WWW.x",
        "see HTTPS://x",
        "://x",
        "1://x",
        "a1+.-://x",
        "-a://",
        "x ://",
        "a\u00e9://x",
        "wwwx",
    )
    yield from ("1a:// ", "a:/", "a :// b://", "one://two://", "a:b", "12://, z://", "w.ww.", "\u00e9://", "ww.", "Z9://", "_://")


def _date(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from ("29/02/2028", "29/02/2027", "28/02/2027", "30/02/2028", "31/04/2027", "30/04/2027", "31/06/2027", "31/09/2027")
    yield from ("31/11/2027", "30/11/2027", "31/12/2027", "32/12/2027", "31/01/2027", "00/01/2027", "01/00/2027", "01/13/2027")
    yield from ("01/12/2027", "29/02/2100", "29/02/2400", "1/1/2027", "01/01/27", "01/01/0000", "01/01/0001", "01/01/9999")
    yield from ("01-02-2028", "01.02.2028", "01-02.2028", "2028-02-01", "2028.02.01", "2028-02.01", "2028-02-30", "30-02-2028")
    yield from ("01/02-2028", "2028/02/01", "2028-2-1", "aa/bb/cccc", "01/02/2028 ", "01/02/20288", " 1/02/2028", "01/02/202a")
    yield from ("31/10/2027", "31/07/2027", "31/08/2027", "31/05/2027", "31/03/2027", "2028a02-01", "2028-02a01", "01a02/2028")


def _path(item: DataItem, rules: RuleSet) -> Iterator[str]:
    many = [f"{number:06d}" for number in range(626, 645)]
    yield from ("NA", "na", "n/a", "N/A", " NA ", "N.A.", "000626", "626", "0000626", "000000", "00062a", "000626,000630")
    yield from ("000626;000630", "000626 ; 000630;", ";", "; ", "000626; ;000630", "999999", "000626\n", "-00626", "000001")
    yield from ("; ".join(many[:15]), "; ".join(many[:16]), ";".join(many[:14] + many[:1]), ";".join(many[:15] + many[:1]))
    yield from (
        "000630; 000626; 000630; 000626; 000627",
        "000626;000626;000626",
        "000626; NA",
        "NA; 000626",
        "000626; 000000",
        "000627;000626;000627",
    )
    yield from ("000626x", "x000626; 000630", "000626; 00063")


_OF_KIND = {
    Kind.HEX: _hexadecimal,
    Kind.LIST: _list,
    Kind.PRINTABLE: _printable,
    Kind.NAMES: _names,
    Kind.TELEPHONES: _telephones,
    Kind.EMAILS: _emails,
    Kind.TEXT: _text,
    Kind.DATE: _date,
    Kind.PATH: _path,
}


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
        "4.2",
        "12345.6",
        "1.",
        ".1",
        "a 4. 4.1",
        "4.09",
        "4",
        "9.x 1.2.3",
    )
    for device, version in itertools.product((PPMID, SWITCH, HUB), gbcs):
        for path in ("NA", "000626", "x")[: 3 if device == SWITCH else 2]:
            more = {PATH: path} if PATH in rules.by_key else {}
            yield Form(f"{device} {version} {path}", _base(rules, device, **{GBCS: version}, **more))


def _cells(rules: RuleSet) -> Iterator[Form]:
    """Cells that hold something else than text: one kind in every cell of a form, then in single cells that others look at."""
    filled = [Filled(CellKind.NUMBER, number) for number in ("12", "0", "-5", "1.5", "0.25", "-0.25", "123456789012", "1234567")]
    filled += [
        Filled(CellKind.DATE, number) for number in ("1", "0.99", "46351", "46357", "46363", "0.4375", "4.99", "5", "5.5", "0.5")
    ]
    filled += [
        Filled(CellKind.BOOLEAN, "1"),
        Filled(CellKind.ERROR, "#N/A"),
        Filled(CellKind.FORMULA, "x"),
        Filled(CellKind.FORMULA, ""),
        Filled(CellKind.FORMULA, "12"),
    ]
    for value in filled:
        yield Form(f"cells {value.kind} {value.value}", dict.fromkeys((item.key for item in _answerable(rules)), value))
    lone = [Filled(CellKind.FORMULA, "GBCS Version 4.1"), Filled(CellKind.DATE, "46351"), Filled(CellKind.NUMBER, "7")]
    for key, value in itertools.product(sorted(_LINKED & rules.by_key.keys()), lone):
        yield Form(f"{key} {value.kind}", {**_base(rules), key: value})
        yield Form(f"{key} {value.kind} no hash", {**_base(rules), IMAGE_HASH: "", key: value})


def _mixtures(rules: RuleSet) -> Iterator[Form]:
    """Several things wrong at once, chosen by chance that is always the same."""
    chance = random.Random(20261124)
    items = _answerable(rules)
    for number in range(60):
        values: dict[str, Any] = dict(_base(rules, chance.choice(DEVICES)))
        for item in chance.sample(items, 6):
            values[item.key] = chance.choice([*_probes_of(item, rules), "", Filled(CellKind.NUMBER, "12")])
        yield Form(f"mixture {number}", values)
