"""Orders to publish: what a publisher agreed to, carried out by a worker."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from cpl.models.releases import Release


class PublicationOrder(models.Model):
    """One press of the publish button: the plan that was seen, and what became of it."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Being published"
        PUBLISHED = "published", "Published"
        REFUSED = "refused", "Not published"

    fingerprint = models.CharField(max_length=64, help_text="Of the plan that was seen: its version and its changes.")
    version = models.CharField(max_length=20)
    changes = models.JSONField(help_text="Primary keys of the changes, in order.")
    text = models.TextField("changes incorporated", blank=True)
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    reason = models.TextField(blank=True, help_text="Why nothing was published.")
    release = models.ForeignKey(Release, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["fingerprint"], condition=Q(outcome="waiting"), name="one_waiting_order_a_plan"),
        ]

    def __str__(self) -> str:
        return f"order to publish version {self.version}"

    @property
    def audit_name(self) -> str:
        return f"order:{self.pk}"
