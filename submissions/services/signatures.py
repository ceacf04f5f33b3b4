"""The signature gate with what this site trusts; the case, the self-check and the command ask here."""

import datetime
from collections.abc import Mapping

from django.utils import timezone

from cpl.domain.findings import GateResult
from submissions import gates
from submissions.domain.lifecycle import Gate
from submissions.domain.signature_findings import Permission
from submissions.gates import FormRead, GateAnswer
from submissions.services import trust
from submissions.signing import SignatureBasis


def check(values: Mapping[str, str], data: bytes, read: FormRead, at: datetime.datetime) -> GateAnswer:
    """What the gate says of a workbook received at AT; the trust records are only read where there is something to verify."""
    if gates.needs_no_signature(values, read.reading.signed):
        return GateAnswer(Gate.SIGNATURE, GateResult.NOT_APPLICABLE)
    return gates.signature(values, data, read, basis(at))


def basis(at: datetime.datetime) -> SignatureBasis:
    """What is in force now, for a workbook received at AT."""
    known = trust.authorities(timezone.localdate())
    day = timezone.localdate(at)
    return SignatureBasis(
        at=at,
        trust=trust.store(at),
        policy=trust.policy(),
        authorised=lambda creator, organisation: _permission(creator, organisation, day),
        chain=lambda issuer: trust.chain_above(issuer, known),
        fingerprints={
            "authorities": [authority.sha256 for authority in known],
            "lists": [each.sha256 for each in trust.lists_for(at)],
        },
    )


def _permission(creator: str, organisation: str, day: datetime.date) -> Permission | None:
    found = trust.authorised(creator, organisation, day)
    if found is None:
        return None
    return Permission(
        record=found.pk,
        creator=creator,
        organisation=organisation,
        since=found.valid_from,
        until=found.valid_to,
        evidence=found.evidence,
        agreed_by=tuple(str(person) for person in (found.proposed_by, found.approved_by)),
    )
