"""The difference of two versions as files, beside the page that shows it."""

import hashlib
import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from cpl import selectors
from cpl.domain import difference_documents as documents
from cpl.domain.difference_documents import Side
from cpl.domain.releases import Version
from cpl.models import Release
from cpl.views import showing
from cpl.views.downloads import ASK_AGAIN

TYPES = {documents.CSV: "text/csv; charset=utf-8", documents.JSON: "application/json"}


@require_safe
def document(request: HttpRequest, earlier: Version, later: Version, filename: str) -> HttpResponse:
    """The file of this name; asked for the other way round, on to the address with the earlier version in front.

    Not found where the entries of one of the versions are not on record.
    """
    names = {documents.name_of(earlier, later, suffix): suffix for suffix in TYPES}
    first, second = selectors.release(earlier), selectors.release(later)
    if filename not in names or not (first and second and selectors.is_held(first) and selectors.is_held(second)):
        raise Http404
    suffix = names[filename]
    if first.serial > second.serial:
        return redirect("cpl:difference_file", later, earlier, documents.name_of(later, earlier, suffix))
    etag = _etag(first, second, suffix)
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(_written(first, second, suffix), content_type=TYPES[suffix])
        response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
        response.headers["ETag"] = etag
    response.headers["Cache-Control"] = ASK_AGAIN  # how it is written may change, unlike a published file
    return response


def _etag(earlier: Release, later: Release, suffix: str) -> str:
    """Of all that decides of the bytes, so that it is known before they are: what the versions hold, and how it is written.

    A manifest stands for every entry. Only one version without one can be compared: the last that was taken over, once a site.
    """
    sides = [release.manifest_sha256 or release.label for release in (earlier, later)]
    manner = [documents.WRITING, suffix, settings.CPL_CSV_BOM, *showing.list_order()]
    return f'"{hashlib.sha256(json.dumps([sides, manner]).encode()).hexdigest()}"'


def _written(earlier: Release, later: Release, suffix: str) -> bytes:
    gone, come = selectors.changed_rows(earlier, later)
    order = showing.list_order()
    changes = documents.field_changes([row.as_listed() for row in gone], [row.as_listed() for row in come], order)
    if suffix == documents.CSV:
        return documents.as_csv(changes, bom=settings.CPL_CSV_BOM)
    return documents.as_json(changes, _side(earlier), _side(later))


def _side(release: Release) -> Side:
    return Side(str(release.version), release.issued_on.isoformat())
