"""What is measured, each in a fresh process: `python -m bench.tasks TASK FOLDER` prints one JSON document.

FOLDER is the data folder of a site that `bench.sites` made.
"""

import json
import os
import shutil
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[2]) if __name__ == "__main__" else Path()


def site(count: str) -> dict[str, Any]:
    from bench import sites

    sites.published_list(FOLDER, int(count))
    return {}


def long_site(count: str) -> dict[str, Any]:
    from bench import sites

    sites.long_list(int(count))
    return {}


def publish() -> dict[str, Any]:
    """A worker that has published before publishes one more entry, with no blocks at hand: everything is made anew."""
    return _publish(lambda: shutil.rmtree(FOLDER / "blocks", ignore_errors=True))


def one_more_entry() -> dict[str, Any]:
    """The same with the blocks of the version before."""
    return _publish(lambda: None)


def _publish(prepare: Callable[[], None]) -> dict[str, Any]:
    from bench.measuring import measured
    from cpl import selectors
    from cpl.services import publishing
    from cpl.workbook import render
    from tests.builders.listing import approved

    render.render(render.ReleaseView("", _today(), (), ()), selectors.current_rules(_today()))  # the template is made once
    prepare()
    first = measured(lambda: publishing.publish(None))  # what it needs of memory shows only here: a process gives none back
    approved(model=900_003)
    prepare()
    return measured(lambda: publishing.publish(None)) | {"memory": first["memory"]}


def deflate() -> dict[str, Any]:
    """Nothing but zlib, level 6, over the XML of both tabs."""
    from bench.measuring import measured

    tabs = [_part(name) for name in _tabs()]
    return measured(lambda: [zlib.compress(xml, 6) for xml in tabs]) | {"bytes": sum(map(len, tabs))}


def copy() -> dict[str, Any]:
    """Copying workbook and CSV from file to file."""
    from bench.measuring import measured

    names = ("xlsm", "csv")
    return measured(lambda: [shutil.copyfile(FOLDER / f"head.{name}", FOLDER / f"copy.{name}") for name in names])


def openpyxl_round_trip() -> dict[str, Any]:
    """The published workbook loaded with its macro, a row added to both tabs, and saved."""
    import openpyxl

    from bench.measuring import measured

    def work() -> None:
        book = openpyxl.load_workbook(FOLDER / "head.xlsm", keep_vba=True)
        for sheet in book.worksheets[2:4]:
            sheet.append([cell.value for cell in sheet[sheet.max_row]])
        book.save(FOLDER / "round-trip.xlsm")

    return measured(work)


def openpyxl_fill() -> dict[str, Any]:
    """An empty workbook loaded and filled with the rows of both tabs."""
    import openpyxl

    from bench.measuring import measured

    (FOLDER / "empty.xlsm").write_bytes(_empty_workbook())
    tables = _tables()

    def work() -> None:
        book = openpyxl.load_workbook(FOLDER / "empty.xlsm", keep_vba=True)
        for sheet, table in zip(book.worksheets[2:4], tables, strict=True):
            for row in table:
                sheet.append(row)
        book.save(FOLDER / "filled.xlsm")

    return measured(work)


def xlsxwriter_write() -> dict[str, Any]:
    """The rows of both tabs written by XlsxWriter, without the other tabs and without any formats."""
    import xlsxwriter

    from bench.measuring import measured

    tables = _tables()

    def work() -> None:
        book = xlsxwriter.Workbook(FOLDER / "written.xlsx")
        for table in tables:
            sheet = book.add_worksheet()
            for number, row in enumerate(table):
                for column, text in enumerate(row):
                    sheet.write_string(number, column, text)
        book.close()

    return measured(work)


def read_form() -> dict[str, Any]:
    """The form read from a submission that still carries the whole list."""
    from bench.measuring import measured
    from cpl.dictionary import load
    from cpl.workbook import read

    rules = load(3)
    return measured(lambda: read.read_form((FOLDER / "head.xlsm").read_bytes(), rules))


def openpyxl_load() -> dict[str, Any]:
    """The same by openpyxl."""
    import openpyxl

    from bench.measuring import measured

    return measured(lambda: [cell.value for cell in openpyxl.load_workbook(FOLDER / "head.xlsm").worksheets[1]["G"]])


def inflate() -> dict[str, Any]:
    """Unpacking the form and the shared texts, the least that any reader must do."""
    import zipfile

    from bench.measuring import measured

    def work() -> None:
        with zipfile.ZipFile(FOLDER / "head.xlsm") as package:
            for name in ("xl/worksheets/sheet2.xml", "xl/sharedStrings.xml"):
                package.read(name)

    return measured(work)


def duplicates() -> dict[str, Any]:
    """What the gate asks the list about one submission: neighbours and makers."""
    from itertools import cycle

    from bench import sites
    from bench.measuring import each
    from cpl import selectors
    from cpl.models import EntryRow

    count = EntryRow.objects.count()
    values = cycle([sites.candidate(count * step // 101) for step in range(1, 101)])

    def work() -> None:
        asked = next(values)
        selectors.neighbours(asked)
        selectors.makers(asked)

    return each(work, 400) | {"plan": selectors.neighbouring(sites.candidate(count // 3)).explain()}


def difference() -> dict[str, Any]:
    """What changed from the version before to the current one."""
    from bench.measuring import each
    from cpl import selectors

    head = selectors.head()
    if head is None or head.previous is None:
        raise LookupError("The site has no two versions.")
    earlier = head.previous
    return each(lambda: selectors.changed_rows(earlier, head), 100)


def verify_signature() -> dict[str, Any]:
    """One signed workbook of some 350 KB, again and again in a warm process; nothing is remembered between two times."""
    from bench.measuring import each
    from submissions.signature import verify
    from tests.builders.pki import AT, ORGANISATION, pki
    from tests.builders.signing import sign
    from tests.builders.workbooks import list_workbook, sample_entries

    known = pki()
    data = sign(list_workbook(sample_entries(1500)), known.good)
    verdict = verify(data, trust=known.trust, at=AT, creator=ORGANISATION)
    if verdict.outcome != "valid":
        raise ValueError(verdict.reasons)
    found = each(lambda: verify(data, trust=known.trust, at=AT, creator=ORGANISATION), 20)
    return found | {"size": len(data) / 1024}


def _today() -> Any:
    from django.utils import timezone

    return timezone.localdate()


def _tabs() -> tuple[str, str]:
    from cpl.workbook import template

    return template.LIST_PART, template.CSV_PART


def _part(name: str) -> bytes:
    import zipfile

    with zipfile.ZipFile(FOLDER / "head.xlsm") as package:
        return package.read(name)


def _tables() -> list[list[list[str]]]:
    """The rows of both tabs."""
    from cpl import csvfile, selectors
    from cpl.services import artefacts

    head = selectors.head()
    if head is None:
        raise LookupError("The site has no version.")
    rules = artefacts.rules_of(head)
    entries = [(entry.number, entry.status, entry.values) for entry in artefacts.entries(head)]
    listed = csvfile.listed_columns(rules)(*zip(*entries, strict=True))
    shown = csvfile.csv_columns(rules)(listed)
    return [[[first, *line] for line in zip(*tab, strict=True)] for first, tab in (("", listed), (head.label, shown))]


def _empty_workbook() -> bytes:
    from cpl.dictionary import load
    from cpl.workbook.render import ReleaseView, render

    return render(ReleaseView("Version 3.001 Issued on 15-01-2026", _today(), (("3.001", "15/01/2026", "-"),), ()), load(3))


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    task.__name__: task
    for task in (
        site, long_site, publish, one_more_entry, deflate, copy, openpyxl_round_trip, openpyxl_fill, xlsxwriter_write,
        read_form, openpyxl_load, inflate, duplicates, difference,
        verify_signature,
    )
}  # fmt: skip

if __name__ == "__main__":
    os.environ.setdefault("CPL_DATA_DIR", str(FOLDER))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[3:])))
