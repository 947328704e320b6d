"""What does one order of the base show in subject layers of another size?

Null. The neuron order of a base layer is uniform given the subject and everything else of the base
(``statistics.hits``). Every neuron of a subject layer is matched to its nearest among the base's
neurons that were read, by gate and up in a frame that no neuron order enters: the shared tokens,
whitened, or the stream's own channels where both streams are equally wide. Given *which* neurons of
the base were read (all, or a run), their order among each other is uniform still, so the increasing
run of the surest matches is an e-value (``statistics.increasing``). All subject layers and both
frames look at one order of the base: their mean is taken.

Where the order was lost (neurons sorted by importance) the signs of up rows are left: neurons are
matched mutually by the gate alone, and each base neuron's up sign is a coin (``statistics.signs``),
where flipping it is a symmetry of the architecture. Given the coins the order is uniform still, so
the two multiply. Where the base's own neurons are sorted, their order says nothing of anyone and
the coins alone count: no place enters the match or the coin. Over base layers, which have orders
and coins of their own, the product is taken, over layers that share an order the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.width.match import Matches, matching_ceiling, surest_matches
from hubcheck.evidence.looks.width.reading import LayerRows
from hubcheck.frozen import frozen
from hubcheck.statistics.assignment import stands_above
from hubcheck.statistics.evalues import log_e_signs, log_mean
from hubcheck.statistics.exchangeability import Disorder, OrderProblem, order_problems
from hubcheck.statistics.profiles import FloatArray, profile, uncentred
from hubcheck.statistics.shared_order import STRUCTURED, orders_of
from hubcheck.statistics.signs import sign_agreements

GUARDED: Final = 256
"""Neurons of a base layer behind the self-tests (quadratic cost)."""
IN_LINE: Final = OrderProblem(Disorder.IN_LINE)
"""Why all orders abstain: neighbours in index are alike, as in nested models."""
LEAST_AGREEING: Final = 0.5
"""Of the matched neurons, the share whose nearest by gate alone and by up alone is one and the
same: a relabelling of strangers serves both at once rarely."""


class Mlp:
    """The rows of one MLP as profiles, made once for all that it is held against."""

    def __init__(self, block: Block, rows: LayerRows, *, raw: bool) -> None:
        """Bind rows that were read.

        Args:
            block: Which MLP.
            rows: Its rows.
            raw: Whether both streams have one width.
        """
        self.block, self.rows, self._raw = block, rows, raw

    def forget(self) -> None:
        """Let the profiles go: those of a large model's layers do not lie in memory together."""
        for name in ("_features", "joint", "gate", "up", "signed"):
            self.__dict__.pop(name, None)

    @property
    def guard(self) -> NDArray[np.float32]:
        """The first neurons' joint profile, by which layers of the base are held together."""
        return np.array(_first(self)[:GUARDED])

    @property
    def gated(self) -> bool:
        """Whether there is a gate to match by."""
        return "gate" in self.rows.by_name

    @cached_property
    def _features(self) -> dict[str, dict[str, FloatArray]]:
        return self.rows.features(("gate", "up"), raw=self._raw)

    @cached_property
    def joint(self) -> dict[str, FloatArray]:
        """Gate and up together, by frame."""
        return {frame: profile(*of.values()) for frame, of in self._features.items()}

    @cached_property
    def gate(self) -> dict[str, FloatArray]:
        """The gate alone, by frame."""
        return {frame: profile(of["gate"]) for frame, of in self._features.items()}

    @cached_property
    def up(self) -> dict[str, FloatArray]:
        """The up rows alone, by frame."""
        return {frame: profile(of["up"]) for frame, of in self._features.items()}

    @cached_property
    def signed(self) -> dict[str, FloatArray]:
        """Up rows scaled and not centred, for their signs, by frame."""
        return {frame: uncentred(of["up"]) for frame, of in self._features.items()}


@frozen
class PairSeen:
    """One MLP of the base and one of the subject, in one frame."""

    frame: str
    subject: Block
    matches: Matches
    agreements: int
    coins: int

    @property
    def log_e_order(self) -> float:
        """Of the increasing run."""
        return self.matches.log_e

    @property
    def log_e_signs(self) -> float:
        """Of the coins; 0 without any."""
        return log_e_signs(self.agreements, self.coins) if self.coins else 0.0


def frames_of(base: Mlp, subject: Mlp) -> tuple[str, ...]:
    """Return the frames in which two MLPs have equally many features."""
    a, b = base.joint, subject.joint
    return tuple(f for f in a if f in b and a[f].shape[1] == b[f].shape[1] > 0)


def seen_in(base: Mlp, subject: Mlp, frame: str, *, fair_signs: bool) -> PairSeen:
    """Hold one MLP of the subject against one of the base in one frame."""
    matches = surest_matches(subject.joint[frame], base.joint[frame])
    counted = (0, 0)
    if fair_signs and base.gated and subject.gated:
        ups = base.signed[frame], subject.signed[frame]
        counted = sign_agreements(base.gate[frame], subject.gate[frame], *ups)
    return PairSeen(
        frame=frame,
        subject=subject.block,
        matches=matches,
        agreements=counted[0],
        coins=counted[1],
    )


def content_stands(base: Mlp, subject: Mlp, seen: PairSeen, *, pool: int) -> tuple[float, bool]:
    """Return what matching strangers could have reached, and whether the matches lie above it.

    The one content check of matched neurons: more alike than the best matching makes strangers, and
    nearest by gate alone and by up alone to one and the same neuron.
    """
    frame, matches = seen.frame, seen.matches
    if not matches.units:
        return 1.0, False
    ceiling = matching_ceiling(subject.joint[frame], base.joint[frame], matches, pool=pool)
    stands = stands_above(matches.cosine, ceiling)
    if base.gated and subject.gated:
        stands = stands and agreeing(base, subject, seen) >= LEAST_AGREEING
    return ceiling, stands


def agreeing(base: Mlp, subject: Mlp, seen: PairSeen) -> float:
    """Return the share of the matches that gate alone and up alone make as well."""
    frame, matches = seen.frame, seen.matches
    by_gate, by_up = (
        (part[0][frame][matches.unit_m] @ part[1][frame].T).argmax(axis=1)
        for part in ((subject.gate, base.gate), (subject.up, base.up))
    )
    both = (by_gate == matches.partner_m) & (by_up == matches.partner_m)
    return float(both.mean()) if matches.units else 0.0


def log_e_of(seen: Sequence[PairSeen], *, ordered: bool = True) -> tuple[float, float]:
    """Return log e of an order and of its coins: means over all that looked at them.

    Args:
        seen: Every pair and frame of one base layer.
        ordered: Whether the base's order is arbitrary; one that is not counts for nothing.
    """
    order = log_mean([one.log_e_order for one in seen]) if ordered else 0.0
    coins = [one.log_e_signs for one in seen]
    return order, log_mean(coins) if any(one.coins for one in seen) else 0.0


def own_problems(base: Mlp) -> tuple[OrderProblem, ...]:
    """Return why the order of a base layer is not arbitrary: of its rows, or of their profiles."""
    few = slice(0, GUARDED)
    every = [np.asarray(base.rows.raw_rows()[few], dtype=np.float32)]
    every += [rows[few] for rows in base.joint.values()]
    return tuple(dict.fromkeys(problem for rows in every for problem in order_problems(rows)))


def shared_orders(
    views: Sequence[NDArray[np.float32]], pool: int
) -> tuple[tuple[int, ...], ...] | OrderProblem:
    """Return the base's layers by position, grouped by order; why all abstain otherwise.

    Beside layers that stand in one order (``statistics.shared_order``), layers whose matches with
    each other run upwards are no free orders: where neighbours in index are alike in every layer,
    the neurons of any model made so run upwards with them (e at 1e3 is enough to abstain).

    Args:
        views: Of every layer, the profile that guards it.
        pool: Neurons of the widest layer.
    """
    if not views:
        return ()
    groups = orders_of(views, pool)
    if groups is None:
        return STRUCTURED
    together = {pair for group in groups for pair in combinations(sorted(group), 2)}
    for m, n in combinations(range(len(views)), 2):
        if (m, n) in together or views[m].shape[1] != views[n].shape[1]:
            continue
        if max(_run(views[m], views[n]), _run(views[n], views[m])) >= NOTABLE:
            return IN_LINE
    return groups


def _first(one: Mlp) -> NDArray[np.float32]:
    joint = one.joint
    return np.asarray(joint["token"] if "token" in joint else next(iter(joint.values())))


def _run(a_uf: FloatArray, b_uf: FloatArray) -> float:
    return surest_matches(a_uf, b_uf).log_e
