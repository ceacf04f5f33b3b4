"""Once a day the staff hear what is not in order, so that nobody has to think of looking."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from core import health, periodic
from notifications import services

KIND = "health_trouble"


@periodic.daily("07:30", queue="mail")
def warn() -> None:
    """Queue one mail to the mailbox about everything that is not in order, once a day."""
    troubles = [result for result in health.gather() if not result.answer.ok]
    if not troubles:
        return
    page = settings.CPL_BASE_URL + reverse("health")
    subject, body = services.render(KIND, troubles=troubles, page=page)
    services.queue(KIND, settings.CPL_MAILBOX_ADDRESS, subject, body, dedupe_key=f"{KIND}:{timezone.localdate()}")
