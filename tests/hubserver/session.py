"""How is the connection of the Hub's client to a server of an earlier test closed?"""

from __future__ import annotations

from typing import Any

import huggingface_hub


def close_session() -> None:
    """Close it, by whatever name the installed client knows that."""
    client: Any = huggingface_hub
    if hasattr(client, "close_session"):
        client.close_session()
        return
    from huggingface_hub.utils import _http

    before_1: Any = _http
    before_1.reset_sessions()
