"""The register in the records pages, to look at: it follows the list."""

from django.contrib import admin

from certificates.models import Certificate, CertificateUse
from core.admin_tools import ReadOnlyAdmin


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    """Each certificate once."""

    list_display = ("kind", "core", "first_release")
    list_filter = ("kind",)
    search_fields = ("core",)


@admin.register(CertificateUse)
class CertificateUseAdmin(ReadOnlyAdmin):
    """Which entry rows name which certificate, and how."""

    list_display = ("certificate", "row", "as_written", "version", "valid_until")
    list_filter = ("certificate__kind",)
    list_select_related = ("certificate", "row")
    search_fields = ("as_written", "row__number")
