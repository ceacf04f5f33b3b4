"""`manage.py seed_demo`: invented data, so that everything can be tried at once."""

import sys
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from submissions.demo.people import PASSWORD, PEOPLE, TOTP_SECRET, code_now, settle


class Command(BaseCommand):
    help = "Fill an empty site with invented people, entries and cases, and print the sign-ins. Run again, it only prints them."

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.EMBEDDED or settings.CPL_DEMO):
            self._refuse("Demo data has public passwords. On a real site set CPL_DEMO=1 if you are sure.")
        if find_spec("tests") is None:
            self._refuse("Demo data is made by tests/builders, which this installation does not have.")
        from submissions.demo import story  # noqa: PLC0415 - needs the builders, which an installation may lack

        settings.CPL_DEMO_MARK.write_text("This site holds demo data.\n")
        story.tell(settle())
        self.stdout.write(sign_ins())

    def _refuse(self, reason: str) -> None:
        self.stderr.write(reason)
        sys.exit(2)


def sign_ins() -> str:
    """The people of the demo, as a table, with the second factor's code of this half minute."""
    width = max(len(person.address) for person in PEOPLE)
    rows = [f"  {person.address:<{width}}  {person.part}" for person in PEOPLE]
    return "\n".join(
        [
            "Demo sign-ins (invented people):",
            *rows,
            f"  Password for all: {PASSWORD}",
            f"  Second factor: key {TOTP_SECRET} for an authenticator; code of this half minute: {code_now()}",
            "  `python3 dev.py manage seed_demo` prints a fresh code.",
        ]
    )
