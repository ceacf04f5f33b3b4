"""`manage.py export_cpl --out DIR`: the files of a version, exactly as published."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core import vault
from cpl import selectors
from cpl.domain.releases import parse
from cpl.management.command import Tool, Unusable
from cpl.models import Release
from cpl.services import artefacts


class Command(Tool):
    """Exit code 0: written. 2: there is no such version, its contents are not on record, or DIR cannot be written."""

    help = "Writes workbook, CSV, manifest and signature of a version (default: the latest) into a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--cpl-version", metavar="X.YYY", help="version to write; without it, the latest")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into; made when missing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the version and write its files."""
        release = _release(options["cpl_version"])
        folder: Path = options["out"]
        try:
            files = list(artefacts.files(release))
        except vault.Unavailable as fault:
            raise Unusable(f"Version {release.version} cannot be written: {fault} Run verify_records.") from None
        if not files:
            raise Unusable(
                f"Version {release.version} was taken over without its entries; only its Version Control text is on record."
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, data in files:
                (folder / name).write_bytes(data)
                self.stdout.write(str(folder / name))
        except OSError as fault:
            raise Unusable(f"{fault.filename}: {fault.strerror}") from None


def _release(text: str | None) -> Release:
    if text is None:
        release = selectors.head()
        if release is None:
            raise Unusable("Nothing is published yet.")
        return release
    version = parse(text)
    if version is None:
        raise Unusable(f"{text!r} is no version number such as 3.012.")
    release = selectors.release(version)
    if release is None:
        raise Unusable(f"There is no version {version}.")
    return release
