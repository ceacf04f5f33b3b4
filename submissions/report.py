"""The report of a case: what was sent, checked, decided, and by whom; no RED value. HTML, and PDF where Pango is installed."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from cpl.domain.dictionary import RuleSet
from submissions import presenting, selectors
from submissions.models import Submission

LOOK = settings.BASE_DIR / "static" / "report.css"


class PdfNotPossible(Exception):  # noqa: N818 - says what is missing
    """The libraries that draw PDFs are not on this machine; the text says how to get them."""


def content(case: Submission, reader: User) -> dict[str, Any]:
    """What the report says, for the templates `submissions/report.html` and `report_pdf.html`."""
    gates = selectors.gates_of(case)
    checks = presenting.checks_of(gates, may_decide=False)
    revision = case.revisions.select_related("rules").get(number=case.revision_number)
    return {
        "case": case,
        "title": presenting.title_of(case),
        "revision": revision,
        "revisions": case.revisions.all(),
        "checks": checks,
        "groups": presenting.groups_of(revision, RuleSet.from_snapshot(revision.rules.snapshot), checks),
        "decisions": case.decisions.select_related("made_by"),
        "holds": case.holds.select_related("asked_by"),
        "papers": case.documents.select_related("added_by", "classified_by"),
        "receipts": [case.receipt, *case.replies.all()],
        "change": case.change,
        "story": presenting.story_of(case)[::-1],
        "reader": reader,
        "made_at": timezone.now(),
    }


def pdf(said: dict[str, Any]) -> bytes:
    """The report as PDF; raises PdfNotPossible where WeasyPrint finds no Pango."""
    try:
        from weasyprint import CSS, HTML  # noqa: PLC0415 - needs Pango, which a small site may lack
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except OSError as fault:
        raise PdfNotPossible(
            "PDFs need the library Pango (on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0). Print this page instead."
        ) from fault
    html = render_to_string("submissions/report_pdf.html", said)
    # A report is complete in itself: it fetches nothing from disk or network.
    look = CSS(string=LOOK.read_text(encoding="utf-8"))
    data = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=["data"])).write_pdf(stylesheets=[look])
    assert isinstance(data, bytes)
    return data
