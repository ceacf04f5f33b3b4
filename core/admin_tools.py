"""For the admin of records with a life of their own: look, search, press a button; never edit or delete."""

from functools import cached_property
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

MOST = 10_000  # rows counted; beyond that a person searches instead of leafing


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than MOST rows: COUNT(*) over the audit trail or the entries would read all of it on every page."""

    @cached_property
    def count(self) -> int:
        """Number of rows, at most MOST."""
        rows = self.object_list
        return rows.order_by()[:MOST].count() if isinstance(rows, QuerySet) else len(rows)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows rows to who may view them. Add `actions` or buttons that call a service for what people may do."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows change by services."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows stay."""
        return False
