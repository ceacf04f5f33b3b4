"""What a run of the signature gate kept, in words for case page and report: who signed, by whose word, what is covered."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from submissions.signature import Code, Outcome

OUTCOMES = {  # tag, and the verdict in words
    Outcome.VALID: ("pass", "Valid", "Signed by the creator of the image, and nothing was changed since."),
    Outcome.UNTRUSTED: ("fail", "No trust", "Nothing was changed since it was signed, but the certificate is not to be trusted."),
    Outcome.INVALID: ("fail", "Broken", "The signature does not hold for this workbook."),
    Outcome.UNREADABLE: ("fail", "Unreadable", "The workbook is not built as a signed workbook is."),
}
OTHER_NAME = ("fail", "Other name", "Nothing was changed since it was signed, but not by the creator of the image.")
AUTHORISED = ("info", "Authorised", "Signed by an organisation that is authorised to sign for the creator of the image.")
REVOCATION = {
    Code.CERT_REVOKED: "The certificate, or one above it, was revoked.",
    Code.CRL_UNAVAILABLE: "Could not be checked: a current revocation list is missing.",
    Code.REVOCATION_UNKNOWN: "Not fully checked, as the settings of this site allow.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: `mono` for what must be compared character by character."""

    label: str
    value: str
    mono: bool = False


@dataclass(frozen=True, slots=True)
class SignaturePanel:
    """Everything about the signature that decides. `staff_rows` are for SECAS alone."""

    kind: str
    text: str
    title: str
    rows: tuple[Row, ...]
    staff_rows: tuple[Row, ...]
    covers: tuple[str, ...]
    not_covered: tuple[str, ...]


def panel_of(detail: Mapping[str, Any]) -> SignaturePanel | None:
    """The panel of a run's detail; None when there was no signature to speak about."""
    if not detail or detail["verdict"] == Outcome.UNSIGNED:
        return None
    kind, text, title = OUTCOMES[Outcome(detail["verdict"])]
    if kind == "pass" and detail["creator_matches"] is False:
        kind, text, title = AUTHORISED if detail["authorisation"] else OTHER_NAME
    return SignaturePanel(
        kind=kind,
        text=text,
        title=title,
        rows=tuple(_rows(detail)),
        staff_rows=tuple(_staff_rows(detail)),
        covers=tuple(detail["covers"]),
        not_covered=tuple(detail["not_covered"]),
    )


def _rows(detail: Mapping[str, Any]) -> Iterator[Row]:
    yield Row("Creator in the workbook", detail["creator"] or "none", mono=True)
    signer = detail["signer"]
    if signer:
        yield Row("Organisation in the certificate", signer["organisation"] or "none", mono=True)
        yield Row("Signed by", signer["common_name"] or "nobody named")
        yield Row("Way to the authority", " → ".join(detail["chain"]))
        yield Row("Certificate valid", f"{_day(signer['not_before'])} to {_day(signer['not_after'])}")
        yield Row("Serial number", signer["serial"], mono=True)
        yield Row("SHA-256 of the certificate", signer["sha256"], mono=True)
    if detail["signing_time"]:
        yield Row("Signed, by its own account", _moment(detail["signing_time"]))
    yield Row("Received", _moment(detail["received"]))
    if revocation := _revocation(detail):
        yield Row("Revocation", revocation)
    if len(detail["signatures"]) > 1:
        yield Row("Signatures", f"{len(detail['signatures'])}; shown is the one that decides")


def _staff_rows(detail: Mapping[str, Any]) -> Iterator[Row]:
    if allowed := detail["authorisation"]:
        until = f" to {_day(allowed['until'])}" if allowed["until"] else ""
        yield Row("Authorised", f"from {_day(allowed['since'])}{until}, by {' and '.join(allowed['agreed_by'])}")
        yield Row("Evidence", allowed["evidence"])


def _revocation(detail: Mapping[str, Any]) -> str:
    """Nothing where the check did not get that far."""
    for code, words in REVOCATION.items():
        if code in detail["codes"]:
            return words
    return "Not revoked, by current lists of every authority." if detail["verdict"] == Outcome.VALID else ""


def _day(text: str) -> str:
    moment = datetime.datetime.fromisoformat(text)
    return f"{timezone.localtime(moment) if moment.tzinfo else moment:%d/%m/%Y}"


def _moment(text: str) -> str:
    return f"{timezone.localtime(datetime.datetime.fromisoformat(text)):%d/%m/%Y %H:%M}"
