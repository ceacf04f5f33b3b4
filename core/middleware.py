"""What every page of every app does alike: when a stored file is not there, and when a deed is opened as if it were a page."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.log import log_response

from core import crypto, vault

logger = logging.getLogger(__name__)

TEXT, PAGE = "text/plain", "text/html"
TEMPLATES = {TEXT: "503.txt", PAGE: "503.html"}


class DeedMiddleware:
    """Gives a browser that opens the address of a deed a page instead of Django's empty answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or request.method != "GET" or response.content:
            return response
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page


class StoredFileMiddleware:
    """Answers 503 where what a view wants to give out is lost, damaged or sealed under another key; nothing of it was sent.

    `vault.open` and `vault.read` verify every byte before they return, so no view needs to look for itself. Browsers, which
    ask for HTML, get a page; whatever takes anything gets a few plain lines.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        """The answer, and one line in the log for whoever has to bring the file back."""
        if not isinstance(fault, vault.Unavailable | crypto.UnknownKey):
            return None
        sealed = isinstance(fault, vault.Sealed | crypto.UnknownKey)
        context = {"fault": fault, "damaged": isinstance(fault, vault.Damaged), "sealed": sealed, "place": request.path}
        kind = request.get_preferred_type([TEXT, PAGE]) or TEXT
        response = render(request, TEMPLATES[kind], context, f"{kind}; charset=utf-8", status=503)
        response.headers["Cache-Control"] = "no-store"
        log_response("%s Asked for at %s", str(fault), request.path, response=response, request=request, logger=logger)
        return response
