"""Slightly wrong versions of the macro do not pass: a sample of them, each until the first form that shows it."""

import copy
import datetime

import pytest

from cpl.dictionary import load
from cpl.workbook.macro import sources
from cpl.workbook.render import ReleaseView, render
from tests.vba.agreement import MacroRun, of_the_server
from tests.vba.forms import Form, forms
from tests.vba.lexer import VbaSyntaxError
from tests.vba.machine import TooLongError
from tests.vba.mutants import Mutant, mutants
from tests.vba.office import Workbook, workbook
from tests.vba.values import VbaError

STRIDE = 83
CHECKS = ("CplAnswers", "CplKinds", "CplLinks")  # what the other modules do has tests of its own that count and compare texts
TELLING = ("probe", "cells", "mixture", "image", "Firmware", "[")


@pytest.mark.slow
def test_nine_of_ten_mutants_are_noticed() -> None:
    chosen = [mutant for mutant in mutants(sources()) if mutant.module in CHECKS][::STRIDE]
    view = ReleaseView("Version 3.001 Issued on 24-11-2026", datetime.date(2026, 11, 24), (("3.001", "24/11/2026", "First"),), ())
    book = workbook(render(view, load(3)))
    in_order = [form for form in forms(3) if form.name.startswith(TELLING)]
    survivors = [str(mutant) for mutant in chosen if not noticed(mutant, book, in_order)]
    assert len(chosen) >= 8
    assert len(survivors) <= len(chosen) / 10, survivors


def noticed(mutant: Mutant, book: Workbook, in_order: list[Form]) -> bool:
    """Whether any form shows that this macro is not right."""
    rules = load(3)
    try:
        run = MacroRun(copy.deepcopy(book), rules, {**sources(), mutant.module: mutant.source})
        return any(run.verdict(form) != of_the_server(form, rules) for form in in_order)
    except (AssertionError, VbaError, VbaSyntaxError, TooLongError):
        return True
