"""The pages people have about themselves."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, services


@require_safe
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Who I am here, what I may do, and the ways to change password and second factor."""
    return render(
        request,
        "account/profile.html",
        {
            "roles": sorted(role.label for role in access.roles_of(request.user)),
            "allowed": [action for action in access.Action if action in access.rights(request.user)],
            "memberships": request.user.ssc_memberships.on(timezone.localdate()),
            "may_declare": access.may_declare(request.user),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def declaration(request: HttpRequest) -> HttpResponse:
    """The declaration members of the SSC accept before they see the DZIR."""
    if not access.may_declare(request.user):
        raise Http404
    if request.method != "POST":
        return render(request, "account/declaration.html")
    if "accept" not in request.POST:
        error = {"field": "accept", "text": "Tick the box to say that you accept the declaration."}
        return render(request, "account/declaration.html", {"errors": [error]}, status=422)
    services.accept_declaration(request.user)
    messages.success(request, "Thank you. Your declaration is on record.")
    return redirect("profile")


def nothing_here(request: HttpRequest) -> HttpResponse:
    """For sign-up and changing one's address: an administrator does both."""
    raise Http404
