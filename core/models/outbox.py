"""The outbox's rows: the queue of record. Written by `core.outbox` alone."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

MAX_ATTEMPTS = 12


class OutboxQuerySet(models.QuerySet["OutboxEvent"]):
    """The questions delivery asks."""

    def undelivered(self) -> "OutboxQuerySet":
        """Neither done nor given up."""
        return self.filter(done_at=None, dead_at=None)

    def unclaimed(self, now: datetime) -> "OutboxQuerySet":
        """Undelivered and with nobody, or with somebody whose lease ran out (a killed worker)."""
        return self.undelivered().filter(Q(lease_until=None) | Q(lease_until__lte=now))

    def due(self, now: datetime) -> "OutboxQuerySet":
        """What may be delivered at this moment."""
        return self.unclaimed(now).filter(due_at__lte=now, attempts__lt=MAX_ATTEMPTS)


class OutboxEvent(models.Model):
    """One thing one handler must do, stored in the transaction that caused it. `key` names the happening: twice is once."""

    topic = models.CharField(max_length=100)
    key = models.CharField(max_length=200)
    handler = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField("last handed to the broker", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField("given up", null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["topic", "key", "handler"], name="outbox_once_a_listener")]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="outbox_undelivered", condition=Q(done_at=None, dead_at=None)),
            models.Index(fields=["dead_at"], name="outbox_dead", condition=Q(dead_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key} → {self.handler}"

    @property
    def audit_name(self) -> str:
        """Under which name the audit trail keeps what people did to this event."""
        return f"outbox:{self.pk}"

    @property
    def state(self) -> str:
        """One word for people."""
        if self.done_at:
            return "done"
        if self.dead_at:
            return "dead"
        return "waiting" if self.lease_until is None else "taken"
