"""The macro of the form as it goes into the workbook: its source is text in cpl/workbook/vba, compiled by Office itself."""

from functools import cache
from importlib.resources import files

from cpl.workbook.ovba import Module, ModuleKind, vba_project

BUTTON = "Validate New Entry"
PROCEDURE = "ValidateNewEntry"  # what the button starts
MODULES = ("CplValidation", "CplRules", "CplAnswers", "CplKinds", "CplLinks")
WORKBOOK_CODE_NAME = "ThisWorkbook"


def sources() -> dict[str, str]:
    """The text of each module by its name."""
    folder = files("cpl.workbook") / "vba"
    return {name: (folder / f"{name}.bas").read_text(encoding="ascii") for name in MODULES}


@cache
def macro(sheets: tuple[str, ...]) -> bytes:
    """The vbaProject.bin of a workbook whose sheets have these code names: Office wants a module for each."""
    documents = [Module(WORKBOOK_CODE_NAME, ModuleKind.WORKBOOK), *(Module(name, ModuleKind.SHEET) for name in sheets)]
    return vba_project([*documents, *(Module(name, code=code) for name, code in sources().items())])
