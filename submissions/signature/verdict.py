"""The verdict on a signed workbook: what is wrong, who signed, what is covered. Worst of several signatures decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from submissions.signature.codes import MEANINGS, Code, Outcome

_WORST_LAST = (Outcome.VALID, Outcome.UNTRUSTED, Outcome.INVALID)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing to be said, with the place in words. `guidance`: section of the CPL guidance v6.0."""

    code: Code
    detail: str = ""

    @property
    def outcome(self) -> Outcome | None:
        return MEANINGS[self.code].outcome

    @property
    def guidance(self) -> str:
        return MEANINGS[self.code].guidance

    @property
    def message(self) -> str:
        text = MEANINGS[self.code].message
        return f"{text} ({self.detail.rstrip('.')}.)" if self.detail else text


@dataclass(frozen=True, slots=True)
class Signer:
    """Who the certificate says signed. Times are aware (UTC), `serial` and `sha256` hexadecimal."""

    common_name: str
    organisations: tuple[str, ...]
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    sha256: str

    @classmethod
    def of(cls, certificate: x509.Certificate) -> Self:
        """The signer named by a certificate whose fields are known to be readable."""
        return cls(
            common_name=", ".join(_named(certificate, NameOID.COMMON_NAME)),
            organisations=_named(certificate, NameOID.ORGANIZATION_NAME),
            issuer=certificate.issuer.rfc4514_string(),
            serial=f"{certificate.serial_number:X}",
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        )

    @property
    def organisation(self) -> str:
        """The organisation, "" when the certificate names none; several are listed, and match no creator."""
        return " | ".join(self.organisations)

    def to_json(self) -> dict[str, str]:
        return {
            "common_name": self.common_name,
            "organisation": self.organisation,
            "issuer": self.issuer,
            "serial": self.serial,
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
            "sha256": self.sha256,
        }


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """The verdict on one signature. `covers` and `not_covered`: part names; the signatures' own parts are in neither.

    `signer` is known once the certificate is bound to the signature, `signing_time` is the signer's claim. `creator_matches` is
    None when no creator was given or the signature is not intact. `parts` and `relationships` say what may be read from the
    workbook: content types by folded part name, signed ids by folded source name.
    """

    part: str
    reasons: tuple[Reason, ...] = ()
    signer: Signer | None = None
    signing_time: datetime | None = None
    covers: tuple[str, ...] = ()
    not_covered: tuple[str, ...] = ()
    creator_matches: bool | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    relationships: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        return _worst(self.reasons)

    def to_json(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "verdict": self.outcome.value,
            **_spoken(self.reasons),
            "signer": self.signer.to_json() if self.signer else None,
            "signing_time": self.signing_time.isoformat() if self.signing_time else None,
            "covers": list(self.covers),
            "not_covered": list(self.not_covered),
            "creator_matches": self.creator_matches,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a file. `sha256` names the bytes it is about; `file_reasons` are those not about one signature."""

    sha256: str
    file_reasons: tuple[Reason, ...] = ()
    signatures: tuple[SignatureVerdict, ...] = ()

    @property
    def outcome(self) -> Outcome:
        stops = [reason.outcome for reason in self.file_reasons if reason.outcome]
        return stops[0] if stops else self.deciding.outcome

    @property
    def deciding(self) -> SignatureVerdict:
        """The worst signature, where several are equally bad the one that is not the creator's, or else the first."""
        if not self.signatures:
            return SignatureVerdict("")
        return min(self.signatures, key=lambda one: (-_WORST_LAST.index(one.outcome), one.creator_matches is not False))

    @property
    def intact(self) -> bool:
        """Whether nothing was changed since signing and all is covered, whoever may have signed."""
        return self.outcome in (Outcome.VALID, Outcome.UNTRUSTED)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Everything to be said: about the file, then about the deciding signature."""
        return self.file_reasons + self.deciding.reasons

    @property
    def codes(self) -> tuple[Code, ...]:
        return tuple(reason.code for reason in self.reasons)

    def to_json(self) -> dict[str, Any]:
        """The shape of `verify_signature --json`, without the name of the file."""
        main = self.deciding.to_json()
        del main["part"]
        several = {"signatures": [one.to_json() for one in self.signatures]}
        return main | {"verdict": self.outcome.value} | _spoken(self.reasons) | several


def _spoken(reasons: tuple[Reason, ...]) -> dict[str, list[str]]:
    return {
        "codes": [reason.code.value for reason in reasons],
        "reasons": [reason.message for reason in reasons],
        "guidance": [reason.guidance for reason in reasons],
    }


def _worst(reasons: tuple[Reason, ...]) -> Outcome:
    outcomes = [reason.outcome for reason in reasons if reason.outcome]
    return max(outcomes, key=_WORST_LAST.index, default=Outcome.VALID)


def _named(certificate: x509.Certificate, kind: x509.ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(kind))
