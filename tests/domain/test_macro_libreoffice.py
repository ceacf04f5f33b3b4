"""The macro in a real office: LibreOffice runs the same project that Excel would compile, and says what the server says."""

import datetime
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cpl.dictionary import load
from cpl.domain.form import CellKind
from cpl.workbook.render import ReleaseView, render
from cpl.workbook.template_tabs import FIRST_ITEM
from tests.domain.good_forms import ON
from tests.libreoffice import needs_libreoffice
from tests.vba.agreement import of_the_server
from tests.vba.forms import Filled, Form, forms

SCRIPT = Path(__file__).parent.parent / "vba" / "libreoffice.py"
PYTHON = "/usr/bin/python3"  # LibreOffice brings its bridge for this one
BLACK, RED = 0x000000, 0xFF0000
PARTS = 6  # of the forms, each in an office of its own
PROBE = re.compile(r"\bprobe [0-9]+$")
PASSED = "The new CPL entry passed validation checks"
# What LibreOffice hands over in another way than Excel, so that only the interpreter can say what Excel would do.
OWN_WAYS = frozenset({CellKind.DATE, CellKind.BOOLEAN, CellKind.ERROR})

pytestmark = [
    pytest.mark.slow,
    needs_libreoffice,
]


def chosen() -> list[Form]:
    """All forms with a probe on either side of a limit, and some of each other kind.

    Rows are never missing, since that needs another workbook.
    """
    usable = [form for form in forms(3) if not form.missing and not any(is_own_way(value) for value in form.values.values())]
    probes = [form for form in usable if PROBE.search(form.name)]
    assert len(probes) > 500
    return probes + [form for form in usable if form not in probes][::14]


def is_own_way(value: str | Filled) -> bool:
    if isinstance(value, Filled):
        return value.kind in OWN_WAYS
    # It makes line feeds of carriage returns, and neither NUL nor half a character gets through its bridge.
    return any(character in "\r\0" or "\ud800" <= character <= "\udfff" for character in value)


def cell(value: str | Filled) -> Any:
    if isinstance(value, str):
        return value
    return {"number": float(value.value)} if value.kind is CellKind.NUMBER else {"formula": f'="{value.value}"'}


@pytest.mark.parametrize("part", range(PARTS))
def test_the_macro_says_in_libreoffice_what_the_server_says(tmp_path: Path, part: int) -> None:
    rules = load(3)
    view = ReleaseView("Version 3.001 Issued on 24-11-2026", datetime.date(2026, 11, 24), (("3.001", "24/11/2026", "First"),), ())
    book, task, results = tmp_path / "cpl.xlsm", tmp_path / "forms.json", tmp_path / "results.json"
    book.write_bytes(render(view, rules))
    rows = {item.key: row for row, item in enumerate(rules.form_items, FIRST_ITEM)}
    wanted = chosen()[part::PARTS]
    filled = [{f"G{rows[key]}": cell(value) for key, value in form.values.items()} for form in wanted]
    task.write_text(json.dumps({"day": int(f"{ON:%Y%m%d}"), "forms": filled}), encoding="utf-8")
    command = [PYTHON, str(SCRIPT), str(book), str(task), str(results)]
    subprocess.run(command, check=True, timeout=240, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    answers = json.loads(results.read_text(encoding="utf-8"))
    assert len(answers) == len(wanted) >= 60
    for form, answer in zip(wanted, answers, strict=True):
        expected = of_the_server(form, rules)
        texts = {f"I{row}": expected.errors.get(key, "OK") for key, row in rows.items()}
        assert answer["results"] == texts, form.name
        assert answer["colours"] == {place: BLACK if text == "OK" else RED for place, text in texts.items()}, form.name
        assert answer["popup"].startswith(PASSED) is not bool(expected.errors), form.name
        assert answer["locked"], form.name
        assert bool(answer["warning"]) is bool(expected.combination), form.name
