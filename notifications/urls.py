"""Addresses of the mailing list and of the mail log."""

from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.subscribe, name="subscribe"),
    path("asked/", views.asked, name="asked"),
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("end/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("mail-log/", views.mail_log, name="mail_log"),
]
