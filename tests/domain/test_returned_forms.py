"""Forms that come back as guidance 7.1 allows, filled in and saved by other programs: read as typed, refused for nothing."""

import datetime
import io
import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cpl.dictionary import load
from cpl.domain.dictionary import Kind
from cpl.domain.findings import Severity
from cpl.domain.form import FormReading
from cpl.domain.validate import validate
from cpl.workbook.read import read_form
from cpl.workbook.render import ReleaseView, RenderedEntry, render
from tests.builders.values import DEVICE_TYPES, GAS_METER, HUB, PPMID, SINGLE_ELEMENT, valid_values
from tests.builders.workbooks import sample_entries
from tests.libreoffice import needs_libreoffice

RULES = load(3)
ON = datetime.date(2026, 11, 25)
FORM = "CPL - New Entry"
REMOVABLE = ("Version Control", "Central Products List", "CPL - saveable in CSV")
NOTES, HOUSE = "FIR Release Notes.Description", "Manufacturer Contact FIR.House Number"
SCRIPT = Path(__file__).parent.parent / "vba" / "libreoffice_returned.py"
PYTHON = "/usr/bin/python3"  # LibreOffice brings its bridge for this one
# What is removed, what is added (always in front), and what is filled in.
RETURNS: dict[str, tuple[Sequence[str], Sequence[str], dict[str, str]]] = {
    "as it is": ((), (), valid_values(SINGLE_ELEMENT, with_hash=True)),
    "history removed": (REMOVABLE[:1], (), valid_values(GAS_METER, number=2)),
    "list removed": (REMOVABLE[1:2], (), valid_values(HUB, with_hash=True, number=3)),
    "CSV tab removed": (REMOVABLE[2:], (), valid_values(PPMID, number=4)),
    "form alone": (REMOVABLE, (), valid_values(DEVICE_TYPES[-1], with_hash=True, number=5)),
    "tabs added": ((), ("Our notes", "Sheet1"), valid_values(GAS_METER, smets1=True, number=6)),
    "form and tabs of others": (REMOVABLE, ("Version history", "Zählerliste"), valid_values(with_hash=True, number=7)),
    "awkward texts": (
        REMOVABLE[1:],
        ("Notes",),
        valid_values(number=8, **{NOTES: 'Two lines,\nthe second "quoted" & <marked>; 1E5, ½', HOUSE: "007"}),
    ),
}
EVERY_RETURN = pytest.mark.parametrize("kind", RETURNS)


@pytest.fixture(scope="module")
def book() -> bytes:
    listed = tuple(RenderedEntry(entry.number, entry.status, entry.values) for entry in sample_entries(40))
    view = ReleaseView("Version 3.007 Issued on 25-11-2026", ON, (("3.007", "25/11/2026", "First issue"),), listed)
    return render(view, RULES)


def places(answers: dict[str, str]) -> dict[str, str]:
    """The answers by cell; what is empty stays as it is."""
    rows = enumerate(RULES.form_items, 7)
    return {f"G{row}": answers[item.key] for row, item in rows if item.kind is not Kind.ALLOCATED and answers[item.key]}


def by_openpyxl(book: bytes, kind: str, *, macro: bool) -> bytes:
    remove, add, answers = RETURNS[kind]
    workbook: Any = openpyxl.load_workbook(io.BytesIO(book), keep_vba=macro)
    for place, text in places(answers).items():
        workbook[FORM][place].value = text
    for name in remove:
        del workbook[name]
    for name in add:
        workbook.create_sheet(name, 0)["A1"] = "Notes of our own"
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def by_libreoffice(book: bytes, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], bytes]:
    """What LibreOffice saved, by kind of return and format; one start of it for all of them."""
    folder = tmp_path_factory.mktemp("office")
    names = {(kind, suffix): folder / f"{number}.{suffix}" for number, kind in enumerate(RETURNS) for suffix in ("xlsm", "xlsx")}
    task = [
        {
            "answers": places(answers),
            "remove": remove,
            "add": add,
            "save": {str(names[kind, suffix]): suffix for suffix in ("xlsm", "xlsx")},
        }
        for kind, (remove, add, answers) in RETURNS.items()
    ]
    (folder / "book.xlsm").write_bytes(book)
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
    command = [PYTHON, str(SCRIPT), str(folder / "book.xlsm"), str(folder / "task.json")]
    subprocess.run(command, check=True, timeout=240, env={"PATH": "/usr/bin:/bin", "HOME": str(folder)})
    return lambda kind, suffix: names[kind, suffix].read_bytes()


def comes_back(reading: FormReading, kind: str, *errors: str) -> None:
    """Every answer as it was typed, none missing, nothing to remark, and no error by any rule but these."""
    answers = RETURNS[kind][2]
    assert {key: cell.value for key, cell in reading.cells.items() if key in answers} == answers
    assert (reading.missing, reading.notes, reading.version, reading.sheet) == ((), (), (3, 7), FORM)
    check = validate(reading, RULES, ON)
    assert [finding.rule for finding in check.findings if finding.severity is Severity.ERROR] == [*errors]
    assert [finding.rule for finding in reading.refusals] == [*errors]


def tabs_hold(data: bytes, kind: str) -> None:
    """What was removed is gone and what was added is there; which of the hidden tabs it shows is the program's affair."""
    remove, add, _ = RETURNS[kind]
    names = {sheet.title for sheet in openpyxl.load_workbook(io.BytesIO(data), read_only=True)}
    assert names & {FORM, *REMOVABLE, *add} == {FORM, *REMOVABLE, *add} - {*remove}


@EVERY_RETURN
def test_saved_by_openpyxl(book: bytes, kind: str) -> None:
    data = by_openpyxl(book, kind, macro=True)
    reading = read_form(data, RULES)
    tabs_hold(data, kind)
    assert reading.macro
    comes_back(reading, kind)


@needs_libreoffice
@EVERY_RETURN
def test_saved_by_libreoffice(by_libreoffice: Callable[[str, str], bytes], kind: str) -> None:
    data = by_libreoffice(kind, "xlsm")
    reading = read_form(data, RULES)
    tabs_hold(data, kind)
    assert reading.macro
    comes_back(reading, kind)


@EVERY_RETURN
def test_saved_by_openpyxl_without_the_macro(book: bytes, kind: str) -> None:
    """The one reason to send it back is the true one; what was typed can be read."""
    reading = read_form(by_openpyxl(book, kind, macro=False), RULES)
    assert not reading.macro
    comes_back(reading, kind, "P17")


@needs_libreoffice
@EVERY_RETURN
def test_saved_by_libreoffice_without_the_macro(by_libreoffice: Callable[[str, str], bytes], kind: str) -> None:
    reading = read_form(by_libreoffice(kind, "xlsx"), RULES)
    assert not reading.macro
    comes_back(reading, kind, "P17")
