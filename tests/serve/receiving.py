"""A receiver as a process of its own, and what it says."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

SECRET: Final = "a-secret-of-the-test-0123456789"
PASSWORD: Final = "a-password-of-the-test"


class Receiving:
    """``hubcheck serve`` on a free port; use as a context manager."""

    def __init__(self, state: Path, *words: str, environment: Mapping[str, str]) -> None:
        """Take the folder, further options and variables; nothing runs yet."""
        self.state = state
        self.events: list[dict[str, Any]] = []
        self.text: list[str] = []
        self.port = 0
        self._words = words
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None
        self._listens = threading.Event()

    def __enter__(self) -> Self:
        """Start it and wait until it listens."""
        hidden = ("HF_", "HUBCHECK_", "HUGGING_FACE", "GITHUB_")
        kept = {n: v for n, v in os.environ.items() if not n.startswith(hidden)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hubcheck", "serve", "--port", str(self.port), "--state",
             str(self.state), *self._words],
            env=kept | {"HUBCHECK_WEBHOOK_SECRET": SECRET, "NO_PROXY": "127.0.0.1,localhost",
                        "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
                        "HF_HOME": str(self.state / "hf"), "OMP_NUM_THREADS": "1",
                        **self._environment},
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self._listens.clear()
        self._listener = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._listener.start()
        assert self._listens.wait(30), "".join(self.text)
        assert self.port, "".join(self.text)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._listener is not None:
            self._listener.join()
        if self.process.stderr is not None:
            self.process.stderr.close()

    @property
    def process(self) -> subprocess.Popen[str]:
        """The process."""
        assert self._process is not None
        return self._process

    @property
    def url(self) -> str:
        """Where deliveries go."""
        return f"http://127.0.0.1:{self.port}/webhook"

    def terminate(self) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, str, Any]:
        """Return status, text and headers of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        finally:
            connection.close()

    def ended(self, sha: str) -> list[dict[str, Any]]:
        """Return the events of jobs of a commit that ended."""
        return [e for e in self.events if e["event"] == "ended" and e.get("sha") == sha]

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self.text.append(line)
            try:
                event = json.loads(line)
            except ValueError:
                continue
            self.events.append(event)
            if event["event"] == "listening":
                self.port = event["port"]
                self._listens.set()
        self._listens.set()


def until(true: Callable[[], object], *, seconds: float = 60.0) -> None:
    """Wait until something is true, or fail."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
