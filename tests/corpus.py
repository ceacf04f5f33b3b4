"""The hostile files of the reference material. They are made once a run, by a generator that takes about a minute."""

import atexit
import functools
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.shared import SHARED


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file: its name without folder and ending, what it is, and what its maker expects of a reader."""

    name: str
    path: Path
    what: str
    expected: str

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()


@functools.cache
def hostile_files(ending: str) -> tuple[Hostile, ...]:
    """All of one ending: "xlsx" (workbooks of any kind), "pdf" or "eml"."""
    folder, listed = _made()
    files = tuple(
        Hostile(Path(row[0]).stem.removeprefix("gen__"), folder / row[0], row[5], row[6])
        for row in listed
        if row[0].startswith(f"{ending}/")
    )
    assert len(files) > 40
    return files


@functools.cache
def _made() -> tuple[Path, list[list[str]]]:
    folder = Path(tempfile.mkdtemp(prefix="cpl-hostile-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    generator = SHARED / "corpus" / "hostile" / "generate.py"
    subprocess.run([sys.executable, str(generator), str(folder)], check=True, capture_output=True, timeout=280)
    return folder, json.loads((folder / "generated.json").read_text())
