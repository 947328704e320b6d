"""How does the Hub's client reach a server of this machine, and forget that of an earlier test?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import huggingface_hub
import pytest

from tests.hubserver.server import LocalHub

Hub = TypeVar("Hub", bound=LocalHub)


def close_session() -> None:
    """Close its connection, by whatever name the installed client knows that."""
    client: Any = huggingface_hub
    if hasattr(client, "close_session"):
        client.close_session()
        return
    from huggingface_hub.utils import _http

    before_1: Any = _http
    before_1.reset_sessions()


@contextmanager
def reached(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Run a Hub that the command line reaches, with nobody's token and past every proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    close_session()
    with hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub
    close_session()
