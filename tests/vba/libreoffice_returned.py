"""Fills in forms in LibreOffice as a submitter would: `/usr/bin/python3 libreoffice_returned.py BOOK TASK`.

TASK is JSON, a list of {"answers": {"G9": text}, "remove": [tab], "add": [tab], "save": {path: format}}. Each begins with BOOK.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import uno  # type: ignore[import-not-found]
from libreoffice import ANSWERS, FORM, fill, opening, start, stop  # type: ignore[import-not-found]

FILTERS = {"xlsm": "Calc MS Excel 2007 VBA XML", "xlsx": "Calc MS Excel 2007 XML"}


def main(book: str, task: str) -> None:
    """Every form of the task, one after the other, in one office."""
    with tempfile.TemporaryDirectory() as profile:
        office, desktop = start(profile)
        try:
            for form in json.loads(Path(task).read_text(encoding="utf-8")):
                document = desktop.loadComponentFromURL(Path(book).absolute().as_uri(), "_blank", 0, opening())
                returned(document, form)
                document.close(True)
        finally:
            stop(office, desktop)


def returned(document: Any, form: dict[str, Any]) -> None:
    sheets = document.Sheets
    for place, text in form["answers"].items():
        fill(sheets.getByName(FORM).getCellByPosition(ANSWERS, int(place[1:]) - 1), text)
    for name in form["remove"]:
        sheets.removeByName(name)
    for name in form["add"]:
        sheets.insertNewByName(name, 0)
        fill(sheets.getByName(name).getCellByPosition(0, 0), "Notes of our own")
    for path, kind in form["save"].items():
        wanted = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
        wanted.Name, wanted.Value = "FilterName", FILTERS[kind]
        document.storeToURL(Path(path).absolute().as_uri(), (wanted,))


if __name__ == "__main__":
    main(*sys.argv[1:3])
