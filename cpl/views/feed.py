"""The latest versions as an Atom feed, for programs that watch the list."""

from datetime import UTC, datetime, time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import condition, require_safe

from cpl import selectors
from cpl.models import Release

LENGTH = 20  # versions


def _etag(request: HttpRequest) -> str:
    head = selectors.head()
    return f'"{head.version if head else 0}"'


@require_safe
@condition(etag_func=_etag)
def feed(request: HttpRequest) -> HttpResponse:
    """The newest first; the text of each is that of the Version Control tab."""
    found = Atom1Feed(
        title="Central Products List",
        link=_address("cpl:versions"),
        feed_url=_address("cpl:feed"),
        description="Every new version of the Central Products List.",
        language=settings.LANGUAGE_CODE,
        author_name="SECAS",
    )
    for release in Release.objects.order_by("-serial")[:LENGTH]:
        found.add_item(
            title=f"Version {release.version}",
            link=_address("cpl:version", release.version),
            description=release.changes_text,
            pubdate=_moment(release),
            updateddate=_moment(release),
        )
    return HttpResponse(
        found.writeString("utf-8"), content_type=found.content_type, headers={"Cache-Control": "public, no-cache"}
    )


def _address(name: str, *arguments: object) -> str:
    return settings.CPL_BASE_URL + reverse(name, args=arguments)


def _moment(release: Release) -> datetime:
    return release.published_at or datetime.combine(release.issued_on, time(), UTC)
