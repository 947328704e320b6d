"""Which tensors of two models are read, in which ranges, when not all of it fits the budget?

Everything, where it fits. Else at least one range of as many pairs of one name as the budget holds,
large ones the more readily; and what is left on both sides in one dtype and shape, to be matched by
content.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from hubcheck.checkpoint.decode import INTEGER_DTYPES
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.evidence.looks.equality.pairs import Key, Paired, Pairing, by_key, key_of
from hubcheck.evidence.looks.equality.ranges import LONG_RANGE, RANGE, Cut, Range, cut_of, ranges_of
from hubcheck.frozen import frozen

Pool = Mapping[Key, tuple[tuple[str, ...], tuple[str, ...]]]
"""Names of the base and of the subject that are left, by what they have in common."""


@frozen
class Plan:
    """What is read: the ranges of each key, and the tensors of each model."""

    ranges: Mapping[Key, tuple[Range, ...]]
    named: tuple[Paired, ...]
    base: tuple[str, ...]
    """Every tensor that is read: of the pairs, and of those to be matched by content."""
    subject: tuple[str, ...]
    whole: frozenset[Key]
    readable: bool
    """Whether any of them can be read, whatever it costs."""
    as_numbers: frozenset[Key]
    """Keys of which one model's tensors can only be read as numbers."""


def pool_of(pairing: Pairing, base: Checkpoint, subject: Checkpoint) -> Pool:
    """Return what may be the same under another name.

    Tensors that are left on one side, where the other has any of that dtype and shape: it may be
    left too, or stand beside one of its own name that turns out to differ.
    """
    ours, theirs = (
        by_key(names, checkpoint.tensors)
        for names, checkpoint in ((pairing.only_base, base), (pairing.only_subject, subject))
    )
    shared = {key_of(subject.tensors[p.subject]) for p in pairing.alike}
    return {
        key: (ours.get(key, ()), theirs.get(key, ()))
        for key in sorted({*ours, *theirs}, key=repr)
        if (key in shared or (key in ours and key in theirs))
        and key[0] not in INTEGER_DTYPES
        and math.prod(key[1]) > 0
    }


def plan_of(
    named: Sequence[Paired],
    pool: Pool,
    base: Checkpoint,
    subject: Checkpoint,
    *,
    seed: int,
    limit: int,
    most: int | None,
) -> Plan:
    """Return what is read within a limit: everything, or ranges of as many tensors as fit."""
    counts: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    records: dict[Key, TensorRecord] = {}
    packed: set[Key] = set()
    for side, (checkpoint, names) in enumerate(
        (
            (base, [*(p.base for p in named), *(n for b, _ in pool.values() for n in b)]),
            (subject, [*(p.subject for p in named), *(n for _, s in pool.values() for n in s)]),
        )
    ):
        for name in names:
            record = checkpoint.tensors[name]
            key = key_of(record)
            records[key] = record
            counts[key][side] += 1
            if record.storage is not None:
                packed.add(key)

    def cut_all(size: int) -> dict[Key, Cut]:
        cuts = {k: cut_of(r, k, size=size, packed=k in packed) for k, r in records.items()}
        return {key: cut for key, cut in cuts.items() if cut is not None}

    cuts = cut_all(LONG_RANGE)
    total = sum(c.n_rows * c.n_cols * c.width * max(counts[key]) for key, c in cuts.items())
    tensors = sum(max(counts[key]) for key in cuts)
    if total <= limit and (most is None or tensors <= most):
        chosen = [p for p in named if key_of(subject.tensors[p.subject]) in cuts]
        pooled = [key for key in pool if key in cuts]
        blocks = {key: cut.blocks for key, cut in cuts.items()}
    else:
        cuts = cut_all(RANGE)
        chosen, pooled = _chosen(named, pool, cuts, subject, seed=seed, limit=limit, most=most)
        read = Counter(key_of(subject.tensors[p.subject]) for p in chosen)
        for key in pooled:
            read[key] += max(map(len, pool[key]))
        blocks = _blocks(read, cuts, limit=limit, most=most)
    return Plan(
        ranges={k: ranges_of(cuts[k], k, count=n, seed=seed) for k, n in blocks.items()},
        named=tuple(chosen),
        base=(*(p.base for p in chosen), *(n for key in pooled for n in pool[key][0])),
        subject=(*(p.subject for p in chosen), *(n for key in pooled for n in pool[key][1])),
        whole=frozenset(key for key, n in blocks.items() if n >= cuts[key].blocks),
        readable=bool(cuts),
        as_numbers=frozenset(packed),
    )


def _chosen(
    named: Sequence[Paired],
    pool: Pool,
    cuts: Mapping[Key, Cut],
    subject: Checkpoint,
    *,
    seed: int,
    limit: int,
    most: int | None,
) -> tuple[list[Paired], list[Key]]:
    """Return the pairs, and the keys left for matching by content, of which a range each fits.

    Pairs are drawn without replacement, large tensors the more readily, so that the values in
    equal tensors estimate those of the model. Half of the budget is for pairs of one name.
    """
    rng = np.random.default_rng([seed, 1])
    share = 2 if named and pool else 1
    left, ranges = limit // share, (len(named) if most is None else most // share)
    draws = rng.random(len(named))
    order = []
    for pair, draw in zip(named, draws.tolist(), strict=True):
        record = subject.tensors[pair.subject]
        if key_of(record) in cuts:
            order.append((math.log(draw or 1e-300) / record.n_values, pair))
    order.sort(key=lambda item: (-item[0], item[1].subject))
    chosen: list[Paired] = []
    for _, pair in order:
        cost = cuts[key_of(subject.tensors[pair.subject])].block_bytes
        if ranges < 1:
            break
        if cost <= left:
            left, ranges = left - cost, ranges - 1
            chosen.append(pair)
    left, ranges = limit // share, (len(subject.tensors) if most is None else most // share)
    pooled: list[Key] = []
    for key in sorted(pool, key=lambda k: (-math.prod(k[1]) * max(map(len, pool[k])), repr(k))):
        tensors = max(map(len, pool[key]))
        if key in cuts and tensors <= ranges and tensors * cuts[key].block_bytes <= left:
            pooled.append(key)
            left, ranges = left - tensors * cuts[key].block_bytes, ranges - tensors
    return chosen, pooled


def _blocks(
    read: Mapping[Key, int], cuts: Mapping[Key, Cut], *, limit: int, most: int | None
) -> dict[Key, int]:
    """Return how many ranges of each key are read: as many everywhere as the limit allows."""
    tensors = sum(read.values())

    def cost(each: int) -> int:
        return sum(min(each, cuts[k].blocks) * cuts[k].block_bytes * n for k, n in read.items())

    low, high = 1, max((cuts[k].blocks for k in read), default=1)
    if most is not None:
        high = min(high, max(1, most // max(1, tensors)))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if cost(middle) <= limit else (low, middle - 1)
    return {key: min(low, cuts[key].blocks) for key in read}
