"""What the health of the cases is: mails have to be fetched."""

from django.utils import timezone

from core import health, periodic
from submissions import handlers

LONGEST = 900.0  # seconds; it is looked into every minute


@health.check(
    "mailbox",
    "Mailbox",
    "Look for “collect_mail” in the Outbox events: the last error says what keeps it. Check the address, user, password and "
    "certificate of the mail server (CPL_IMAP_URL) and that the drop folder can be written to. Submissions wait there meanwhile.",
)
def _mailbox() -> health.Answer:
    last = periodic.last_done(handlers.collect_mail)
    began = last or periodic.waiting_since(handlers.collect_mail)  # a new site has a while to come to it
    if began is None:
        return health.Answer(ok=False, says="not looked into within the last week")
    age = health.ago(began)
    says = f"last looked into {timezone.localtime(last):%d/%m/%Y %H:%M}" if last else "not looked into yet"
    return health.Answer(age < LONGEST, says, {"last_seconds_ago": age} if last else {})
