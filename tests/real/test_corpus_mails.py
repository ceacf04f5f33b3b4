"""Hostile and odd mails of the reference material: each is read, or refused with its reason; other files as mails too."""

import itertools

import pytest

from certificates.domain.requirements import DocumentKind
from core import isolation
from cpl.dictionary import load
from cpl.domain.findings import Severity
from cpl.workbook.read import read_form
from submissions.domain.intake import MailReading, is_form, read_mail, suggest_kind, vet
from tests.corpus import Hostile, hostile_files
from tests.domain.test_intake_hostile import assert_safe
from tests.shared import needs_shared

pytestmark = [needs_shared, pytest.mark.slow]

LARGEST_READ_HERE = 4 << 20
# Findings that the words of the corpus ask for. A rule of what is not read at all stands for every limit.
LIMITS = {"M2", "M3", "M4", "M5", "M12"}
ASKED_FOR = {
    "flag: ambiguous sender": {"M10"},
    "flag: ask to resend": {"M6"},
    "clear error: depth cap": {"M4"},
    "depth cap": {"M4"},
    "part cap": {"M4"},
    "header cap": {"M3"},
    "cap": LIMITS,
    "capped": LIMITS,
    "size cap": LIMITS,
    "show as punycode": {"M11"},
    "show the real address": {"M11"},
    "only real charsets": {"M12"},
    "shown as replaced text": set(),
    "refuse": {"M1"},
}


@pytest.fixture(scope="module")
def mails() -> dict[str, Hostile]:
    return {file.name: file for file in hostile_files("eml")}


def rules(reading: MailReading) -> set[str]:
    return {finding.rule for finding in reading.problems}


def test_each_mail_ends_as_its_maker_expects(mails: dict[str, Hostile]) -> None:
    problems = []
    for file in mails.values():
        reading = read_mail(file.data)
        assert_safe(reading)
        wanted = ASKED_FOR.get(file.expected, set())
        flagged = any(finding.severity is not Severity.INFO for finding in reading.problems)
        if wanted and not wanted & rules(reading) or file.expected == "flag" and not flagged:
            problems.append(f"{file.name}: expected '{file.expected}', got {rules(reading)}")
        if reading.unreadable and not {"M1", "M2", "M3"} >= rules(reading):
            problems.append(f"{file.name}: refused without its reason: {rules(reading)}")
    assert problems == []


def test_a_child_with_limits_says_the_same(mails: dict[str, Hostile]) -> None:
    for file in mails.values():
        outcome = isolation.run("submissions.domain.intake:vet", file.data, timeout=20)
        assert outcome.ok, (file.name, outcome)
        assert outcome.value == vet(file.data), file.name


# What must come out of some of them, beyond having no accident.
READ = {
    "00_good": ("a@b.example", ["sub.xlsm"]),
    "att_inline_xlsm": ("a@b.example", ["a.xlsm"]),
    "att_no_filename": ("a@b.example", ["attachment-2.bin"]),
    "att_winmail": ("a@b.example", []),
    "att_smime": ("a@b.example", []),
    "header_from_displayname": ("evil@evil.example", []),
    "header_colonless": ("a@b.example", []),
    "mbox_from_line": ("a@b.example", []),
    "crlf_lone_cr": ("a@b.example", []),
    "header_folding_weird": ("a@b.example", []),
}


@pytest.mark.parametrize(("name", "expected"), READ.items())
def test_what_is_read_from_the_odd_but_honest(mails: dict[str, Hostile], name: str, expected: tuple[str, list[str]]) -> None:
    reading = read_mail(mails[name].data)
    assert (reading.sender, [file.name for file in reading.attachments]) == expected


def test_machines_are_known_as_such(mails: dict[str, Hostile]) -> None:
    automatic = {name for name, file in mails.items() if read_mail(file.data).automatic}
    assert automatic == {"auto_reply_loop", "bounce_dsn"}


def test_nothing_of_a_mail_is_run_or_fetched(mails: dict[str, Hostile]) -> None:
    assert read_mail(mails["body_html_tracking"].data).body == ""
    assert "<script>" not in read_mail(mails["charset_utf7"].data).body


def test_workbooks_and_papers_of_the_corpus_are_no_mails() -> None:
    """Everything is somebody's first line of a mail, once."""
    for file in itertools.chain(hostile_files("xlsx"), hostile_files("pdf")):
        if file.path.stat().st_size < LARGEST_READ_HERE:
            assert_safe(read_mail(file.data))


def test_mails_and_papers_are_no_workbooks() -> None:
    rules = load(3)
    for file in itertools.chain(hostile_files("eml"), hostile_files("pdf")):
        if file.path.stat().st_size < LARGEST_READ_HERE:
            reading = read_form(file.data, rules)
            assert reading.refusals, file.name
            assert not reading.cells, file.name


def test_what_every_file_is_taken_for() -> None:
    """By name and contents: never an accident, and no workbook is missed that its name or its contents show."""
    for file in itertools.chain(hostile_files("eml"), hostile_files("pdf"), hostile_files("xlsx")):
        assert isinstance(suggest_kind(file.path.name, file.data), DocumentKind)
    assert all(
        is_form(file.path.name, file.data) for file in hostile_files("xlsx") if file.path.suffix in (".xlsm", ".xlsx", ".xls")
    )
    assert not any(is_form(file.path.name, file.data) for file in hostile_files("eml"))


@pytest.mark.parametrize("ending", ["xlsx", "pdf"])
def test_they_arrive_as_attachments_byte_for_byte(ending: str) -> None:
    """Packed into an honest mail, a hostile file comes out as it went in; containers and empty files are told."""
    from tests.builders.mails import mail

    for file in hostile_files(ending):
        if file.path.stat().st_size < LARGEST_READ_HERE:
            reading = read_mail(mail([(file.path.name, file.data)]))
            assert [attachment.data for attachment in reading.attachments] == [file.data] or rules(reading) & {"M5", "M8"}, (
                file.name
            )
