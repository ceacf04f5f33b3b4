"""The ground floor in the admin: the outbox with its "deliver again" button, the audit trail, the calendar."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core import audit, outbox
from core.admin_tools import ReadOnlyAdmin
from core.models import AuditEntry, ClosedDay, OutboxEvent

STATES = {
    "waiting": Q(done_at=None, dead_at=None),
    "dead": Q(dead_at__isnull=False),
    "done": Q(done_at__isnull=False),
}


class StateFilter(admin.SimpleListFilter):
    """Waiting, given up or done."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The states to choose from."""
        return [("waiting", "waiting"), ("dead", "given up"), ("done", "done")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutboxEvent]) -> QuerySet[OutboxEvent]:
        """The events in the chosen state."""
        return queryset.filter(STATES.get(self.value() or "", Q()))


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    """What waits, what failed and where, and the button that lets it start over. Payloads are not shown."""

    list_display = ("topic", "key", "handler", "state", "attempts", "due_at", "last_error")
    list_filter = (StateFilter,)
    search_fields = ("topic", "key")
    ordering = ("-pk",)
    exclude = ("payload", "lease_token")
    actions = ("deliver_again",)

    def has_requeue_permission(self, request: HttpRequest) -> bool:
        """Who may press the button."""
        return request.user.has_perm("core.change_outboxevent")

    @admin.action(description="Deliver again", permissions=["requeue"])
    def deliver_again(self, request: HttpRequest, queryset: QuerySet[OutboxEvent]) -> None:
        """Let the chosen events start over; says how many could."""
        assert request.user.is_authenticated  # the admin lets nobody else in
        chosen = list(queryset)
        again = [event for event in chosen if outbox.requeue(event)]
        for event in again:
            audit.record(request.user, "outbox.requeued", event, topic=event.topic, key=event.key)
        if again:
            self.message_user(request, f"{len(again)} of {len(chosen)} will be delivered again.", messages.SUCCESS)
        else:
            self.message_user(request, "None of these waits for another delivery.", messages.WARNING)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """The trail, newest first."""

    list_display = ("at", "object_name", "seq", "actor", "verb")
    search_fields = ("=object_name", "^actor", "^verb")
    search_help_text = "The whole name of an object (submission:SUB-2026-0001), or the beginning of an actor or a verb."
    ordering = ("-at",)


@admin.register(ClosedDay)
class ClosedDayAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Days that differ from the bank-holiday calendar; each change goes to the audit trail."""

    list_display = ("date", "closed", "reason")
    date_hierarchy = "date"
    actions = None  # one day at a time, so that each is recorded

    def save_model(self, request: HttpRequest, obj: ClosedDay, form: Any, change: bool) -> None:
        """Save the day and say who did."""
        super().save_model(request, obj, form, change)
        _record(request, "calendar.changed" if change else "calendar.added", obj)

    def delete_model(self, request: HttpRequest, obj: ClosedDay) -> None:
        """Remove the day and say who did."""
        _record(request, "calendar.removed", obj)
        super().delete_model(request, obj)


def _record(request: HttpRequest, verb: str, day: ClosedDay) -> None:
    assert request.user.is_authenticated  # the admin lets nobody else in
    audit.record(request.user, verb, day, day=day.date, closed=day.closed, reason=day.reason)
