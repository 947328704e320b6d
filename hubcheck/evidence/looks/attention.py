"""Does the attention of a rearranged copy still do what the base's does?

After the residual stream was turned or a head relabelled, no stored value lies where it lay. What a
kv group does to the tokens both models share is unchanged by all of that: with S the rows of q (or
k, or v) of one group seen through the tokens, the Gram matrix S S^T does not change when the stream
is rotated or rescaled, when the rows are turned among themselves, or when the query heads of a
group change places. So each group of a base layer is held against every group of the subject's
layer, and a role counts as compared where the best group stands far above those of another layer,
where nothing corresponds. A comparison of values, no test: it only says what was looked at, and
adds no evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Role
from hubcheck.evidence.looks.disguise.look import DISGUISE
from hubcheck.evidence.looks.interface import Opened, Planned, Standing, Terms
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.observation import Observation, Observations, Skip, nothing_unless_limited
from hubcheck.evidence.orders.vo import value_groups
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.side import Side
from hubcheck.frozen import frozen
from hubcheck.report.planned import When
from hubcheck.report.thresholds import ENOUGH
from hubcheck.report.words import RelationKind, Verdict
from hubcheck.statistics.profiles import FloatArray

READ_BY: Final = (Role.Q, Role.K, Role.V)
"""Matrices that read the stream, row by row."""
MOST_BYTES: Final = 48_000_000
"""Of each model: two layers' q, k, v and o at a width of 2,048, one role after the other."""
STANDS_OUT: Final = 0.2
"""Of the way from the control to 1; the kept that a test must be able to see (DESIGN section 2)."""


@frozen
class Turned:
    """One role of one layer, seen through the tokens."""

    role: Role
    base_layer: int
    layer: int
    likeness: float
    """Median over the base's groups of the best group's cosine of centred Gram matrices."""
    control: float
    """The same against a layer that does not correspond."""

    @property
    def stands(self) -> bool:
        """Whether the role is the base's, turned."""
        return self.likeness - self.control >= STANDS_OUT * max(1e-9, 1.0 - self.control)


def attention_turned(
    base: Side, subject: Side, base_of: Mapping[int, int]
) -> tuple[Turned, ...] | Refused:
    """Hold the attention of one layer of each model against each other, through the tokens.

    Args:
        base: The base.
        subject: The subject.
        base_of: Subject layer to base layer, as the tests proved it; the first two are used, the
            second as the control of the first.

    Raises:
        BudgetExceededError: a ledger refuses all the same.
        UnreadableError: a value is not finite.
    """
    for side in (base, subject):  # free where a test read them; refused here where none could
        side.reader.fetch([*side.token_rows(Role.EMBED), *side.token_rows(Role.LM_HEAD)])
    if base.frame is None or subject.frame is None:
        return Refused(code=Why.FEW_TOKENS)
    pairs = sorted(base_of.items())[:2]
    if len(pairs) < 2:  # noqa: PLR2004 - a control needs a second layer
        return Refused(code=Why.ONE_LAYER)
    (layer, base_layer), (other, _) = pairs
    found: list[Turned] = []
    for role in (*READ_BY, Role.O):
        places = ((base, base_layer), (subject, layer), (subject, other))
        wanted = [_wanted(side, role, at) for side, at in places]
        if not all(wanted):
            continue
        costs = (
            base.reader.cost([wanted[0][0]]),
            subject.reader.cost([wanted[1][0], wanted[2][0]]),
        )
        if max(costs) > MOST_BYTES or any(
            cost > side.anatomy.checkpoint.source.ledger.remaining
            for cost, side in zip(costs, (base, subject), strict=True)
        ):
            continue
        grams = [_grams(side, role, at) for side, at in places]
        if any(g is None for g in grams):
            continue
        likeness, control = (_likeness(grams[0], g) for g in grams[1:])
        found.append(
            Turned(
                role=role,
                base_layer=base_layer,
                layer=layer,
                likeness=likeness,
                control=control,
            )
        )
    return tuple(found)


def _wanted(side: Side, role: Role, layer: int) -> tuple[Wanted, ...]:
    matrix = side.anatomy.get(role, layer)
    if matrix is None or not value_groups(side.anatomy, layer):
        return ()
    return (Wanted(matrix=matrix, why="attention"),)


def _grams(side: Side, role: Role, layer: int) -> list[FloatArray] | None:
    """Return the centred Gram matrix over tokens of every kv group, each of length one."""
    wanted = _wanted(side, role, layer)
    gain = side.gain(Role.NORM_ATTN_IN, layer)
    final = side.gain(Role.NORM_FINAL, -1)
    side.reader.fetch([*wanted, *gain, *final])
    rows = side.reader.block(wanted[0])
    groups = value_groups(side.anatomy, layer)
    if role is Role.O:
        frame, rows_ud = side.head_frame, rows.T
    else:
        frame, rows_ud = side.frame, rows * side.gain_values(Role.NORM_ATTN_IN, layer)
    if frame is None or rows_ud.shape[0] % groups:
        return None
    if role is not Role.O and not side.anatomy.rms_norm:
        rows_ud = rows_ud - rows_ud.mean(axis=1, keepdims=True)
    seen_ut = np.asarray(rows_ud, dtype=np.float64) @ frame.T.astype(np.float64)
    return [_centred(part) for part in np.split(seen_ut, groups)]


def _centred(seen_ut: FloatArray) -> FloatArray:
    centred_ut = seen_ut - seen_ut.mean(axis=1, keepdims=True)
    gram_tt: FloatArray = centred_ut.T @ centred_ut
    # Squared responses of a token to itself are large in any model: only pairs are compared.
    np.fill_diagonal(gram_tt, 0.0)
    length = float(np.linalg.norm(gram_tt))
    if length > 0:
        gram_tt /= length
    return gram_tt


def _likeness(ours: list[FloatArray] | None, theirs: list[FloatArray] | None) -> float:
    """Return the median over our groups of the best cosine among theirs."""
    if not ours or not theirs:
        return 0.0
    return median(max(float(np.sum(a * b)) for b in theirs) for a in ours)


class AttentionLook:
    """What the attention of a rearranged copy does to the tokens that both models share."""

    name = "attention"
    nothing: tuple[Turned, ...] = ()

    def skipped(self, terms: Terms, seen: Observations, standing: Callable[[], Standing]) -> Skip:
        """It is asked of a related base of which too little could be compared."""
        del terms, seen
        now = standing()
        if now.verdict is not Verdict.RELATED:
            return Skip.NOT_RELATED
        start = now.relation is RelationKind.COMMON_INITIALISATION
        return Skip.SETTLED if start or now.compared >= ENOUGH else Skip.NO

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return the bytes it may read."""
        del opened, terms
        return Planned(when=When.IF_RELATED, at_most=MOST_BYTES)

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[tuple[Turned, ...]] | Refused:
        """Hold the attention of two layers against each other."""
        del terms
        sides = opened.comparer
        found = _layers_found(opened, seen)
        turned = attention_turned(sides.base, sides.subject, found)
        if isinstance(turned, Refused):
            return nothing_unless_limited(turned, self.nothing)
        return Observation(seen=turned, undone=frozenset(t.role for t in turned if t.stands))


def _layers_found(opened: Opened, seen: Observations) -> dict[int, int]:
    """Return subject layer to base layer, as the orders or the undone disguise show it."""
    comparison, disguise = seen.seen(ORDERS), seen.seen(DISGUISE)
    found = {o.best_subject_layer: o.base.layer for o in comparison.hitting if o.base.layer >= 0}
    if not isinstance(disguise, Skip) and disguise.found and not found:
        found = {pair.subject: pair.base for pair in disguise.score.found if pair.agreeing}
    sides = (opened.comparer.base, opened.comparer.subject)
    depths = [side.anatomy.geometry.layers for side in sides]
    if len(found) < 2 and depths[0] == depths[1]:  # noqa: PLR2004 - a control needs a second layer
        return {i: i for i in range(depths[0])}
    return found


ATTENTION: Final = AttentionLook()
