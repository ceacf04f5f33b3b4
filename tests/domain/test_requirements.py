"""Which papers are missing (guidance Table 6, 7.2.4, 7.6, 7.7, 6.2, Appendix 5.4)."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.domain.requirements import DocumentKind, check_documents
from cpl.dictionary import load
from cpl.domain.entry import CPA_NUMBER, DEVICE_TYPE
from cpl.domain.findings import Severity
from tests.builders.values import (
    DEVICE_TYPES,
    GAS_METER,
    HCALCS,
    HUB,
    POLYPHASE,
    PPMID,
    SINGLE_ELEMENT,
    TWIN_ELEMENT,
    valid_values,
)

RULES = load(3)
CPA, ZSE, DLMS = DocumentKind.CPA_CERTIFICATE, DocumentKind.ZSE_CERTIFICATE, DocumentKind.DLMS_CERTIFICATE
TRIAL, NCSC, SSC = DocumentKind.TRIAL_CERTIFICATE, DocumentKind.NCSC_LETTER, DocumentKind.SSC_LETTER
LAB, NOTES, MAIL = DocumentKind.TEST_LAB_LETTER, DocumentKind.RELEASE_NOTES, DocumentKind.EMAIL
EVERYTHING = frozenset(DocumentKind)
LIFETIME, EXPIRING, TRIAL_NUMBER = "[R] NCSC-1700000001-4001", "[E] 1700000001-4001", "[T] GKL123456789"

# Table 6 of the guidance, as printed.
TABLE_6 = {
    PPMID: {ZSE},
    HUB: {ZSE, CPA},
    GAS_METER: {ZSE, CPA},
    HCALCS: {ZSE, CPA},
    SINGLE_ELEMENT: {ZSE, CPA, DLMS},
    TWIN_ELEMENT: {ZSE, CPA, DLMS},
    POLYPHASE: {ZSE, CPA, DLMS},
}
PAPERS = {"C1": CPA, "C2": TRIAL, "C3": ZSE, "C4": DLMS}


def rules_of(values: dict[str, str], kinds: set[DocumentKind] | frozenset[DocumentKind], **more: bool) -> list[str]:
    return sorted(finding.rule for finding in check_documents(values, RULES, kinds, **more))


@pytest.mark.parametrize("device_type", DEVICE_TYPES)
def test_without_papers_the_certificates_of_table_6_are_missing(device_type: str) -> None:
    findings = check_documents(valid_values(device_type), RULES, ())
    missing = {PAPERS[finding.rule] for finding in findings if finding.rule in PAPERS}
    assert missing == TABLE_6[device_type]
    assert all(finding.severity is Severity.ERROR for finding in findings if finding.rule in PAPERS)


@pytest.mark.parametrize("device_type", DEVICE_TYPES)
def test_each_certificate_counts_alone(device_type: str) -> None:
    """Every set of certificates: exactly the others are asked for."""
    needed = TABLE_6[device_type]
    for size in range(len(needed) + 1):
        for brought in itertools.combinations(sorted(needed), size):
            findings = check_documents(valid_values(device_type), RULES, {*brought, NCSC, NOTES})
            assert {PAPERS[finding.rule] for finding in findings} == needed - set(brought)


@pytest.mark.parametrize("device_type", DEVICE_TYPES)
def test_with_everything_nothing_is_missing(device_type: str) -> None:
    for in_use, supplier in itertools.product((False, True), repeat=2):
        assert check_documents(valid_values(device_type), RULES, EVERYTHING, cpa_in_use=in_use, from_supplier=supplier) == ()


ALL_BUT_LETTERS = {CPA, TRIAL, ZSE, DLMS, NOTES}
LETTERS: dict[str, tuple[str, set[DocumentKind], bool, list[str]]] = {
    "lifetime, no letter": (LIFETIME, set(), False, ["C5"]),
    "lifetime, letter of the NCSC": (LIFETIME, {NCSC}, False, []),
    "lifetime, letter of the SSC": (LIFETIME, {SSC}, False, []),
    "lifetime in use, no letter": (LIFETIME, set(), True, ["C5", "C7"]),
    "lifetime in use, Test Lab letter alone": (LIFETIME, {LAB}, True, ["C5"]),
    "lifetime in use, NCSC and Test Lab": (LIFETIME, {NCSC, LAB}, True, ["C6"]),
    "lifetime in use, SSC and Test Lab": (LIFETIME, {SSC, LAB}, True, []),
    "lifetime in use, SSC alone": (LIFETIME, {SSC}, True, ["C7"]),
    "expiring": (EXPIRING, set(), False, ["C8"]),
    "expiring, date extended": (EXPIRING, {NCSC}, False, []),
    "expiring in use": (EXPIRING, set(), True, ["C7", "C8"]),
    "expiring in use, Test Lab letter": (EXPIRING, {LAB, NCSC}, True, []),
    "trial": (TRIAL_NUMBER, set(), False, []),
    "trial in use": (TRIAL_NUMBER, set(), True, []),
    "no prefix": ("1700000001-4001", set(), False, []),
    "no prefix, in use": ("1700000001-4001", set(), True, ["C7"]),
}


@pytest.mark.parametrize(("number", "letters", "in_use", "rules"), LETTERS.values(), ids=LETTERS)
def test_letters_that_go_with_a_cpa_certificate(number: str, letters: set[DocumentKind], in_use: bool, rules: list[str]) -> None:
    values = valid_values(SINGLE_ELEMENT, **{CPA_NUMBER: number})
    assert rules_of(values, ALL_BUT_LETTERS | letters, cpa_in_use=in_use) == rules


@pytest.mark.parametrize(
    ("number", "brought", "rules"),
    [
        (TRIAL_NUMBER, {CPA, ZSE, NOTES}, ["C2"]),
        (TRIAL_NUMBER, {TRIAL, ZSE, NOTES}, []),
        (LIFETIME, {TRIAL, ZSE, NOTES, NCSC}, ["C1"]),
        (EXPIRING, {TRIAL, ZSE, NOTES, NCSC}, ["C1"]),
        (" [T]  GKL1 ", {TRIAL, ZSE, NOTES}, []),
    ],
)
def test_a_trial_certificate_and_a_cpa_certificate_do_not_replace_each_other(
    number: str, brought: set[DocumentKind], rules: list[str]
) -> None:
    assert rules_of(valid_values(GAS_METER, **{CPA_NUMBER: number}), brought) == rules


def test_a_device_without_cpa_needs_no_letters_either() -> None:
    assert rules_of(valid_values(PPMID), {ZSE, NOTES}, cpa_in_use=True) == []


@pytest.mark.parametrize("device_type", [device for device in DEVICE_TYPES if device != HCALCS])
def test_smets1_needs_no_papers_but_those_of_a_supplier(device_type: str) -> None:
    values = valid_values(device_type, smets1=True)
    assert rules_of(values, set()) == []
    assert rules_of(values, {CPA, ZSE, DLMS, NOTES}, from_supplier=True) == ["C9"]
    assert rules_of(values, {SSC}, from_supplier=True) == []
    assert rules_of(values, {MAIL}, from_supplier=True) == []
    assert rules_of(valid_values(device_type), EVERYTHING - {SSC, MAIL}, from_supplier=True) == []


def test_release_notes_are_a_note_and_speak_of_dlms_to_meters_that_have_it() -> None:
    (meter,) = check_documents(valid_values(SINGLE_ELEMENT), RULES, EVERYTHING - {NOTES})
    (hub,) = check_documents(valid_values(HUB), RULES, EVERYTHING - {NOTES})
    assert (meter.rule, meter.severity, hub.rule, hub.severity) == ("C10", Severity.INFO, "C10", Severity.INFO)
    assert "DLMS" in meter.message
    assert "DLMS" not in hub.message


@pytest.mark.parametrize("device_type", ["", "In Home Display"])
def test_an_unknown_device_type_cannot_be_judged(device_type: str) -> None:
    (finding,) = check_documents(valid_values(HUB, **{DEVICE_TYPE: device_type}), RULES, ())
    assert (finding.rule, finding.severity, finding.attribute) == ("C11", Severity.WARNING, "name")


def test_messages_say_what_is_missing_and_which_value_asks_for_it() -> None:
    values = valid_values(SINGLE_ELEMENT)
    findings = {finding.rule: finding for finding in check_documents(values, RULES, (), cpa_in_use=True)}
    assert values[CPA_NUMBER] in findings["C1"].message
    assert values["ZSE_Certificate.identification_number"] in findings["C3"].message
    assert values["DLMS_Certificate.identification_number"] in findings["C4"].message
    assert values["CPA_Certificate.expiry_date"] in findings["C5"].message
    assert "Test Lab" in findings["C7"].message
    for finding in findings.values():
        assert finding.guidance
        assert finding.value == values[f"{finding.group}.{finding.attribute}"]


def test_a_certificate_without_a_number_is_asked_for_all_the_same() -> None:
    values = valid_values(SINGLE_ELEMENT, **{CPA_NUMBER: "", "ZSE_Certificate.identification_number": " "})
    findings = {finding.rule: finding for finding in check_documents(values, RULES, ())}
    assert {"C1", "C3", "C4"} <= set(findings)
    assert "''" not in findings["C1"].message + findings["C3"].message


KINDS = st.frozensets(st.sampled_from(DocumentKind))


@given(st.sampled_from(DEVICE_TYPES), st.sampled_from([LIFETIME, EXPIRING, TRIAL_NUMBER, "", "x"]), KINDS, KINDS, st.booleans())
def test_more_papers_never_make_it_worse(
    device_type: str, number: str, kinds: frozenset[DocumentKind], more: frozenset[DocumentKind], in_use: bool
) -> None:
    """But for C6, which asks for the better of two letters once one of them is there."""
    values = {**valid_values(device_type), CPA_NUMBER: number}
    before = set(rules_of(values, kinds, cpa_in_use=in_use))
    after = set(rules_of(values, kinds | more, cpa_in_use=in_use))
    assert after - {"C6"} <= before
    assert "C6" not in after - before or "C5" in before


@given(st.dictionaries(st.sampled_from(sorted(valid_values(HUB))), st.text(max_size=30)), KINDS, st.booleans(), st.booleans())
def test_no_values_make_it_stumble(values: dict[str, str], kinds: frozenset[DocumentKind], in_use: bool, supplier: bool) -> None:
    for finding in check_documents(values, RULES, kinds, cpa_in_use=in_use, from_supplier=supplier):
        assert finding.message
        assert finding.rule in {f"C{number}" for number in range(1, 12)}
