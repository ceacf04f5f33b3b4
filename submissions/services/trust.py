"""Whom SECAS trusts with signatures: people propose, others agree; the gate is handed what is in force (guidance 8.2).

Retiring takes two people as well, since it turns submissions away; a proposal is turned down by one.
"""

import datetime
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import access
from accounts.access import Action
from accounts.models import User
from core import audit, outbox, vault
from submissions.models import Authorisation, Intermediate, RevocationList, TrustAnchor
from submissions.models.trust import AuthorityCertificate, Vouched
from submissions.signature import Policy, Revocation, TrustStore
from submissions.signature.policy import DOCUMENT_USAGES

Record = TypeVar("Record", bound=Vouched)
CHANGED = "submissions.trust_changed"
KINDS: dict[str, type[Vouched]] = {model.KIND: model for model in (TrustAnchor, Intermediate, Authorisation)}
LONGEST_EVIDENCE = 4000  # characters


class TrustRefused(Exception):  # noqa: N818 - reads as trust.TrustRefused
    """The step cannot be taken; the text says why, for people."""


def policy() -> Policy:
    """What this site asks of a signature (README, "Settings")."""
    return Policy(
        allow_sha1=settings.CPL_SIGNATURE_ALLOW_SHA1,
        revocation=Revocation(settings.CPL_SIGNATURE_REVOCATION),
        usages=frozenset(settings.CPL_SIGNATURE_USAGES) or DOCUMENT_USAGES,
    )


def store(at: datetime.datetime | None = None) -> TrustStore:
    """Authorities in force now, with the revocation lists that say most about the moment AT (now)."""
    today = timezone.localdate()
    return TrustStore.load(
        [anchor.pem.encode() for anchor in TrustAnchor.in_force(today)],
        [authority.pem.encode() for authority in Intermediate.in_force(today)],
        [vault.read(each.sha256) for each in lists_for(at or timezone.now())],
    )


def lists_for(at: datetime.datetime) -> list[RevocationList]:
    """Of each authority the newest list, and the newest that was issued by AT: either may be the one that can be used."""
    chosen: dict[int, RevocationList] = {}
    for issuer, scope in RevocationList.objects.order_by().values_list("issuer", "scope").distinct():
        lists = RevocationList.objects.filter(issuer=issuer, scope=scope)
        for newest in (lists.first(), lists.filter(this_update__lte=at).first()):
            if newest is not None:
                chosen[newest.pk] = newest
    return list(chosen.values())


def authorities(on: datetime.date) -> list[AuthorityCertificate]:
    """Every authority in force on that day: roots, then those below them."""
    return [*TrustAnchor.in_force(on), *Intermediate.in_force(on)]


def authorised(creator: str, organisation: str, on: datetime.date) -> Authorisation | None:
    """Who said that ORGANISATION may sign for CREATOR on that day, if anybody did (guidance 7.5)."""
    return Authorisation.in_force(on).filter(creator=creator, organisation=organisation).first()


def read_authority(data: bytes, root: bool) -> x509.Certificate:
    """The one certificate in these bytes (PEM or DER). Raises TrustRefused for anything but an authority's."""
    try:
        found = x509.load_pem_x509_certificates(data) if b"-----BEGIN" in data else [x509.load_der_x509_certificate(data)]
        [certificate] = found
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension) as fault:
        raise TrustRefused("The file is not the certificate of one authority, in PEM or DER.") from fault
    if not basic.ca:
        raise TrustRefused("It is the certificate of a signer, not of an authority.")
    own = certificate.issuer == certificate.subject
    if root and not own:
        raise TrustRefused("Only a root can be an anchor; this authority was certified by another. Enter it as an intermediate.")
    if own and not root:
        raise TrustRefused("This is a root. Enter it as an anchor, if it is to be trusted.")
    return certificate


def propose_anchor(actor: User, data: bytes, evidence: str, **more: Any) -> TrustAnchor:
    """Propose to trust a root (PEM or DER). `more`: `document` (bytes), `valid_from`, `valid_to`."""
    return _propose(actor, TrustAnchor, _described(read_authority(data, root=True)), evidence, **more)


def propose_intermediate(actor: User, data: bytes, evidence: str, **more: Any) -> Intermediate:
    """Propose the certificate of an authority below a root; it is never trusted by itself."""
    return _propose(actor, Intermediate, _described(read_authority(data, root=False)), evidence, **more)


def propose_authorisation(actor: User, creator: str, organisation: str, evidence: str, **more: Any) -> Authorisation:
    """Propose that ORGANISATION, as in certificates, may sign for CREATOR, as in workbooks; both exactly as written."""
    if not creator or not organisation:
        raise TrustRefused("Write down both names, each exactly as it stands in the workbook and in the certificate.")
    if creator == organisation:
        raise TrustRefused("Both names are identical; nothing has to be authorised.")
    return _propose(actor, Authorisation, {"creator": creator, "organisation": organisation}, evidence, **more)


def why_not(actor: User, record: Vouched, step: str, reason: str = "") -> str:
    """Why this person cannot take this step, one of STEPS, now; "" when nothing speaks against it."""
    proposed, active = record.status == Vouched.Status.PROPOSED, record.status == Vouched.Status.ACTIVE
    answers = {
        "approve": _not_twice(proposed, "proposed", record.proposed_by_id, actor),
        "turn_down": "" if proposed else "It is no longer proposed.",
        "ask_to_retire": "" if active else "Only what is in force can be retired.",
        "retire": _not_twice(active and record.end_asked_by_id is not None, "asked to be retired", record.end_asked_by_id, actor),
    }
    if not answers[step] and step in {"turn_down", "ask_to_retire"} and not reason.strip():
        return "Write down why; it is kept with the record."
    return answers[step]


def steps_of(record: Vouched) -> list[tuple[str, str]]:
    """The steps that could be taken on a record now, with their names; none once it is retired."""
    if record.status == Vouched.Status.PROPOSED:
        return [("approve", "Agree as the second person"), ("turn_down", "Turn the proposal down")]
    if record.status == Vouched.Status.ACTIVE and record.end_asked_by_id is None:
        return [("ask_to_retire", "Ask that it be retired")]
    return [("retire", "Agree as the second person that it is over")] if record.status == Vouched.Status.ACTIVE else []


def approve(actor: User, record: Record) -> Record:
    """Agree as the second person; from then on it is in force."""

    def change(record: Record, own: bool) -> None:
        record.status, record.approved_by, record.approved_at = Vouched.Status.ACTIVE, actor, timezone.now()
        record.team_of_one = own

    return _step(actor, record, "approve", "", change)


def turn_down(actor: User, record: Record, reason: str) -> Record:
    """Drop a proposal."""

    def change(record: Record, own: bool) -> None:
        record.status, record.end_reason = Vouched.Status.RETIRED, reason.strip()
        record.retired_by, record.retired_at = actor, timezone.now()

    return _step(actor, record, "turn_down", reason, change)


def ask_to_retire(actor: User, record: Record, reason: str) -> Record:
    """Ask that it no longer be in force; another person agrees with `retire`."""

    def change(record: Record, own: bool) -> None:
        record.end_asked_by, record.end_reason = actor, reason.strip()

    return _step(actor, record, "ask_to_retire", reason, change)


def retire(actor: User, record: Record) -> Record:
    """Agree as the second person that it is over."""

    def change(record: Record, own: bool) -> None:
        record.status, record.retired_by, record.retired_at = Vouched.Status.RETIRED, actor, timezone.now()
        record.team_of_one = record.team_of_one or own

    return _step(actor, record, "retire", record.end_reason, change)


STEPS: dict[str, Callable[..., Vouched]] = {
    "approve": lambda actor, record, reason: approve(actor, record),
    "turn_down": turn_down,
    "ask_to_retire": ask_to_retire,
    "retire": lambda actor, record, reason: retire(actor, record),
}


@transaction.atomic
def _propose(
    actor: User,
    model: type[Record],
    fields: dict[str, Any],
    evidence: str,
    *,
    document: bytes = b"",
    valid_from: datetime.date | None = None,
    valid_to: datetime.date | None = None,
) -> Record:
    access.require(actor, Action.MANAGE_REFERENCE)
    starts = valid_from or timezone.localdate()
    if not evidence.strip():
        raise TrustRefused("Write down how it was made sure that this is right.")
    if valid_to is not None and valid_to < starts:
        raise TrustRefused("It would end before it begins.")
    known = {name: fields[name] for name in ("sha256", "creator", "organisation") if name in fields}
    if model._default_manager.filter(**known).exclude(status=Vouched.Status.RETIRED).exists():
        raise TrustRefused("It is there already.")
    record = model._default_manager.create(
        **fields,
        evidence=evidence.strip()[:LONGEST_EVIDENCE],
        document_sha256=vault.put(document) if document else "",
        valid_from=starts,
        valid_to=valid_to,
        proposed_by=actor,
    )
    audit.record(
        actor, "trust.proposed", record, what=str(record), **known, evidence=record.evidence, document=record.document_sha256
    )
    return record


@transaction.atomic
def _step(actor: User, record: Record, step: str, reason: str, change: Callable[[Record, bool], None]) -> Record:
    """One step on a locked record, with its entry in the audit trail; raises TrustRefused and changes nothing."""
    access.require(actor, Action.MANAGE_REFERENCE)
    record = type(record)._default_manager.select_for_update().get(pk=record.pk)
    if refusal := why_not(actor, record, step, reason):
        raise TrustRefused(refusal)
    first = {"approve": record.proposed_by_id, "retire": record.end_asked_by_id}.get(step)
    own = first == actor.pk
    change(record, own)
    record.save()
    detail = {"reason": reason.strip()} if reason.strip() else {}
    entry = audit.record(actor, f"trust.{step}", record, what=str(record), team_of_one=own, **detail)
    if step in {"approve", "retire"}:
        outbox.emit(CHANGED, f"{record.audit_name}:{entry.seq}", {"kind": record.KIND, "record": record.pk, "step": step})
    return record


def _not_twice(possible: bool, what: str, first: int | None, actor: User) -> str:
    """Why not, for the second of two steps: the first was not taken, or by the same person."""
    if not possible:
        return f"It is not {what}."
    if first == actor.pk and not settings.CPL_TEAM_OF_ONE:
        return "You took the first step; another person must take this one."
    return ""


def _described(certificate: x509.Certificate) -> dict[str, Any]:
    return {
        "pem": certificate.public_bytes(Encoding.PEM).decode(),
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
        "subject": certificate.subject.rfc4514_string()[:500],
        "issuer": certificate.issuer.rfc4514_string()[:500],
        "not_before": certificate.not_valid_before_utc,
        "not_after": certificate.not_valid_after_utc,
    }


def chain_above(issuer: str, known: Iterable[AuthorityCertificate]) -> list[str]:
    """The names from an issuer up to a root, as far as the authorities in force show them."""
    above = {authority.subject: authority.issuer for authority in known}
    chain = [issuer]
    while above.get(chain[-1], chain[-1]) not in chain:
        chain.append(above[chain[-1]])
    return chain
