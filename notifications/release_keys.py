"""Word of a new release key to the DCC, the staff and the mailing list, so that nobody meets it first in a signature (ADR 10)."""

from django.conf import settings
from django.urls import reverse

from cpl.models import Release, ReleaseKey
from notifications import selectors, services
from notifications.subscriptions import link

KIND = "key_notice"


def announce(number: int) -> None:
    """Queue one mail a reader for the key; those queued before are left as they are, so it may be done again at any time."""
    key = ReleaseKey.objects.select_related("previous").get(number=number)
    _tell(key, "dcc", settings.CPL_DCC_ADDRESS)
    _tell(key, "staff", settings.CPL_MAILBOX_ADDRESS)
    for subscription in selectors.readers():
        _tell(key, str(subscription.pk), subscription.email, link("unsubscribe", subscription))


def _tell(key: ReleaseKey, reader: str, address: str, unsubscribe: str = "") -> None:
    last = Release.objects.filter(serial=key.last_serial).first()
    pages = {name: settings.CPL_BASE_URL + reverse(f"cpl:{name}") for name in ("verify", "keys")}
    subject, body = services.render(KIND, key=key, last=last, pages=pages, unsubscribe=unsubscribe)
    services.queue(
        KIND,
        address,
        subject,
        body,
        dedupe_key=f"{KIND}:{key.key_id}:{reader}",
        regarding=key.audit_name,
        unsubscribe_url=unsubscribe,
    )
