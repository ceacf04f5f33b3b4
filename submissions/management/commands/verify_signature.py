"""`manage.py verify_signature`: the digital signature of one Office file, judged as the signature gate judges it."""

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from submissions.services import trust
from submissions.signature import OLD_OFFICE, STRICT, Outcome, Policy, Revocation, SignatureVerdict, TrustStore, Verdict, verify

CANNOT_BE_USED = 2
LARGEST_TRUST_FILE = 64 << 20  # bytes; revocation lists of large authorities have some MiB
_CERTIFICATES = ("*.pem", "*.crt", "*.cer")
_LISTS = ("*.crl", "*.pem")


class Command(BaseCommand):
    """Exit code 0: valid, and by the creator if one was given. 1: not so. 2: no Office file, or the call cannot be used."""

    help = "Verifies the digital signatures of a signed Office file (.xlsm, .xlsx, .docx, .pptx)."

    requires_system_checks = ()  # with --trust it needs nothing of the site

    def add_arguments(self, parser: CommandParser) -> None:
        """The file and what to hold it against."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--trust",
            type=Path,
            metavar="DIR",
            help="folder with anchors/*.pem and, where there are any, intermediates/*.pem and crls/*.crl; without revocation "
            "lists revocation is not checked (default: the trust store of the site)",
        )
        parser.add_argument("--creator", metavar="TEXT", help="Manufacturer_Image.creator, as the workbook writes it")
        parser.add_argument("--at", type=iso_time, metavar="ISO-TIME", help="when the file was received (default: now)")
        parser.add_argument(
            "--allow-sha1", action="store_true", help="accept what Office 2007 and 2010 signed: SHA-1, no XAdES, short RSA keys"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify the file and print the verdict."""
        data = _read(options["file"], STRICT.limits.file + 1)
        at = options["at"] or timezone.now()
        store, policy = _folder(options["trust"]) if options["trust"] else _site(at)
        if options["allow_sha1"]:
            policy = replace(policy, allow_sha1=True, xades_required=False, smallest_rsa=OLD_OFFICE.smallest_rsa)
        verdict = verify(data, trust=store, policy=policy, at=at, creator=options["creator"])
        if options["json"]:
            document = {"file": options["file"].name} | verdict.to_json()
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(_lines(options["file"].name, verdict)))
        if verdict.outcome is Outcome.UNREADABLE:
            self.stderr.write(f"{options['file']}: {verdict.reasons[0].message}")
            sys.exit(CANNOT_BE_USED)
        if verdict.outcome is not Outcome.VALID or verdict.deciding.creator_matches is False:
            sys.exit(1)


def iso_time(text: str) -> datetime:
    """A time as ISO 8601 writes it; without a zone it is London time."""
    moment = datetime.fromisoformat(text)
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as fault:
        raise CommandError(f"{path} cannot be read: {fault.strerror}.", returncode=CANNOT_BE_USED) from fault


def _site(at: datetime) -> tuple[TrustStore, Policy]:
    """What the gate would hold the file against."""
    try:
        return trust.store(at), trust.policy()
    except DatabaseError as fault:
        text = "The trust records of the site cannot be read here; name a folder with --trust."
        raise CommandError(text, returncode=CANNOT_BE_USED) from fault


def _folder(folder: Path) -> tuple[TrustStore, Policy]:
    """The trust store in a folder. Without revocation lists none can be asked for."""
    anchors, intermediates = _files(folder / "anchors", _CERTIFICATES), _files(folder / "intermediates", _CERTIFICATES)
    lists = _files(folder / "crls", _LISTS)
    if not anchors:
        raise CommandError(f"{folder} holds no trusted authority (anchors/*.pem).", returncode=CANNOT_BE_USED)
    try:
        store = TrustStore.load(anchors, intermediates, lists)
    except ValueError as fault:
        raise CommandError(f"{folder} holds a file that cannot be read: {fault}", returncode=CANNOT_BE_USED) from fault
    return store, STRICT if lists else replace(STRICT, revocation=Revocation.SOFT_FAIL)


def _files(folder: Path, patterns: Iterable[str]) -> list[bytes]:
    paths = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    return [_read(path, LARGEST_TRUST_FILE) for path in paths]


def _lines(name: str, verdict: Verdict) -> Iterable[str]:
    yield f"{name}: {verdict.outcome.value}"
    for reason in verdict.file_reasons:
        yield f"  {reason.code}: {reason.message} [guidance {reason.guidance}]"
    for signature in verdict.signatures:
        yield from _signature_lines(signature)


def _signature_lines(signature: SignatureVerdict) -> Iterable[str]:
    yield f"  {signature.part}: {signature.outcome.value}"
    for reason in signature.reasons:
        yield f"    {reason.code}: {reason.message} [guidance {reason.guidance}]"
    if signature.signer:
        signer = signature.signer
        yield f"    Signer: {signer.common_name}, organisation: {signer.organisation or 'none'}, issued by {signer.issuer}"
        yield f"    Certificate valid from {signer.not_before:%d/%m/%Y} to {signer.not_after:%d/%m/%Y}, serial {signer.serial}"
    if signature.signing_time:
        yield f"    Says it was signed: {timezone.localtime(signature.signing_time):%d/%m/%Y %H:%M}"
    if signature.creator_matches is not None:
        yield f"    The organisation {'is' if signature.creator_matches else 'is not'} the creator"
    yield f"    Covers {len(signature.covers)} parts; not covered: {', '.join(signature.not_covered) or 'none'}"
