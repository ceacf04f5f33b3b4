"""Downloads: the published bytes, known by their SHA-256, so that nobody needs to fetch the same file twice."""

import hashlib

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from core import crypto, vault
from cpl import selectors
from cpl.domain.releases import Version
from cpl.models import Release
from cpl.services import artefacts, pointer, proofs

TYPES = {
    artefacts.WORKBOOK: "application/vnd.ms-excel.sheet.macroEnabled.12",
    artefacts.CSV: "text/csv; charset=utf-8",
    artefacts.MANIFEST: "application/json",
    artefacts.SIGNATURE: "application/octet-stream",
}
FOR_GOOD = "public, max-age=31536000, immutable"  # what a version holds never changes
ASK_AGAIN = "public, no-cache"


@require_safe
def named(request: HttpRequest, version: Version, filename: str) -> HttpResponseBase:
    """A file of a version by its name."""
    release = selectors.release(version)
    names = {artefacts.name_of(version, suffix): suffix for suffix in artefacts.SUFFIXES}
    if release is None or filename not in names:
        raise Http404
    return _file(request, release, names[filename], FOR_GOOD if release.has_files else ASK_AGAIN)


@require_safe
def proof(request: HttpRequest, version: Version, number: str) -> HttpResponse:
    """That an entry is in a version, for somebody who has its manifest but not the list."""
    release = selectors.release(version)
    if release is None:
        raise Http404
    try:
        document = proofs.inclusion(release, number)
    except proofs.NoProof:
        raise Http404 from None
    return JsonResponse(document, headers={"Cache-Control": FOR_GOOD})


@require_safe
def latest(request: HttpRequest, suffix: str) -> HttpResponseBase:
    """Workbook or CSV of the current version, under an address that stays."""
    release = selectors.head()
    if release is None or suffix not in artefacts.MADE:
        raise Http404
    return _file(request, release, suffix, ASK_AGAIN)


@require_safe
def current(request: HttpRequest, end: str) -> HttpResponse:
    """Which version is the current one, or the signature of that. Not found where the private half of the key is elsewhere."""
    head = selectors.head()
    if head is None or not head.has_files:
        raise Http404
    text = pointer.build(head, timezone.now())
    try:
        data, kind = (crypto.sign(text), artefacts.SIGNATURE) if end else (text, artefacts.MANIFEST)
    except crypto.NoPrivateKey:
        raise Http404 from None
    return HttpResponse(data, content_type=TYPES[kind], headers={"Cache-Control": ASK_AGAIN})


@require_safe
def signing_key(request: HttpRequest) -> HttpResponse:
    """The public key that verifies the signature of every manifest."""
    return HttpResponse(crypto.public_key_pem(), content_type="application/x-pem-file", headers={"Cache-Control": ASK_AGAIN})


def _file(request: HttpRequest, release: Release, suffix: str, memory: str) -> HttpResponseBase:
    sha256 = artefacts.sha256_of(release)[suffix]
    data = b"" if sha256 else _made(release, suffix)
    etag = f'"{sha256 or hashlib.sha256(data).hexdigest()}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        response = FileResponse(vault.open(sha256)) if sha256 else HttpResponse(data)
        response.headers["Content-Type"] = TYPES[suffix]
        response.headers["Content-Disposition"] = f'attachment; filename="{artefacts.name_of(release.version, suffix)}"'
        response.headers["ETag"] = etag
    response.headers["Cache-Control"] = memory
    return response


def _made(release: Release, suffix: str) -> bytes:
    """A file of a version that was taken over: nothing was stored, so it is made of its entries."""
    if suffix not in artefacts.MADE or release.has_files or not selectors.is_held(release):
        raise Http404
    return artefacts.rendered(release, suffix)
