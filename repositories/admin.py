"""FIR rows and exports in the records pages, to look at. Stack records are RED and have no page there."""

from django.contrib import admin

from core.admin_tools import ReadOnlyAdmin
from repositories.models import Export, FirEntry


@admin.register(FirEntry)
class FirEntryAdmin(ReadOnlyAdmin):
    """What the FIR said about an entry, from one release to another."""

    list_display = ("number", "from_serial", "to_serial")
    search_fields = ("^number",)
    search_help_text = "The beginning of an entry number."


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    """Which workbooks were made for which release; the bytes are not to be had here."""

    list_display = ("kind", "release", "rows", "sha256", "created_at")
    list_filter = ("kind",)
    list_select_related = ("release",)
