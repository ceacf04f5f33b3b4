"""Hostile workbooks, made by the generator of the reference material: each ends in the right value or a named refusal."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core import isolation
from cpl.dictionary import load
from cpl.domain.form import CellKind, FormReading
from cpl.workbook.read import read_form
from cpl.workbook.read_list import read_cpl
from tests.corpus import Hostile, hostile_files
from tests.shared import needs_shared

pytestmark = [needs_shared, pytest.mark.slow]

RULES = load(3)
SECONDS, MIBIBYTES = 2.0, 256
FIRMWARE = "Device_Model.firmware_version"
KNOWN_RULES = re.compile(r"P\d+|F1")


@pytest.fixture(scope="module")
def corpus() -> list[Hostile]:
    """The workbooks of the corpus; making them takes about a minute."""
    return list(hostile_files("xlsx"))


def read_isolated(data: bytes) -> dict[str, Any]:
    """Runs in a child: what `read_form` says, as JSON data."""
    return as_json(read_form(data, RULES))


def as_json(reading: FormReading) -> dict[str, Any]:
    return {
        "cells": {key: [cell.value, cell.kind.value] for key, cell in reading.cells.items()},
        "refusals": [finding.rule for finding in reading.refusals],
        "notes": [finding.rule for finding in reading.notes],
    }


def measured(data: bytes) -> tuple[FormReading, float, float]:
    """The reading, its processor seconds, and the highest memory of this process above where it began (MiB)."""
    before = memory("VmRSS", reset=True)
    started = time.process_time()
    reading = read_form(data, RULES)
    return reading, time.process_time() - started, memory("VmHWM") - before


def memory(field: str, reset: bool = False) -> float:
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def test_each_is_read_or_refused_within_its_bounds(corpus: list[Hostile]) -> None:
    """All at once: what costs too much, what is refused without a rule, and what the makers of the corpus wanted otherwise."""
    problems = [f"{file.name}: {problem}" for file in corpus for problem in judged(file, *measured(file.data))]
    assert problems == []


def judged(file: Hostile, reading: FormReading, seconds: float, mebibytes: float) -> Iterator[str]:
    rules = [finding.rule for finding in reading.refusals]
    if seconds > SECONDS or mebibytes > MIBIBYTES:
        yield f"took {seconds:.1f} s and {mebibytes:.0f} MiB"
    if any(not KNOWN_RULES.fullmatch(rule) for rule in rules) or bool(rules) is bool(reading.cells):
        yield f"neither a reading nor a named refusal: {rules}"
    if not satisfied(file.expected, reading):
        yield f"expected '{file.expected}', got {rules or reading.cells}"


def satisfied(expected: str, reading: FormReading) -> bool:
    """Whether a reading is what the words of the corpus ask for. What no sentence here decides is decided by the field rules."""
    refused = bool(reading.refusals)
    notes = {note.rule for note in reading.notes}
    kinds = {cell.kind for cell in reading.cells.values()}
    if "DTD" in expected and expected.startswith("refuse"):
        return [finding.rule for finding in reading.refusals] == ["P13"]
    if "formula" in expected and "refuse" in expected or expected == "refuse" and CellKind.FORMULA in kinds:
        return refused or CellKind.FORMULA in kinds  # the field rules refuse a formula by name and cell
    if "naming cell" in expected:
        return refused and "G2" in reading.refusals[0].message or CellKind.TEXT not in kinds
    if "or parse" in expected or "or ignore" in expected or "or flag" in expected or "refuse rich text, or show" in expected:
        return True
    if expected.startswith("refuse") and "allow-list" not in expected:
        return refused
    if expected.startswith("parse"):
        return not refused
    if expected in ("warn", "flag"):
        return not refused and bool(notes)
    return True


VALUES = {
    "00_good": "01:02:03:04",
    "geo_dimension_lies_big": "01:02",
    "geo_dimension_lies_small": "01:02",
    "xml_utf16": "01:02",
    "sem_phonetic": "01:02",
    "sem_richtext_hidden": "01:02:FF:FF:03:04",
    "uni_trailing_space": "01:02:03:04 ",
    "sem_csvinj_cr": "\r=1+1",
    "sem_vba_junk": "01:02:03:04",
}


def test_no_value_is_wrong(corpus: list[Hostile]) -> None:
    """Whatever is read at all is what stands in the one cell that Excel would show."""
    read = {file.name: read_form(file.data, RULES) for file in corpus}
    firmware = {name: reading.cells[FIRMWARE].value for name, reading in read.items() if FIRMWARE in reading.cells}
    assert {name: firmware[name] for name in VALUES} == VALUES
    assert not {value for value in firmware.values() if "EE:EE" in value or "CC:DD:" in value}


def test_a_child_says_the_same(corpus: list[Hostile]) -> None:
    """Every eighth file, and those that are worst for other readers, through the child process that intake uses."""
    worst = {"geo_cell_XFD1048576", "zip_flat_512MiB_in_text_cell", "sst_10M_items", "rows_1M_x_16cols", "zip_overlap_2000x50MiB"}
    for number, file in enumerate(corpus):
        if number % 8 == 0 or file.name in worst:
            outcome = isolation.run("tests.domain.test_hostile:read_isolated", file.data, timeout=20, memory_mb=512)
            assert outcome.ok, (file.name, outcome)
            assert outcome.value == as_json(read_form(file.data, RULES)), file.name


def test_an_import_by_staff_survives_them_too(corpus: list[Hostile]) -> None:
    """None of them is a published list. The wide bounds of an import are held against time only."""
    for file in corpus:
        if len(file.data) < 2 << 20:
            started = time.process_time()
            assert read_cpl(file.data).refusals, file.name
            assert time.process_time() - started < 10 * SECONDS, file.name
