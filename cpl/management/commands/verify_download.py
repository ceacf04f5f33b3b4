"""`manage.py verify_download FILE… --manifest M`: proves that downloaded files are the published ones."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from core import vault
from cpl.management.command import BLOCKED, Tool, Unusable, bytes_of
from cpl.services import keychain, keys, verifying
from cpl.services.keychain import Keychain


class Command(Tool):
    """Exit code 0: all as published. 1: a file or the manifest is not. 2: something cannot be read.

    With --key no database is asked.
    """

    help = "Holds files against a manifest, and the manifest against its signature (MANIFEST.sig beside it)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Files and options."""
        parser.add_argument(
            "files", nargs="*", type=Path, metavar="FILE", help="the downloaded files, under their published names"
        )
        parser.add_argument("--manifest", type=Path, required=True, metavar="M", help="the manifest of the version")
        parser.add_argument(
            "--key", type=Path, metavar="PUBLIC", help="the public key in PEM that you trust; without it, those of this site"
        )
        parser.add_argument("--keys", type=Path, metavar="FILE", help="keys.json: what came before and after the trusted key")
        parser.add_argument("--proof", type=Path, metavar="FILE", help="proof.json of an entry: is it in this version?")
        parser.add_argument("--latest", type=Path, metavar="FILE", help="latest.json (FILE.sig beside it): is it this version?")
        parser.add_argument(
            "--history", type=Path, metavar="DIR", help="folder with the manifests and signatures of all versions up to this one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the signature first, then everything that was handed over."""
        if not any(options[name] for name in ("files", "proof", "latest", "history")):
            raise Unusable("Nothing to verify: name files, --proof, --latest or --history.")
        if options["keys"] and not options["key"]:
            raise Unusable("--keys tells which keys follow the one that you trust: name that with --key.")
        text = bytes_of(options["manifest"])
        known = self._trusted(options["key"], options["keys"])
        if fault := known.fault(text, _signature(options["manifest"])):
            self.stop(BLOCKED, f"{options['manifest']}: {fault}")
        looked_at = [
            *_files(options, json.loads(text)),
            *_latest(options["latest"], text, known),
            *_history(options["history"], text, known),
        ]
        wrong = [f"{path}: {fault}" for path, fault in looked_at if fault]
        if wrong:
            self.stop(BLOCKED, *wrong)
        for path, _ in looked_at:
            entry = f"{verifying.proven(bytes_of(path))}, " if path == options["proof"] else ""
            self.stdout.write(f"{path}: {entry}as published")

    def _trusted(self, key: Path | None, document: Path | None) -> Keychain:
        """The keys that may have signed: what the given one vouches for, or all of this site, whose database is asked then."""
        try:
            if key is None:
                return keys.trusted()
            return keychain.of(bytes_of(key).decode("utf-8", "replace"), bytes_of(document) if document else None)
        except (keychain.Broken, vault.Unavailable) as fault:
            self.stop(BLOCKED, f"{document or key or 'Release keys'}: {fault}")


def _files(options: dict[str, Any], manifest: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for path in options["files"]:
        yield path, verifying.file_fault(path.name, bytes_of(path), manifest)
    if path := options["proof"]:
        yield path, verifying.proof_fault(bytes_of(path), manifest)


def _latest(path: Path | None, manifest: bytes, known: Keychain) -> Iterator[tuple[Path, str]]:
    if path is not None:
        yield path, verifying.latest_fault(bytes_of(path), _signature(path), known, manifest, timezone.now())


def _history(folder: Path | None, manifest: bytes, trusted: Keychain) -> Iterator[tuple[Path, str]]:
    if folder is None:
        return
    if not folder.is_dir():
        raise Unusable(f"{folder}: is no folder")
    known = [(path.name, bytes_of(path), _signature(path)) for path in sorted(folder.glob("*.manifest.json"))]
    faults = verifying.history_faults(known, trusted)
    if manifest not in [text for _, text, _ in known]:
        faults.append("the manifest of this version is not in the folder.")
    yield from ((folder, fault) for fault in faults or [""])


def _signature(manifest: Path) -> bytes:
    return bytes_of(Path(f"{manifest}.sig"))
