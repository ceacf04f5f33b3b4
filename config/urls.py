"""Which app answers which address; every app keeps its own list of pages."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from accounts.access import Action, access_required
from accounts.views import records_login
from core import views

MOUNTS = (
    ("", "core.urls"),
    ("accounts/", "accounts.urls"),
    ("accounts/", "allauth.urls"),
    ("cases/", "submissions.urls"),
    ("check/", "submissions.check_urls"),
    ("certificates/", "certificates.urls"),
    ("repositories/", "repositories.urls"),
    ("subscribe/", "notifications.urls"),
    ("", "cpl.urls"),
)

urlpatterns = [path("admin/login/", records_login), path("admin/", admin.site.urls)]
urlpatterns += [path("health/", access_required(Action.ADMINISTER)(views.page), name="health")]
urlpatterns += [path(prefix, include(module)) for prefix, module in MOUNTS if find_spec(module)]
