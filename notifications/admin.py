"""Mails and the mailing list in the records pages: to look at, and to send again what was given up."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import access
from core.admin_tools import ReadOnlyAdmin
from notifications import delivery
from notifications.models import Message, Subscription


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Every mail; its text is in the mail log, which hides links that act for their reader."""

    list_display = ("created_at", "kind", "recipient", "subject", "state", "sent_at", "regarding")
    list_filter = ("state", "kind")
    search_fields = ("recipient", "subject", "=regarding")
    exclude = ("body", "dedupe_key", "unsubscribe_url")
    actions = ("send_again",)

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Who may press the button."""
        return access.may(access.person(request), access.Action.WORK_CASES)

    @admin.action(description="Send again what was given up", permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Let the chosen mails start over; says how many could."""
        actor = access.person(request)
        chosen = list(queryset)
        again = sum(delivery.send_again(actor, message) for message in chosen)
        if again:
            self.message_user(request, f"{again} of {len(chosen)} will be sent again.", messages.SUCCESS)
        else:
            self.message_user(request, "None of these was given up.", messages.WARNING)


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Who asked to hear of new versions."""

    list_display = ("email", "asked_at", "confirmed_at", "ended_at")
    search_fields = ("email",)
    exclude = ("token",)
