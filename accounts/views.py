"""The pages people have about themselves."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, services


@require_safe
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Who I am here, what I may do, and the ways to change password and second factor."""
    user = access.person(request)
    rights = access.rights(user)
    return render(
        request,
        "account/profile.html",
        {
            "roles": sorted(access.roles_of(user)),
            "allowed": [action for action in access.Action if action in rights],
            "memberships": access.seats(user),
            "may_declare": access.may_declare(user),
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
    services.accept_declaration(access.person(request))
    messages.success(request, "Thank you. Your declaration is on record.")
    return redirect("profile")


def nothing_here(request: HttpRequest) -> HttpResponse:
    """For sign-up and changing one's address: an administrator does both."""
    raise Http404


@require_safe
def records_login(request: HttpRequest) -> HttpResponse:
    """The admin's own sign-in page gives way to ours; whoever is signed in without a right to the records finds nothing."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
    if not request.user.is_staff:
        raise Http404
    return redirect("admin:index")
