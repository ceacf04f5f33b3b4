"""Mails to the submitter of a case, in the thread of what they sent."""

from django.conf import settings

from notifications import services as notifications
from submissions.models import Submission


def tell(case: Submission, template: str, dedupe_key: str, **context: object) -> None:
    """Queue one mail in the caller's transaction; DEDUPE_KEY makes it one however often this is called."""
    if not case.submitter:
        return
    subject, body = notifications.render(template, case=case, **context)
    notifications.queue(
        template,
        case.submitter,
        subject,
        body,
        dedupe_key=dedupe_key,
        regarding=case.audit_name,
        in_reply_to=case.receipt.message_id or "",
        reply_to=settings.CPL_MAILBOX_ADDRESS,
    )
