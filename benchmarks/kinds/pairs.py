"""Which derivatives of a model are asked about, and what is true of each?

Six pairs a kind, and a seventh that catches sentences about more than was looked at: a graft, half
of whose body is a stranger's. Every derivative is made from the tensors that the base's folder
holds, so the truth is known tensor by tensor.
"""

from __future__ import annotations

import re
import shutil
import zlib
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import torch

from benchmarks.kinds.build import CannotBuild, Published, build, with_head
from benchmarks.kinds.folder import (
    changed,
    vocabulary_size,
    with_vocabulary,
    words,
    write,
)
from benchmarks.kinds.recipes import Kind

NOISE: Final = 0.05
"""Of a fine-tune, in standard deviations of each tensor."""
TRAINED_ON: Final = 0.02
"""Of the body under a new vocabulary: it was trained on until the new words fitted."""
NEW_TOKENS: Final = 1103
"""Size of a new vocabulary, a prime again; it shares a third of its words with the old one."""
SAVINGS: Final = (
    {"dtype": "F32", "shards": 2, "pickled": False},
    {"dtype": "BF16", "shards": 1, "pickled": False},
    {"dtype": "F16", "shards": 2, "pickled": True},
    {"dtype": "F32", "shards": 1, "pickled": True},
)
"""Ways of saving again; kinds take turns."""


class Pair(StrEnum):
    """What the subject is to the base."""

    COPY = "copy"
    RESAVED = "re-saved"
    TUNED = "fine-tune"
    VOCABULARY = "new vocabulary"
    HEAD = "new head"
    STRANGER = "independent"
    GRAFT = "graft"


SIX: Final = tuple(p for p in Pair if p is not Pair.GRAFT)
"""The pairs that the share of right judgements is counted over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A subject in its folder, and what is true of it."""

    kind: str
    pair: Pair
    subject: Path
    base: Path
    exact: bool = True
    """Of a re-saved model: no value was rounded."""
    stacks: int = 1
    """Parts with layers of their own that the kind has."""


def make_pairs(kind: Kind, seed: int, folder: Path) -> list[Asked] | CannotBuild:
    """Build a kind's base and all its subjects.

    Args:
        kind: Which.
        seed: Of the base; the stranger's is drawn from it.
        folder: Where; one folder a model.
    """
    base = build(kind, seed)
    stranger = build(kind, seed + 1_000_003)
    if isinstance(base, CannotBuild):
        return base
    if isinstance(stranger, CannotBuild):
        return stranger
    count = vocabulary_size(base) if kind.vocabulary else 0
    tokens = words(count) if count else []
    at = folder / "base"
    write(at, base, tokens=tokens)
    generator = torch.Generator().manual_seed(seed + 7)
    turn = zlib.crc32(kind.name.encode()) % len(SAVINGS)
    saving = SAVINGS[turn]

    def asked(pair: Pair, *, exact: bool = True) -> Asked:
        return Asked(
            kind=kind.name, pair=pair, subject=folder / pair.name.lower(), base=at,
            exact=exact, stacks=max(1, len(kind.stacks)),
        )  # fmt: skip

    found = [asked(Pair.COPY), asked(Pair.RESAVED, exact=saving["dtype"] == "F32")]
    shutil.copytree(at, found[0].subject)
    write(found[1].subject, base, tokens=tokens, **saving)  # type: ignore[arg-type]  # a row of SAVINGS
    found.append(asked(Pair.TUNED))
    write(found[-1].subject, noisy(base, NOISE, generator), tokens=tokens)
    if count:
        found.append(asked(Pair.VOCABULARY))
        moved = noisy(base, TRAINED_ON, generator)
        shared = words(NEW_TOKENS, first=count - NEW_TOKENS // 3)
        write(found[-1].subject, re_vocabularied(moved, count, generator), tokens=shared)
    if kind.head:
        model = with_head(kind, at, seed + 2)
        if isinstance(model, CannotBuild):
            return CannotBuild("failed", f"new head: {model.detail}")
        # A class of sounds on the encoder of a Whisper: the subject has one of the two stacks.
        own = sum(any(foreign(name, stack) for name in model.tensors) for stack in kind.stacks)
        found.append(replace(asked(Pair.HEAD), stacks=max(1, own)))
        write(found[-1].subject, model, tokens=tokens)
    found.append(asked(Pair.STRANGER))
    write(found[-1].subject, stranger, tokens=tokens)
    grafted = graft(kind, base, stranger)
    if grafted is not None:
        found.append(asked(Pair.GRAFT))
        write(found[-1].subject, grafted, tokens=tokens)
    return found


def noisy(model: Published, share: float, generator: torch.Generator) -> Published:
    """Return a model every trained tensor of which moved by a share of its spread.

    A tensor without spread moves by the share of its size; whole numbers stay.
    """
    tensors = {}
    for name, values in model.tensors.items():
        if not values.is_floating_point() or values.numel() < 2:
            tensors[name] = values
            continue
        spread = float(values.std()) or float(values.abs().mean())
        noise = torch.randn(values.shape, generator=generator)
        tensors[name] = values + share * spread * noise
    return changed(model, tensors)


def re_vocabularied(model: Published, count: int, generator: torch.Generator) -> Published:
    """Return a model whose rows of tokens are fresh and of another number."""
    tensors = {}
    for name, values in model.tensors.items():
        if count not in values.shape:
            tensors[name] = values
            continue
        shape = [NEW_TOKENS if size == count else size for size in values.shape]
        spread = float(values.float().std())
        tensors[name] = float(values.float().mean()) + spread * torch.randn(
            shape, generator=generator
        )
    config = with_vocabulary(model.config, count, NEW_TOKENS)
    return Published(tensors=tensors, config=config, weights_name=model.weights_name)


def graft(kind: Kind, base: Published, stranger: Published) -> Published | None:
    """Return a model half of whose body is the stranger's: a stack, or every second layer.

    ``None`` where nothing can be told apart by name: layers that share their weights.
    """
    last = kind.stacks[-1] if kind.stacks else ""
    taken = {name for name in base.tensors if foreign(name, last)}
    if not taken:
        return None
    tensors = {n: (stranger if n in taken else base).tensors[n] for n in base.tensors}
    return changed(base, tensors)


def foreign(name: str, stack: str) -> bool:
    """Return whether a graft takes a tensor from the stranger."""
    if stack:
        return name.startswith(stack) or f".{stack}" in name
    numbered = re.search(r"\.(\d+)\.", name)
    return numbered is not None and int(numbered[1]) % 2 == 1
