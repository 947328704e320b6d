"""How does a made-up model of any size lie on a Hub, without lying on a disk?

Shards of 5 GB with the tensors of each in the order in which safetensors writes them, the index, a
config, a card and a tokenizer. Only headers exist; values are made when they are asked for.
"""

from __future__ import annotations

import hashlib
import json
import threading
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Final

import numpy as np

from benchmarks.pair.tokenizer import write_tokenizer
from benchmarks.remote.shapes import Entry, Published
from benchmarks.remote.values import Recipe, bytes_of
from tests.hubserver import Content

SHARD_BYTES: Final = 5_000_000_000
"""The default of the libraries that save models."""


class MadeShard(Content):
    """One safetensors file: a real header, and values that are made when they are read.

    Attributes:
        header_sent: Bytes of the header that were sent so far.
        values_sent: Bytes of tensors that were sent so far.
    """

    def __init__(self, recipe: Recipe, entries: Sequence[Entry], label: str) -> None:
        """Lay the tensors out.

        Args:
            recipe: Whose values.
            entries: The tensors of this file.
            label: What the stated digest is made of; nothing checks it against 5 GB.
        """
        self.header_sent = self.values_sent = 0
        self._lock = threading.Lock()
        self._recipe = recipe
        self._entries = sorted(entries)
        self._header, starts = _header(self._entries)
        self._starts = [len(self._header) + at for at in starts]
        super().__init__(b"", sha256=hashlib.sha256(label.encode()).hexdigest())
        self.size = self._starts[-1]

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes ``start`` to ``stop``, exclusive."""
        pieces = [self._header[start:stop]]
        with self._lock:
            self.header_sent += len(pieces[0])
            self.values_sent += stop - start - len(pieces[0])
        at = max(start, len(self._header))
        index = bisect_right(self._starts, at) - 1
        while at < min(stop, self.size):
            name, shape = self._entries[index]
            begin, end = self._starts[index], min(stop, self._starts[index + 1])
            pieces.append(bytes_of(self._recipe, name, shape, at - begin, end - begin))
            at, index = end, index + 1
        return b"".join(pieces)


def _header(entries: Sequence[Entry]) -> tuple[bytes, list[int]]:
    """Return the header, and where each tensor starts after it (the end last)."""
    described: dict[str, object] = {"__metadata__": {"format": "pt"}}
    starts = [0]
    for name, shape in entries:
        starts.append(starts[-1] + 2 * prod(shape))
        described[name] = {
            "dtype": "BF16", "shape": list(shape), "data_offsets": starts[-2:],
        }  # fmt: skip
    text = json.dumps(described, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text, starts


def repository(published: Published, recipe: Recipe, name: str) -> dict[str, Content]:
    """Return the files of a model, by path.

    Args:
        published: Its architecture.
        recipe: Its values.
        name: Its repository; digests differ between repositories.
    """
    groups: list[list[Entry]] = [[]]
    held = 0
    for entry in published.tensors():
        size = 2 * prod(entry[1])
        if held + size > SHARD_BYTES and groups[-1]:
            groups.append([])
            held = 0
        groups[-1].append(entry)
        held += size
    files: dict[str, Content] = {}
    weight_map: dict[str, str] = {}
    for number, entries in enumerate(groups, 1):
        path = f"model-{number:05}-of-{len(groups):05}.safetensors"
        if len(groups) == 1:
            path = "model.safetensors"
        files[path] = MadeShard(recipe, entries, f"{name}/{path}")
        weight_map.update((tensor, path) for tensor, _ in entries)
    if len(groups) > 1:
        index = {
            "metadata": {"total_size": 2 * published.parameters},
            "weight_map": dict(sorted(weight_map.items())),
        }
        files["model.safetensors.index.json"] = Content(json.dumps(index, indent=2).encode())
    card = f"---\nlibrary_name: transformers\n---\n# {name}\nMade-up weights.\n"
    files["README.md"] = Content(card.encode())
    files["config.json"] = Content(json.dumps(dict(published.config), indent=2).encode())
    vocab = published.config["vocab_size"]
    if not isinstance(vocab, int):
        raise TypeError(f"vocab_size is {vocab!r}")
    for path, text in tokenizer(vocab).items():
        # The Hub stores a file of many megabytes by LFS and states its digest.
        files[path] = Content(text.encode(), lfs=path == "tokenizer.json")
    return files


@cache
def tokenizer(vocab: int) -> dict[str, str]:
    """Return tokenizer files of the size that a vocabulary has; one tokenizer a size."""
    return write_tokenizer(vocab, np.random.default_rng(vocab))
