"""What the ground floor keeps: outbox events, the audit trail, Working Day overrides and the heartbeat."""

from core.models.audit import AuditEntry
from core.models.calendar import ClosedDay
from core.models.heartbeat import Heartbeat
from core.models.outbox import OutboxEvent

__all__ = ["AuditEntry", "ClosedDay", "Heartbeat", "OutboxEvent"]
