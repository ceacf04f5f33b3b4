"""Addresses of FIR and DZIR."""

from django.urls import path

from repositories import views

app_name = "repositories"
urlpatterns = [
    path("fir/", views.fir, name="fir"),
    path("fir/download/", views.fir_download, name="fir_download"),
    path("dzir/", views.dzir, name="dzir"),
    path("dzir/download/", views.dzir_download, name="dzir_download"),
]
