"""Reading a form in the tests of the reader, and changing one place of its XML."""

import re

from cpl.dictionary import load
from cpl.domain.dictionary import RuleSet
from cpl.domain.findings import Severity
from cpl.domain.form import FormReading
from cpl.workbook.read import read_form
from tests.builders.workbooks import form_workbook, rewrite

RULES = load(3)
SHEET = "xl/worksheets/sheet1.xml"
FIRMWARE = "Device_Model.firmware_version"
MODEL = "Device_Model.model_identifier"
EXPIRY = "CPA_Certificate.expiry_date"
HASH = "Manufacturer_Image.hash"
EN_DASH = "CPL \N{EN DASH} New Entry"


def read(data: bytes, rules: RuleSet = RULES) -> FormReading:
    return read_form(data, rules)


def answers(reading: FormReading) -> dict[str, str]:
    return {key: cell.value for key, cell in reading.cells.items() if not key.startswith("Entry.")}


def refused(reading: FormReading) -> str:
    """The one refusal, as "rule: message"; nothing of such a form may be used."""
    (finding,) = reading.refusals
    assert finding.severity is Severity.ERROR
    assert finding.guidance
    return f"{finding.rule}: {finding.message}"


def in_sheet(data: bytes, pattern: str, replacement: str, part: str = SHEET) -> bytes:
    """The workbook with one place of a part's XML replaced."""

    def change(xml: bytes) -> bytes:
        changed, count = re.subn(pattern, replacement, xml.decode(), count=1, flags=re.DOTALL)
        assert count == 1, f"{pattern} is not in {part}"
        return changed.encode()

    return rewrite(data, {part: change})


def cell_of(key: str) -> str:
    return read(form_workbook({})).cells[key].cell.rpartition("!")[2]
