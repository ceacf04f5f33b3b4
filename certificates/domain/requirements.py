"""Which papers a submission must bring (guidance Table 6, 7.6, 7.7)."""

from enum import StrEnum


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
