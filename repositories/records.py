"""What this site can prove about its FIR and DZIR."""

from collections.abc import Iterator

from core import records, vault
from repositories.models import Export


@records.check("repository exports")
def exports_are_in_the_vault() -> Iterator[str]:
    """Every workbook lies in its area of the vault, and no DZIR lies in the plain one. (That bytes are intact: check "vault".)"""
    for export in Export.objects.select_related("release"):
        red = export.kind == Export.Kind.DZIR
        if not vault.exists(export.sha256, red=red):
            yield f"{export}: its workbook {export.sha256} is not in the vault"
        if red and vault.exists(export.sha256):
            yield f"{export}: its workbook lies outside the RED area"
