"""Downloads: the published bytes, known by their SHA-256, so that nobody needs to fetch the same file twice."""

import hashlib

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from core import vault
from cpl import selectors
from cpl.domain.releases import Version
from cpl.models import Pointer, Release, ReleaseKey
from cpl.services import artefacts, keys, proofs

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
def current(request: HttpRequest) -> HttpResponse:
    """Which version is the current one, in the newest words; its signature lies under the SHA-256 of these words."""
    newest = Pointer.objects.first()
    if newest is None:
        raise Http404
    return HttpResponse(newest.text, content_type=TYPES[artefacts.MANIFEST], headers={"Cache-Control": ASK_AGAIN})


@require_safe
def pointer(request: HttpRequest, sha256: str, end: str) -> HttpResponse:
    """The words known by their SHA-256 or, at the end ".sig", their signature: fetched one after the other, they fit."""
    known = get_object_or_404(Pointer, sha256=sha256)
    data, kind = (bytes(known.signature), artefacts.SIGNATURE) if end else (known.text, artefacts.MANIFEST)
    return HttpResponse(data, content_type=TYPES[kind], headers={"Cache-Control": FOR_GOOD})


@require_safe
def keychain(request: HttpRequest) -> HttpResponse:
    """Every release key with the statements by which each handed over to the next, in one document."""
    return HttpResponse(keys.document(), content_type=TYPES[artefacts.MANIFEST], headers={"Cache-Control": ASK_AGAIN})


@require_safe
def release_key(request: HttpRequest, number: int, end: str) -> HttpResponseBase:
    """A public key, or its statement or one of the signatures of that, each in a file of its own for openssl."""
    key = get_object_or_404(ReleaseKey, number=number)
    if end == "pem":
        return HttpResponse(key.pem, content_type="application/x-pem-file", headers={"Cache-Control": FOR_GOOD})
    files = {"json": key.statement_sha256, "json.old.sig": key.old_signature_sha256, "json.new.sig": key.new_signature_sha256}
    if not (sha256 := files.get(end)):
        raise Http404
    kind = artefacts.MANIFEST if end == "json" else artefacts.SIGNATURE
    stream = vault.open(sha256, known_as=f"release-key-{number}.{end}")
    return FileResponse(stream, content_type=TYPES[kind], headers={"Cache-Control": FOR_GOOD})


def _file(request: HttpRequest, release: Release, suffix: str, memory: str) -> HttpResponseBase:
    sha256, name = artefacts.sha256_of(release)[suffix], artefacts.name_of(release.version, suffix)
    data = b"" if sha256 else _made(release, suffix)
    etag = f'"{sha256 or hashlib.sha256(data).hexdigest()}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        response = FileResponse(vault.open(sha256, known_as=name)) if sha256 else HttpResponse(data)
        response.headers["Content-Type"] = TYPES[suffix]
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["ETag"] = etag
    response.headers["Cache-Control"] = memory
    return response


def _made(release: Release, suffix: str) -> bytes:
    """A file of a version that was taken over: nothing was stored, so it is made of its entries."""
    if suffix not in artefacts.MADE or release.has_files or not selectors.is_held(release):
        raise Http404
    return artefacts.rendered(release, suffix)
