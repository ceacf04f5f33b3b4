"""LibreOffice as a second opinion on workbooks: it opens them without a window, in a profile of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOFFICE = shutil.which("soffice")
# One CSV a tab: comma, double quote, UTF-8, all cells as shown, every tab (-1).
EVERY_TAB = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"
_SECONDS = 180

# In CI a missing LibreOffice must fail, not skip: the tests then run and stumble over it.
needs_libreoffice = pytest.mark.skipif(
    SOFFICE is None and os.environ.get("CI") != "true",
    reason="needs LibreOffice Calc (Debian: libreoffice-calc), whose command is soffice",
)


def convert(data: bytes, folder: Path, into: str, name: str = "book.xlsm") -> dict[str, bytes]:
    """What LibreOffice makes of a workbook: the files it wrote, by name. `into`: its name for the format."""
    assert SOFFICE is not None, "LibreOffice is missing"
    source, output = folder / name, folder / "output"
    source.write_bytes(data)
    command = [SOFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore", "--nologo"]
    command += ["--convert-to", into, "--outdir", str(output), str(source)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=_SECONDS)
    return {path.name: path.read_bytes() for path in output.iterdir()}
