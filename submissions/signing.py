"""The verdict on the signatures of one workbook as the gate needs it: by what the site trusts, told in full, kept as JSON."""

import datetime
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from submissions.domain.signature_findings import Permission
from submissions.signature import Code, Policy, Reason, Revocation, TrustStore, Verdict, verify


@dataclass(frozen=True, slots=True)
class SignatureBasis:
    """What the site holds signatures against. `at`: when the workbook was received.

    `authorised`: whether an organisation may sign for a creator; `chain`: names from an issuer up; `fingerprints`: SHA-256 of
    the certificates and lists, so that the same question can be asked again.
    """

    at: datetime.datetime
    trust: TrustStore
    policy: Policy
    authorised: Callable[[str, str], Permission | None]
    chain: Callable[[str], list[str]]
    fingerprints: Mapping[str, list[str]]

    @property
    def on(self) -> datetime.date:
        """The day of receipt, London time."""
        return timezone.localdate(self.at)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with everything that the gate says about it. `policy`: the one that the verdict was found with."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    policy: Policy
    permission: Permission | None
    detail: Mapping[str, Any]


def judge(data: bytes, creator: str, signed: bool, basis: SignatureBasis) -> Judgement:
    """Verify the signatures of a workbook for the creator that it names. `signed`: whether the package holds any."""
    if not signed:
        verdict = Verdict(hashlib.sha256(data).hexdigest(), (Reason(Code.NO_SIGNATURE),))
        return Judgement(verdict, verdict.reasons, basis.policy, None, _detail(verdict, creator, basis, None))
    verdict = verify(data, trust=basis.trust, policy=basis.policy, at=basis.at, creator=creator)
    reasons = _all_reasons(verdict)
    if any(reason.code is Code.CRL_UNAVAILABLE for reason in reasons):
        reasons += _hidden_behind_a_missing_list(data, creator, basis)
    permission = _permission(verdict, creator, basis)
    return Judgement(verdict, reasons, basis.policy, permission, _detail(verdict, creator, basis, permission))


def _all_reasons(verdict: Verdict) -> tuple[Reason, ...]:
    """Those of every signature, not of the worst alone: an authorisation for one must not hide another."""
    return verdict.file_reasons + tuple(reason for one in verdict.signatures for reason in one.reasons)


def _hidden_behind_a_missing_list(data: bytes, creator: str, basis: SignatureBasis) -> tuple[Reason, ...]:
    """What is wrong apart from the list that is missing. The check of a chain ends at that list, above all that is below.

    A person may decide on the missing list, but not without knowing that, say, the certificate was never issued by its issuer.
    """
    lenient = replace(basis.policy, revocation=Revocation.SOFT_FAIL)
    verdict = verify(data, trust=basis.trust, policy=lenient, at=basis.at, creator=creator)
    return tuple(reason for reason in _all_reasons(verdict) if reason.outcome is not None)


def _permission(verdict: Verdict, creator: str, basis: SignatureBasis) -> Permission | None:
    """The authorisation that covers every signature by somebody else; None unless all are by one organisation."""
    others = {one.signer.organisations for one in verdict.signatures if one.signer and one.creator_matches is False}
    if len(others) != 1:
        return None
    [organisations] = others
    return basis.authorised(creator, organisations[0]) if len(organisations) == 1 else None


def _detail(verdict: Verdict, creator: str, basis: SignatureBasis, permission: Permission | None) -> dict[str, Any]:
    issuer = verdict.deciding.signer.issuer if verdict.deciding.signer else ""
    return {
        **verdict.to_json(),
        "workbook": verdict.sha256,
        "received": basis.at.isoformat(),
        "creator": creator,
        "chain": basis.chain(issuer) if issuer else [],
        "authorisation": _plain(permission),
        "policy": {
            "allow_sha1": basis.policy.allow_sha1,
            "revocation": basis.policy.revocation.value,
            "usages": sorted(basis.policy.usages),
        },
        "held_against": dict(basis.fingerprints),
    }


def _plain(permission: Permission | None) -> dict[str, Any] | None:
    if permission is None:
        return None
    return {
        "record": permission.record,
        "organisation": permission.organisation,
        "since": permission.since.isoformat(),
        "until": permission.until.isoformat() if permission.until else None,
        "evidence": permission.evidence,
        "agreed_by": list(permission.agreed_by),
    }
