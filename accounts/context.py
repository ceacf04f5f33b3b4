"""What every page knows: which site it is on and which places its reader may go to."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from accounts.access import Action, rights


@dataclass(frozen=True)
class Place:
    """One item of the header: shown to those who may do `action` (else to everybody) and not `unless`.

    `members`: only to people who belong to an organisation.
    """

    label: str
    page: str
    action: Action | None = None
    unless: Action | None = None
    members: bool = False


PLACES = (
    Place("Queue", "cases:queue", Action.READ_CASE),
    Place("Your submissions", "cases:own", unless=Action.READ_TEMPLATES, members=True),  # which all staff may do
    Place("CPL", "cpl:list"),
    Place("Certificates", "certificates:list", Action.READ_CASE),
    Place("Publications", "cpl:workbench", Action.PUBLISH),
    Place("Templates", "cpl:templates", Action.READ_TEMPLATES, unless=Action.PUBLISH),  # else found under Publications
    Place("FIR", "repositories:fir", Action.READ_FIR),
    Place("DZIR", "repositories:dzir", Action.READ_DZIR),
    Place("Check a workbook", "check:start"),
    Place("Mail log", "notifications:mail_log", Action.READ_MAIL_LOG),
    Place("Health", "health", Action.ADMINISTER),
)


@dataclass(frozen=True)
class NavItem:
    """A link in the header; `current` when its page, or one below it, is being read."""

    label: str
    url: str
    current: bool


def site(request: HttpRequest) -> dict[str, object]:
    """Context processor: `demo`, `environment`, `build`, `nav`, `rights`; no rights where no user is known."""
    user = getattr(request, "user", None)
    allowed = rights(user) if user is not None and user.is_authenticated else frozenset()
    return {
        "demo": settings.CPL_DEMO or settings.CPL_DEMO_MARK.exists(),  # the demo is filled while the site runs
        "environment": settings.CPL_ENV,
        "build": settings.CPL_BUILD,
        "nav": [item for place in PLACES if (item := _item(place, request, allowed))],
        "rights": {action.name.lower(): action in allowed for action in Action},
    }


def _item(place: Place, request: HttpRequest, allowed: frozenset[Action]) -> NavItem | None:
    if place.action not in {None, *allowed} or place.unless in allowed:
        return None
    if place.members and getattr(request.user, "organisation_id", None) is None:
        return None
    try:
        url = reverse(place.page)
    except NoReverseMatch:
        return None
    here = request.path
    return NavItem(place.label, url, here == url or (url != "/" and here.startswith(url)))
