"""Why a signature is not simply good: codes, what each makes of the verdict, what people are told, where to read on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn


class Outcome(StrEnum):
    """The verdict. UNTRUSTED: intact, but the chain, the dates or revocation fail. UNREADABLE: not even a package."""

    VALID = "valid"
    UNTRUSTED = "untrusted"
    INVALID = "invalid"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"


class Code(StrEnum):
    """Stable names for scripts; people read the message."""

    NOT_OOXML = "NOT_OOXML"
    ZIP_PREFIX = "ZIP_PREFIX"
    ZIP_TRAILER = "ZIP_TRAILER"
    ZIP_LAYOUT = "ZIP_LAYOUT"
    ZIP_DUPLICATE = "ZIP_DUPLICATE"
    ZIP_NAME = "ZIP_NAME"
    ZIP_FEATURE = "ZIP_FEATURE"
    ZIP_BAD = "ZIP_BAD"
    ZIP_TOO_BIG = "ZIP_TOO_BIG"
    XML_BAD = "XML_BAD"
    XML_UNSAFE = "XML_UNSAFE"
    XML_TOO_BIG = "XML_TOO_BIG"
    OPC_CONTENT_TYPES = "OPC_CONTENT_TYPES"
    OPC_RELS = "OPC_RELS"
    NO_SIGNATURE = "NO_SIGNATURE"
    SIG_ORIGIN = "SIG_ORIGIN"
    SIG_TOO_MANY = "SIG_TOO_MANY"
    SIG_STRUCTURE = "SIG_STRUCTURE"
    SIG_DUPLICATE_ID = "SIG_DUPLICATE_ID"
    SIG_NO_PACKAGE_OBJECT = "SIG_NO_PACKAGE_OBJECT"
    SIG_REFERENCE = "SIG_REFERENCE"
    SIG_TRANSFORM = "SIG_TRANSFORM"
    SIG_UNSIGNED_OBJECT = "SIG_UNSIGNED_OBJECT"
    SIG_ALGORITHM = "SIG_ALGORITHM"
    WEAK_ALGORITHM = "WEAK_ALGORITHM"
    SIG_DIGEST = "SIG_DIGEST"
    SIG_VALUE = "SIG_VALUE"
    SIG_XADES = "SIG_XADES"
    MAN_REFERENCE = "MAN_REFERENCE"
    MAN_DUPLICATE = "MAN_DUPLICATE"
    MAN_MISSING_PART = "MAN_MISSING_PART"
    MAN_MISSING_REL = "MAN_MISSING_REL"
    MAN_CONTENT_TYPE = "MAN_CONTENT_TYPE"
    MAN_DIGEST = "MAN_DIGEST"
    COV_MAIN = "COV_MAIN"
    COV_MAIN_TYPE = "COV_MAIN_TYPE"
    COV_UNSIGNED_REL = "COV_UNSIGNED_REL"
    COV_UNSIGNED_PART = "COV_UNSIGNED_PART"
    COV_DANGLING = "COV_DANGLING"
    COV_ORPHAN = "COV_ORPHAN"
    CERT_MISSING = "CERT_MISSING"
    CERT_BAD = "CERT_BAD"
    CERT_NOT_YET_VALID = "CERT_NOT_YET_VALID"
    CERT_EXPIRED = "CERT_EXPIRED"
    CERT_REVOKED = "CERT_REVOKED"
    CERT_UNTRUSTED = "CERT_UNTRUSTED"
    CERT_USAGE = "CERT_USAGE"
    CERT_WEAK_KEY = "CERT_WEAK_KEY"
    CRL_UNAVAILABLE = "CRL_UNAVAILABLE"
    ORG_MISSING = "ORG_MISSING"
    ORG_MISMATCH = "ORG_MISMATCH"
    REVOCATION_UNKNOWN = "REVOCATION_UNKNOWN"
    SHA1_ALLOWED = "SHA1_ALLOWED"
    SIG_MULTIPLE = "SIG_MULTIPLE"
    SIGNED_AFTER_RECEIPT = "SIGNED_AFTER_RECEIPT"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code makes of the verdict (None: a note that leaves it as it is), its message, and the section of the guidance."""

    outcome: Outcome | None
    message: str
    guidance: str


class Reject(Exception):  # noqa: N818 - reads as a sentence: raises Reject
    """The check ends here. Stays inside this package: what faces outwards returns a Verdict."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


def reject(code: Code, detail: str = "") -> NoReturn:
    """End the check with this code; `detail` says where, in words fit for a message."""
    raise Reject(code, detail)


_SIGN_AGAIN = "Please open your own copy in Excel, check it, sign it again and send it again."
_NOT_BY_EXCEL = "The file is not built the way Excel builds signed workbooks; handle it with suspicion."
_CHANGED = f"The workbook was changed after it was signed, or the signature is damaged. {_SIGN_AGAIN}"
_UNCOVERED = (
    "The signature does not cover everything that can be seen in the workbook. Ask for a freshly signed copy and refer the case "
    "if it happens again."
)
_ALGORITHM = (
    "The signature was made with a method that is not accepted, such as SHA-1. Let Excel be set to sign with SHA-256, sign again "
    "and send the workbook again."
)
_CERTIFICATE = f"The signature does not say clearly with which certificate it was made. {_SIGN_AGAIN}"
_OTHER_CERTIFICATE = "Sign again with a valid certificate from a recognised Certification Authority."
_FORM, _SIGNING, _CHECKING, _CERTIFICATES = "7.3", "7.5", "8.2", "Appendix 2"

_UNREADABLE, _INVALID, _UNTRUSTED = Outcome.UNREADABLE, Outcome.INVALID, Outcome.UNTRUSTED

_ZIP_CODES = (
    Code.ZIP_PREFIX,
    Code.ZIP_TRAILER,
    Code.ZIP_LAYOUT,
    Code.ZIP_DUPLICATE,
    Code.ZIP_NAME,
    Code.ZIP_FEATURE,
    Code.ZIP_BAD,
    Code.ZIP_TOO_BIG,
)
_STRUCTURE_CODES = (
    Code.XML_BAD,
    Code.XML_UNSAFE,
    Code.XML_TOO_BIG,
    Code.OPC_CONTENT_TYPES,
    Code.OPC_RELS,
    Code.SIG_ORIGIN,
    Code.SIG_TOO_MANY,
    Code.SIG_STRUCTURE,
    Code.SIG_DUPLICATE_ID,
    Code.SIG_NO_PACKAGE_OBJECT,
    Code.SIG_REFERENCE,
    Code.SIG_TRANSFORM,
    Code.SIG_UNSIGNED_OBJECT,
    Code.MAN_REFERENCE,
    Code.MAN_DUPLICATE,
)
_CHANGED_CODES = (
    Code.SIG_DIGEST,
    Code.SIG_VALUE,
    Code.MAN_MISSING_PART,
    Code.MAN_MISSING_REL,
    Code.MAN_CONTENT_TYPE,
    Code.MAN_DIGEST,
)
_COVERAGE_CODES = (Code.COV_MAIN, Code.COV_UNSIGNED_REL, Code.COV_UNSIGNED_PART, Code.COV_DANGLING, Code.COV_ORPHAN)

MEANINGS: dict[Code, Meaning] = {
    **dict.fromkeys(_ZIP_CODES, Meaning(_UNREADABLE, _NOT_BY_EXCEL, _FORM)),
    **dict.fromkeys(_STRUCTURE_CODES, Meaning(_INVALID, _NOT_BY_EXCEL, _CHECKING)),
    **dict.fromkeys(_CHANGED_CODES, Meaning(_INVALID, _CHANGED, _CHECKING)),
    **dict.fromkeys(_COVERAGE_CODES, Meaning(_INVALID, _UNCOVERED, _CHECKING)),
    **dict.fromkeys((Code.WEAK_ALGORITHM, Code.SIG_ALGORITHM), Meaning(_INVALID, _ALGORITHM, _CERTIFICATES)),
    **dict.fromkeys((Code.SIG_XADES, Code.CERT_MISSING, Code.CERT_BAD), Meaning(_INVALID, _CERTIFICATE, _SIGNING)),
    Code.NOT_OOXML: Meaning(
        _UNREADABLE,
        "The file is password-protected or no Office document of the present format. Send the signed .xlsm workbook, without a "
        "password.",
        _FORM,
    ),
    Code.NO_SIGNATURE: Meaning(
        Outcome.UNSIGNED,
        "The workbook carries no digital signature. A submission with a Hash must be signed: in Excel, after the last change, "
        "File > Info > Protect Workbook > Add a Digital Signature.",
        _SIGNING,
    ),
    Code.COV_MAIN_TYPE: Meaning(_INVALID, "The signed document is not of a kind that is expected here.", _FORM),
    Code.CERT_NOT_YET_VALID: Meaning(
        _UNTRUSTED, f"The certificate of the signature was not yet valid. {_OTHER_CERTIFICATE}", _CHECKING
    ),
    Code.CERT_EXPIRED: Meaning(_UNTRUSTED, f"The certificate of the signature has expired. {_OTHER_CERTIFICATE}", _CHECKING),
    Code.CERT_REVOKED: Meaning(
        _UNTRUSTED, f"The certificate of the signature was revoked by its authority. {_OTHER_CERTIFICATE}", _CHECKING
    ),
    Code.CERT_UNTRUSTED: Meaning(
        _UNTRUSTED,
        "The certificate of the signature does not come from a Certification Authority that SECAS trusts. A certificate made "
        f"within an organisation is not accepted. {_OTHER_CERTIFICATE}",
        _CERTIFICATES,
    ),
    Code.CERT_USAGE: Meaning(
        _UNTRUSTED, f"The certificate was not issued for signing documents. {_OTHER_CERTIFICATE}", _CERTIFICATES
    ),
    Code.CERT_WEAK_KEY: Meaning(
        _UNTRUSTED,
        "The key of the certificate is too short to be relied on. Sign again with a certificate for an RSA key of at least 2048 "
        "bits or an elliptic curve of at least 256.",
        _CERTIFICATES,
    ),
    Code.CRL_UNAVAILABLE: Meaning(
        _UNTRUSTED,
        "Whether the certificate was revoked could not be checked. Nothing is asked of the submitter: load the authority's "
        "current revocation list and check again.",
        _CHECKING,
    ),
    Code.ORG_MISSING: Meaning(
        None,
        "The certificate does not name exactly one organisation, so it cannot be the identity given as 'creator' of the image.",
        _CERTIFICATES,
    ),
    Code.ORG_MISMATCH: Meaning(
        None,
        "The organisation in the certificate is not identical, character by character, to the 'creator' in the workbook.",
        _CERTIFICATES,
    ),
    Code.REVOCATION_UNKNOWN: Meaning(None, "Revocation was not fully checked, as the policy allows.", _CHECKING),
    Code.SHA1_ALLOWED: Meaning(None, "The signature relies on SHA-1, which the policy allows.", _CERTIFICATES),
    Code.SIG_MULTIPLE: Meaning(None, "The workbook carries more than one signature; the worst of them decides.", _CHECKING),
    Code.SIGNED_AFTER_RECEIPT: Meaning(
        None,
        "The signature claims a time more than a day after the workbook was received; the signer's clock may be wrong.",
        _CHECKING,
    ),
}
