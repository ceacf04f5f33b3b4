"""What the health of the list is: the signed word on the current version has to be renewed in time."""

import datetime
import json

from django.utils import timezone

from core import health
from cpl import selectors
from cpl.models import Pointer

OLDEST = datetime.timedelta(hours=36)  # it is signed anew every night


@health.check(
    "pointer",
    "Pointer to the current version (latest.json)",
    "The publisher signs it anew every night: start it, with the release key, and look for “point_to_the_current_version” in the "
    "Outbox events. Once it has run out, readers who check it must take the list here for an old one.",
)
def _pointer() -> health.Answer:
    head, newest = selectors.head(), Pointer.objects.first()
    if newest is None:
        return health.Answer(head is None or not head.manifest_sha256, "no version with a manifest yet, or never signed")
    word = json.loads(newest.text)
    issued, expires = (datetime.datetime.fromisoformat(word[name]) for name in ("issued", "expires"))
    says = "signed {:%d/%m/%Y %H:%M}, good until {:%d/%m/%Y %H:%M}".format(*map(timezone.localtime, (issued, expires)))
    age = health.ago(issued)
    figures = {"age_seconds": age, "left_seconds": (expires - issued).total_seconds() - age}
    return health.Answer(age < OLDEST.total_seconds(), says, figures)
