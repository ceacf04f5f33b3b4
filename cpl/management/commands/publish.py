"""`manage.py publish`: the approved changes become the next version of the list."""

from typing import Any

from django.core.management.base import CommandParser

from cpl.dictionary import PRINCIPALS
from cpl.management.command import BLOCKED, Tool
from cpl.services import artefacts, planning, publishing
from cpl.services.planning import Plan, PublishingBlocked


class Command(Tool):
    """Exit code 0: published (or could be). 1: nothing may be published, with the reason."""

    help = "Publishes the approved changes as the next version of the Central Products List."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--dry-run", action="store_true", help="say what would be published, change nothing")
        parser.add_argument("--principal", type=int, choices=PRINCIPALS, help="principal version (structure) of the next version")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare, and publish unless told not to."""
        try:
            plan = planning.preview(options["principal"])
            document = _document(plan)
            if not options["dry_run"]:
                release = publishing.publish(None, principal=options["principal"], seen=plan.fingerprint)
                document |= {
                    "published": True,
                    "files": {artefact.name: artefact.sha256 for artefact in artefacts.stored(release)},
                }
        except PublishingBlocked as blocked:
            if options["json"]:
                self.print_json({"published": False, "reason": str(blocked)})
            self.stop(BLOCKED, str(blocked))
        self._tell(document, plan, options["json"])

    def _tell(self, document: dict[str, Any], plan: Plan, as_json: bool) -> None:
        if as_json:
            self.print_json(document)
            return
        done = "Published" if document["published"] else "Would be published"
        count = len(plan.changes)
        changes = f"{count} change{'' if count == 1 else 's'}"
        self.stdout.write(f"{done}: {plan.label}, {changes}, {len(plan.entries)} entries.")
        self.stdout.write(plan.changes_text)
        for name, sha256 in document["files"].items():
            self.stdout.write(f"{sha256}  {name}")


def _document(plan: Plan) -> dict[str, Any]:
    found = plan.difference
    return {
        "published": False,
        "version": str(plan.version),
        "label": plan.label,
        "serial": plan.serial,
        "entries": len(plan.entries),
        "changes": [
            {"id": change.pk, "kind": change.kind, "number": number}
            for change, number in zip(plan.changes, plan.numbers, strict=True)
        ],
        "added": list(found.added),
        "removed": list(found.removed),
        "reinstated": list(found.reinstated),
        "changed": sorted({amendment.number for amendment in found.amended}),
        "text": plan.changes_text,
        "files": {},
    }
