"""The sign of life of beat and worker."""

from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    """When a periodic process was last seen alive; one row for each name."""

    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%d/%m/%Y %H:%M:%S}"

    @classmethod
    def record(cls, name: str, at: datetime) -> None:
        """Note that NAME was alive at that moment."""
        cls.objects.update_or_create(name=name, defaults={"at": at})
