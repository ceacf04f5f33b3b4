"""Addresses for the machinery around the site; the page for staff is mounted in config/urls.py, which knows who may look."""

from django.urls import path

from core import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
]
