from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import session  # noqa: F401 - what happens at signing in is connected there

        post_migrate.connect(keep_roles, sender=self)


def keep_roles(**_: object) -> None:
    """The roles of the first migration are there again after a database was emptied."""
    from django.contrib.auth.models import Group

    from accounts.models import Role

    for role in Role:
        Group.objects.get_or_create(name=role)
