"""`manage.py verify_download FILE… --manifest M`: proves that downloaded files are the published ones."""

import hashlib
import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core import crypto
from cpl.management.command import BLOCKED, Tool, bytes_of


class Command(Tool):
    """Exit code 0: all as published. 1: a file or the manifest is not. 2: something cannot be read. No database is asked."""

    help = "Holds files against a manifest, and the manifest against its signature (MANIFEST.sig beside it)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Files and options."""
        parser.add_argument(
            "files", nargs="+", type=Path, metavar="FILE", help="the downloaded files, under their published names"
        )
        parser.add_argument("--manifest", type=Path, required=True, metavar="M", help="the manifest of the version")
        parser.add_argument("--key", type=Path, metavar="PUBLIC", help="public key in PEM; without it, that of this site")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the signature first, then each file."""
        text = bytes_of(options["manifest"])
        signature = bytes_of(Path(f"{options['manifest']}.sig"))
        pem = bytes_of(options["key"]).decode("utf-8", "replace") if options["key"] else crypto.public_key_pem()
        if not crypto.verify(text, signature, pem):
            self.stop(BLOCKED, f"{options['manifest']}: the signature does not belong to this manifest and key.")
        wrong = [f"{path}: {fault}" for path in options["files"] if (fault := _fault(path, _files(text)))]
        if wrong:
            self.stop(BLOCKED, *wrong)
        for path in options["files"]:
            self.stdout.write(f"{path}: as published")


def _files(text: bytes) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(text)["files"]
    return found


def _fault(path: Path, known: dict[str, dict[str, Any]]) -> str:
    if path.name not in known:
        return f"the manifest names no such file, only {', '.join(known)}."
    if hashlib.sha256(bytes_of(path)).hexdigest() != known[path.name]["sha256"]:
        return "is not the published file."
    return ""
