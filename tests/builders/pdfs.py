"""Assurance certificates, letters and release notes as small real PDFs with text, in plain PDF syntax, always the same bytes.

Wording and layout are our own: real certificates are not public. Each takes the values of the form it goes with and says what a
certificate of its kind says; `changes` replaces or adds single lines by their caption, for certificates that do not match.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from cpl.domain.entry import (
    DEVICE_TYPE,
    FIRMWARE,
    HARDWARE_REVISION,
    HARDWARE_VERSION,
    MANUFACTURER,
    MODEL,
    SMETS_CHTS,
    certificate_prefix,
)

Values = Mapping[str, str]
Line = tuple[str, str]  # caption and text; without a caption a sentence of its own

A4 = (595, 842)  # points
_MARGIN, _TOP, _LEADING, _SIZE, _TITLE_SIZE = 64, 770, 18, 11, 17
_LINES_A_PAGE = 36
_CAPTION_WIDTH = 190  # points
_LONGEST = 62  # characters in a line of text beside a caption


def cpa_certificate(values: Values, changes: Values | None = None) -> bytes:
    """A CPA certificate: an [E] number has an expiry date, an [R] number is a lifetime certificate without one."""
    number = values["CPA_Certificate.identification_number"]
    lines = [
        ("Certificate number", bare_number(number)),
        ("Date of award", "12/03/2025"),
        *device_lines(values),
        ("Security Characteristics", values["CPA_Certificate.security_characteristics_version"]),
    ]
    if certificate_prefix(number) == "E":
        lines.append(("Expiry date", values["CPA_Certificate.expiry_date"]))
    return pdf(
        "Commercial Product Assurance Certificate", changed(lines, changes), "National Cyber Security Centre (made up for tests)"
    )


def ncsc_letter(values: Values, changes: Values | None = None) -> bytes:
    """The letter that gives the date of the next Risk Review of a lifetime certificate, or of an extended expiry."""
    lines = [
        ("Certificate number", bare_number(values["CPA_Certificate.identification_number"])),
        *device_lines(values),
        ("Next Risk Review", values["CPA_Certificate.expiry_date"]),
        ("", "The certificate stays valid until the Risk Review named above."),
    ]
    return pdf(
        "Letter on the Risk Review of a CPA certificate",
        changed(lines, changes),
        "National Cyber Security Centre (made up for tests)",
    )


def trial_certificate(values: Values, changes: Values | None = None) -> bytes:
    """A Trial Device Certificate of the SSC, for a [T] number."""
    lines = [
        ("Trial certificate number", bare_number(values["CPA_Certificate.identification_number"])),
        *device_lines(values),
        ("Trial ends on", values["CPA_Certificate.expiry_date"]),
    ]
    return pdf("Trial Device Certificate", changed(lines, changes), "Security Sub-Committee (made up for tests)")


def ssc_letter(values: Values, changes: Values | None = None) -> bytes:
    """A letter of the SSC about a CPA or Trial Device Certificate."""
    lines = [
        ("Certificate number", bare_number(values["CPA_Certificate.identification_number"])),
        *device_lines(values),
        ("New date", values["CPA_Certificate.expiry_date"]),
        ("", "The Security Sub-Committee has agreed to the date named above."),
    ]
    return pdf("Letter of the Security Sub-Committee", changed(lines, changes), "Security Sub-Committee (made up for tests)")


def letter_of_test_lab(values: Values, changes: Values | None = None) -> bytes:
    """A test lab's confirmation that a further Device Model is covered by an existing CPA certificate."""
    lines = [
        ("CPA certificate", bare_number(values["CPA_Certificate.identification_number"])),
        *device_lines(values),
        ("", "We confirm that the Device Model named above is covered by this certificate."),
    ]
    return pdf("Confirmation of a CPA test lab", changed(lines, changes), "Invented Test Laboratory")


def zse_certificate(values: Values, changes: Values | None = None) -> bytes:
    """A ZigBee Smart Energy certificate."""
    lines = [
        ("Certificate ID", values["ZSE_Certificate.identification_number"]),
        ("Certified on", "20/02/2026"),
        *device_lines(values),
        ("Standard", values["ZSE_Certificate.ZSE_version"]),
    ]
    return pdf("ZigBee Certified Product", changed(lines, changes), "Connectivity Standards Alliance (made up for tests)")


def dlms_certificate(values: Values, changes: Values | None = None) -> bytes:
    """A DLMS/COSEM conformance certificate: type designation with the firmware, and the version of the test tool."""
    lines = [
        ("Certificate No.", values["DLMS_Certificate.identification_number"]),
        ("Date", "27/02/2026"),
        *device_lines(values),
        ("Conformance test tool", values["DLMS_Certificate.DLMS_version"]),
        ("Type designation", f"{plain_model(values)} FW {values[FIRMWARE]}"),
    ]
    return pdf("DLMS/COSEM Conformance Certificate", changed(lines, changes), "DLMS User Association (made up for tests)")


def release_notes(values: Values, changes: Values | None = None) -> bytes:
    """A manufacturer's release notes, which map its plain product and firmware names to the Device Model."""
    lines = [
        *device_lines(values),
        ("Release", values.get("FIR Release Notes.Description", "")),
        ("Product name", plain_model(values)),
        ("", "The product and firmware names above mean the Device Model given in hexadecimal."),
    ]
    return pdf("Release Notes", changed(lines, changes), maker_of(values))


def device_lines(values: Values) -> list[Line]:
    """The Device Model as certificates name it."""
    return [
        ("Manufacturer", maker_of(values)),
        ("Device type", values[DEVICE_TYPE]),
        ("Manufacturer identifier", values[MANUFACTURER]),
        ("Model identifier", values[MODEL]),
        ("Hardware version", f"{values[HARDWARE_VERSION]}:{values[HARDWARE_REVISION]}"),
        ("Firmware version", values[FIRMWARE]),
        ("Specification", values[SMETS_CHTS]),
    ]


def maker_of(values: Values) -> str:
    return values.get("Manufacturer_Image.creator") or values.get("Manufacturer Contact FIR.Company Name") or "Unknown maker"


def plain_model(values: Values) -> str:
    """A product name as a catalogue would have it."""
    return f"{maker_of(values).split()[0].upper()}-{values[MODEL].replace(':', '')}"


def bare_number(number: str) -> str:
    """A certificate says its number without the prefix of the form."""
    return re.sub(r"^\[[A-Z]\]\s*", "", number)


def changed(lines: Iterable[Line], changes: Values | None) -> list[Line]:
    """The lines with other texts for some captions; captions that are not there yet come last."""
    new = dict(changes or {})
    return [(caption, new.pop(caption, text) if caption else text) for caption, text in lines] + list(new.items())


# --- Plain PDF ---------------------------------------------------------------------------------------------------------------


def pdf(title: str, lines: Sequence[Line], issuer: str = "") -> bytes:
    """A PDF 1.4 with this title and these lines in Helvetica, as many pages as needed."""
    wrapped = [part for line in lines for part in _wrapped(line)]
    pages = [wrapped[start : start + _LINES_A_PAGE] for start in range(0, len(wrapped), _LINES_A_PAGE)] or [[]]
    first_page = 5
    kids = " ".join(f"{first_page + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title (" + _escaped(title) + b") /Author (" + _escaped(issuer) + b") >>",
    ]
    for index, page in enumerate(pages):
        content = _content(title if index == 0 else "", page, issuer, f"Page {index + 1} of {len(pages)}")
        box = f"[0 0 {A4[0]} {A4[1]}]"
        contents = first_page + 2 * index + 1
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents {contents} 0 R "
            f"/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream")
    return _file(objects)


def _wrapped(line: Line) -> list[Line]:
    """The line in pieces that fit the page, broken between words; the caption stands beside the first."""
    caption, text = line
    pieces = [""]
    for word in text.split(" "):
        if pieces[-1] and len(pieces[-1]) + len(word) >= _LONGEST:
            pieces.append(word)
        else:
            pieces[-1] = f"{pieces[-1]} {word}".strip()
    return [(caption if index == 0 else "", piece) for index, piece in enumerate(pieces)]


def _content(title: str, lines: Sequence[Line], issuer: str, footer: str) -> bytes:
    drawn = [_text(_MARGIN, _TOP, _TITLE_SIZE, title), _text(_MARGIN, _TOP - 24, _SIZE, issuer)]
    position = _TOP - 60
    for caption, text in lines:
        indent = _CAPTION_WIDTH if caption or text else 0
        drawn.append(_text(_MARGIN, position, _SIZE, f"{caption}:" if caption else ""))
        drawn.append(_text(_MARGIN + indent, position, _SIZE, text))
        position -= _LEADING
    drawn.append(_text(_MARGIN, 40, 8, footer))
    return b"\n".join(piece for piece in drawn if piece)


def _text(x: int, y: int, size: int, words: str) -> bytes:
    return b"BT /F1 %d Tf %d %d Td (%s) Tj ET" % (size, x, y, _escaped(words)) if words else b""


def _escaped(words: str) -> bytes:
    return re.sub(rb"([\\()])", rb"\\\1", words.encode("cp1252", "replace"))


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    identity = hashlib.sha256(bytes(out)).hexdigest()[:32].encode()
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R /ID [<%s> <%s>] >>\n" % (len(objects) + 1, identity, identity)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % table)
