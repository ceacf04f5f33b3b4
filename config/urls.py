"""Which app answers which address; every app keeps its own list of pages."""

from importlib.util import find_spec

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

admin.site.login = secure_admin_login(admin.site.login)

MOUNTS = (
    ("", "core.urls"),
    ("accounts/", "accounts.urls"),
    ("accounts/", "allauth.urls"),
    ("cases/", "submissions.urls"),
    ("check/", "submissions.check_urls"),
    ("repositories/", "repositories.urls"),
    ("subscribe/", "notifications.urls"),
    ("", "cpl.urls"),
)

urlpatterns = [path("admin/", admin.site.urls)]
urlpatterns += [path(prefix, include(module)) for prefix, module in MOUNTS if find_spec(module)]
