"""Celery's broker for one machine: kombu's filesystem transport, with two of its races closed.

As it is, a message is visible in its folder while it is still being written, and so is the list of queues; whoever reads
at that moment gets half a JSON text and the worker ends. Here a message is written under another name and renamed, and
a list that cannot be read yet is read again.
"""
from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

#: How often, and how many seconds apart, a list of queues is read again.
TRIES, PAUSE = 50, 0.02


class Channel(filesystem.Channel):
    """Filesystem channel whose messages appear whole or not at all."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        hidden = os.path.join(self.data_folder_out, f".{name}.new")
        with open(hidden, "w", encoding="utf-8") as file:
            file.write(dumps(payload))
        os.replace(hidden, os.path.join(self.data_folder_out, name))

    def get_table(self, exchange: str) -> Any:
        return _patiently(lambda: super(Channel, self).get_table(exchange))

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        _patiently(lambda: super(Channel, self)._queue_bind(exchange, routing_key, pattern, queue))


def _patiently(read: Callable[[], Any]) -> Any:
    for attempt in range(TRIES):
        try:
            return read()
        except ValueError:  # another process has made the file and not yet written it
            if attempt == TRIES - 1:
                raise
            time.sleep(PAUSE)
    return None


class Transport(filesystem.Transport):
    """The transport behind ``gangze://``."""

    Channel = Channel


TRANSPORT_ALIASES["gangze"] = "app.broker:Transport"
