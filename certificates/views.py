"""The register of Assurance Certificates for those who work on cases: what rests on which, and what is due."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import access
from certificates import selectors
from certificates.domain.expiry import Standing, standing
from certificates.models import Certificate, CertificateUse
from core.admin_tools import CappedPaginator

PER_PAGE = 50
CHOICES = ((Standing.EXPIRED, "Date has passed"), (Standing.MONTH, "Within 30 days"), (Standing.QUARTER, "Within 90 days"))
TAGS = {
    Standing.EXPIRED: ("fail", "Expired"),
    Standing.MONTH: ("decide", "Within 30 days"),
    Standing.QUARTER: ("info", "Within 90 days"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One certificate with its entries and where its date stands."""

    certificate: Certificate
    uses: list[CertificateUse]
    standing: Standing
    dates_differ: bool

    @property
    def tag(self) -> tuple[str, str]:
        """Kind and text of the tag, or nothing to point out."""
        return TAGS.get(self.standing, ("", ""))


@require_safe
@access.access_required(access.Action.READ_CASE)
def listing(request: HttpRequest) -> HttpResponse:
    """Certificates that the list names, the soonest date first."""
    asked = {name: request.GET.get(name, "").strip()[:100] for name in ("q", "kind", "due")}
    today = timezone.localdate()
    found = selectors.certificates(asked["q"], asked["kind"], asked["due"], today=today)
    page = CappedPaginator(selectors.with_entries(found), PER_PAGE).get_page(request.GET.get("page"))
    lines = [
        Line(one, one.open_uses, standing(one.until, today), one.until != one.latest)  # what the selectors add to each
        for one in page.object_list
    ]
    context = {"lines": lines, "page": page, "asked": asked, "kinds": Certificate.Kind.choices, "dues": CHOICES}
    return render(request, "certificates/list.html", context)
