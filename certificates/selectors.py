"""Questions to the register of Assurance Certificates."""

from collections.abc import Mapping

from certificates.models import Certificate, CertificateUse
from cpl.domain.entry import CPA_NUMBER, cpa_core


def in_use(values: Mapping[str, str], exclude_number: str = "") -> bool:
    """Whether an entry of the list already rests on the CPA certificate of these form values."""
    core = cpa_core(values.get(CPA_NUMBER, ""))
    if not core:
        return False
    uses = CertificateUse.objects.filter(certificate__kind=Certificate.Kind.CPA, certificate__core=core, row__to_serial=None)
    return uses.exclude(row__number=exclude_number).exists()
