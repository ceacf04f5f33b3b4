"""Redis as the broker, so that a worker outlives a restart of it.

A worker acknowledges or puts back what it was at when the broker went; kombu 5.7 then asks a closed channel where its server is
and stumbles with an AttributeError, which Celery takes for the end of the worker. A lost connection is what it is, and with that
Celery can deal. Nothing is lost: the outbox knows what is done, and wakes somebody up for what is not.
"""

from typing import Any

from kombu.transport import redis as transport
from redis.exceptions import ConnectionError as Lost


class Channel(transport.Channel):
    """A channel that says so when its connection is gone."""

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise Lost("The connection to the broker was closed.")
        return super()._connparams(asynchronous)


class Transport(transport.Transport):
    """Named in the settings (CELERY_BROKER_TRANSPORT)."""

    Channel = Channel
