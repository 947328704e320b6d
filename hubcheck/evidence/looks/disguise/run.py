"""Is the subject a copy of the base whose every symmetry was randomised?

A few layers of both models are read (evenly many neurons of each), every sampled base layer is
matched with every sampled subject layer (statistics.disguise), and the score is held against the
shipped table for such MLPs. What the match recovers is then put to exact tests (disguise.proof,
disguise.value_signs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.blocks import Block, shared
from hubcheck.devices.choice import NUMPY, Device
from hubcheck.devices.matching import best_matches
from hubcheck.devices.store import Store
from hubcheck.devices.team import ALONE, Team
from hubcheck.errors import SubjectUnreadableError, UnreadableError
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.disguise.calibration import FLOOR, Calibration
from hubcheck.evidence.looks.disguise.expert_pairs import paired_experts
from hubcheck.evidence.looks.disguise.mlp_views import (
    Mlps,
    Neurons,
    Sample,
    frame_wanted,
    read_neurons,
    weights_wanted,
)
from hubcheck.evidence.looks.disguise.plan import Effort, Planning
from hubcheck.evidence.looks.disguise.planted import detectable_disguised
from hubcheck.evidence.looks.disguise.proof import (
    MapProof,
    SignProof,
    distinct_orders,
    prove_shared_map,
    prove_signs,
)
from hubcheck.evidence.looks.disguise.value_signs import has_value_coins, value_proofs
from hubcheck.evidence.orders.mlps import EXPERT, MlpRoles
from hubcheck.evidence.reading import Reader, fetch_together
from hubcheck.evidence.refused import Refused
from hubcheck.evidence.side import SharedTokens, Side
from hubcheck.report.phrases import Clauses
from hubcheck.statistics.disguise import GATED, LayerPair, Score, match_layers, score
from hubcheck.statistics.evalues import log_product, without_strongest
from hubcheck.statistics.profiles import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
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
    done: Clauses = ()
    """What was done to the copy, where it was found."""

    @property
    def found(self) -> bool:
        """Whether the score lies outside the table."""
        return self.score.value > self.calibration.threshold

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
        """
        self._device, self._team = device, team
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
        fetch_together(
            [
                (side.reader, frame_wanted(side, [s.block.layer for s in of_side]))
                for side, of_side in zip(sides, samples, strict=True)
            ]
        )
        if roles is EXPERT:
            samples = paired_experts(sides, samples)
        progress(f"disguise test: reading {len(samples[0])} layers of each model")
        with Store(self._device) as store:
            base, subject = self._read(sides, samples, roles, store)
            progress(f"disguise test: matching {len(base)} by {len(subject)} layers")
            pairs = self._match(base, subject, store)
            spent = max(
                side.anatomy.checkpoint.source.ledger.bytes_read - was
                for side, was in zip(sides, already, strict=True)
            )
            table = calibration[planned.mlps.matrices]
            return self._sum_up(
                pairs, (base, subject), sides, table, n_bases, planned.mlps, budget - spent
            )

    # -- matching ------------------------------------------------------------------------------

    def _read(
        self,
        sides: tuple[Side, Side],
        samples: tuple[list[Sample], list[Sample]],
        roles: MlpRoles,
        store: Store,
    ) -> tuple[dict[int, Neurons], dict[int, Neurons]]:
        """Read the layers, each by one process of the team, and hand them to all."""

        def one(work: tuple[int, Sample]) -> tuple[int, Neurons]:
            which, sample = work
            return which, self._one(sides[which], roles, sample, which)

        blocks = []
        for which, side in enumerate(sides):
            for sample in samples[which]:
                size = side.reader.size(weights_wanted(side.anatomy, roles, sample))
                # each value is multiplied with its place in the frame of every token
                flops = size * max(1, len(side.token_ids))
                blocks.append(Block(work=(which, sample), n_bytes=size, flops=flops))
        ledgers = [side.anatomy.checkpoint.source.ledger for side in sides]

        def kept(read: tuple[int, Neurons]) -> tuple[int, Neurons]:
            which, neurons = read
            name = _name(which, neurons.sample.block.layer)
            store.put(name, neurons.views)
            return which, replace(neurons, views=store.mapping(name))

        found: tuple[dict[int, Neurons], dict[int, Neurons]] = ({}, {})
        for which, neurons in shared(blocks, one, team=self._team, accounts=ledgers, kept=kept):
            found[which][neurons.sample.block.layer] = neurons
        return found

    @staticmethod
    def _one(side: Side, roles: MlpRoles, sample: Sample, which: int) -> Neurons:
        """Read one layer; what is wrong with the subject is said to be the subject's fault."""
        try:
            return read_neurons(side, roles, sample)
        except UnreadableError as error:
            if which == 0:
                raise
            raise SubjectUnreadableError.of(error) from error

    def _match(
        self, base: Mapping[int, Neurons], subject: Mapping[int, Neurons], store: Store
    ) -> list[LayerPair]:
        """Match every sampled base layer with every sampled subject layer, shared by the team."""

        def find(a_ut: Any, b_vt: Any) -> tuple[NDArray[np.int64], FloatArray]:
            matches = best_matches(a_ut, b_vt, signed=False, device=self._device)
            return matches.index, np.abs(matches.value)

        def one(pair: tuple[int, int]) -> LayerPair:
            i, j = pair
            return match_layers(
                store.near(_name(0, i)),
                store.near(_name(1, j)),
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
                needs=(_name(0, i), _name(1, j)),
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
            detectable=detectable_disguised(
                base[first.base].views,
                subject[first.subject].views,
                needed=calibration.threshold,
                share=min(1.0, first.expected / max(1, first.partner.size)),
            ),
            base=base,
            subject=subject,
            sides=sides,
            mlps=mlps,
        )


def _name(which: int, layer: int) -> str:
    """Return what the views of a layer lie under in the store."""
    return f"{which} {layer}"


def _kept(found: Sequence[LayerPair]) -> float:
    """Return the median over layers and views of the matched neurons' |cosine|."""
    values = [
        float(np.median(pair.best[view][pair.partner >= 0]))
        for pair in found
        for view in pair.best
        if pair.agreeing
    ]
    return float(np.median(values)) if values else 0.0
