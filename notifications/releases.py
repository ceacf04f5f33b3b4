"""Word of a new version: to the DCC with the CSV, and to everybody on the mailing list (SEC F2.8, guidance 9)."""

from django.conf import settings
from django.urls import reverse

from cpl.models import Release
from notifications import selectors, services
from notifications.models import Subscription
from notifications.subscriptions import link


def announce(serial: int) -> None:
    """Queue one mail a reader for the release; those queued before are left as they are, so it may be done again at any time."""
    release = Release.objects.get(serial=serial)
    _tell_dcc(release)
    for subscription in selectors.readers():
        _tell(release, subscription)


def _tell_dcc(release: Release) -> None:
    attachments = [csv_of(release)] if release.csv_sha256 else []
    subject, body = services.render("release_dcc", release=release, url=_page_of(release), files=attachments)
    services.queue(
        "release_dcc",
        settings.CPL_DCC_ADDRESS,
        subject,
        body,
        dedupe_key=f"release_dcc:{release.version}",
        regarding=release.audit_name,
        attachments=attachments,
        reply_to=settings.CPL_MAILBOX_ADDRESS,
    )


def _tell(release: Release, subscription: Subscription) -> None:
    unsubscribe = link("unsubscribe", subscription)
    subject, body = services.render("release_notice", release=release, url=_page_of(release), unsubscribe=unsubscribe)
    services.queue(
        "release_notice",
        subscription.email,
        subject,
        body,
        dedupe_key=f"release_notice:{release.version}:{subscription.pk}",
        regarding=release.audit_name,
        unsubscribe_url=unsubscribe,
    )


def csv_of(release: Release) -> services.Attachment:
    """The CSV of the release as it lies in the vault."""
    return {"name": f"CPL_v{release.version}.csv", "sha256": release.csv_sha256, "content_type": "text/csv"}


def _page_of(release: Release) -> str:
    return settings.CPL_BASE_URL + reverse("cpl:version", args=[release.version])
