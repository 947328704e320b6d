"""What do the sums of all pieces say: per tensor, per cell, of the whole model?"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from hubcheck.devices.reduction import PairSums, total
from hubcheck.evidence.looks.whole import rank as ranks
from hubcheck.evidence.looks.whole.equality import compared_as
from hubcheck.evidence.looks.whole.halves import UNPACKED
from hubcheck.evidence.looks.whole.interface import Cell, TensorChange, Unmatched
from hubcheck.evidence.looks.whole.journal import Place
from hubcheck.evidence.looks.whole.pairing import Pair
from hubcheck.evidence.looks.whole.pieces import Found
from hubcheck.evidence.looks.whole.rank import Rank
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase

DIGITS = 6
"""Significant digits that are told: NumPy and torch agree in ten more."""


def told(value: float) -> float:
    """Return a number as it is told."""
    return float(f"{value:.{DIGITS - 1}e}")


def relative_of(sums: PairSums) -> float:
    """Return |subject - base| / |base|; where the base is zero, of the subject: then it is 1."""
    return told(sums.relative) if math.isfinite(sums.relative) else 1.0


def share_of(sums: PairSums) -> float:
    """Return the share of equal values, rounded down: 1 only where nothing changed."""
    return math.floor(sums.equal / sums.values * 10**9) / 10**9 if sums.values else 0.0


def sums_by_pair(found: Mapping[Place, Found]) -> dict[int, tuple[PairSums, Rank]]:
    """Return what each pair adds up to, and the rank of its change."""
    parts: dict[int, list[Found]] = defaultdict(list)
    for place in sorted(found):
        parts[place[0]].append(found[place])
    added = {}
    for number, some in parts.items():
        sums = total(one.sums for one in some)
        rank = next((one.rank for one in some if one.rank is not None), ranks.IN_ROUNDING)
        if rank == ranks.NO_CHANGE and sums.equal < sums.values:
            # The piece that was looked at did not change, others did.
            rank = ranks.ELSEWHERE
        if sums.equal == sums.values and rank != ranks.VECTOR:
            rank = ranks.NO_CHANGE  # also where both were rounded to one dtype before
        added[number] = (sums, rank)
    return added


def tensor_changes(
    pairs: Sequence[Pair], added: Mapping[int, tuple[PairSums, Rank]]
) -> tuple[TensorChange, ...]:
    """Return one entry for each pair, sorted by layer, role and expert."""
    found = []
    for number, (sums, rank) in added.items():
        pair = pairs[number]
        found.append(
            TensorChange(
                role=pair.role,
                layer=pair.layer,
                base_layer=pair.base_layer,
                expert=pair.expert,
                bias=pair.bias,
                subject_tensor=pair.subject.record.name,
                base_tensor=pair.base.record.name,
                values=sums.values,
                equal=sums.equal,
                relative=relative_of(sums),
                cosine=told(sums.cosine),
                largest=told(sums.largest),
                rank=rank.rank,
                rank_reason=rank.reason,
                compared=compared_as(pair.base.dtype, pair.subject.dtype),
            )
        )
    return tuple(sorted(found, key=lambda t: (t.layer, t.role, t.expert, t.bias, t.subject_tensor)))


def cells_of(pairs: Sequence[Pair], added: Mapping[int, tuple[PairSums, Rank]]) -> tuple[Cell, ...]:
    """Return one cell for each role of each layer; experts and biases are part of it."""
    groups: dict[tuple[int, str, int], list[tuple[PairSums, Rank]]] = defaultdict(list)
    for number, entry in added.items():
        pair = pairs[number]
        groups[pair.layer, pair.role, pair.base_layer].append(entry)
    cells = []
    for (layer, role, base_layer), entries in sorted(groups.items()):
        sums = total(one for one, _ in entries)
        matrices = [rank.rank for _, rank in entries if rank != ranks.VECTOR]
        cells.append(
            Cell(
                layer=layer,
                base_layer=base_layer,
                role=role,
                relative=relative_of(sums),
                equal=share_of(sums),
                cosine=told(sums.cosine),
                rank=max(matrices, default=-1) if min(matrices, default=-1) >= 0 else -1,
                values=sums.values,
            )
        )
    return tuple(cells)


def said_of(sums: PairSums, tensors: Sequence[TensorChange]) -> Clauses:
    """Return what was measured of the whole model."""
    bits = phrase(PhraseCode.BITS_EQUAL, values=sums.values, tensors=len(tensors), equal=sums.equal)
    relative = relative_of(sums)
    if sums.equal == sums.values:
        if sums.change_square == 0:
            return (bits, phrase(PhraseCode.NOTHING_CHANGED))
        return (bits, phrase(PhraseCode.CHANGED_BY_ROUNDING, relative=relative))
    changed = phrase(PhraseCode.CHANGED, relative=relative, cosine=told(sums.cosine))
    return (bits, changed, said_of_ranks(tensors))


def said_of_ranks(tensors: Sequence[TensorChange]) -> Phrase:
    """Return how many matrices changed, and by which rank."""
    matrices = [t for t in tensors if t.rank_reason != ranks.VECTOR.reason]
    moved = [t for t in matrices if t.equal < t.values]
    low = [t.rank for t in moved if t.rank > 0]
    reasons = Counter(t.rank_reason for t in moved if t.rank < 0)
    high = reasons.pop(ranks.HIGH.reason, 0)
    untold = sorted(reasons.items())
    return phrase(
        PhraseCode.RANKS,
        moved=len(moved),
        matrices=len(matrices),
        low=len(low),
        most=max(low, default=0),
        high=high,
        untold=tuple(n for _, n in untold),
        why=tuple(why for why, _ in untold),
    )


def notes_of(
    tensors: Sequence[TensorChange], unmatched: Iterable[Unmatched], trouble: Iterable[str]
) -> Clauses:
    """Return what a reader should know of how it was done."""
    found = []
    compared = Counter[str]()
    for one in tensors:
        compared[one.compared] += one.values
    for dtype, values in sorted(compared.items()):
        if dtype == UNPACKED:
            found.append(phrase(PhraseCode.PACKED_VALUES, values=values))
        elif dtype:
            found.append(phrase(PhraseCode.TWO_DTYPES, values=values, dtype=dtype))
    for side in ("subject", "base"):
        left = [one for one in unmatched if one.side == side]
        if left:
            values = sum(one.values for one in left)
            found.append(
                phrase(PhraseCode.NO_COUNTERPART, side=side, tensors=len(left), values=values)
            )
    found += [phrase(PhraseCode.STATE_NOT_KEPT, why=why) for why in dict.fromkeys(trouble)]
    return tuple(found)
