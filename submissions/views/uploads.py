"""What comes in and goes out as files: bounded uploads, downloads that no browser runs."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.csrf import csrf_exempt, csrf_protect

ENVELOPE = 1 << 20  # bytes for the other fields of a form and what multipart adds
BY_ENDING = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "txt": "text/plain"}

View = Callable[..., HttpResponseBase]


def bounded_upload(view: View) -> View:
    """Refuse a body that is too large by its stated length, before a byte of it is read; then the usual check of the form token.

    Django would otherwise store all of it to look for the token. A body without a length is empty to the server.
    """
    protected = csrf_protect(view)

    @wraps(view)
    def bounded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.CPL_UPLOAD_LIMIT + ENVELOPE:
            limit = settings.CPL_UPLOAD_LIMIT >> 20
            return render(request, "submissions/too_large.html", {"limit": limit}, status=413)
        return protected(request, *args, **kwargs)

    return csrf_exempt(bounded)


def posted(view: View) -> View:
    """For steps on a case: whoever comes by a link instead, say after signing in again, is led to the page of the case."""

    @wraps(view)
    def guarded(request: HttpRequest, reference: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return redirect("cases:case", reference)
        return view(request, reference, *args, **kwargs)

    return guarded


def download(data: bytes, filename: str) -> HttpResponse:
    """DATA as a file to keep: never shown in the page's place, never guessed at, never run."""
    ending = filename.rpartition(".")[2].lower()
    response = HttpResponse(data, content_type=BY_ENDING.get(ending, "application/octet-stream"))
    response["Content-Disposition"] = content_disposition_header(True, filename)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store, private"
    return response
