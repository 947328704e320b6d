"""Which tensors of two models may be the same one, whatever architecture they belong to?

By name first, by name without a wrapper's prefix next. What is left on both sides in one dtype and
shape may be the same under another name; its content decides.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hubcheck.checkpoint.decode import DTYPE_BITS
from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.frozen import frozen

PREFIXES_TRIED: Final = 6
"""Of each side, the most frequent first: a wrapper stands before most names."""
PREFIX_PARTS: Final = 4
"""Parts of a prefix: ``base_model.model.model.`` has three."""
NAMES_TRIED: Final = 2000
"""Names that choose between prefixes; all of them are then matched."""
ROUNDS: Final = 3
"""Prefixes undone one after the other: a tower and a decoder may be wrapped apart."""

Key = tuple[str, tuple[int, ...], str]
"""Dtype, shape and packed storage: what two tensors need to have in common to be compared."""


@frozen
class Paired:
    """Two tensors of one name, each by the name its own model gives it."""

    base: str
    subject: str


@frozen
class Pairing:
    """Which tensors correspond, and which do not."""

    alike: tuple[Paired, ...]
    """One name, one dtype, one shape; sorted by the subject's name."""
    apart: tuple[Paired, ...]
    """One name, and another dtype, shape or packing."""
    only_base: tuple[str, ...]
    only_subject: tuple[str, ...]


def key_of(record: TensorRecord) -> Key:
    """Return what a tensor must share with another for its bytes to be held against it."""
    storage = record.storage
    # Where an archive foretells a place it is no packing: the values lie there as they are.
    plain = storage is None or (storage.name == record.dtype and record.dtype in DTYPE_BITS)
    return record.dtype, record.shape, "" if plain or storage is None else storage.name


def pair_by_name(base: Mapping[str, TensorRecord], subject: Mapping[str, TensorRecord]) -> Pairing:
    """Return which tensors of two models bear one name, prefixes aside.

    Args:
        base: Tensors by name.
        subject: The same of the subject. Names are hostile; they are compared and never parsed.
    """
    found = {name: name for name in subject if name in base}
    for _ in range(ROUNDS):
        taken = set(found.values())
        left = [n for n in base if n not in taken]
        there = [n for n in subject if n not in found]
        if not left or not there:
            break
        more = _through_prefixes(left, there)
        if not more:
            break
        found.update(more)
    alike: list[Paired] = []
    apart: list[Paired] = []
    for name, other in sorted(found.items()):
        same = key_of(subject[name]) == key_of(base[other])
        (alike if same else apart).append(Paired(base=other, subject=name))
    taken = set(found.values())
    return Pairing(
        alike=tuple(alike),
        apart=tuple(apart),
        only_base=tuple(n for n in base if n not in taken),
        only_subject=tuple(n for n in subject if n not in found),
    )


def _through_prefixes(base: Sequence[str], subject: Sequence[str]) -> dict[str, str]:
    """Return subject name to base name, by the two prefixes that match the most names."""
    few = {}
    for side, names in (("base", base), ("subject", subject)):
        step = max(1, len(names) // NAMES_TRIED)
        few[side] = names[::step]
    best: dict[str, str] = {}
    best_count = 0
    chosen = ("", "")
    whole = set(subject)
    for before in _prefixes(few["base"]):
        for after in _prefixes(few["subject"]):
            if not before and not after:
                continue
            stripped = (n.removeprefix(before) for n in few["base"] if n.startswith(before))
            count = sum(after + n in whole for n in stripped)
            if count > best_count:
                best_count, chosen = count, (before, after)
    if best_count:
        before, after = chosen
        for name in base:
            other = after + name.removeprefix(before)
            if name.startswith(before) and other in whole:
                best[other] = name
    return best


def _prefixes(names: Iterable[str]) -> list[str]:
    """Return the prefixes before most names, and none."""
    counts: Counter[str] = Counter()
    for name in names:
        parts = name.split(".", PREFIX_PARTS)[:-1]
        counts.update(".".join(parts[: n + 1]) + "." for n in range(len(parts)))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ["", *(prefix for prefix, _ in ranked[:PREFIXES_TRIED])]


def by_key(names: Iterable[str], tensors: Mapping[str, TensorRecord]) -> dict[Key, tuple[str, ...]]:
    """Return names by dtype, shape and packing."""
    found: dict[Key, list[str]] = defaultdict(list)
    for name in names:
        found[key_of(tensors[name])].append(name)
    return {key: tuple(some) for key, some in found.items()}
