"""FIR (GREEN) for SEC Parties, DZIR (RED) for the SSC. Every look at RED is on record before its first byte is made."""

from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.models import User
from accounts.session import recent_authentication_required
from core import audit, vault
from cpl import selectors as cpl_selectors
from repositories import selectors
from repositories.domain import dzir as dzir_rules
from repositories.domain import fir as fir_rules
from repositories.domain.sheet import NOT_HELD, stamped
from repositories.models import Export

PER_PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TRAIL = "repository:DZIR"  # where the audit trail keeps who read RED


@require_safe
@access.access_required(access.Action.READ_FIR)
def fir(request: HttpRequest) -> HttpResponse:
    """The FIR as the list stands, with a search for manufacturer, model or entry number."""
    query = request.GET.get("q", "").strip()
    page = Paginator(selectors.entries(query), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": selectors.fir_lines(page.object_list),
        "columns": fir_rules.COLUMNS,
        "query": query,
        "head": cpl_selectors.head(),
        "export": selectors.latest(Export.Kind.FIR),
        "not_held": NOT_HELD,
    }
    return render(request, "repositories/fir.html", context)


@require_safe
@access.access_required(access.Action.READ_FIR)
def fir_download(request: HttpRequest) -> HttpResponse:
    """The workbook that went with the newest release, byte for byte."""
    export = _latest_or_404(Export.Kind.FIR)
    name = f"FIR_v{export.release.version}_GREEN.xlsx"
    return _workbook(vault.read(export.sha256, known_as=name), name)


@require_http_methods(["GET", "HEAD", "POST"])
@access.access_required(access.Action.READ_DZIR)
@recent_authentication_required
def dzir(request: HttpRequest) -> HttpResponse:
    """The DZIR as the list stands. What is searched for is posted: an address with a stack in it would lie in every log."""
    user = access.person(request)
    searching = request.method == "POST"
    wanted = tuple(request.POST.get(name, "").strip() for name in ("vendor", "version"))
    _put_on_record(user, "dzir.searched" if searching else "dzir.viewed", page=request.GET.get("page", "1")[:6])
    page = None if searching else Paginator(selectors.entries(), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": selectors.dzir_matches(*wanted) if page is None else selectors.dzir_lines(page.object_list),
        "columns": dzir_rules.COLUMNS,
        "searching": searching,
        "vendor": wanted[0],
        "version": wanted[1],
        "head": cpl_selectors.head(),
        "export": selectors.latest(Export.Kind.DZIR),
        "not_held": NOT_HELD,
        "reader": _reader(user),
    }
    response = render(request, "repositories/dzir.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
@access.access_required(access.Action.READ_DZIR)
@recent_authentication_required
def dzir_download(request: HttpRequest) -> HttpResponse:
    """The workbook that went with the newest release, with the reader's name in it."""
    user = access.person(request)
    export = _latest_or_404(Export.Kind.DZIR)
    _put_on_record(user, "dzir.downloaded", release=str(export.release.version), sha256=export.sha256)
    name = f"DZIR_v{export.release.version}_RED.xlsx"
    response = _workbook(stamped(vault.read(export.sha256, red=True, known_as=name), _reader(user)), name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _put_on_record(user: User, verb: str, **detail: str) -> None:
    """Committed for good before anything is opened, whatever becomes of the answer."""
    with transaction.atomic(durable=True):
        audit.record(user, verb, TRAIL, **detail)


def _reader(user: User) -> str:
    return f"Copy of {user.name} ({user.email}), {timezone.localtime():%d/%m/%Y %H:%M %Z}"


def _latest_or_404(kind: Export.Kind) -> Export:
    export = selectors.latest(kind)
    if export is None:
        raise Http404
    return export


def _workbook(data: bytes, name: str) -> HttpResponse:
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})
