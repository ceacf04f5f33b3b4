"""The pages that everybody may read: what the list is, its entries, its versions and what changed between them."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.access import Action, may
from core.admin_tools import CappedPaginator
from cpl import selectors
from cpl.domain import difference_documents
from cpl.domain.releases import Version, parse
from cpl.models import Change, EntryRow, Pointer, Release
from cpl.models.entries import CURRENT, REMOVED
from cpl.services import artefacts
from cpl.views import showing

ENTRIES_A_PAGE = 50
VERSIONS_A_PAGE = 50
CHANGES_A_PAGE = 50
RECENT = 6


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What the list is, its current version with downloads, and what changed lately."""
    recent = list(Release.objects.select_related("previous").order_by("-serial")[:RECENT])
    head = recent[0] if recent else None
    return render(
        request,
        "cpl/home.html",
        {"head": head, "recent": recent[1:], "files": artefacts.stored(head) if head else []},
    )


@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """The list as it stands: searched and filtered, a page at a time."""
    asked = {name: request.GET.get(name, "").replace("\0", "").strip()[:100] for name in ("q", "type", "maker", "status")}
    rows = selectors.search(asked["q"], device_type=asked["type"], maker=asked["maker"], status=asked["status"])
    page = CappedPaginator(rows, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "cpl/list.html",
        {
            "head": selectors.head(),
            "page": page,
            "asked": asked,
            "types": [device.name for device in showing.dictionary(0).device_types],
            "makers": selectors.maker_identifiers(),
            "statuses": (CURRENT, REMOVED),
        },
    )


@require_safe
def entry(request: HttpRequest, number: str) -> HttpResponse:
    """All data items of one entry, and what it said in earlier versions."""
    rows = list(EntryRow.objects.filter(number=number).order_by("-from_serial"))
    if not rows:
        raise Http404
    serials = {serial for row in rows for serial in (row.from_serial, row.to_serial) if serial}
    releases = {release.serial: release for release in Release.objects.filter(serial__in=serials)}
    now, head = rows[0], selectors.head()
    rules = showing.dictionary(max((release.principal for release in releases.values()), default=0))
    staff = may(request.user, Action.READ_CASE)
    return render(
        request,
        "cpl/entry.html",
        {
            "entry": now,
            "proved_by": head if head and head.has_files else None,
            "groups": showing.groups(now.values, rules),
            "history": _history(rows, releases),
            "same_device": EntryRow.objects.open().filter(device_key=now.device_key).exclude(number=number).order_by("number"),
            "open_changes": Change.objects.filter(number=number, status__in=["proposed", "approved"]) if staff else [],
        },
    )


@require_safe
def versions(request: HttpRequest) -> HttpResponse:
    """Every version there ever was, the newest first."""
    page = Paginator(Release.objects.order_by("-serial"), VERSIONS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "cpl/versions.html", {"page": page})


@require_safe
def version(request: HttpRequest, version: Version) -> HttpResponse:
    """One version: its text, its files with their hashes, and the difference to the one before."""
    release = _release(version)
    held = selectors.is_held(release)
    previous = release.previous if release.previous and selectors.is_held(release.previous) else None
    found = _differences(previous, release) if previous else []
    return render(
        request,
        "cpl/version.html",
        {
            "release": release,
            "held": held,
            "files": artefacts.stored(release),
            "key": selectors.key_of(release),
            "made": [artefacts.name_of(release.version, suffix) for suffix in artefacts.MADE] if held else [],
            "previous": previous,
            "found": found[:CHANGES_A_PAGE],
            "more": len(found) - CHANGES_A_PAGE,
            "documents": _document_names(previous, release) if previous else [],
            "comparable": selectors.held_releases().exclude(pk=release.pk) if held else [],
        },
    )


@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """How to verify a download with openssl and sha256sum alone."""
    head, keys = selectors.head(), list(selectors.release_keys())
    return render(
        request,
        "cpl/verify.html",
        {
            "version": head.version if head else "X.YYY",
            "key": selectors.key_of(head) if head else keys[-1] if keys else None,
            "keys": keys,
            "pointer": Pointer.objects.select_related("key").first(),
        },
    )


@require_safe
def differences(request: HttpRequest, earlier: Version, later: Version) -> HttpResponse:
    """What changed between any two versions, field by field."""
    first, second = _release(earlier), _release(later)
    if first.serial > second.serial:
        return redirect("cpl:differences", second.version, first.version)
    held = selectors.is_held(first) and selectors.is_held(second)
    found = _differences(first, second) if held else []
    page = Paginator(found, CHANGES_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "cpl/differences.html",
        {
            "earlier": first,
            "later": second,
            "held": held,
            "page": page,
            "found": page.object_list,
            "count": len(found),
            "documents": _document_names(first, second),
        },
    )


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """From the form on the pages to the address of the comparison."""
    chosen = [parse(request.GET.get(name, "")) for name in ("from", "to")]
    if None in chosen:
        raise Http404
    return redirect("cpl:differences", *chosen)


def _release(version: Version) -> Release:
    return get_object_or_404(
        Release.objects.select_related("previous", "published_by"), principal=version.principal, sub=version.sub
    )


def _differences(earlier: Release, later: Release) -> list[showing.EntryChange]:
    gone, come = selectors.changed_rows(earlier, later)
    return showing.entry_changes([row.as_listed() for row in gone], [row.as_listed() for row in come])


def _document_names(earlier: Release, later: Release) -> list[str]:
    return [difference_documents.name_of(earlier.version, later.version, suffix) for suffix in difference_documents.SUFFIXES]


def _history(rows: list[EntryRow], releases: dict[int, Release]) -> list[dict[str, object]]:
    """The newest first: which version brought the row, and what it changed."""
    history = []
    for row, before in zip(rows, [*rows[1:], None], strict=True):
        change = showing.entry_changes([before.as_listed()] if before else [], [row.as_listed()])
        history.append({"release": releases[row.from_serial], "changes": change})
    return history
