"""Addresses of the pages people have about themselves; signing in and out is allauth's, mounted after these."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.profile, name="profile"),
    path("declaration/", views.declaration, name="declaration"),
    path("email/", views.nothing_here),
    path("signup/", views.nothing_here),
]
