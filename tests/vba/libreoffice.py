"""Runs the macro in LibreOffice: `/usr/bin/python3 libreoffice.py BOOK FORMS RESULTS`, with the Python that LibreOffice brings.

FORMS is JSON: {"day": yyyymmdd, "forms": [{"G7": text}]}; a value {"formula": "=1+1"} or {"number": 5} fills the cell otherwise.
RESULTS gets, for each form, what the pop-up would say, the warning on Device Level Versions, and text and colour of column I.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uno  # type: ignore[import-not-found]
from com.sun.star.beans import PropertyValue  # type: ignore[import-not-found]

FORM = "CPL - New Entry"
OFFICE = "/usr/lib/libreoffice/program/soffice.bin"
STARTED_ANEW = 81  # what the office ends with on its first start with a new profile
ALWAYS_RUN_MACROS = 4
ANSWERS, RESULTS = 6, 8  # columns G and I
FIRST_ROW = 6


def main(book: str, forms: str, results: str) -> None:
    """Fill in and validate every form, one after the other, in one office."""
    task = json.loads(Path(forms).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as profile:
        office, desktop = start(profile)
        try:
            document = desktop.loadComponentFromURL(Path(book).absolute().as_uri(), "_blank", 0, opening())
            answers = [checked(document, form, task["day"]) for form in task["forms"]]
            call(document, "ValidateNewEntry")  # with its pop-ups, which close themselves here
            document.close(True)
            Path(results).write_text(json.dumps(answers), encoding="utf-8")
        finally:
            stop(office, desktop)


def opening() -> tuple[Any, ...]:
    wanted = {"Hidden": True, "MacroExecutionMode": ALWAYS_RUN_MACROS}
    properties = []
    for name, value in wanted.items():
        properties.append(PropertyValue())
        properties[-1].Name, properties[-1].Value = name, value
    return tuple(properties)


def start(profile: str) -> tuple[subprocess.Popen[bytes], Any]:
    pipe = f"cpl{os.getpid()}"
    command = [OFFICE, "--headless", "--invisible", "--norestore", "--nologo", "--nodefault", "--nofirststartwizard"]
    command += [f"-env:UserInstallation={Path(profile).as_uri()}", f"--accept=pipe,name={pipe};urp;"]
    context = uno.getComponentContext()
    resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
    office = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            there = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:  # noqa: BLE001 - it is not there yet, in whatever way
            if office.poll() == STARTED_ANEW:
                office = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            elif office.poll() is not None:
                raise RuntimeError(f"LibreOffice ended with {office.poll()}.") from None
            time.sleep(0.1)
        else:
            return office, there.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", there)
    office.kill()
    raise RuntimeError("LibreOffice did not start.")


def stop(office: "subprocess.Popen[bytes]", desktop: Any) -> None:
    try:
        desktop.terminate()
        office.wait(20)
    except Exception:  # noqa: BLE001 - whatever it was, the office must not stay
        office.kill()


def call(document: Any, function: str, *arguments: Any) -> Any:
    name = f"vnd.sun.star.script:VBAProject.CplValidation.{function}?language=Basic&location=document"
    return document.getScriptProvider().getScript(name).invoke(arguments, (), ())[0]


def checked(document: Any, form: dict[str, Any], day: int) -> dict[str, Any]:
    """What the macro makes of one form."""
    sheet = document.Sheets.getByName(FORM)
    rows = range(FIRST_ROW, FIRST_ROW + 45)
    for row in rows:
        fill(sheet.getCellByPosition(ANSWERS, row), form.get(f"G{row + 1}", ""))
    popup = call(document, "CplRunValidation", day)
    results = {f"I{row + 1}": sheet.getCellByPosition(RESULTS, row) for row in rows}
    return {
        "popup": popup,
        "warning": call(document, "CplCombinationWarning"),
        "results": {place: cell.String for place, cell in results.items() if cell.String},
        "colours": {place: cell.CharColor for place, cell in results.items() if cell.String},
        "locked": sheet.isProtected(),
    }


def fill(cell: Any, value: Any) -> None:
    if isinstance(value, str):
        cell.setString(value)
    elif "formula" in value:
        cell.setFormula(value["formula"])
    else:
        cell.setValue(value["number"])


if __name__ == "__main__":
    main(*sys.argv[1:4])
