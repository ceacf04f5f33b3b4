"""How the machinery stands, for the machinery around the site and for staff. No page here names a value of any record."""

from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import health
from core.health import Bearing, Result

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive and answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """503 when no work can be taken in (database, vault); 200 "degraded" when work is taken in but may be done later.

    What has no bearing on that, such as the age of latest.json, is not asked: taking the site away would make it worse.
    """
    results = health.gather(Bearing.NEEDED, Bearing.DELAYS)
    ready = all(result.answer.ok for result in results if result.check.bearing is Bearing.NEEDED)
    status = "not ready" if not ready else "ready" if all(result.answer.ok for result in results) else "degraded"
    checks = {result.check.name: {"ok": result.answer.ok, **result.answer.figures} for result in results}
    return JsonResponse({"status": status, "checks": checks}, status=200 if ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The same in the text format of Prometheus, for whoever brings the token of CPL_METRICS_TOKEN; nobody else finds a page."""
    given = request.headers.get("Authorization", "")
    if not settings.CPL_METRICS_TOKEN or not constant_time_compare(given, f"Bearer {settings.CPL_METRICS_TOKEN}"):
        raise Http404
    return HttpResponse("".join(f"{line}\n" for line in _lines(health.gather())), content_type=PROMETHEUS)


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Every check for staff, with what to do; what is not in order comes first. Who may look is said where it is mounted."""
    results = sorted(health.gather(), key=lambda result: result.answer.ok)
    troubles = sum(not result.answer.ok for result in results)
    return render(request, "core/health.html", {"results": results, "troubles": troubles})


def _lines(results: list[Result]) -> Iterator[str]:
    yield "# HELP cpl_check_ok 1: in order; 0: somebody should look, and the page of the staff says what to do."
    yield "# TYPE cpl_check_ok gauge"
    for result in results:
        yield f'cpl_check_ok{{check="{result.check.name}"}} {result.answer.ok:d}'
    for result in results:
        for name, figure in result.answer.figures.items():
            yield f"# TYPE cpl_{result.check.name}_{name} gauge"
            yield f"cpl_{result.check.name}_{name} {figure}"
