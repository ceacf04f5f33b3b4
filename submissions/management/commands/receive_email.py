"""`manage.py receive_email`: take in saved messages as the mailbox does."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import outbox
from submissions.models import Receipt
from submissions.services import receiving


class Command(BaseCommand):
    help = "Take in saved e-mail messages (.eml) and run what is due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", type=Path, nargs="+", metavar="FILE.eml")

    def handle(self, *args: Any, **options: Any) -> None:
        unread = False
        for path in options["files"]:
            try:
                raw = path.read_bytes()
            except OSError as problem:
                self.stderr.write(f"{path}: {problem.strerror}")
                unread = True
                continue
            received = receiving.receive_mail(raw, Receipt.Source.COMMAND)
            references = ", ".join(case.reference for case in received.submissions) or received.receipt.get_outcome_display()
            self.stdout.write(f"{path}: {'arrived before: ' if received.repeat else ''}{references}")
        outbox.drain()
        if unread:
            sys.exit(2)
