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

from tests.hubserver import Content
from tests.material.remote.shapes import Entry, Published
from tests.material.remote.tokenizer import write_tokenizer
from tests.material.remote.values import ITEM_BYTES, Recipe, bytes_of

SHARD_BYTES: Final = 5_000_000_000
"""The default of the libraries that save models."""


class MadeShard(Content):
    """One safetensors file: a real header, and values that are made when they are read.

    Attributes:
        header_sent: Bytes of the header that were sent so far.
        values_sent: Bytes of tensors that were sent so far.
        reads: Requests so far.
        value_reads: Those among them that asked for tensors alone.
    """

    def __init__(
        self, published: Published, recipe: Recipe, entries: Sequence[Entry], label: str
    ) -> None:
        """Lay the tensors out.

        Args:
            published: How they are stored.
            recipe: Whose values.
            entries: The tensors of this file.
            label: What the stated digest is made of; nothing checks it against 5 GB.
        """
        self.header_sent = self.values_sent = self.reads = self.value_reads = 0
        self._reached: dict[int, int] = {}
        self._dtype_of = published.dtype_of
        self._lock = threading.Lock()
        self._recipe = recipe
        self._entries = sorted(entries)
        self._header, starts = _header(published, self._entries)
        self._starts = [len(self._header) + at for at in starts]
        super().__init__(b"", sha256=hashlib.sha256(label.encode()).hexdigest())
        self.size = self._starts[-1]

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes ``start`` to ``stop``, exclusive."""
        pieces = [self._header[start:stop]]
        with self._lock:
            self.header_sent += len(pieces[0])
            self.values_sent += stop - start - len(pieces[0])
            # A long answer is made in blocks, one after the other by the thread that sends it.
            sender = threading.get_ident()
            if self._reached.get(sender) != start:
                self.reads += 1
                self.value_reads += not pieces[0]
            self._reached[sender] = stop
        at = max(start, len(self._header))
        index = bisect_right(self._starts, at) - 1
        while at < min(stop, self.size):
            name, shape = self._entries[index]
            begin, end = self._starts[index], min(stop, self._starts[index + 1])
            dtype = self._dtype_of(name)
            pieces.append(bytes_of(self._recipe, name, dtype, shape, at - begin, end - begin))
            at, index = end, index + 1
        return b"".join(pieces)


def _header(published: Published, entries: Sequence[Entry]) -> tuple[bytes, list[int]]:
    """Return the header, and where each tensor starts after it (the end last)."""
    described: dict[str, object] = {"__metadata__": {"format": "pt"}}
    starts = [0]
    for name, shape in entries:
        dtype = published.dtype_of(name)
        starts.append(starts[-1] + ITEM_BYTES[dtype] * prod(shape))
        described[name] = {
            "dtype": dtype, "shape": list(shape), "data_offsets": starts[-2:],
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
    sized = [(e, ITEM_BYTES[published.dtype_of(e[0])] * prod(e[1])) for e in published.stored()]
    total = sum(size for _, size in sized)
    groups: list[list[Entry]] = [[]]
    held = passed = 0
    for entry, size in sized:
        # A published number of files is filled evenly; else a file is as full as libraries make it.
        full = (
            passed * published.shards >= len(groups) * total
            if published.shards
            else held + size > SHARD_BYTES
        )
        if full and groups[-1]:
            groups.append([])
            held = 0
        groups[-1].append(entry)
        held += size
        passed += size
    files: dict[str, Content] = {}
    weight_map: dict[str, str] = {}
    for number, entries in enumerate(groups, 1):
        path = f"model-{number:05}-of-{len(groups):05}.safetensors"
        if len(groups) == 1:
            path = "model.safetensors"
        files[path] = MadeShard(published, recipe, entries, f"{name}/{path}")
        weight_map.update((tensor, path) for tensor, _ in entries)
    if len(groups) > 1:
        index = {
            "metadata": {"total_size": total},
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
