"""Is the subject a copy of the base whose every symmetry was randomised?

A few layers of both models are read (evenly many neurons of each), every sampled base layer is
matched with every sampled subject layer (statistics.disguise), and the score is held against the
shipped table for such MLPs. What the match recovers is then put to exact tests (disguise.proof,
disguise.value_signs).

Of MLPs with a gate all base layers but one are matched by gate and up alone first. Where that stays
within the table the whole test would, too (``statistics.disguise``): it ends there, and the columns
of ``down``, which cost the whole matrix, are not read. Only neurons that stand out by their columns
in ``down`` alone could have made a difference, and a copy's stand out by their gate as well.
Where it lies outside and the budget pays for no ``down``, the matter is left open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.blocks import Block, shared
from hubcheck.devices.choice import NUMPY, Device
from hubcheck.devices.matching import best_matches
from hubcheck.devices.store import Store
from hubcheck.devices.team import ALONE, Team
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.disguise.calibration import FLOOR, Calibration
from hubcheck.evidence.looks.disguise.expert_pairs import paired_experts
from hubcheck.evidence.looks.disguise.layers import Layers
from hubcheck.evidence.looks.disguise.mlp_views import EVERY, READING, WRITING_ALONE, Mlps, Neurons
from hubcheck.evidence.looks.disguise.plan import Effort, Planned, Planning
from hubcheck.evidence.looks.disguise.planted import detectable_disguised
from hubcheck.evidence.looks.disguise.proof import (
    MapProof,
    SignProof,
    distinct_orders,
    prove_shared_map,
    prove_signs,
)
from hubcheck.evidence.looks.disguise.value_signs import has_value_coins, value_proofs
from hubcheck.evidence.looks.disguise.writing_view import Writing
from hubcheck.evidence.orders.mlps import EXPERT
from hubcheck.evidence.reading import Reader
from hubcheck.evidence.refused import Refused
from hubcheck.evidence.side import SharedTokens, Side
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses
from hubcheck.statistics.disguise import (
    GATED,
    LAYERS_NEEDED,
    LayerPair,
    Score,
    Views,
    match_layers,
    score,
)
from hubcheck.statistics.evalues import log_product, without_strongest
from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.statistics.profiles import FloatArray

READS_FIRST: Final = frozenset({GATED})
"""MLPs of which two matrices read the stream: one alone agrees with itself on every neuron."""


@frozen
class Disguise:
    """What the disguise test saw."""

    score: Score
    calibration: Calibration
    bound: float
    """Chance that an independent pair scores like this, the bases tried paid for."""
    signs: tuple[SignProof, ...]
    """Of up rows, where the MLP has a gate and its up rows fair coins."""
    values: tuple[SignProof, ...]
    """Of V/O dimensions, where it has none."""
    maps: tuple[MapProof, ...]
    log_e: float
    """Exact evidence of what the fit never saw, nothing paid for; natural log."""
    log_e_without_strongest: float
    kept: float
    """Median |cosine| of the matched neurons over all views, 0 with none."""
    detectable: float
    """Smallest kept at which a copy, relabelled and turned, would have been seen."""
    base: Mapping[int, Neurons]
    subject: Mapping[int, Neurons]
    sides: tuple[Side, Side]
    mlps: Mlps
    by_reading: bool = False
    """``down`` was not read: the score is by gate and up."""
    done: Clauses = ()
    """What was done to the copy, where it was found."""

    @property
    def found(self) -> bool:
        """Whether the score lies outside the table, by every matrix."""
        return self.score.value > self.calibration.threshold and not self.by_reading

    @property
    def half_found(self) -> bool:
        """Whether gate and up lie outside it, and ``down``, which decides, was not paid for."""
        return self.score.value > self.calibration.threshold and self.by_reading

    @property
    def calibrated(self) -> bool:
        """Whether the table is large enough to say so, and of such MLPs."""
        return self.found and self.in_table and self.bound <= FLOOR

    @property
    def gated(self) -> bool:
        """Whether the MLPs matched have a gate."""
        return self.mlps.matrices == GATED

    @property
    def in_table(self) -> bool:
        """Whether the base's MLP is known to be of the kind that the table was made of.

        act(gate) * up, or act(up) without a gate. Where up takes part in a gate's activation, gate,
        up and down lean to each other: the views of strangers agree more often than the table
        knows. One model that does not lean is enough, and what the subject says it is decides
        nothing.
        """
        return self.sides[0].anatomy.fair_signs if self.gated else not self.sides[0].anatomy.gated


class DisguiseTest:
    """Plans and makes the disguise test of one pair."""

    def __init__(
        self,
        base: Reader,
        subject: Reader,
        tokens: SharedTokens,
        *,
        seed: int,
        effort: Effort,
        device: Device = NUMPY,
        team: Team = ALONE,
        seen_through: tuple[Side, Side] | None = None,
    ) -> None:
        """Set the test up; nothing is read.

        Args:
            base: Reader of the base; its anatomy and ledger count, its blocks are not shared.
            subject: Reader of the subject.
            tokens: Ids of shared tokens, aligned.
            seed: The seed of every draw.
            effort: How much to look at, at most.
            device: Where rows are matched.
            team: Processes that share the layers and the pairs of layers.
            seen_through: Base and subject with frames that other looks have made, through which
                what this test would have shown of a copy is told where it reads no ``down``.
        """
        self._device, self._team = device, team
        self._seen_through = seen_through
        self._plan = Planning(base.anatomy, subject.anatomy, tokens, Draw(seed), effort)

    def run(
        self,
        *,
        calibration: Mapping[tuple[str, ...], Calibration],
        n_bases: int,
        budget: int,
        progress: Callable[[str], None],
    ) -> Disguise | Refused:
        """Read, match, score, prove.

        Args:
            calibration: The tables to hold the score against, by the views of an MLP.
            n_bases: Bases put to this test in this check.
            budget: Bytes that may still be read of each model.
            progress: Told each step in words.

        Raises:
            SubjectUnreadableError: a value read of the subject is not finite.
            UnreadableError: a value read of the base is not finite.
        """
        planned = self._plan.affordable(budget)
        if isinstance(planned, Refused):
            return planned
        sides, samples, roles = planned.sides, planned.samples, planned.mlps.roles
        already = [side.anatomy.checkpoint.source.ledger.bytes_read for side in sides]
        table = calibration[planned.mlps.matrices]
        with Store(self._device) as store:
            layers = Layers(sides, roles, store, self._team)
            early = planned.mlps.matrices in READS_FIRST
            layers.frames(samples, READING if early else EVERY)
            if roles is EXPERT:
                samples = paired_experts(sides, samples)
            progress(f"disguise test: reading {len(samples[0])} layers of each model")
            if early:
                last = len(samples[0]) - (LAYERS_NEEDED - 1)
                first = samples[0][:last]
                layers.read((first, samples[1]), READING)
                by_reading = score(self._match(layers, store), unmatched=len(samples[0]) - last)
                if by_reading.value <= table.threshold or not planned.whole:
                    return self._stopped(by_reading, layers, planned, table, n_bases)
                layers.frames(samples)
                layers.read((first, samples[1]), WRITING_ALONE)
                samples = (samples[0][last:], [])
            layers.read(samples)
            progress(f"disguise test: matching {len(layers.of[0])} by {len(layers.of[1])} layers")
            pairs = self._match(layers, store)
            spent = max(
                side.anatomy.checkpoint.source.ledger.bytes_read - was
                for side, was in zip(sides, already, strict=True)
            )
            return self._sum_up(
                pairs, layers.of, sides, table, n_bases, planned.mlps, budget - spent
            )

    def _stopped(
        self,
        seen: Score,
        layers: Layers,
        planned: Planned,
        table: Calibration,
        n_bases: int,
    ) -> Disguise:
        """Return what gate and up show; no copy is seen where ``down`` was never paid for."""
        base, subject = layers.of
        first = seen.found[0]
        pair = base[first.base], subject[first.subject]
        views = layers.last(first.base, first.subject)
        if self._seen_through is not None and planned.whole:
            writing = Writing(self._seen_through, planned.mlps.roles)
            columns = writing.views(*(one.sample for one in pair))
            for known, more in zip(views, columns, strict=True):
                known.update(more)
        return Disguise(
            score=seen,
            calibration=table,
            bound=table.bound(n_bases),
            signs=(),
            values=(),
            maps=(),
            log_e=0.0,
            log_e_without_strongest=0.0,
            kept=0.0,
            detectable=_seen_from(first, table, *views) if planned.whole else NOT_DETECTABLE,
            base=base,
            subject=subject,
            sides=planned.sides,
            mlps=planned.mlps,
            by_reading=True,
        )

    # -- matching ------------------------------------------------------------------------------

    def _match(self, layers: Layers, store: Store) -> list[LayerPair]:
        """Match every base layer that was read with every subject layer, shared by the team."""
        base, subject = layers.of

        def near(which: int, layer: int) -> dict[str, Any]:
            names = layers.names(which, layer)
            return {key: array for name in names for key, array in store.near(name).items()}

        def find(a_ut: Any, b_vt: Any) -> tuple[NDArray[np.int64], FloatArray]:
            matches = best_matches(a_ut, b_vt, signed=False, device=self._device)
            return matches.index, np.abs(matches.value)

        def one(pair: tuple[int, int]) -> LayerPair:
            i, j = pair
            return match_layers(
                near(0, i),
                near(1, j),
                base=i,
                subject=j,
                a_pool=base[i].sample.pool,
                b_pool=subject[j].sample.pool,
                find=find,
            )

        blocks = [
            Block(
                work=(i, j),
                flops=2 * len(a.views) * a.reading.size * len(b.sample.units),
                needs=(*layers.names(0, i), *layers.names(1, j)),
            )
            for i, a in sorted(base.items())
            for j, b in sorted(subject.items())
        ]
        return shared(blocks, one, team=self._team, store=store)

    @staticmethod
    def _sum_up(
        pairs: Sequence[LayerPair],
        neurons: tuple[Mapping[int, Neurons], Mapping[int, Neurons]],
        sides: tuple[Side, Side],
        calibration: Calibration,
        n_bases: int,
        mlps: Mlps,
        budget: int,
    ) -> Disguise:
        seen = score(pairs)
        base, subject = neurons
        found = seen.found if seen.value > calibration.threshold else ()
        fair = sides[0].anatomy.fair_signs and mlps.matrices == GATED
        signs = tuple(prove_signs(p, base[p.base], subject[p.subject]) for p in found if fair)
        coins = found if has_value_coins(sides[0].anatomy) else ()
        values, of_values = value_proofs(coins, sides, budget)
        maps = prove_shared_map(found, base, subject)
        factors = (
            *distinct_orders(
                (signs, maps),
                {i: one.reading for i, one in base.items()},
                max(one.sample.pool for one in base.values()),
            ),
            *distinct_orders(
                (values,), of_values, max((v.shape[0] for v in of_values.values()), default=0)
            ),
        )
        first = seen.found[0]
        return Disguise(
            score=seen,
            calibration=calibration,
            bound=calibration.bound(n_bases),
            signs=signs,
            values=values,
            maps=maps,
            log_e=log_product(factors),
            log_e_without_strongest=without_strongest(factors),
            kept=_kept(found),
            detectable=_seen_from(
                first, calibration, base[first.base].views, subject[first.subject].views
            ),
            base=base,
            subject=subject,
            sides=sides,
            mlps=mlps,
        )


def _seen_from(first: LayerPair, table: Calibration, base: Views, subject: Views) -> float:
    """Return from which kept on a copy would have passed the table's threshold."""
    share = min(1.0, first.expected / max(1, first.partner.size))
    return detectable_disguised(base, subject, needed=table.threshold, share=share)


def _kept(found: Sequence[LayerPair]) -> float:
    """Return the median over layers and views of the matched neurons' |cosine|."""
    values = [
        float(np.median(pair.best[view][pair.partner >= 0]))
        for pair in found
        for view in pair.best
        if pair.agreeing
    ]
    return float(np.median(values)) if values else 0.0
