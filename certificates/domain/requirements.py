"""Which papers a submission must bring (guidance Table 6, 7.6, 7.7).

| rule | severity | missing paper |
|------|----------|---------------|
| C1   | error    | CPA certificate: SMETS2+ device types with CPA, unless the number says [T] (7.6) |
| C2   | error    | Trial Device Certificate: the number says [T] (7.2.4.3) |
| C3   | error    | ZigBee (ZSE) certificate: every SMETS2+ device (7.6) |
| C4   | error    | DLMS certificate: SMETS2+ electricity meters (7.6) |
| C5   | error    | letter with the date of the next Risk Review, by NCSC or SSC: the number says [R] (7.2.4.1, Appendix 5.4) |
| C6   | warning  | letter of the SSC that confirms the date: a device is added to a Lifetime CPA certificate (Appendix 5.4) |
| C7   | error    | Test Lab letter: a device is added to a CPA certificate that the list knows (7.7) |
| C8   | note     | NCSC letter that extends the date: the number says [E], and only if the date was extended (7.2.4.2) |
| C9   | error    | confirmation by the SSC: a SMETS1 device submitted by a Supplier (6.2) |
| C10  | note     | release notes or mapping: needed if a certificate does not name the Device Model as the form does (7.7) |
| C11  | warning  | device type not known, so nobody can say which papers are needed |
"""

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum

from cpl.domain.applicability import profile_of
from cpl.domain.dictionary import DeviceType, RuleSet
from cpl.domain.entry import CPA_NUMBER, DEVICE_TYPE, SMETS_CHTS, certificate_prefix
from cpl.domain.findings import Finding, Severity

ZSE_NUMBER = "ZSE_Certificate.identification_number"
DLMS_NUMBER = "DLMS_Certificate.identification_number"
EXPIRY = "CPA_Certificate.expiry_date"
AGAIN = "Attach it to the e-mail, even if it was sent before."


class DocumentKind(StrEnum):
    """What a paper of a case is."""

    CPA_CERTIFICATE = "cpa_certificate"
    TRIAL_CERTIFICATE = "trial_certificate"
    ZSE_CERTIFICATE = "zse_certificate"
    DLMS_CERTIFICATE = "dlms_certificate"
    NCSC_LETTER = "ncsc_letter"
    SSC_LETTER = "ssc_letter"
    TEST_LAB_LETTER = "test_lab_letter"
    RELEASE_NOTES = "release_notes"
    CHECKLIST = "checklist"
    EMAIL = "email"
    OTHER = "other"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {
    DocumentKind.CPA_CERTIFICATE: "CPA certificate",
    DocumentKind.TRIAL_CERTIFICATE: "Trial Device Certificate",
    DocumentKind.ZSE_CERTIFICATE: "ZigBee (ZSE) certificate",
    DocumentKind.DLMS_CERTIFICATE: "DLMS certificate",
    DocumentKind.NCSC_LETTER: "NCSC letter",
    DocumentKind.SSC_LETTER: "SSC letter",
    DocumentKind.TEST_LAB_LETTER: "Test Lab letter",
    DocumentKind.RELEASE_NOTES: "Release notes or mapping",
    DocumentKind.CHECKLIST: "Checklist",
    DocumentKind.EMAIL: "E-mail",
    DocumentKind.OTHER: "Other",
}


Values = Mapping[str, str]
Kinds = Collection[DocumentKind]


def check_documents(
    values: Values, rules: RuleSet, kinds: Kinds, *, cpa_in_use: bool = False, from_supplier: bool = False
) -> tuple[Finding, ...]:
    """Which papers are missing for a form with these normalised values when papers of `kinds` are attached.

    `cpa_in_use`: an entry of the list has this CPA certificate already. `from_supplier`: a Supplier, not the DCC, submits it
    (counts for SMETS1 only). Whether the papers say the right thing is not asked here. Guidance 6.2, Table 6, 7.2.4, 7.6, 7.7.
    """
    profile = profile_of(values, rules)
    if profile.smets1:
        return tuple(_smets1(values, kinds, from_supplier))
    if profile.device is None:
        text = "The device type is not known, so nobody can say which papers are needed. Correct it first."
        return (_finding("C11", Severity.WARNING, text, values, DEVICE_TYPE, "Table 6"),)
    return tuple(_smets2(values, profile.device, kinds, cpa_in_use))


def _smets1(values: Values, kinds: Kinds, from_supplier: bool) -> Iterator[Finding]:
    if from_supplier and not {DocumentKind.SSC_LETTER, DocumentKind.EMAIL} & set(kinds):
        text = (
            "The e-mail of the SSC that confirms an urgent material security fix is missing: a Supplier may submit a "
            f"SMETS1 device ({_value(values, SMETS_CHTS)}) only with it. Attach it, or let the DCC submit the device."
        )
        yield _finding("C9", Severity.ERROR, text, values, SMETS_CHTS, "6.2")


def _smets2(values: Values, device: DeviceType, kinds: Kinds, cpa_in_use: bool) -> Iterator[Finding]:
    if device.needs_cpa:
        yield from _cpa(values, kinds, cpa_in_use)
    if DocumentKind.ZSE_CERTIFICATE not in kinds:
        text = f"The ZigBee (ZSE) certificate{_numbered(values, ZSE_NUMBER)} is missing: every SMETS2+ device needs it. {AGAIN}"
        yield _finding("C3", Severity.ERROR, text, values, ZSE_NUMBER, "7.6")
    if device.needs_dlms and DocumentKind.DLMS_CERTIFICATE not in kinds:
        text = f"The DLMS certificate{_numbered(values, DLMS_NUMBER)} is missing: {device.name} needs it. {AGAIN}"
        yield _finding("C4", Severity.ERROR, text, values, DLMS_NUMBER, "7.6")
    if DocumentKind.RELEASE_NOTES not in kinds:
        text = "No release notes or mapping came along: needed if a certificate does not name the Device Model as the form does"
        more = ", and as confirmation if the DLMS certificate is for another firmware version" if device.needs_dlms else ""
        yield _finding("C10", Severity.INFO, f"{text}{more}.", values, DEVICE_TYPE, "7.7")


def _cpa(values: Values, kinds: Kinds, in_use: bool) -> Iterator[Finding]:
    """The certificate that the prefix of its number asks for, and the letters that go with it."""
    prefix = certificate_prefix(values.get(CPA_NUMBER, ""))
    if prefix == "T":
        if DocumentKind.TRIAL_CERTIFICATE not in kinds:
            text = f"The Trial Device Certificate{_numbered(values, CPA_NUMBER)} by the SSC is missing. {AGAIN}"
            yield _finding("C2", Severity.ERROR, text, values, CPA_NUMBER, "7.2.4.3")
        return
    if DocumentKind.CPA_CERTIFICATE not in kinds:
        text = f"The CPA certificate{_numbered(values, CPA_NUMBER)} is missing: {_value(values, DEVICE_TYPE)} needs it. {AGAIN}"
        yield _finding("C1", Severity.ERROR, text, values, CPA_NUMBER, "7.6")
    if prefix == "R":
        yield from _risk_review(values, kinds, in_use)
    elif prefix == "E" and DocumentKind.NCSC_LETTER not in kinds:
        text = (
            f"If the date {_value(values, EXPIRY)} is not on the certificate itself, the NCSC letter that extends it is needed."
        )
        yield _finding("C8", Severity.INFO, text, values, EXPIRY, "7.2.4.2")
    if in_use and DocumentKind.TEST_LAB_LETTER not in kinds:
        text = (
            f"The list knows this CPA certificate{_numbered(values, CPA_NUMBER)} already. Adding a device to it needs the "
            "letter of an authorised Test Lab (NCC Group, KPMG or CyTAL) that there is no security impact. Attach the letter."
        )
        yield _finding("C7", Severity.ERROR, text, values, CPA_NUMBER, "7.7")


def _risk_review(values: Values, kinds: Kinds, in_use: bool) -> Iterator[Finding]:
    """A Lifetime certificate has no date; a letter has it."""
    if not {DocumentKind.NCSC_LETTER, DocumentKind.SSC_LETTER} & set(kinds):
        text = (
            f"The letter with the date of the next Risk Review ({_value(values, EXPIRY)}) is missing: a Lifetime CPA certificate "
            "[R] does not show it. Attach the letter of the NCSC, or the letter of the SSC that confirms the date."
        )
        yield _finding("C5", Severity.ERROR, text, values, EXPIRY, "7.2.4.1")
    elif in_use and DocumentKind.SSC_LETTER not in kinds:
        text = (
            "A device is added to a Lifetime CPA certificate, and the letter of the SSC that confirms the renewal date "
            f"({_value(values, EXPIRY)}) is not attached. Ask for it, or accept the letter of the NCSC with a reason."
        )
        yield _finding("C6", Severity.WARNING, text, values, EXPIRY, "Appendix 5.4")


def _numbered(values: Values, key: str) -> str:
    number = values.get(key, "").strip()
    return f" '{number}'" if number else ""


def _value(values: Values, key: str) -> str:
    return values.get(key, "").strip() or "not stated"


def _finding(rule: str, severity: Severity, text: str, values: Values, key: str, guidance: str) -> Finding:
    group, _, attribute = key.partition(".")
    return Finding(rule, severity, text, group, attribute, value=values.get(key, "").strip(), guidance=guidance)
