"""What would a pruned copy have shown, had it kept a given share of each neuron?

The counterpart of ``statistics.planted`` for models of different sizes. A pruned copy is planted
into the pair at hand: some of the base's units in their order, each as rho of the base's row and
the rest of the subject's own rows in shuffled order; the test of the increasing run is repeated.
Where the copy sorted its neurons the run sees nothing: the same planting is put to the signs of up
rows, matched by the gate alone.

Legend: w units of the base that were read, t units of the subject, f features. All rows have
length one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.frozen import frozen
from hubcheck.statistics.evalues import log_e_signs
from hubcheck.statistics.increasing import log_e_increasing, longest_increasing
from hubcheck.statistics.planted import KEPT_GRID, NOT_DETECTABLE, least_seen, often
from hubcheck.statistics.profiles import FloatArray
from hubcheck.statistics.signs import FEWEST_PAIRS, MOST_PAIRS

PLANTINGS: Final = 20
"""Copies planted for each kept; the test must see nine in ten."""

Index = NDArray[np.int64]


@frozen
class Sizes:
    """Which units were read of how many."""

    base_total: int
    subject_total: int
    base_first: int
    """Index of the first unit of the base that was read; the others follow it."""
    base_read: int
    subject_first: int
    subject_read: int


def pruned_partners(sizes: Sizes, rng: np.random.Generator) -> Index:
    """Return, for each subject unit read, its place among the base's units read; -1 for none.

    A random choice of the base's units was kept in order (or, where the subject has more units,
    put between units of the subject's own).
    """
    n_base, n_subject = sizes.base_total, sizes.subject_total
    partner_of = np.full(n_subject, -1, dtype=np.int64)
    if n_subject <= n_base:
        partner_of[:] = np.sort(rng.choice(n_base, n_subject, replace=False))
    else:
        partner_of[np.sort(rng.choice(n_subject, n_base, replace=False))] = np.arange(n_base)
    stop = sizes.subject_first + sizes.subject_read
    return _among_read(partner_of[sizes.subject_first : stop], sizes)


def _among_read(partner_t: Index, sizes: Sizes) -> Index:
    """Return the places of partners among the base's units that were read; -1 for the others."""
    place_t = partner_t - sizes.base_first
    inside_t = (partner_t >= 0) & (place_t >= 0) & (place_t < sizes.base_read)
    return np.asarray(np.where(inside_t, place_t, -1))


def planted_similarity(
    gram_ww: FloatArray, cross_tw: FloatArray, partner_t: Index, order_t: Index, rho: float
) -> NDArray[np.float32]:
    """Return cosines [t, w] of subject units, some of them copies, with the base's units.

    A planted row is p = rho a + s b with s^2 = 1 - rho^2, so only inner products are needed.

    Args:
        gram_ww: Of the base's rows among themselves.
        cross_tw: Of the subject's rows with the base's.
        partner_t: Which base unit each subject unit is a copy of; -1 for none.
        order_t: Which of its own rows each subject unit has for the rest.
        rho: The share kept.
    """
    own_tw = np.asarray(cross_tw[order_t], dtype=np.float32)
    copies = np.flatnonzero(partner_t >= 0)
    rest = float(np.sqrt(max(0.0, 1.0 - rho * rho)))
    partner = partner_t[copies]
    length = np.sqrt(
        np.maximum(1e-12, rho * rho + rest * rest + 2 * rho * rest * own_tw[copies, partner])
    )
    kept_tw = np.float32(rho) * gram_ww[partner] + np.float32(rest) * own_tw[copies]
    own_tw[copies] = kept_tw / length[:, None].astype(np.float32)
    return own_tw


def run_log_e(similarity_tw: FloatArray, most: int) -> float:
    """Return log e of the increasing run of the surest matches (``statistics.increasing``)."""
    best_t = similarity_tw.argmax(axis=1)
    top_t = similarity_tw[np.arange(best_t.size), best_t]
    margin_t = top_t - np.partition(similarity_tw, -2, axis=1)[:, -2]
    size = min(most, max(1, best_t.size // 2))
    chosen = np.sort(np.argsort(-margin_t, kind="stable")[:size])
    return log_e_increasing(longest_increasing(best_t[chosen].tolist()), size)


def signs_log_e(gate_tw: FloatArray, up_tw: FloatArray) -> float:
    """Return log e of the up signs of the best mutual matches by gate (``statistics.signs``)."""
    to_base, to_subject = gate_tw.argmax(axis=1), gate_tw.argmax(axis=0)
    units = np.arange(gate_tw.shape[0])
    mutual = units[to_subject[to_base] == units]
    if mutual.size < FEWEST_PAIRS:
        return 0.0
    order = np.argsort(-gate_tw[mutual, to_base[mutual]], kind="stable")
    best = mutual[order][:MOST_PAIRS]
    return log_e_signs(int((up_tw[best, to_base[best]] > 0).sum()), int(best.size))


def detectable_pruned(
    base_wf: FloatArray,
    subject_tf: FloatArray,
    sizes: Sizes,
    rng: np.random.Generator,
    *,
    needed: float,
    most: int,
) -> float:
    """Return the smallest kept at which a pruned copy in its old order would have been seen.

    Args:
        base_wf: Profiles of the base, gate and up joined.
        subject_tf: Profiles of the subject.
        sizes: Which units these are.
        rng: Source of the plantings.
        needed: Natural log of the e-value that would have counted as seen.
        most: Surest matches that are counted.
    """
    gram_ww = np.asarray(base_wf @ base_wf.T, dtype=np.float32)
    cross_tw = np.asarray(subject_tf @ base_wf.T, dtype=np.float32)

    def test(rho: float, partner_t: Index, order_t: Index) -> bool:
        planted = planted_similarity(gram_ww, cross_tw, partner_t, order_t, rho)
        return run_log_e(planted, most) >= needed

    return _least_seen(test, sizes, rng)


def detectable_sorted(
    gates: tuple[FloatArray, FloatArray],
    ups: tuple[FloatArray, FloatArray],
    sizes: Sizes,
    rng: np.random.Generator,
    *,
    needed: float,
) -> float:
    """Return the smallest kept at which a pruned copy in any order would have been seen.

    Which units are copies matters, their order does not: nothing of a match by gate sees an index.

    Args:
        gates: Gate profiles of base and subject.
        ups: Up rows of base and subject, scaled and not centred.
        sizes: Which units these are.
        rng: Source of the plantings.
        needed: Natural log of the e-value that would have counted as seen.
    """
    grams = [np.asarray(a @ a.T, dtype=np.float32) for a in (gates[0], ups[0])]
    crosses = [np.asarray(b @ a.T, dtype=np.float32) for a, b in (gates, ups)]

    def test(rho: float, partner_t: Index, order_t: Index) -> bool:
        gate_tw, up_tw = (
            planted_similarity(gram, cross, partner_t, order_t, rho)
            for gram, cross in zip(grams, crosses, strict=True)
        )
        return signs_log_e(gate_tw, up_tw) >= needed

    return _least_seen(test, sizes, rng, shuffled=True)


def _least_seen(
    test: Callable[[float, Index, Index], bool],
    sizes: Sizes,
    rng: np.random.Generator,
    *,
    shuffled: bool = False,
) -> float:
    """Return the first kept of the grid that nine plantings in ten show."""
    if min(sizes.base_read, sizes.subject_read) < 2:  # noqa: PLR2004 - nearest of one says nothing
        return NOT_DETECTABLE
    read = sizes.subject_read
    if shuffled:  # the copies read are those of a random choice of the subject's units
        partners = [_scattered(sizes, rng) for _ in range(PLANTINGS)]
    else:
        partners = [pruned_partners(sizes, rng) for _ in range(PLANTINGS)]
    orders = [rng.permutation(read) for _ in range(PLANTINGS)]
    plantings = list(zip(partners, orders, strict=True))
    return least_seen(
        KEPT_GRID,
        lambda rho: often((test(rho, *planting) for planting in plantings), PLANTINGS),
    )


def _scattered(sizes: Sizes, rng: np.random.Generator) -> Index:
    """Return the partners of a copy whose units lie in any order."""
    n_base, n_subject = sizes.base_total, sizes.subject_total
    of_any = np.full(max(n_base, n_subject), -1, dtype=np.int64)
    of_any[:n_base] = rng.permutation(n_base)
    partner_of = rng.permutation(of_any[:n_subject])
    return _among_read(partner_of[: sizes.subject_read], sizes)
