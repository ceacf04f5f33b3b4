"""What keeps this house easy to walk through, as rules that a machine checks; the floors are import-linter's (pyproject.toml)."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.files import ROOT, ours, places, text

LONGEST = 400  # lines
NO_NAMES = {"utils", "util", "helpers", "helper", "misc", "common"}
SENDING = r"\.(delay|apply_async|send_task)\("
LEFT_OVER = r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b"
INLINE = r"<style|\sstyle\s*=|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=\s*[\"']|javascript:"
NOT_PURE = ("django", "celery", "config")
STYLED_ON_PAPER = {Path("templates/submissions/report_pdf.html")}  # laid out by WeasyPrint, never sent to a browser
CODE = [path for path in ours(".py") if "migrations" not in path.parts]


def pages() -> list[Path]:
    return [path for path in ours(".html") if "templates" in path.parts]


def pure() -> list[Path]:
    """The rooms of the rules: every domain/, the signature and what reads and writes workbooks."""
    rooms = [path for path in CODE if path.parts[0] != "tests"]
    return [path for path in rooms if {"domain", "signature"} & set(path.parts) or path.parts[:2] == ("cpl", "workbook")]


def imported(path: Path) -> set[str]:
    """The top-level modules a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text(path))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_there_is_something_to_check() -> None:
    assert len(CODE) > 100
    assert len(pages()) > 10
    assert len(pure()) > 20


@pytest.mark.parametrize("path", [*CODE, *ours(".html", ".css")], ids=str)
def test_no_file_is_longer_than_a_reader_can_hold(path: Path) -> None:
    assert len(text(path).splitlines()) <= LONGEST


def test_no_file_is_named_after_nothing() -> None:
    assert [str(path) for path in ours() if NO_NAMES & {part.partition(".")[0].lower() for part in path.parts}] == []


def test_only_the_outbox_sends_work_to_the_queue() -> None:
    elsewhere = [path for path in CODE if path.parts[0] != "tests" and path != Path("core/outbox.py")]
    assert [place for path in elsewhere for place in places(path, SENDING)] == []
    assert places(Path("core/outbox.py"), SENDING), "the rule looks for something that is no longer there"


def test_pages_have_neither_scripts_nor_styles_of_their_own() -> None:
    """The Content Security Policy would drop them without a word."""
    sent_to_browsers = [path for path in pages() if path not in STYLED_ON_PAPER]
    assert [place for path in sent_to_browsers for place in places(path, INLINE)] == []


@pytest.mark.parametrize(
    "line", ["<p style='x'>", "<script>a()</script>", '<a onclick="b()">', "<STYLE>", "<a href='javascript:c()'>"]
)
def test_the_rule_sees_what_it_forbids(line: str) -> None:
    assert re.search(INLINE, line, re.IGNORECASE)


def test_nothing_is_left_over() -> None:
    looked_at = ours(".py", ".html", ".css", ".js", ".md", ".toml", ".txt", ".bas", ".yml")
    assert [place for path in looked_at for place in places(path, LEFT_OVER, re.NOFLAG)] == []


@pytest.mark.parametrize("path", pure(), ids=str)
def test_rules_know_no_framework(path: Path) -> None:
    assert imported(path).isdisjoint(NOT_PURE)


@pytest.mark.parametrize("path", [path for path in CODE if path.name != "apps.py"], ids=str)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    source = text(path)
    assert not source.strip() or ast.get_docstring(ast.parse(source))


@pytest.mark.parametrize("path", [path for path in CODE if path.name.startswith("test_")], ids=str)
def test_every_test_can_fail(path: Path) -> None:
    """By an assertion or an expected error of its own, or by handing on to a function of the tests that checks."""
    tests = [
        node for node in ast.walk(ast.parse(text(path))) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert [f"{path}:{node.lineno} {node.name}" for node in tests if not any(can_fail(part) for part in ast.walk(node))] == []


def can_fail(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    # A call of a function named for what it demands, or pytest.raises.
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return bool(
            re.match(r"raises|fail$|until$|finish$|manage$|expect|accessible|check|same|holds|refused|assert|verify", name)
        )
    return False


def test_migrations_have_one_end_each() -> None:
    """Two people adding a migration at once would leave two."""
    names = [path for path in ours(".py") if path.parent.name == "migrations" and path.name != "__init__.py"]
    numbers = [(path.parts[0], path.name[:4]) for path in names]
    assert len(numbers) == len(set(numbers))
    assert (ROOT / "core/migrations").is_dir()
