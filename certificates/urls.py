"""Addresses of the register of certificates."""

from django.urls import path

from certificates import views

app_name = "certificates"
urlpatterns = [path("", views.listing, name="list")]
