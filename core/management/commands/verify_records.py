"""`manage.py verify_records`: proves the records whole, or says what is not."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import records


class Command(BaseCommand):
    """Exit code 0: all good. 1: something is wrong. 3: a check could not be carried out."""

    help = "Re-hashes the vault, walks every chain and runs what else the apps can verify."

    def add_arguments(self, parser: CommandParser) -> None:
        """One option."""
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run all checks and print what they found."""
        problems = records.run()
        if options["json"]:
            document = {
                "verdict": "findings" if problems else "good",
                "checks": records.names(),
                "problems": [asdict(problem) for problem in problems],
            }
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            for problem in problems:
                self.stdout.write(f"{problem.check}: {problem.message}")
            self.stdout.write(f"{len(records.names())} checks, {len(problems)} findings")
        if problems:
            sys.exit(3 if any(problem.fault for problem in problems) else 1)
