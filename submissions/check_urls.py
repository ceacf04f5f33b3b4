"""Addresses of the public self-check."""

from django.urls import path

from submissions.views import selfcheck

app_name = "check"

urlpatterns = [path("", selfcheck.start, name="start")]
