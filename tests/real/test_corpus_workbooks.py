"""Signed and attacked Office files of the reference material in front of the reader of forms: never an accident."""

from pathlib import Path

import pytest

from core import isolation
from cpl.dictionary import load
from cpl.domain.form import FormReading
from cpl.workbook.read import read_form
from submissions.domain.intake import is_form, read_mail
from tests.builders.mails import mail
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared

RULES = load(3)
SIGNATURES = SHARED / "corpus" / "signatures"
FILES = sorted(path for folder in ("made", "office") for path in (SIGNATURES / folder).glob("*.*") if path.suffix != ".tsv")
IDS = [path.name for path in FILES]


def read_isolated(data: bytes) -> list[list[str]]:
    """Runs in a child: which items and which refusals the reading has."""
    return items_and_refusals(read_form(data, RULES))


def items_and_refusals(reading: FormReading) -> list[list[str]]:
    return [sorted(reading.cells), [finding.rule for finding in reading.refusals]]


def test_the_corpus_is_there() -> None:
    assert len(FILES) >= 40


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_each_is_a_reading_or_a_named_refusal(path: Path) -> None:
    reading = read_form(path.read_bytes(), RULES)
    assert bool(reading.cells) is not bool(reading.refusals)
    assert all(finding.rule and finding.message for finding in reading.refusals)


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_word_and_powerpoint_are_no_forms_and_excel_is(path: Path) -> None:
    assert is_form(path.name, path.read_bytes()) is (path.suffix in (".xlsm", ".xlsx"))
    assert is_form("attachment", path.read_bytes()) is (path.suffix in (".xlsm", ".xlsx"))


def test_a_mail_brings_them_unchanged_so_that_signatures_stay_whole() -> None:
    """One file more or less does not matter to a mail; a changed byte would matter to a signature."""
    reading = read_mail(mail([(path.name, path.read_bytes()) for path in FILES]))
    assert [(file.name, file.data) for file in reading.attachments] == [(path.name, path.read_bytes()) for path in FILES]
    assert reading.problems == ()


@pytest.mark.parametrize("path", FILES[::6], ids=IDS[::6])
def test_a_child_says_the_same(path: Path) -> None:
    outcome = isolation.run("tests.real.test_corpus_workbooks:read_isolated", path.read_bytes(), timeout=20)
    assert outcome.value == items_and_refusals(read_form(path.read_bytes(), RULES))
