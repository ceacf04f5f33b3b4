from django.apps import AppConfig


class CplConfig(AppConfig):
    name = "cpl"
    default_auto_field = "django.db.models.BigAutoField"
