"""What happens to sessions and sign-in records by themselves."""

from datetime import timedelta

from axes.models import AccessFailureLog, AccessLog
from django.core.management import call_command
from django.utils import timezone

from core import periodic

KEEP_SIGN_INS = timedelta(days=400)


@periodic.daily("03:10")
def tidy() -> None:
    """Forget sessions that have ended, and who signed in from where more than 400 days ago."""
    call_command("clearsessions")
    for log in (AccessLog, AccessFailureLog):
        log.objects.filter(attempt_time__lt=timezone.now() - KEEP_SIGN_INS).delete()
