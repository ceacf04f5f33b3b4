"""Why a workbook is not read: one short rule for each reason, said as a Finding.

| rule | the workbook is refused because |
|------|---------------------------------|
| P1   | it is empty, or no .xlsm package at all |
| P2   | it is an OLE file: password-protected, or an old .xls |
| P3   | the file is larger than a submission can be |
| P4   | it is damaged: cut off, wrong checksum, unreadable compression |
| P5   | it unpacks to far more than its size (or than the limit) |
| P6   | it has too many parts |
| P7   | its parts overlap, have bytes around or between them, or are described in two ways |
| P8   | two of its parts have one name |
| P9   | a part has a name that could lead out of the package |
| P10  | a part is encrypted |
| P11  | a part is compressed by a method that workbooks do not use |
| P12  | a part is a link or a device, not a file |
| P13  | a part has a document type declaration (DOCTYPE) |
| P14  | a part is no well-formed XML, or not built as a spreadsheet program builds it |
| P15  | it takes contents from outside (external links, linked objects) |
| P17  | it is not macro-enabled: .xlsx, .xlsb or a template in place of .xlsm |
| P18  | the package holds no workbook, or its parts do not hang together |
| P19  | the sheet holds more than a form can, or content where none belongs |
| F1   | the 'CPL - New Entry' tab is missing, renamed, hidden, there twice, ambiguous, or of an older principal version |

Two rules only leave a note: P16 (embedded objects, old macro sheets, data connections) and P20 (hidden or mixed content).
Sources: guidance 7.1 and 7.3 (what a submitter may change, .xlsm), 8 step 1 (the tab is not renamed), 5.1 (versions); the rest
leaves one reading of the bytes possible, so that what was signed, what was read and what Excel shows cannot differ.
"""

from typing import NoReturn

from cpl.domain.findings import Finding, Severity

SAVE_AGAIN = "Please open the workbook in Excel, save it as 'Excel Macro-Enabled Workbook' (.xlsm) and send it again."
FRESH_COPY = "Please fill in a fresh copy of the current CPL workbook from the SECAS website and send that."


class Refused(Exception):  # noqa: N818 - reads as a sentence: raises Refused
    """A workbook that is not read any further. Stays inside this package: what faces outwards returns the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def refuse(rule: str, message: str, *, cell: str = "", guidance: str = "7.3") -> NoReturn:
    """Raise the refusal of this rule."""
    raise Refused(Finding(rule=rule, severity=Severity.ERROR, message=message, cell=cell, guidance=guidance))


def shown(name: str, longest: int = 80) -> str:
    """A name from an untrusted workbook as it may stand in a message: printable, of bounded length, in quotation marks."""
    text = "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in name[:longest])
    return f"'{text}…'" if len(name) > longest else f"'{text}'"
