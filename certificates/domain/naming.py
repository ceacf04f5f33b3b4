"""Which Assurance Certificates an entry names, however it spells them (guidance 7.2.4 to 7.2.6)."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from certificates.domain.requirements import DLMS_NUMBER, EXPIRY, ZSE_NUMBER
from cpl.domain.entry import CPA_NUMBER, certificate_prefix, cpa_core
from cpl.domain.rules.kinds import parse_date

CHARACTERISTICS = "CPA_Certificate.security_characteristics_version"
DLMS_VERSION = "DLMS_Certificate.DLMS_version"
ZSE_VERSION = "ZSE_Certificate.ZSE_version"
TRIAL = "T"
LONGEST = 60  # characters that the register keeps of a number
_NONE = frozenset({"", "na", "n/a", "not relevant", "not applicable"})  # older entries write these where a number is not needed


class CertificateKind(StrEnum):
    """The kinds of certificate the register tells apart; the values are those of the model."""

    CPA = "CPA"
    TRIAL = "Trial"
    ZSE = "ZSE"
    DLMS = "DLMS"


@dataclass(frozen=True, slots=True)
class NamedCertificate:
    """A certificate as one entry names it. `core` is the same for all spellings; `valid_until` None where there is no date."""

    kind: CertificateKind
    core: str
    as_written: str
    version: str = ""
    valid_until: datetime.date | None = None


def named(values: Mapping[str, str]) -> tuple[NamedCertificate, ...]:
    """The certificates in the published values of an entry: at most one each of CPA (or Trial), ZSE and DLMS."""
    return tuple(_named(values))


def assurance_core(values: Mapping[str, str]) -> str:
    """The core of the CPA certificate these values name; "" for none and for a Trial Device Certificate."""
    return next((one.core for one in named(values) if one.kind is CertificateKind.CPA), "")


def date_of(value: str) -> datetime.date | None:
    """The date of an entry; older ones were typed with dashes."""
    return parse_date(value.strip().replace("-", "/"))


def _named(values: Mapping[str, str]) -> Iterator[NamedCertificate]:
    cpa, zse, dlms = (_number(values, key) for key in (CPA_NUMBER, ZSE_NUMBER, DLMS_NUMBER))
    if cpa:
        kind = CertificateKind.TRIAL if certificate_prefix(cpa) == TRIAL else CertificateKind.CPA
        until = date_of(values.get(EXPIRY, ""))
        yield NamedCertificate(kind, cpa_core(cpa)[:LONGEST], cpa, _version(values, CHARACTERISTICS), until)
    if zse:
        yield NamedCertificate(CertificateKind.ZSE, "".join(zse.split()).upper(), zse, _version(values, ZSE_VERSION))
    if dlms:
        yield NamedCertificate(CertificateKind.DLMS, dlms, dlms, _version(values, DLMS_VERSION))


def _number(values: Mapping[str, str], key: str) -> str:
    value = " ".join(values.get(key, "").split())[:LONGEST]
    return "" if value.casefold() in _NONE else value


def _version(values: Mapping[str, str], key: str) -> str:
    return values.get(key, "").strip()[:LONGEST]
