"""A local Hub whose repositories have a card, a config and a header, and hardly any weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from hubcheck.candidates.hub_index import HubIndex
from hubcheck.source.retry import RetryPolicy
from tests.hubserver.search import SearchableHub

SIZES: Final = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 100,
}
IMPATIENT: Final = RetryPolicy(attempts=1, connect_attempts=1, ceiling=1.0)


def files(
    *bases: str,
    values: int = 1000,
    tokenizer: bytes = b"",
    card: str = "",
    weights: bytes = b"",
    **config: object,
) -> dict[str, bytes]:
    """Return a repository of ``values`` stored zeros that declares some bases."""
    header = {"w": {"dtype": "U8", "shape": [values], "data_offsets": [0, values]}}
    text = json.dumps(header).encode()
    named = "".join(f"\n- {b}" for b in bases)
    front = f"base_model:{named}\n" if bases else ""
    found = {
        "README.md": f"---\nlicense: mit\n{front}---\n{card}\n".encode(),
        "config.json": json.dumps({**SIZES, **config}).encode(),
        "model.safetensors": weights or len(text).to_bytes(8, "little") + text + bytes(values),
    }
    return found | ({"tokenizer.json": tokenizer} if tokenizer else {})


def day(number: int) -> str:
    """Return a date; larger numbers are later."""
    return f"2025-01-{number:02d}T00:00:00.000Z"


@contextmanager
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[SearchableHub]:
    """Run an empty hub that the machine's proxy does not hide."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    with SearchableHub() as hub:
        yield hub


def index_of(hub: SearchableHub, *, requests: int = 200, max_read: int = 1_000_000) -> HubIndex:
    """Return a way to ask a hub."""
    return HubIndex(
        endpoint=hub.endpoint,
        token=None,
        max_requests=requests,
        max_read=max_read,
        policy=IMPATIENT,
    )
