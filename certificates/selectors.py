"""Questions to the register of Assurance Certificates."""

import datetime
from collections.abc import Mapping

from django.db.models import Count, F, Max, Min, Prefetch, Q, QuerySet

from certificates.domain.expiry import window
from certificates.domain.naming import assurance_core
from certificates.models import Certificate, CertificateUse
from cpl.models import EntryRow
from cpl.models.entries import CURRENT

OPEN = Q(uses__row__to_serial__isnull=True)
IN_FORCE = OPEN & Q(uses__row__status=CURRENT)


def in_use(values: Mapping[str, str], exclude_number: str = "") -> bool:
    """Whether an entry of the list, Current or Removed, already rests on the CPA certificate of these form values.

    Asks the list itself: the register may learn of a release a moment later. Guidance 7.7, Appendix 4.5.
    """
    core = assurance_core(values)
    if not core:
        return False
    rows = EntryRow.objects.open().filter(cpa_core=core).exclude(number=exclude_number)
    return any(assurance_core(row.values) == core for row in rows)


def certificates(query: str = "", kind: str = "", standing: str = "", *, today: datetime.date) -> QuerySet[Certificate]:
    """Certificates that the list names now, the soonest date first, with `entries`, `current`, `until` and `latest`.

    `until` and `latest` are the first and last date that Current entries write for the certificate: they should be one.
    """
    found = Certificate.objects.annotate(
        entries=Count("uses", filter=OPEN),
        current=Count("uses", filter=IN_FORCE),
        until=Min("uses__valid_until", filter=IN_FORCE),
        latest=Max("uses__valid_until", filter=IN_FORCE),
    ).filter(entries__gt=0)
    if kind:
        found = found.filter(kind=kind)
    if query:
        found = found.filter(pk__in=_matching(query))
    if limits := window(standing, today):
        first, last = limits
        found = found.filter(until__lte=last) if first is None else found.filter(until__gte=first, until__lte=last)
    return found.order_by(F("until").asc(nulls_last=True), "kind", "core")


def with_entries(page: QuerySet[Certificate]) -> QuerySet[Certificate]:
    """The same certificates with the entries that rest on each, as `open_uses`."""
    uses = CertificateUse.objects.filter(row__to_serial__isnull=True).select_related("row").order_by("row__number")
    return page.prefetch_related(Prefetch("uses", queryset=uses, to_attr="open_uses"))


def _matching(query: str) -> QuerySet[CertificateUse, int]:
    uses = CertificateUse.objects.filter(row__to_serial__isnull=True).filter(
        Q(certificate__core__icontains=query) | Q(as_written__icontains=query) | Q(row__search_text__contains=query.lower())
    )
    return uses.values_list("certificate_id", flat=True)
