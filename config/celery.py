"""Celery: carries out what the outbox says is due. The database is the queue of record; a lost message costs seconds."""

import os

from celery import Celery
from kombu.entity import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("cpl")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# A worker started without -Q serves all of them; production gives `publish` one process of its own.
app.conf.task_queues = [Queue(name) for name in ("gates", "publish", "mail")]
# Unless a worker takes it before the next one, a tick has no meaning: expired ticks do not pile up while no worker runs.
app.conf.beat_schedule = {"tick": {"task": "core.tick", "schedule": 15.0, "options": {"queue": "gates", "expires": 15}}}
