"""What `verify_records` proves of cases and of trust records: what they name is there, and says what it said."""

from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from core import records, vault
from submissions import gates
from submissions.models import Authorisation, Document, Intermediate, Receipt, Revision, RevocationList, TrustAnchor
from submissions.models.trust import AuthorityCertificate, Vouched


@records.check("evidence of cases")
def cases_have_their_evidence() -> Iterator[str]:
    """Whatever came in is there; "vault" looks into the files. What was read from a workbook is what people decided on."""
    for receipt, raw in Receipt.objects.values_list("pk", "raw_sha256").iterator():
        if not vault.exists(raw, red=True):
            yield f"receipt:{receipt}: what arrived ({raw}) is not in the vault"
    for revision in Revision.objects.select_related("submission").iterator():
        if not vault.exists(revision.workbook_sha256, red=True):
            yield f"{revision.audit_name}, {revision}: its workbook ({revision.workbook_sha256}) is not in the vault"
        if revision.seal != gates.seal_of(revision.values, revision.workbook_sha256):
            yield f"{revision.audit_name}, {revision}: what was read from the workbook is not what was sealed"
    for document, sha256 in Document.objects.values_list("pk", "sha256").iterator():
        if not vault.exists(sha256):
            yield f"document:{document}: {sha256} is not in the vault"


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
