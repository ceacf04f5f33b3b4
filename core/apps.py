from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import every app's `handlers` (what it listens to), `health` (what it looks at) and `records` (what it can verify)."""
        from django.utils.module_loading import autodiscover_modules

        autodiscover_modules("handlers", "health", "records")
