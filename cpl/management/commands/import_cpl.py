"""`manage.py import_cpl FILE`: takes over a published CPL workbook with its history into an empty site."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from cpl.management.command import BLOCKED, Tool, bytes_of
from cpl.services import importing
from cpl.services.importing import ImportReport


class Command(Tool):
    """Exit code 0: taken over (or could be). 1: refused, with reasons. 2: the file cannot be read."""

    help = "Takes over a published CPL workbook (.xlsm or .xlsx, principal version 2 or 3) with its version history."

    def add_arguments(self, parser: CommandParser) -> None:
        """File and options."""
        parser.add_argument("file", type=Path, help="the published workbook")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, store nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and report."""
        report = importing.import_cpl(bytes_of(options["file"]), None, dry_run=options["dry_run"])
        if options["json"]:
            self.print_json({"file": options["file"].name, **report.as_dict()})
        elif not report.refusals:
            self._tell(report)
        if report.refusals:
            self.stop(
                BLOCKED, *(f"{finding.rule} {finding.cell} {finding.message}".replace("  ", " ") for finding in report.refusals)
            )

    def _tell(self, report: ImportReport) -> None:
        done = "Taken over" if report.imported else "Would be taken over"
        self.stdout.write(
            f"{done}: {report.label}, {report.entries} entries ({report.current} Current), {report.releases} releases."
        )
        for finding in report.oddities:
            self.stdout.write(f"  {finding.rule} {finding.cell} {finding.message}")
        self.stdout.write(f"{len(report.oddities)} oddities. The next version is {report.next_version}.")
