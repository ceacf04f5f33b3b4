"""What is asked of a signature beyond being intact. SECAS decides; the defaults are the strict reading."""

from dataclasses import dataclass
from enum import StrEnum

from cpl.workbook.package import SUBMISSION, Limits


class Revocation(StrEnum):
    """REQUIRE: without a current revocation list of every authority in the chain there is no trust.

    SOFT_FAIL: a missing or stale list is noted and passes; a list that revokes still rejects.
    """

    REQUIRE = "require"
    SOFT_FAIL = "soft-fail"


DOCUMENT_USAGES = frozenset(
    {
        "1.3.6.1.5.5.7.3.4",  # e-mail protection
        "1.3.6.1.5.5.7.3.36",  # document signing (RFC 9336)
        "1.3.6.1.4.1.311.10.3.12",  # document signing (Microsoft)
        "1.2.840.113583.1.1.5",  # authentic documents (Adobe)
        "2.5.29.37.0",  # any
    }
)
_EXCEL = "application/vnd.ms-excel."
_WORD = "application/vnd.ms-word."
_POWERPOINT = "application/vnd.ms-powerpoint."
_OPEN = "application/vnd.openxmlformats-officedocument."
MACRO_WORKBOOK = f"{_EXCEL}sheet.macroEnabled.main+xml"
OFFICE_DOCUMENTS = frozenset(
    {
        MACRO_WORKBOOK,
        f"{_EXCEL}template.macroEnabled.main+xml",
        f"{_OPEN}spreadsheetml.sheet.main+xml",
        f"{_OPEN}spreadsheetml.template.main+xml",
        f"{_OPEN}wordprocessingml.document.main+xml",
        f"{_OPEN}wordprocessingml.template.main+xml",
        f"{_WORD}document.macroEnabled.main+xml",
        f"{_WORD}template.macroEnabledTemplate.main+xml",
        f"{_OPEN}presentationml.presentation.main+xml",
        f"{_OPEN}presentationml.template.main+xml",
        f"{_OPEN}presentationml.slideshow.main+xml",
        f"{_POWERPOINT}presentation.macroEnabled.main+xml",
        f"{_POWERPOINT}slideshow.macroEnabled.main+xml",
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy, passed to every check; a decision can be repeated years later with the same one.

    `xades_required`: the signature must name its certificate inside what is signed. `usages`: extended key usages of which a
    certificate that states any must have one; `usage_stated`: it must state some. `smallest_rsa` in bits.
    `main_types`: content types of the signed document that are expected.
    """

    allow_sha1: bool = False
    xades_required: bool = True
    revocation: Revocation = Revocation.REQUIRE
    usages: frozenset[str] = DOCUMENT_USAGES
    usage_stated: bool = False
    smallest_rsa: int = 2048
    main_types: frozenset[str] = OFFICE_DOCUMENTS
    limits: Limits = SUBMISSION


OLD_OFFICE = Policy(allow_sha1=True, xades_required=False, smallest_rsa=1024)  # as Office 2007 and 2010 signed
