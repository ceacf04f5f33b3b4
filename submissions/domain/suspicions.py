"""Rule D9: values that are well formed but look like the wrong thing written down (guidance 7.2.2, 7.2.7).

Each of these stood on the real list once: bytes of an identifier in the wrong order, the digits of a plain version in place of
its hexadecimal bytes, the codes of letters in place of a name. They are warnings, since each can be right.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from cpl.domain.entry import FIRMWARE, MANUFACTURER, MODEL, ListedEntry, Values, device_fields
from cpl.domain.findings import Finding, Severity

CREATOR = "Manufacturer_Image.creator"
# Where a submitter may state the version in plain English.
PLAIN_TEXTS = ("Manufacturer_Image.descriptor", "FIR Release Notes.Description")
_PLAIN_VERSION = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?!\.?[0-9])")
# "24.02.00.00" is how some makers write the bytes 24:02:00:00 themselves.
_BYTES_WITH_DOTS = re.compile(r"[0-9]{2}(?:\.[0-9]{2}){3}")
_HEX_BYTES = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})+")
_DIGITS = frozenset(b"0123456789.")


def suspicions(values: Values, neighbours: Sequence[ListedEntry], makers: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    """The D9 findings for normalised form values; `neighbours` and `makers` as `check_duplicates` gets them."""
    maker, model, *_, firmware = device_fields(values)
    yield from _swapped(maker, makers)
    known = any(device_fields(entry.values)[:2] == (maker, model) for entry in neighbours)
    if not known and (text := _digits_in(model)):
        yield _suspicion(MODEL, model, f"The bytes are the character codes of '{text}'. State the number itself in hexadecimal.")
    if text := _digits_in(firmware):
        yield _suspicion(FIRMWARE, firmware, f"The bytes are the character codes of '{text}'. State the version in hexadecimal.")
    yield from _decimal(firmware, values)
    creator = values.get(CREATOR, "").strip()
    if name := _name_in(creator):
        text = f"This is '{name}' written as character codes. The creator is plain text, as in the signing certificate."
        yield _suspicion(CREATOR, creator, text, guidance="7.2.7")


def _swapped(maker: str, makers: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    turned = ":".join(reversed(maker.split(":")))
    if turned != maker and turned in makers and maker not in makers:
        text = f"The list knows manufacturer {turned} but not {maker}: the two bytes may be in the wrong order."
        yield _suspicion(MANUFACTURER, maker, f"{text} The high byte comes first.")


def _decimal(firmware: str, values: Values) -> Iterator[Finding]:
    """The firmware is the decimal digits of a plain version: "10:02:05:06" for 10.2.5.6, which is 0A:02:05:06."""
    for key in PLAIN_TEXTS:
        for plain in _PLAIN_VERSION.findall(values.get(key, "")):
            if _BYTES_WITH_DOTS.fullmatch(plain):
                continue
            numbers = [int(part) for part in plain.split(".")]
            meant = ":".join(f"{number:02X}" for number in numbers)
            if meant != firmware and ":".join(f"{number:02d}" for number in numbers) == firmware:
                text = f"The form speaks of version {plain}, and these are its decimal digits."
                yield _suspicion(FIRMWARE, firmware, f"{text} Check whether {meant} is meant.")
                return


def _digits_in(identifier: str) -> str:
    """The digits whose character codes these hexadecimal bytes are; empty when they are not."""
    data = _bytes(identifier)
    return data.decode("ascii") if data and set(data) <= _DIGITS else ""


def _name_in(creator: str) -> str:
    data = _bytes(creator)
    return data.decode("ascii") if data and all(0x20 <= byte < 0x7F for byte in data) else ""


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", "")) if _HEX_BYTES.fullmatch(text) else b""


def _suspicion(key: str, value: str, text: str, guidance: str = "7.2.2") -> Finding:
    group, _, attribute = key.partition(".")
    return Finding("D9", Severity.WARNING, text, group, attribute, value=value, guidance=guidance)
