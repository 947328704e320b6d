"""How does the server say what happens, without saying what is secret?

One JSON object per line. Every value passes through ``printable``, and a secret that found its way
into one is replaced before it is written.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TextIO

from hubcheck.errors import InternalFaultError, printable

VALUE_LIMIT: Final = 700
"""Characters of one value."""
SECRET_WORDS: Final = ("TOKEN", "SECRET", "PASSWORD")
"""Variables whose values never appear in the log."""
SHORTEST: Final = 6
"""Characters; a flag of the value 1 is no secret, and would black out every 1."""


def secrets_in(environment: Mapping[str, str]) -> list[str]:
    """Return the values of the environment that the log must not hold."""
    return [
        value
        for name, value in environment.items()
        if len(value) >= SHORTEST and any(word in name for word in SECRET_WORDS)
    ]


class EventLog:
    """Writes events; safe to use from several threads."""

    def __init__(
        self,
        stream: TextIO,
        *,
        secrets: Sequence[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take a stream and what must never appear in it."""
        self._stream = stream
        self._secrets = sorted((s for s in secrets if s), key=len, reverse=True)
        self._clock = clock
        self._lock = threading.Lock()

    def __call__(self, event: str, **fields: object) -> None:
        """Write one event; empty fields are left out."""
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        record: dict[str, object] = {"time": at, "event": event}
        for name, value in fields.items():
            if value not in ("", None):
                record[name] = value if isinstance(value, int | float) else self._shown(value)
        line = json.dumps(record, ensure_ascii=False)
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()

    def _shown(self, value: object) -> str:
        text = str(value)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return printable(text, limit=VALUE_LIMIT)


class LibraryLog(logging.Handler):
    """Writes what libraries log as events: a line that is no JSON would hide the ones after it."""

    def __init__(self, tell: EventLog) -> None:
        """Take the log of events."""
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; of an exception its kind and place, never its traceback."""
        told: dict[str, object] = {"level": record.levelname.lower(), "library": record.name}
        if record.exc_info and isinstance(record.exc_info[1], Exception):
            told["error"] = InternalFaultError.of(record.exc_info[1]).what
        try:
            self._tell("library", message=record.getMessage(), **told)
        except (ValueError, OSError):  # the stream is closed: a library must not fail for its log
            self.handleError(record)
