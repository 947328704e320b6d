"""Is a model a merge of several others, and how much of each does every layer hold?

Rows of the same indices of all models. With weights that sum to one, the subject is fitted as
B = sum_k w_k A_k by least squares, layer by layer: only differences between models enter, so the
common ancestor cancels whether or not it is among the bases. In the fit an independent model and a
relative that was not merged in get a share about 0.

That the fit is better than any single base does not make a merge. The ANCESTOR of K fine-tunes lies
between them; a model that was trained for a shorter time on the same text lies between their common
base and the other; so does one that was trained on both their texts. What training cannot do is
hit the sum: a merge is called where the fit leaves no more than rounding, where whole layers are
one base's, or where single values are still the ancestor's. A merge that was trained further is
therefore not told from a relative. Nor is one of models that differ by little more than rounding: a
sibling's change is half another's, and where the other half sinks into the rounding the sum is hit
by both (``_stands_clear``).

Nor is every exact sum a merge of the subject. Shares outside [0, 1] are an extrapolation. And where
one of the BASES was extrapolated from the subject (A = B + x (B - C), so that B = s A + (1-s) C),
the remainder is that base's rounding times its share s, and less than the subject's own.

Intervals: the rows are the units of sampling (values of one row share a neuron), so the covariance
is the sandwich over rows with the small-sample factor and Student's quantile. Their coverage is
measured on planted merges (docs/relations.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.change.stored import SIGNIFICANT_BITS, narrowest, rounding_variance
from hubcheck.evidence.looks.change.values import ATTENTION, DENSE, EXPERT
from hubcheck.evidence.looks.merge.kind import (
    EXACT,
    Drops,
    MergeKind,
    find_drops,
    is_sum,
    kind_of_merge,
    whole_layers,
)
from hubcheck.evidence.looks.merge.shares import (
    Block,
    LayerFit,
    LayerShare,
    fit_layers,
    pool_layers,
    rescaled,
)
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.evidence.refused import Refused, Why
from hubcheck.frozen import frozen
from hubcheck.report.thresholds import PRESENT

LAYERS: Final = 8
"""Layers of a fit within a small limit; all of them where the limit allows."""
ROWS: Final = (32, 16, 8, 4)
SLACK: Final = 0.02
"""How far outside [0, 1] a share may lie: as far as one that is none."""
CLEAR: Final = 3.0
"""Distance to the nearest base, in the subject's roundings, below which no sum is told: many values
are rounded back to that base's."""
LEFT: Final = 0.15
"""Of that distance, what a sum may leave beside rounding. A lighter run on the text of another
fine-tune leaves 0.35 to 0.5 of it, a planted sum nothing."""
ROUNDED: Final = 1.03
"""Square of the remainder of an exact sum, in units of rounding: 1, as far as it is known."""
NO_ROUNDING: Final = 0.1
"""Remainder, in units of the subject's rounding, of a sum that its format holds exactly."""
FORMAT_VALUES: Final = 4096
"""Values of a matrix from which a format is read."""
CURVED: Final = 0.25
"""Share of the squared remainder that may be left when every matrix has a scale of its own, before
the sum is taken to lie on a curve (SLERP) and not on the straight line."""
LARGE_LIMIT: Final = 16_000_000


@frozen
class MergeMember:
    """A base that may have been merged in."""

    ref: str
    reader: Reader
    layers: Mapping[int, int] | None = None
    """Subject layer to base layer; ``None`` where they are the same."""


@frozen
class Merge:
    """How a subject is made of several bases."""

    shares: Mapping[str, tuple[LayerShare, ...]]
    """By ref; layer -1 is the model as a whole."""
    members: tuple[str, ...]
    """Bases whose share is not nothing; empty where the subject is no merge."""
    gain: float
    """1 - |remainder of the fit| / |distance to the best single base|."""
    best: str
    """The nearest single base."""
    kind: MergeKind
    drops: Drops | None
    ancestor: str
    """The base whose task vectors the others' were merged as; empty where that is not so. Its share
    is what the others leave of one, and makes it no member."""
    remainder: float
    """Remainder of the fit over the subject's own storage rounding, both root mean square."""
    computed: bool
    """The remainder is the rounding of the subject alone: it is the one that was computed."""
    bytes_read: Mapping[str, int]

    @property
    def is_merge(self) -> bool:
        """Whether several bases were merged."""
        return len(self.members) > 1


def merge_shares(
    subject: Reader, bases: Sequence[MergeMember], draw: Draw, *, limit: int
) -> Merge | Refused:
    """Fit a subject by several bases.

    Args:
        subject: The model under test.
        bases: Two or more related bases (or suspects), by distinct refs.
        draw: The seeded choices; rows that other tests drew by the same seed are not read again.
        limit: Bytes that may be added for each model; the budgets hold as well.

    Returns:
        The shares, or why there are none.

    Raises:
        BudgetExceededError: a ledger refuses all the same.
        UnreadableError: a value is not finite.
    """
    if len(bases) < 2:  # noqa: PLR2004 - a merge needs two
        return Refused(code=Why.ONE_BASE)
    planned = _plan(subject, bases, draw, limit)
    if isinstance(planned, Refused):
        return planned
    before = [r.anatomy.checkpoint.source.ledger.bytes_read for r in _readers(subject, bases)]
    for n, reader in enumerate(_readers(subject, bases)):
        reader.fetch([row.wanted[n] for row in planned])
    blocks = _blocks(planned, subject, bases)
    fits = fit_layers(blocks)
    if isinstance(fits, Refused):
        return fits
    scaled = rescaled(blocks)
    again = fit_layers(scaled)
    if isinstance(again, list) and sum(f.rest for f in again) <= CURVED * sum(f.rest for f in fits):
        fits = again
    after = [r.anatomy.checkpoint.source.ledger.bytes_read for r in _readers(subject, bases)]
    names = ("", *(b.ref for b in bases))
    read = {n: b - a for n, a, b in zip(names, before, after, strict=True)}
    return _sum_up(fits, blocks, bases, read)


def _readers(subject: Reader, bases: Sequence[MergeMember]) -> list[Reader]:
    return [subject, *(b.reader for b in bases)]


@frozen
class _Row:
    """Some rows of one matrix, in every model."""

    layer: int
    role: Role
    of: int
    """Rows of the whole matrix."""
    wanted: tuple[Wanted, ...]
    """Of the subject first, then of every base."""


def _plan(
    subject: Reader, bases: Sequence[MergeMember], draw: Draw, limit: int
) -> list[_Row] | Refused:
    """Return the rows to read, as many as every model's limit and budget hold."""
    n_layers = subject.anatomy.geometry.layers
    order = list(draw.layers(n_layers))
    counts = [n_layers, LAYERS, 4, 2, 1] if limit >= LARGE_LIMIT else [LAYERS, 4, 2, 1]
    anatomies = [subject.anatomy, *(b.reader.anatomy for b in bases)]
    sizes = {(a.geometry.hidden, a.geometry.neurons, a.geometry.experts) for a in anatomies}
    if len(sizes) > 1:
        return Refused(code=Why.OTHER_WIDTH)
    depths = {a.geometry.layers for a in anatomies}
    if len(depths) > 1 and any(b.layers is None for b in bases):
        return Refused(code=Why.OTHER_DEPTH)
    found = False
    for n in counts:
        for rows in ROWS:
            planned = [
                row
                for layer in sorted(order[:n])
                for row in _rows_of(layer, subject.anatomy, bases, draw, rows)
            ]
            found = found or bool(planned)
            if planned and all(
                r.cost([row.wanted[m] for row in planned])
                <= min(limit, r.anatomy.checkpoint.source.ledger.remaining)
                for m, r in enumerate(_readers(subject, bases))
            ):
                return planned
    return Refused(code=Why.BUDGET if found else Why.NO_SHARED_SHAPE)


def _rows_of(
    layer: int, subject: Anatomy, bases: Sequence[MergeMember], draw: Draw, rows: int
) -> list[_Row]:
    """Return the rows of one layer in all models, of matrices that have one shape in all."""
    found = []
    experts = subject.geometry.experts
    expert = draw.one_of(experts, layer) if experts else -1
    for role in (*ATTENTION, *DENSE, *EXPERT):
        member = expert if role in EXPERT else -1
        ours = subject.get(role, layer, member)
        theirs = [
            b.reader.anatomy.get(role, (b.layers or {}).get(layer, layer), member) for b in bases
        ]
        if ours is None or any(m is None for m in theirs):
            continue
        matrices = [ours, *(m for m in theirs if m is not None)]
        if len({(m.n_out, m.n_in, m.transposed) for m in matrices}) > 1 or ours.transposed:
            continue
        size = min(rows, ours.n_out)
        start = draw.start(ours.n_out, size)
        units = tuple(range(start, start + size))
        wanted = tuple(Wanted(matrix=m, units=units, why="merge") for m in matrices)
        found.append(_Row(layer=layer, role=role, of=ours.n_out, wanted=wanted))
    return found


def _blocks(planned: Sequence[_Row], subject: Reader, bases: Sequence[MergeMember]) -> list[Block]:
    readers = _readers(subject, bases)
    return [
        Block(
            layer=row.layer,
            weight=row.of / len(row.wanted[0].units),
            subject_ui=readers[0].block(row.wanted[0]).astype(np.float64),
            bases_kui=np.stack(
                [
                    r.block(w).astype(np.float64)
                    for r, w in zip(readers[1:], row.wanted[1:], strict=True)
                ]
            ),
        )
        for row in planned
    ]


def _sum_up(
    fits: Sequence[LayerFit],
    blocks: Sequence[Block],
    bases: Sequence[MergeMember],
    read: Mapping[str, int],
) -> Merge:
    refs = [b.ref for b in bases]
    pooled = pool_layers(fits)
    shares = {ref: (pooled.shares[k], *(f.shares[k] for f in fits)) for k, ref in enumerate(refs)}
    single = np.sum([f.single_k for f in fits], axis=0)
    rest = float(sum(f.rest for f in fits))
    nearest = int(np.argmin(single))
    away = float(single[nearest])
    gain = 1.0 - sqrt(rest / away) if away > 0 else 0.0
    present = [
        k
        for k in range(len(refs))
        if any(s.low > 0 or s.high < 0 for s in shares[refs[k]] if abs(s.share) >= PRESENT)
    ]
    noise = _rounding(blocks)
    rms = sqrt(rest / sum(b.weight * b.subject_ui.size for b in blocks))
    remainder = rms / noise if noise > 0 else 0.0
    # A sum that explains all needs no other rule; dropped values need an ancestor and two more.
    drops = find_drops(blocks) if remainder > EXACT and len(refs) > 2 else None  # noqa: PLR2004
    if drops is not None:
        # Single values of several bases beside values equal to their ancestor's: whatever the gain.
        # A relative that learned from the same text matches now and then: its share is nothing.
        present = [k for k in present if k in drops.members]
    by_layers = whole_layers(fits)
    summed = is_sum(fits, remainder) and _stands_clear(remainder, gain) and not by_layers
    largest = max((pooled.shares[k].share for k in present), default=0.0)
    # The subject's own rounding is 1, that of a base made from the subject its share.
    rounded = summed and remainder >= (1.0 + largest) / 2
    # A finer format may hold the sum without any.
    unrounded = summed and remainder <= NO_ROUNDING and _is_finest(blocks, present)
    # Shares say how a sum was weighted; a rule that drops values has none.
    inside = drops is not None or all(_inside(pooled.shares[k]) for k in present)
    told = drops is not None or by_layers or rounded or unrounded
    called = len(present) > 1 and inside and told
    return Merge(
        shares=shares,
        members=tuple(refs[k] for k in present) if called else (),
        gain=gain,
        best=refs[nearest],
        kind=kind_of_merge(blocks, fits, present, remainder, drops) if called else MergeKind.NONE,
        drops=drops,
        ancestor=refs[drops.ancestor] if called and drops is not None else "",
        remainder=remainder,
        computed=called and rounded and remainder <= EXACT,
        bytes_read=read,
    )


def _stands_clear(remainder: float, gain: float) -> bool:
    """Return whether a relative of the same text could not have hit the sum by being near it."""
    distance = remainder / (1.0 - gain) if gain < 1.0 else inf
    return distance >= CLEAR and remainder**2 <= ROUNDED + (LEFT * distance) ** 2


def _is_finest(blocks: Sequence[Block], members: Sequence[int]) -> bool:
    """Return whether the subject's values have more digits than those of any base merged."""
    few = [b.subject_ui.ravel()[:FORMAT_VALUES] for b in blocks]
    theirs = [
        np.concatenate([b.bases_kui[k].ravel()[:FORMAT_VALUES] for b in blocks]) for k in members
    ]
    own = SIGNIFICANT_BITS[narrowest(np.concatenate(few))]
    return own > max((SIGNIFICANT_BITS[narrowest(values)] for values in theirs), default=own)


def _inside(share: LayerShare) -> bool:
    """Return whether a share may lie between nothing and all."""
    return -SLACK <= share.share <= 1.0 + SLACK


def _rounding(blocks: Sequence[Block]) -> float:
    """Return the root mean square of the subject's own storage rounding."""
    dtype = narrowest(np.concatenate([b.subject_ui.ravel()[:FORMAT_VALUES] for b in blocks]))
    total: NDArray[np.float64] = np.array(
        [b.weight * rounding_variance(b.subject_ui, dtype).sum() for b in blocks]
    )
    return sqrt(float(total.sum()) / sum(b.weight * b.subject_ui.size for b in blocks))
