"""Mails that were or will be sent, and who asked to hear of new versions."""

import secrets

from django.db import models

# Kinds of mail about joining the mailing list.
CONFIRM, KNOWN = "subscribe_confirm", "subscribe_known"


class Message(models.Model):
    """One mail to one recipient. It is stored before it is sent; `dedupe_key` makes sure that it exists once."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Given up"

    kind = models.CharField(max_length=40)
    recipient = models.EmailField(max_length=254)
    subject = models.CharField(max_length=250)
    body = models.TextField()
    attachments = models.JSONField(default=list, blank=True, help_text="name, sha256 and content type of bytes in the vault.")
    in_reply_to = models.CharField(max_length=250, blank=True)
    reply_to = models.EmailField(blank=True)
    unsubscribe_url = models.CharField(max_length=250, blank=True, help_text="For mails of the mailing list.")
    regarding = models.CharField(max_length=80, blank=True, db_index=True, help_text="For example submission:SUB-2026-0001.")
    dedupe_key = models.CharField(max_length=200, unique=True)
    message_id = models.CharField(max_length=250, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True, help_text="Why it was given up.")

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"

    @property
    def audit_name(self) -> str:
        return f"message:{self.pk}"


def new_token() -> str:
    """A link that cannot be guessed."""
    return secrets.token_urlsafe(24)


class Subscription(models.Model):
    """An address on the CPL mailing list. It counts once it is confirmed and until it is ended."""

    email = models.EmailField(unique=True)
    token = models.CharField(max_length=60, default=new_token, unique=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email

    @property
    def audit_name(self) -> str:
        return f"subscription:{self.pk}"

    @property
    def active(self) -> bool:
        return self.confirmed_at is not None and self.ended_at is None
