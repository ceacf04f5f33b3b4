"""`manage.py restore FILE`: an empty site becomes what the backup holds, and says whether it is whole."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core import backup, database_copy, records
from core.backup import Backup
from core.records import Problem
from cpl.management.command import BLOCKED, FAULT, Tool, Unusable
from cpl.services import issued

SHOWN = 10  # problems


class Command(Tool):
    """Exit code 0: restored, all records verified. 1: the backup is damaged and nothing was changed, or it is restored and a
    RED key is missing or records have findings. 2: not here, nothing was changed or this can be run again. 3: a check broke.
    """

    help = "Verifies a backup, puts it into an empty site whose processes do not run, and verifies the records."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and how to tell."""
        parser.add_argument("file", type=Path, help="a file that `backup` wrote")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, restore, verify."""
        try:
            with backup.opened(options["file"]) as kept:
                missing = kept.missing_keys()
                kept.refuse_elsewhere()
                self._put_back(kept)
        except backup.Damaged as damaged:
            self.stop(BLOCKED, *(f"{options['file']}: {fault}" for fault in damaged.faults), "Nothing was changed.")
        except backup.Refused as fault:
            raise Unusable(str(fault)) from None
        problems = records.run()
        self._tell(kept, missing, problems, options["json"])
        if any(problem.fault for problem in problems):
            sys.exit(FAULT)
        if missing or problems:
            sys.exit(BLOCKED)

    def _put_back(self, kept: Backup) -> None:
        issued.hold()  # before there is a database that could be published from
        try:
            kept.put_back()
        except (database_copy.NotCopied, OSError) as fault:
            raise Unusable(f"Restoring has stopped: {fault} When that is mended, run it again.") from None

    def _tell(self, kept: Backup, missing: list[str], problems: list[Problem], as_json: bool) -> None:
        manifest, held = kept.manifest, issued.objection()
        if as_json:
            self.print_json(
                {
                    "restored": True,
                    "taken_at": manifest.taken_at,
                    "about": manifest.about,
                    "missing_red_keys": missing,
                    "publishing": held,
                    "checks": records.names(),
                    "problems": [dataclasses.asdict(problem) for problem in problems],
                }
            )
            return
        self.stdout.write(f"Restored: {len(manifest.members)} parts, as of {manifest.taken_at}.")
        for name in missing:
            self.stdout.write(f"RED key {name} is not here: what is sealed under it stays closed until it is in CPL_RED_KEY.")
        for problem in problems[:SHOWN]:
            self.stdout.write(f"{problem.check}: {problem.message}")
        if len(problems) > SHOWN:
            self.stdout.write(f"… and {len(problems) - SHOWN} more; `verify_records` prints them all.")
        self.stdout.write(f"{len(records.names())} checks, {len(problems)} findings")
        self.stdout.write(held)
