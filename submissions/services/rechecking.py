"""When whom the site trusts has changed: cases that waited for it, or rested on what ended, are checked again."""

import datetime
from collections.abc import Callable

from cryptography import x509
from django.db import transaction

from core import vault
from submissions import selectors
from submissions.domain.lifecycle import OPEN, Gate, State, gate_due
from submissions.models import Authorisation, CheckRun, RevocationList, Submission
from submissions.models.trust import AuthorityCertificate, Vouched
from submissions.services import door, revising
from submissions.signature import Code

_OF_AUTHORITIES = frozenset({Code.CERT_UNTRUSTED, Code.CRL_UNAVAILABLE})


def after_beginning(record: Vouched) -> int:
    """RECORD is in force now; returns how many cases are checked again."""
    codes = frozenset({Code.ORG_MISMATCH}) if isinstance(record, Authorisation) else _OF_AUTHORITIES
    return _again(lambda case, run: _stopped_by(case, run, codes), f"{record} is in force now")


def after_list(row: RevocationList) -> int:
    """A revocation list was taken in: cases that waited for one, and cases whose signer it names."""
    crl = x509.load_der_x509_crl(vault.read(row.sha256))
    missing = frozenset({Code.CRL_UNAVAILABLE})
    return _again(
        lambda case, run: _stopped_by(case, run, missing) or _names_signer(run, row, crl), f"a revocation list arrived: {row}"
    )


def after_end(record: Vouched) -> int:
    """RECORD is no longer in force; an approval that rests on it is taken back."""
    return _again(lambda case, run: _rests_on(run, record), f"{record} is no longer in force")


def _again(concerns: Callable[[Submission, CheckRun], bool], why: str) -> int:
    """Check every open case again whose signature this concerns; safe to do twice."""
    count = 0
    for found in Submission.objects.filter(state__in=[state.value for state in OPEN]).order_by("id"):
        run = selectors.run_of(found, Gate.SIGNATURE)
        if run is None or not concerns(found, run):
            continue
        with transaction.atomic(durable=True):
            case = door.locked(found)
            if case.state == found.state:
                revising.check_again(case, None, why)
                count += 1
    return count


def _stopped_by(case: Submission, run: CheckRun, codes: frozenset[Code]) -> bool:
    waits = gate_due(State(case.state)) is Gate.SIGNATURE
    return waits and any(finding.rule in codes for finding in run.findings.all())


def _names_signer(run: CheckRun, row: RevocationList, crl: x509.CertificateRevocationList) -> bool:
    """Whether the list says that the signer's certificate was revoked by the time of receipt, and the run does not know of it."""
    signer = run.detail.get("signer")
    if not signer or signer["issuer"][:500] != row.issuer or Code.CERT_REVOKED in run.detail["codes"]:
        return False
    entry = crl.get_revoked_certificate_by_serial_number(int(signer["serial"], 16))
    return entry is not None and entry.revocation_date_utc <= datetime.datetime.fromisoformat(run.detail["received"])


def _rests_on(run: CheckRun, record: Vouched) -> bool:
    if isinstance(record, AuthorityCertificate):
        return record.subject in run.detail.get("chain", ())
    return bool((run.detail.get("authorisation") or {}).get("record") == record.pk)
