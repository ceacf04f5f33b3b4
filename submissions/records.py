"""What `verify_records` proves of the trust records: certificates say what their rows say, and lists and documents are there."""

from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from core import records, vault
from submissions.models import Authorisation, Intermediate, RevocationList, TrustAnchor
from submissions.models.trust import AuthorityCertificate, Vouched


@records.check("trust records")
def trust_holds() -> Iterator[str]:
    """Each certificate has its row's hash and names, and nothing that a record names is missing from the vault."""
    for authority in (*TrustAnchor.objects.all(), *Intermediate.objects.all()):
        yield from _certificate_faults(authority)
        yield from _document_faults(authority)
    for authorisation in Authorisation.objects.all():
        yield from _document_faults(authorisation)
    for row in RevocationList.objects.all():
        yield from _vault_faults(f"revocation list {row}", row.sha256)


def _certificate_faults(authority: AuthorityCertificate) -> Iterator[str]:
    try:
        certificate = x509.load_pem_x509_certificate(authority.pem.encode())
    except ValueError:
        yield f"{authority.audit_name}: its certificate cannot be read"
        return
    if certificate.fingerprint(hashes.SHA256()).hex() != authority.sha256:
        yield f"{authority.audit_name}: the certificate is not the one that was agreed on"
    if certificate.subject.rfc4514_string()[:500] != authority.subject:
        yield f"{authority.audit_name}: the certificate is not of {authority.subject}"


def _document_faults(record: Vouched) -> Iterator[str]:
    if record.document_sha256:
        yield from _vault_faults(record.audit_name, record.document_sha256)


def _vault_faults(what: str, sha256: str) -> Iterator[str]:
    try:
        vault.open(sha256).close()
    except vault.Unavailable as fault:
        yield f"{what}: {fault}"
