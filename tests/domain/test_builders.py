"""The builders themselves: what they make is valid, always the same, and needs no test framework."""

import datetime
import hashlib
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pypdf
import pytest

from cpl.dictionary import load
from cpl.domain.findings import Severity
from cpl.domain.validate import validate
from cpl.workbook.read import read_form
from tests.builders import mails, pdfs
from tests.builders.values import DEVICE_TYPES, HCALCS, MAKERS, POLYPHASE, PPMID
from tests.builders.workbooks import Formula, form_workbook, list_workbook, sample_entries, valid_values

ROOT = Path(__file__).resolve().parent.parent.parent
ON = datetime.date(2026, 11, 24)
RULES = load(3)


@pytest.mark.parametrize("number", [1, 7, 300, 65_000])
@pytest.mark.parametrize("with_hash", [False, True])
@pytest.mark.parametrize(
    ("device_type", "smets1"),
    [(name, smets1) for name in DEVICE_TYPES for smets1 in (False, True) if not (smets1 and name in {HCALCS, POLYPHASE})],
)
def test_valid_values_pass_every_field_rule(device_type: str, smets1: bool, with_hash: bool, number: int) -> None:
    values = valid_values(device_type, smets1=smets1, with_hash=with_hash, number=number)
    findings = validate(read_form(form_workbook(values), RULES), RULES, ON).findings
    allowed = {("F13", Severity.WARNING)} if device_type == PPMID and smets1 and with_hash else set()
    assert {(finding.rule, finding.severity) for finding in findings} == allowed


def test_numbers_make_different_device_models() -> None:
    models = {
        tuple(value for key, value in valid_values(number=number).items() if key.startswith("Device_Model."))
        for number in range(1, 400)
    }
    assert len(models) == 399


def test_overrides_are_by_key_and_checked() -> None:
    assert valid_values(**{"Firmware_Upgrade.Path": "000001"})["Firmware_Upgrade.Path"] == "000001"
    with pytest.raises(KeyError, match="no data item Firmware"):
        valid_values(Firmware="1")
    with pytest.raises(KeyError, match="No data items"):
        form_workbook({"Firmware_Upgrade.Path": "NA"}, (2, 51))


def test_makers_are_made_up() -> None:
    assert all(maker.domain.endswith(".example") for maker in MAKERS)
    assert len({maker.identifier for maker in MAKERS}) == len(MAKERS)


VALUES = valid_values(with_hash=True)
PAPERS: tuple[Callable[..., bytes], ...] = (
    pdfs.cpa_certificate,
    pdfs.ncsc_letter,
    pdfs.trial_certificate,
    pdfs.ssc_letter,
    pdfs.letter_of_test_lab,
    pdfs.zse_certificate,
    pdfs.dlms_certificate,
    pdfs.release_notes,
)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.__name__)
def test_papers_are_real_pdfs_that_name_the_device_model(paper: Callable[..., bytes]) -> None:
    data = paper(VALUES)
    document = pypdf.PdfReader(io.BytesIO(data), strict=True)
    text = "\n".join(page.extract_text() for page in document.pages)
    assert f"Firmware version: {VALUES['Device_Model.firmware_version']}" in text
    assert VALUES["Manufacturer_Image.creator"] in text
    assert document.metadata is not None
    assert document.metadata.title
    assert data == paper(VALUES)


def test_papers_can_be_made_wrong() -> None:
    data = pdfs.zse_certificate(VALUES, {"Firmware version": "1.2.3.4", "Remark": "see (annex) \\ page 2"})
    text = pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text()
    assert "Firmware version: 1.2.3.4" in text
    assert "Remark: see (annex) \\ page 2" in text
    assert VALUES["Device_Model.firmware_version"] not in text


def test_a_lifetime_certificate_has_no_expiry_date() -> None:
    expiring = {**VALUES, "CPA_Certificate.identification_number": "[E] 1700000001-4001"}
    texts = [pypdf.PdfReader(io.BytesIO(pdfs.cpa_certificate(values))).pages[0].extract_text() for values in (VALUES, expiring)]
    assert ["Expiry date" in text for text in texts] == [False, True]
    assert all("[" not in text for text in texts)


def test_long_papers_go_on_on_the_next_page() -> None:
    lines = [(f"Line {number}", "word " * 40) for number in range(30)]
    document = pypdf.PdfReader(io.BytesIO(pdfs.pdf("Long", lines)), strict=True)
    assert len(document.pages) == 4
    assert "Page 4 of 4" in document.pages[3].extract_text()
    assert "Line 29:" in document.pages[3].extract_text()


def test_mails_carry_their_attachments() -> None:
    attachments = [
        ("form.xlsm", form_workbook(VALUES)),
        ("Zeugnis für Zähler.pdf", pdfs.zse_certificate(VALUES)),
        ("a.bin", b"\0\xff"),
    ]
    data = mails.mail(attachments, html="<p>Hello</p>")
    message = message_from_bytes(data, policy=policy.default)
    assert [(part.get_filename(), part.get_content()) for part in message.iter_attachments()] == attachments
    assert message["From"].addresses[0].domain == "alder-metering.example"
    assert [part.get_content_type() for part in message.iter_attachments()][:2] == [
        "application/vnd.ms-excel.sheet.macroenabled.12",
        "application/pdf",
    ]
    assert data == mails.mail(attachments, html="<p>Hello</p>")
    assert b"\r\n" in data


def test_each_mail_has_its_own_message_id() -> None:
    ids = {
        message_from_bytes(data)["Message-ID"]
        for data in (mails.mail(), mails.mail(seed="2"), mails.mail([("a.pdf", b"x")]), mails.mail([("a.pdf", b"y")]))
    }
    assert len(ids) == 4
    assert all(name.endswith("@alder-metering.example>") for name in ids)


def test_workbooks_are_the_same_on_another_day_and_in_another_process() -> None:
    script = (
        "import hashlib, time_machine, datetime\n"
        "with time_machine.travel(datetime.datetime(2031, 1, 2)):\n"
        "    from tests.builders.workbooks import *\n"
        "    data = list_workbook(sample_entries(5), values=valid_values()) + form_workbook(valid_values())\n"
        "print(hashlib.sha256(data).hexdigest())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    ours = list_workbook(sample_entries(5), values=valid_values()) + form_workbook(valid_values())
    assert done.stdout.strip() == hashlib.sha256(ours).hexdigest()


def test_builders_need_no_test_framework() -> None:
    script = (
        "import sys; sys.modules['pytest'] = sys.modules['hypothesis'] = None\n"
        "import tests.builders.workbooks, tests.builders.pdfs, tests.builders.mails, tests.builders.values\n"
        "print(len(tests.builders.workbooks.form_workbook({})))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 5_000


def test_a_form_may_hold_other_things_than_text() -> None:
    cells = {"Device_Model.firmware_version": Formula("=A1", "x"), "DLMS_Certificate.identification_number": 2345}
    with zipfile.ZipFile(io.BytesIO(form_workbook(VALUES, cells=cells))) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>A1</f><v>x</v>" in sheet
    assert "<v>2345</v>" in sheet
