"""`manage.py backup --out FILE`: everything this site knows, verified, in one file."""

import dataclasses
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core import backup
from core.backup import Made
from cpl import selectors
from cpl.management.command import BLOCKED, Tool, Unusable


class Command(Tool):
    """Exit code 0: written and read back. 1: written, but something in the vault was damaged before. 2: not written."""

    help = "Writes database and vault into one file, while the site goes on. Keys are not in it: keep copies of them elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and how to tell."""
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write; it must not exist")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it and say what is in it and what is not."""
        try:
            made = backup.make(options["out"], _about)
        except backup.Refused as fault:
            raise Unusable(str(fault)) from None
        if options["json"]:
            self.print_json(_document(options["out"], made))
        else:
            self._tell(options["out"], made)
        if made.damaged:
            self.stop(BLOCKED, *(f"{name}: was damaged before, and is in the backup as it is" for name in made.damaged))

    def _tell(self, out: Path, made: Made) -> None:
        about = made.manifest.about
        self.stdout.write(f"{made.sha256}  {out}")
        self.stdout.write(
            f"{len(made.manifest.members)} parts, {made.size} bytes; latest version: {about['version'] or 'none published yet'}."
        )
        keys = [f"RED key {name}" for name in made.manifest.red_keys]
        if about["release_key"]:
            keys.append(f"release key {about['release_key']}")
        self.stdout.write(f"Not in it, and needed with it: {', '.join(keys)}.")


def _about() -> dict[str, Any]:
    """What the list says of itself in the moment of the backup."""
    head, key = selectors.head(), selectors.release_keys().last()
    return {
        "version": str(head.version) if head else "",
        "serial": head.serial if head else 0,
        "manifest_sha256": head.manifest_sha256 if head else "",
        "release_key": key.key_id if key else "",
    }


def _document(out: Path, made: Made) -> dict[str, Any]:
    manifest = dataclasses.asdict(made.manifest)
    manifest["members"] = len(made.manifest.members)
    return {"file": out.name, "sha256": made.sha256, "bytes": made.size, **manifest, "damaged": made.damaged}
