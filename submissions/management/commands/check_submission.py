"""`manage.py check_submission`: the gates of the case page for a file, nothing stored."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from submissions.services import selfcheck

MARKS = {"error": "ERROR  ", "warning": "DECIDE ", "info": "note   "}


class Command(BaseCommand):
    help = "Check a New Entry workbook with the gates of the case page. Exit code 1: errors found, 2: the call cannot be used."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workbook", type=Path)
        parser.add_argument("--attach", type=Path, action="append", default=[], help="a certificate, letter or release note")
        parser.add_argument("--principal", type=int, choices=(2, 3))
        parser.add_argument("--on", type=date.fromisoformat, help="day of receipt, YYYY-MM-DD (today)")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = options["workbook"].read_bytes()
            papers = [(path.name, path.read_bytes()) for path in options["attach"]]
        except OSError as problem:
            self._refuse(f"{problem.filename}: {problem.strerror}")
        report = selfcheck.check(
            options["workbook"].name,
            data,
            papers,
            options["on"] or timezone.localdate(),
            options["principal"],
            with_open_cases=True,
        )
        self.stdout.write(json.dumps(report, ensure_ascii=False, indent=1) if options["as_json"] else _for_people(report))
        if report["verdict"] == "fail":
            sys.exit(1)

    def _refuse(self, reason: str) -> None:
        self.stderr.write(reason)
        sys.exit(2)


def _for_people(report: dict[str, Any]) -> str:
    lines = [f"{report['file']} (SHA-256 {report['sha256']})", f"Form version {report['form']['version'] or 'unknown'}"]
    for gate in report["gates"]:
        lines.append(f"\n{gate['gate'].capitalize()}: {gate['result'].replace('_', ' ')}")
        lines += [f"  {MARKS[finding['severity']]}{finding['rule']}: {finding['message']}" for finding in gate["findings"]]
    return "\n".join([*lines, f"\nVerdict: {report['verdict']}"])
