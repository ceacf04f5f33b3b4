"""Verifies the signatures of an Office document: bytes in, verdict out; nothing that is in the bytes raises.

The order matters: cheap and safe first, and each step only on what the steps before have secured: container, package, structure,
digests in SignedInfo, certificate, value, signed parts, coverage, trust, creator. (Guidance 8.2; SEC Appendix Z section 3.)
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from submissions.signature.algorithms import WEAK, verifies
from submissions.signature.codes import Code, Outcome, Reject, reject
from submissions.signature.coverage import check_coverage
from submissions.signature.creator import check_creator
from submissions.signature.manifest import Covered, check_manifest
from submissions.signature.opc import TYPES_PART, SignedPackage, open_signed, read_all_relationships
from submissions.signature.origin import origin_of, signature_parts, signature_zone
from submissions.signature.policy import Policy
from submissions.signature.trust import TrustStore, check_certificate
from submissions.signature.verdict import Reason, SignatureVerdict, Signer, Verdict
from submissions.signature.xades import Signatory, find_signatory, signing_time
from submissions.signature.xmldsig import algorithms_used, read_signature, signed_elements, signed_octets
from submissions.signature.xmlpart import LARGEST

STRICT = Policy()
_CLOCKS_DIFFER_BY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every signature of one file. `at`: when the workbook was received (aware)."""

    trust: TrustStore
    policy: Policy
    at: datetime
    creator: str | None


@dataclass(slots=True)
class Progress:
    """What is known about one signature so far; what was learned before a check failed is still worth telling."""

    reasons: list[Reason] = field(default_factory=list)
    signatory: Signatory | None = None
    signed_at: datetime | None = None
    covered: Covered = field(default_factory=Covered)
    creator_matches: bool | None = None


def verify(data: bytes, *, trust: TrustStore, policy: Policy = STRICT, at: datetime, creator: str | None = None) -> Verdict:
    """The verdict on the signatures of an Office document.

    `at`: when it was received, with time zone (ValueError without). `creator`: Manufacturer_Image.creator as the workbook
    writes it; None leaves the comparison out. Guidance 8.2: not expired, made by the creator, from a trusted authority.
    """
    if at.tzinfo is None:
        raise ValueError("The time of receipt needs a time zone.")
    question = Question(trust, policy, at, creator)
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        package = open_signed(data, policy.limits)
        parts, zone = _find(package)
        signatures = tuple(_judge(package, part, zone, question) for part in parts)
    except Reject as rejected:
        return Verdict(sha256, (Reason(rejected.code, rejected.detail),))
    notes = (Reason(Code.SIG_MULTIPLE, f"{len(parts)} signatures"),) if len(parts) > 1 else ()
    return Verdict(sha256, notes, signatures)


def _find(package: SignedPackage) -> tuple[tuple[str, ...], frozenset[str]]:
    """The signature parts, and all parts that belong to the signatures. An unsigned package is not looked at any further."""
    origin = origin_of(package)
    if origin is None:
        reject(Code.NO_SIGNATURE)
    read_all_relationships(package)
    parts = signature_parts(package, origin)
    if not parts:
        reject(Code.NO_SIGNATURE, "only an empty frame for signatures")
    return parts, signature_zone(origin, parts)


def _judge(package: SignedPackage, key: str, zone: frozenset[str], question: Question) -> SignatureVerdict:
    """The verdict on one signature. Raises Reject only for a file that turns out to be unreadable."""
    progress = Progress()
    try:
        _check_integrity(package, key, zone, question.policy, progress)
        _check_identity(question, progress)
    except Reject as rejected:
        reason = Reason(rejected.code, rejected.detail)
        if reason.outcome is Outcome.UNREADABLE:
            raise
        progress.reasons.append(reason)
    return _verdict(package, key, zone, progress)


def _check_integrity(package: SignedPackage, key: str, zone: frozenset[str], policy: Policy, progress: Progress) -> None:
    """Is the signature sound, and is everything that matters as it was signed? Raises Reject."""
    part = package.part(key)
    if part is None:
        reject(Code.SIG_ORIGIN, key)
    signature = read_signature(package.read(part, LARGEST), part.name, policy.allow_sha1)
    signed = signed_elements(signature, policy.allow_sha1)
    signatory = find_signatory(signature, signed, policy.xades_required)
    if not verifies(signatory.key, signature.method, signed_octets(signature), signature.value):
        reject(Code.SIG_VALUE)
    progress.signatory, progress.signed_at = signatory, signing_time(signature)
    covered = check_manifest(signature.manifest, package, policy.allow_sha1)
    progress.covered = covered
    check_coverage(package, covered, zone, policy)
    if algorithms_used(signature.root) & WEAK:
        progress.reasons.append(Reason(Code.SHA1_ALLOWED))


def _check_identity(question: Question, progress: Progress) -> None:
    """Who signed, and may they be trusted? Only for an intact signature; the creator is compared even when they may not."""
    signatory = progress.signatory
    if signatory is None:
        return
    if progress.signed_at and progress.signed_at > question.at + _CLOCKS_DIFFER_BY:
        progress.reasons.append(Reason(Code.SIGNED_AFTER_RECEIPT, f"{progress.signed_at:%d/%m/%Y %H:%M} UTC"))
    if question.creator is not None:
        organisations = Signer.of(signatory.certificate).organisations
        check = check_creator(question.creator, organisations)
        progress.creator_matches = check.matches
        if not check.matches:
            code = Code.ORG_MISMATCH if len(organisations) == 1 else Code.ORG_MISSING
            progress.reasons.append(Reason(code, check.explanation))
    progress.reasons += check_certificate(signatory, question.trust, question.policy, question.at, progress.signed_at)


def _verdict(package: SignedPackage, key: str, zone: frozenset[str], progress: Progress) -> SignatureVerdict:
    covered = progress.covered
    own = zone | {TYPES_PART}
    return SignatureVerdict(
        part=package.name(key),
        reasons=tuple(progress.reasons),
        signer=Signer.of(progress.signatory.certificate) if progress.signatory else None,
        signing_time=progress.signed_at,
        covers=tuple(sorted(package.name(part) for part in covered.parts)),
        not_covered=tuple(sorted(package.name(part) for part in package.keys if part not in covered.parts and part not in own)),
        creator_matches=progress.creator_matches,
        parts=covered.parts,
        relationships=covered.relationships,
    )
