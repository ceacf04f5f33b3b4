"""What an attachment is, by its name and its first bytes: a form, a paper of some kind, or a container that nobody opens."""

import re

from certificates.domain.requirements import DocumentKind

ZIP, OLE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
START = 4_096  # bytes at the beginning of a paper in which words are looked for
_END_RECORD = 65_557  # bytes at the end of a zip file in which its table of contents is announced

_FORM_NAMES = (".xlsm", ".xlsx", ".xls", ".xlsb", ".xltm", ".xltx", ".xlt")
# Other programs store OLE files too.
_OLE_NAMES = (".doc", ".docx", ".docm", ".dot", ".msg", ".ppt", ".pptx", ".pps", ".vsd", ".mpp", ".pub", ".msi", ".db")
_ARCHIVE_NAMES = (".zip", ".zipx", ".rar", ".7z", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".iso", ".cab", ".arj", ".lzh")
_ARCHIVE_STARTS = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00", b"MSCF")
_TNEF = b"\x78\x9f\x3e\x22"

# Words in the name of a paper, the more telling ones first: an "NCSC letter for CPA certificate" is a letter.
_WORDS = (
    (DocumentKind.CHECKLIST, r"check.?lists?"),
    (DocumentKind.RELEASE_NOTES, r"release.?notes?|rel.?notes?|rn|mapping|changelog"),
    (DocumentKind.TEST_LAB_LETTER, r"test.?lab(?:oratory)?|ncc|kpmg|cytal"),
    (DocumentKind.TRIAL_CERTIFICATE, r"trials?"),
    (DocumentKind.SSC_LETTER, r"ssc|security.sub.?committee"),
    (DocumentKind.NCSC_LETTER, r"(?:ncsc.*letter|letter.*ncsc|risk.?review|renewal.?date).*"),
    (DocumentKind.DLMS_CERTIFICATE, r"dlms|cosem|ctt"),
    (DocumentKind.ZSE_CERTIFICATE, r"zse|zig.?bee|zig\d{5}.*|csa|smart.energy"),
    (DocumentKind.CPA_CERTIFICATE, r"cpa|commercial.product.assurance|foundation.grade|ncsc"),
)
_PATTERNS = tuple(
    (kind, re.compile(rf"(?<![a-z]){words}(?![a-z])", re.ASCII)) for kind, words in ((k, f"(?:{w})") for k, w in _WORDS)
)


def is_form(name: str, data: bytes) -> bool:
    """It is a workbook or says so, and goes to the reader of forms: an Excel name, a package with xl/workbook, an OLE file.

    OLE files are old .xls workbooks and packages under a password (guidance 7.1, 7.3: the reader says what to do about them).
    """
    lower = name.lower().rstrip(" .")
    if lower.endswith(_FORM_NAMES):
        return True
    if data.startswith(OLE):
        return not lower.endswith(_OLE_NAMES)
    return b"xl/workbook" in _contents(data)


def container(name: str, content_type: str, data: bytes) -> str:
    """Which rule speaks of it when it holds other files and is not opened: "M6" TNEF, "M7" S/MIME, "M8" archive; else "".

    Whatever is in it may be a form, so it must not be shown or stored as a paper.
    """
    lower = name.lower().rstrip(" .")
    if data.startswith(_TNEF) or lower == "winmail.dat" or "ms-tnef" in content_type:
        return "M6"
    if content_type in ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"):
        return "M7"
    if lower.endswith((".p7m", ".p7c", ".pgp", ".gpg")):
        return "M7"
    if data.startswith(ZIP):
        office = b"[Content_Types].xml" in _contents(data) or data[30:38] == b"mimetype"
        return "" if office else "M8"
    return "M8" if lower.endswith(_ARCHIVE_NAMES) or data.startswith(_ARCHIVE_STARTS) else ""


def suggest_kind(name: str, data: bytes) -> DocumentKind:
    """What the paper probably is, by its name, else by words at its beginning. A person has the last word."""
    if name.lower().endswith((".eml", ".msg")):
        return DocumentKind.EMAIL
    start = data[:START].decode("latin-1").lower() if not data.startswith((ZIP, OLE)) else ""
    words = re.sub(r"[\W_]+|(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return _kind_in(words) or _kind_in(start) or DocumentKind.OTHER


def _kind_in(words: str) -> DocumentKind | None:
    return next((kind for kind, pattern in _PATTERNS if pattern.search(words)), None)


def _contents(data: bytes) -> bytes:
    """The table of contents of a zip file, also behind other bytes; all of a zip file that has none; nothing of other files."""
    record = data.rfind(b"PK\x05\x06", max(0, len(data) - _END_RECORD))
    size = int.from_bytes(data[record + 12 : record + 16], "little")
    if record >= 0 and data.startswith(b"PK\x01\x02", max(0, record - size)):
        return data[max(0, record - size) : record]
    return data if data.startswith(ZIP) else b""
