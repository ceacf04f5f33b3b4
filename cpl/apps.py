from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


class CplConfig(AppConfig):
    name = "cpl"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Central Products List"

    def ready(self) -> None:
        post_migrate.connect(fill_reference_data, sender=self)


def fill_reference_data(**_: object) -> None:
    """A new database starts with the selection lists and combinations of the dictionary."""
    from cpl.services import reference  # models are not ready when this module is read

    reference.seed(settings.CPL_PRINCIPAL)
