"""`manage.py resume_publishing X.YYY`: after a restoring, says which version is the latest that anybody holds."""

from typing import Any

from django.core.management.base import CommandParser

from cpl.domain.releases import parse
from cpl.management.command import Tool, Unusable
from cpl.services import issued

NONE = "none"


class Command(Tool):
    """Exit code 0: publishing goes on with the next number. 2: that is not the latest, or no version number."""

    help = "Lets a restored site publish again, with numbers after the latest version that anybody holds."

    def add_arguments(self, parser: CommandParser) -> None:
        """The one argument."""
        parser.add_argument("latest", metavar="X.YYY", help=f"the latest version that anybody holds, or {NONE}")

    def handle(self, *args: Any, **options: Any) -> None:
        """Note it."""
        latest = parse(options["latest"])
        if latest is None and options["latest"] != NONE:
            raise Unusable(f"{options['latest']!r} is no version number such as 3.012.")
        try:
            issued.resume(latest)
        except issued.NotTheLatest as fault:
            raise Unusable(str(fault)) from None
        self.stdout.write(f"The next version comes after {latest}." if latest else "The next version is the first one.")
