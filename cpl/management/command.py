"""What the commands of the list have in common: exit codes that scripts can rely on, and one clear line when something is wrong.

0 all good · 1 the input has findings that block · 2 the input or the call cannot be used · 3 a fault of the site itself.
"""

import json
import logging
import sys
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

logger = logging.getLogger(__name__)

BLOCKED, UNUSABLE, FAULT = 1, 2, 3


class Unusable(Exception):  # noqa: N818 - reads as a sentence: raise Unusable
    """The input or the call cannot be used; the text is the one line for the person who called."""


class Tool(BaseCommand):
    """A command whose `handle` returns nothing, calls `stop`, or raises Unusable."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run it and turn whatever happens into an exit code."""
        try:
            return super().execute(*args, **options)
        except Unusable as reason:
            self.stop(UNUSABLE, str(reason))
        except CommandError:
            raise
        except Exception as fault:  # outermost boundary: a script needs the exit code, a person the log
            logger.exception("command failed")
            self.stop(FAULT, f"Internal fault ({type(fault).__name__}). Nothing was changed; the log has the details.")

    def stop(self, code: int, *lines: str) -> NoReturn:
        """End with this exit code; the lines go to standard error."""
        for line in lines:
            self.stderr.write(line)
        sys.exit(code)

    def print_json(self, document: Any) -> None:
        """One JSON document on standard output."""
        self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))


def bytes_of(path: Path) -> bytes:
    """The file, or Unusable with the reason why it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise Unusable(f"{path}: {fault.strerror or 'cannot be read'}") from None
