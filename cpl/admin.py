"""The list in the records pages: releases, entries, changes and rule sets to look at; reference data to keep up to date."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from simple_history.admin import SimpleHistoryAdmin

from accounts.access import Action, may
from core import audit
from core.admin_tools import ReadOnlyAdmin
from cpl.dictionary import PRINCIPALS, load
from cpl.models import Change, DeviceLevelVersion, EntryRow, Release, RuleSetRecord, SelectionValue, SuppliedTemplate
from cpl.models.signing import ReleaseKey


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """Each version once."""

    list_display = ("version", "serial", "issued_on", "origin", "entry_count", "current_count", "published_by")
    list_filter = ("origin", "principal")
    list_select_related = ("published_by",)
    search_fields = ("changes_text",)
    ordering = ("-serial",)


@admin.register(EntryRow)
class EntryRowAdmin(ReadOnlyAdmin):
    """What each entry said, from one release to another."""

    list_display = ("number", "status", "device_type", "manufacturer", "model", "firmware", "from_serial", "to_serial")
    list_filter = ("status", "device_type")
    search_fields = ("=number", "search_text")
    exclude = ("search_text",)


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    """Changes of every status; they are approved and withdrawn on their own pages."""

    list_display = ("pk", "kind", "number", "status", "origin", "proposed_by", "approved_by", "release")
    list_filter = ("status", "kind")
    list_select_related = ("proposed_by", "approved_by", "release")
    search_fields = ("=number", "origin", "designation")
    ordering = ("-pk",)


@admin.register(SuppliedTemplate)
class SuppliedTemplateAdmin(ReadOnlyAdmin):
    """Templates that SECAS supplies; they are uploaded, approved and withdrawn on their own pages."""

    list_display = ("filename", "principal", "valid_from", "status", "proposed_by", "approved_by", "own_page")
    list_filter = ("status", "principal")
    list_select_related = ("proposed_by", "approved_by")
    search_fields = ("=sha256", "filename", "note")
    ordering = ("-pk",)

    @admin.display(description="Pages")
    def own_page(self, record: SuppliedTemplate) -> str:
        """The way to the checks and the buttons."""
        return format_html('<a href="{}">Open</a>', reverse("cpl:template", args=[record.pk]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """On the page that checks what is uploaded."""
        return may(request.user, Action.MANAGE_TEMPLATES)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Lead there."""
        return redirect("cpl:templates")


@admin.register(ReleaseKey)
class ReleaseKeyAdmin(ReadOnlyAdmin):
    """The keys that signed releases; `rotate_release_key` adds one."""

    list_display = ("number", "key_id", "since", "last_serial")
    ordering = ("-number",)


@admin.register(RuleSetRecord)
class RuleSetRecordAdmin(ReadOnlyAdmin):
    """The rule sets that checks and releases used."""

    list_display = ("digest", "principal", "created_at")
    list_filter = ("principal",)


class DatedForm(forms.ModelForm):
    """A row that ends after it began."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        begins, ends = cleaned.get("valid_from"), cleaned.get("valid_to")
        if begins and ends and ends <= begins:
            self.add_error("valid_to", "It must end after the day from which it holds.")
        return cleaned


class SelectionValueForm(DatedForm):
    """Only lists that the dictionary knows can get values."""

    def clean_list_name(self) -> str:
        name = str(self.cleaned_data["list_name"])
        known = sorted({known for principal in PRINCIPALS for known in load(principal).lists})
        if name not in known:
            raise forms.ValidationError(f"There is no such selection list. The lists are: {', '.join(known)}.")
        return name


class ReferenceAdmin(SimpleHistoryAdmin):
    """Reference data: what was ever in force stays readable, so a row gets an end and is never deleted or turned into another."""

    fixed: tuple[str, ...] = ()
    list_per_page = 100
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fixed if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request.user, Action.MANAGE_REFERENCE)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Action.MANAGE_REFERENCE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the row and say who did."""
        super().save_model(request, obj, form, change)
        assert request.user.is_authenticated  # the admin lets nobody else in
        verb = "reference.changed" if change else "reference.added"
        name = f"reference:{obj._meta.model_name}:{obj.pk}"
        audit.record(request.user, verb, name, row=str(obj), valid_from=obj.valid_from, valid_to=obj.valid_to)


@admin.register(SelectionValue)
class SelectionValueAdmin(ReferenceAdmin):
    """Values of the selection lists with the days on which they can be chosen."""

    form = SelectionValueForm
    fixed = ("list_name", "value")
    list_display = ("list_name", "value", "family", "position", "valid_from", "valid_to")
    list_filter = ("list_name",)
    search_fields = ("value",)


@admin.register(DeviceLevelVersion)
class DeviceLevelVersionAdmin(ReferenceAdmin):
    """TSAT combinations with the days on which they are permitted."""

    form = DatedForm
    fixed = ("device_type", "smets_chts", "gbcs")
    list_display = ("device_type", "smets_chts", "gbcs", "valid_from", "valid_to")
    list_filter = ("device_type", "smets_chts", "gbcs")
