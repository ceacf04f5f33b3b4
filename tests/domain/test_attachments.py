"""What an attachment is, by its name and its first bytes."""

import zipfile
from collections.abc import Callable

import pytest

from certificates.domain.requirements import DocumentKind
from submissions.domain.intake import is_form, suggest_kind
from tests.builders import pdfs
from tests.builders.values import valid_values
from tests.builders.workbooks import form_workbook, password_protected, zip_of

WORKBOOK = form_workbook(valid_values())
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"

FORMS = {
    "a workbook": ("submission.xlsm", WORKBOOK, True),
    "a workbook under any name": ("submission.bin", WORKBOOK, True),
    "a workbook in capitals": ("SUBMISSION.XLSX", b"", True),
    "an old workbook": ("old.xls", b"", True),
    "a file under a password": ("file", password_protected(), True),
    "an old letter": ("letter.doc", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(500), False),
    "a mail of Outlook": ("mail.msg", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(500), False),
    "a letter": ("letter.docx", zip_of({"word/document.xml": b"<x/>"}), False),
    "an archive that holds a workbook": ("all.zip", zip_of({"form.xlsm": WORKBOOK}, zipfile.ZIP_STORED), False),
    "a workbook behind other bytes": ("scan.pdf", PDF + WORKBOOK, True),
    "a paper that speaks of workbooks": ("notes.pdf", PDF + b"xl/workbook.xml", False),
    "a workbook cut off": ("form", WORKBOOK[: len(WORKBOOK) // 2], True),
    "a paper": ("CPA.pdf", PDF, False),
    "nothing": ("", b"", False),
}


@pytest.mark.parametrize(("name", "data", "form"), FORMS.values(), ids=FORMS)
def test_what_looks_like_a_form(name: str, data: bytes, form: bool) -> None:
    assert is_form(name, data) is form


KINDS = {
    "CPA_Certificate_NCSC-1433053936-3917.pdf": DocumentKind.CPA_CERTIFICATE,
    "Commercial Product Assurance.pdf": DocumentKind.CPA_CERTIFICATE,
    "NCSC letter 2026.pdf": DocumentKind.NCSC_LETTER,
    "Letter-from-NCSC-CPA.pdf": DocumentKind.NCSC_LETTER,
    "SSC confirmation.pdf": DocumentKind.SSC_LETTER,
    "CPA letter NCC Group.pdf": DocumentKind.TEST_LAB_LETTER,
    "KPMG_confirmation.docx": DocumentKind.TEST_LAB_LETTER,
    "Test Lab letter.pdf": DocumentKind.TEST_LAB_LETTER,
    "TrialDeviceCertificate.pdf": DocumentKind.TRIAL_CERTIFICATE,
    "trial certificate.pdf": DocumentKind.TRIAL_CERTIFICATE,
    "ZIG22049ZSE13129-24.pdf": DocumentKind.ZSE_CERTIFICATE,
    "zigbee-cert.PDF": DocumentKind.ZSE_CERTIFICATE,
    "DLMS_2721.pdf": DocumentKind.DLMS_CERTIFICATE,
    "Release Notes v4.pdf": DocumentKind.RELEASE_NOTES,
    "ZigBee mapping.docx": DocumentKind.RELEASE_NOTES,
    "checklist.pdf": DocumentKind.CHECKLIST,
    "confirmation.eml": DocumentKind.EMAIL,
    "scan0001.pdf": DocumentKind.OTHER,
    "cpansomething.pdf": DocumentKind.OTHER,
    "": DocumentKind.OTHER,
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_the_kind_by_the_name(name: str, kind: DocumentKind) -> None:
    assert suggest_kind(name, PDF) is kind


def test_the_kind_by_the_first_words_where_the_name_says_nothing() -> None:
    assert suggest_kind("scan.txt", b"ZigBee Certified Product") is DocumentKind.ZSE_CERTIFICATE
    assert suggest_kind("DLMS.txt", b"ZigBee Certified Product") is DocumentKind.DLMS_CERTIFICATE
    assert suggest_kind("scan.pdf", b"%PDF-1.4 /Title (Release Notes)") is DocumentKind.RELEASE_NOTES


MADE = {
    pdfs.cpa_certificate: DocumentKind.CPA_CERTIFICATE,
    pdfs.zse_certificate: DocumentKind.ZSE_CERTIFICATE,
    pdfs.dlms_certificate: DocumentKind.DLMS_CERTIFICATE,
    pdfs.release_notes: DocumentKind.RELEASE_NOTES,
}


@pytest.mark.parametrize(("make", "kind"), MADE.items())
def test_papers_under_a_name_that_says_nothing(make: Callable[[dict[str, str]], bytes], kind: DocumentKind) -> None:
    assert suggest_kind("scan 1.pdf", make(valid_values())) is kind
