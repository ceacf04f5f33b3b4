"""The files of this repository that are ours: not ignored, not vendored, not made by a tool."""

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_OURS = ("static/vendor/",)
MADE = {".venv", "var", "static-collected", "test-results", "__pycache__", ".hypothesis", ".mypy_cache", ".ruff_cache"}


def listed() -> list[str]:
    """What git knows or would add; in a copy without git, whatever does not look made by a tool."""
    if (ROOT / ".git").exists():
        command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "--cached", "--others", "--exclude-standard"]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [str(path) for path in found if not MADE & set(path.parts)]


@cache
def ours(*suffixes: str) -> tuple[Path, ...]:
    """Relative paths, those not committed yet included; only files that end like one of SUFFIXES."""
    paths = [Path(name) for name in listed() if not name.startswith(NOT_OURS) and (ROOT / name).is_file()]
    return tuple(path for path in paths if path.name.endswith(suffixes or ("",)))


def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def places(path: Path, pattern: str, flags: re.RegexFlag = re.IGNORECASE) -> list[str]:
    """Where PATTERN occurs in a file, as path:line."""
    found = re.finditer(pattern, content := text(path), flags=flags)
    return [f"{path}:{content.count(chr(10), 0, match.start()) + 1}" for match in found]
