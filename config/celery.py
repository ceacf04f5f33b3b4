"""Celery: carries out what the outbox says is due. The database is the queue of record; a lost message costs seconds."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("cpl")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
