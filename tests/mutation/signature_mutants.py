"""Changes a signed workbook in thousands of ways and looks for one that is accepted although something visible changed.

`python -m tests.mutation.signature_mutants [COUNT]` tries COUNT mutants (2,500 if not said) and prints what became of them.
A part of them runs in the test suite. Mutants depend on nothing but their number, so a find can be looked at again.
"""

import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from submissions.signature import Verdict, verified_package
from tests.builders.pki import pki
from tests.builders.signing import RELATIONSHIPS, SIGNATURE_TYPE, parts_of, sign, with_relationship, with_type
from tests.builders.workbooks import zip_of
from tests.domain.signed_forms import form_with_macro, judge, signed_form

Parts = dict[str, bytes]
Mutant = tuple[str, bytes]
OFFICE_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SIGNATURE = "_xmlsignatures/sig1.xml"
ELEMENT = re.compile(rb"<([A-Za-z:]+)[^<>]*(?:/>|>[^<>]*</\1>)")
ATTRIBUTE = re.compile(rb'([A-Za-z:]+)="([^"<>]*)"')
TEXT = re.compile(rb">([^<>]+)<")
WORDS = (b"", b"x", b"0", b"rId1", b"#idPackageObject", b"/xl/workbook.xml", b"External", b"xl/worksheets/sheet1.xml", b"../x")
NEW_PARTS = ("xl/worksheets/sheet3.xml", "xl/sharedStrings2.xml", "_xmlsignatures/sig2.xml", "a.bin", "customXml/item1.xml")
KINDS = (
    *(
        f"{OFFICE_REL}/{word}"
        for word in ("worksheet", "customXml", "sharedStrings", "custom-properties", "theme", "officeDocument")
    ),
    *(f"{RELATIONSHIPS}/{word}" for word in ("digital-signature/signature", "digital-signature/origin", "metadata/thumbnail")),
)
PATTERNS = (ELEMENT, ATTRIBUTE, TEXT)


def mutants(data: bytes) -> Iterator[Mutant]:
    """Mutants without end, of all kinds in turn: what was done, and the bytes."""
    parts = parts_of(data)
    kinds: tuple[Callable[[random.Random, Parts, bytes], Mutant], ...] = (
        flip_byte,
        flip_byte,
        flip_file_byte,
        edit_xml,
        edit_xml,
        edit_signature,
        edit_signature,
        remove_part,
        rename_part,
        exchange_parts,
        add_part,
        cut_part,
        edit_relationship,
        edit_content_type,
    )
    number = 0
    while True:
        chance = random.Random(number)
        what, changed = kinds[number % len(kinds)](chance, parts, data)
        if changed != data:
            yield f"{number}: {what}", changed
        number += 1


def what_escaped(data: bytes, mutant: bytes, verdict: Verdict, original: Verdict) -> str:
    """Why an accepted mutant should not have been: what would be read from it differs. "" when nothing does."""
    if not verdict.intact:
        return ""
    expected = {name.lower(): body for name, body in parts_of(verified_package(data, original)).items()}
    actual = {name.lower(): body for name, body in parts_of(verified_package(mutant, verdict)).items()}
    expected_types, actual_types = (one.pop("[content_types].xml").lower() for one in (expected, actual))
    if expected != actual or expected_types != actual_types:
        return "what is read differs"
    harmless = {name.lower() for name in original.deciding.not_covered}
    if _shown(parts_of(mutant), harmless) != _shown(parts_of(data), harmless):
        return "a part of the workbook was added, changed or taken out"
    return ""


def _shown(parts: Parts, harmless: set[str]) -> Parts:
    """The parts that Excel would show, as any reader finds them; relationships were compared already."""
    lower = {name.lower(): body for name, body in parts.items()}
    return {
        name: body for name, body in lower.items() if name.startswith("xl/") and name not in harmless and "_rels/" not in name
    }


def flip_byte(chance: random.Random, parts: Parts, _: bytes) -> Mutant:
    name = chance.choice([name for name in parts if parts[name]])
    body = bytearray(parts[name])
    at = chance.randrange(len(body))
    body[at] ^= 1 << chance.randrange(8)
    return f"bit of byte {at} of {name}", zip_of(parts | {name: bytes(body)})


def flip_file_byte(chance: random.Random, _: Parts, data: bytes) -> Mutant:
    at = chance.randrange(len(data))
    return f"byte {at} of the file", data[:at] + bytes([data[at] ^ chance.randrange(1, 256)]) + data[at + 1 :]


def edit_xml(chance: random.Random, parts: Parts, _: bytes) -> Mutant:
    name = chance.choice([name for name in parts if name.endswith((".xml", ".rels"))])
    return _edited(chance, parts, name)


def edit_signature(chance: random.Random, parts: Parts, _: bytes) -> Mutant:
    return _edited(chance, parts, SIGNATURE)


def _edited(chance: random.Random, parts: Parts, name: str) -> Mutant:
    """An element, attribute or text taken out, doubled, replaced by a word or by another of its kind, or moved."""
    body = parts[name]
    found = list(chance.choice(PATTERNS).finditer(body)) or list(ATTRIBUTE.finditer(body))
    if not found:
        return "nothing", zip_of(parts)
    one, other = chance.choice(found), chance.choice(found)
    how = chance.randrange(5)
    piece = (b"", one[0] * 2, one[0].replace(one[one.lastindex or 0], chance.choice(WORDS)), other[0], one[0].upper())[how]
    changed = body[: one.start()] + piece + body[one.end() :]
    return f"edit {how} of {one[0][:40]!r} in {name}", zip_of(parts | {name: changed})


def remove_part(chance: random.Random, parts: Parts, _: bytes) -> Mutant:
    name = chance.choice(list(parts))
    return f"without {name}", zip_of({other: body for other, body in parts.items() if other != name})


def rename_part(chance: random.Random, parts: Parts, _: bytes) -> Mutant:
    name = chance.choice(list(parts))
    new = chance.choice((name.upper(), f"xl/{name}", f"{name}.xml", name.replace("1", "2"), name.replace("xl/", "xl//"), "x.xml"))
    return f"{name} renamed {new}", zip_of({new if other == name else other: body for other, body in parts.items()})


def exchange_parts(chance: random.Random, parts: Parts, _: bytes) -> Mutant:
    one, other = chance.sample(list(parts), 2)
    return f"{one} and {other} exchanged", zip_of(parts | {one: parts[other], other: parts[one]})


def add_part(chance: random.Random, parts: Parts, _: bytes) -> Mutant:
    """A part more, with or without a content type, with or without a way to it."""
    name = chance.choice(NEW_PARTS)
    changed = parts | {name: parts[chance.choice(list(parts))]}
    types = "[Content_Types].xml"
    if chance.random() < 0.7:
        kind = chance.choice((SIGNATURE_TYPE, "application/xml", "image/png", "application/vnd.ms-office.vbaProject", "x/y"))
        changed[types] = with_type(changed[types], f"/{name}", kind)
    if chance.random() < 0.7:
        source = chance.choice([part for part in parts if part.endswith(".rels")])
        changed[source] = with_relationship(changed[source], chance.choice(("rId1", "rIdNew")), chance.choice(KINDS), f"/{name}")
    return f"{name} added", zip_of(changed)


def cut_part(chance: random.Random, parts: Parts, _: bytes) -> Mutant:
    name = chance.choice([name for name in parts if parts[name]])
    at = chance.randrange(len(parts[name]))
    return f"{name} cut at {at}", zip_of(parts | {name: chance.choice((parts[name][:at], parts[name][at:], parts[name] + b" "))})


def edit_relationship(chance: random.Random, parts: Parts, _: bytes) -> Mutant:
    name = chance.choice([name for name in parts if name.endswith(".rels")])
    return _edited(chance, parts, name)


def edit_content_type(chance: random.Random, parts: Parts, _: bytes) -> Mutant:
    return _edited(chance, parts, "[Content_Types].xml")


def main(count: int) -> int:
    """Try `count` mutants, half of a plain form and half of one with a macro and stored XML; the number that escaped."""
    fates: Counter[str] = Counter()
    escaped = 0
    for data in (signed_form(), sign(form_with_macro(), pki().good_ec, signature_line=True)):
        original = judge(data)
        for what, mutant in islice(mutants(data), count // 2):
            verdict = judge(mutant)
            fault = what_escaped(data, mutant, verdict, original)
            escaped += bool(fault)
            fates[", ".join(verdict.codes) or "accepted, nothing visible changed"] += 1
            if fault:
                print(f"ESCAPED {what}: {fault}")
    for fate, number in fates.most_common():
        print(f"{number:6} {fate}")
    print(f"{count} mutants, {escaped} escaped")
    return escaped


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2500)))
