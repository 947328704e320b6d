"""How is one subject held against one base, reading no more than needed?

In sequence: corresponding layers, more layers, and a search over all layers and groups. After each
step the evidence is combined anew; the first step that settles the matter is the last. Weights of
later looks are fixed beforehand and count 0 until spent, so stopping early costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Matrix, Role, Way
from hubcheck.computed_once import computed_once
from hubcheck.evidence.combine import NOTABLE, Prices, combine
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.families import (
    DIRECT_WEIGHT,
    MAP_WEIGHT,
    Facing,
    compare_views,
    judge_family,
)
from hubcheck.evidence.family import (
    Abstention,
    Block,
    FamilyOutcome,
    FamilyTest,
    Look,
    Profiles,
    Test,
    View,
)
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.looks.sample.step_fetching import StepFetching
from hubcheck.evidence.looks.sample.steps import MORE_LAYERS, SEARCH, STEP_BYTES, Item, Steps
from hubcheck.evidence.norms import NormLikeness, norm_likeness
from hubcheck.evidence.orders.axes import AxisTest
from hubcheck.evidence.orders.channels import ChannelTest, neuron_tests
from hubcheck.evidence.orders.experts import ExpertTest
from hubcheck.evidence.orders.heads import HeadTest
from hubcheck.evidence.orders.mixers import MixerTest
from hubcheck.evidence.orders.reserved import ReservedTest
from hubcheck.evidence.orders.signs import count_signs, sum_signs
from hubcheck.evidence.orders.vo import CROSS, ValueTest
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.evidence.scale import free_of_scale
from hubcheck.evidence.shown import units_shown
from hubcheck.evidence.side import SharedTokens, Side, drawn_tokens
from hubcheck.evidence.structure import Key, SharedOrders, guarded
from hubcheck.statistics.exchangeability import order_problem
from hubcheck.statistics.spectrum import SpectrumShare, spectrum_share
from hubcheck.system import give_memory_back

FRAME_ROLES: Final = frozenset({Role.EMBED, Role.EMBED_IN, Role.LM_HEAD})
"""What a family reads to see its units through the tokens; it holds no order of the body."""


class Comparer:
    """Runs the steps for one subject and one base."""

    def __init__(
        self,
        base: Reader,
        subject: Reader,
        tokens: SharedTokens,
        *,
        seed: int,
        prices: Prices,
        routing_groups: int,
        step_bytes: Sequence[int] = STEP_BYTES,
    ) -> None:
        """Set the tests up; nothing is read.

        Args:
            base: Reader of the base.
            subject: Reader of the subject, shared between comparisons.
            tokens: Ids of shared and of reserved tokens, aligned.
            seed: The seed of every draw.
            prices: What has to be taken off the e-values.
            routing_groups: Groups the base's router chooses among first; 1 for none.
            step_bytes: Weight bytes each step may add for each model.
        """
        self.draw = Draw(seed)
        self.prices = prices
        self.tokens = tokens
        positions = drawn_tokens(self.draw, tokens, base.anatomy.geometry.hidden)
        self.base = Side(base, tuple(tokens.base_ids[p] for p in positions))
        self.subject = Side(subject, tuple(tokens.subject_ids[p] for p in positions))
        a, b = base.anatomy, subject.anatomy
        self.neurons = neuron_tests(a, b, self.draw)
        self._channels = ChannelTest(a, b, self.draw, self.neurons)
        tests: list[FamilyTest] = [
            self._channels,
            *self.neurons,
            ValueTest(a, b, self.draw),
            ValueTest(a, b, self.draw, CROSS),
            MixerTest(a, b, self.draw),
            AxisTest(a, b, self.draw),
            ExpertTest(a, b, self.draw, routing_groups),
            HeadTest(a, b, self.draw),
            ReservedTest(a, tokens.base_reserved, tokens.subject_reserved),
        ]
        self.tests = tests
        self._base_profiles: dict[Key, Profiles] = {}
        self._orders = SharedOrders(self._base_profiles)
        self._looks: dict[tuple[FamilyTest, Block], list[Look]] = {}
        self._subject_profiles: dict[FamilyTest, dict[Block, Profiles]] = {}
        self._outcomes: dict[tuple[FamilyTest, Block], FamilyOutcome] = {}
        self._signs: dict[tuple[FamilyTest, Block], list[tuple[float, list[tuple[int, int]]]]] = {}
        self._abstentions: dict[Key, Abstention] = {}
        self._asked: tuple[dict[Wanted, None], dict[Wanted, None]] = ({}, {})
        self._fetching = StepFetching(self.base, self.subject)
        self._left_out = 0
        self.beside: dict[int, tuple[Reader, Reader]] = {}
        """Readers of other parts of both models, by the part's place among them."""
        self.steps = Steps(
            tests,
            self.base,
            self.subject,
            lambda test, block: (test, block) in self._looks,
            step_bytes,
        )

    def run(
        self, *, search: bool, beside: Sequence[tuple[Reader, Sequence[Wanted]]] = ()
    ) -> Comparison:
        """Take step after step until the matter is settled.

        Args:
            search: Whether an apparently unrelated base is searched in all layers and groups
                (declared bases, models of different depth).
            beside: What other parts of the models read, whatever comes out: with the first step.
        """
        best = 0.0
        comparison = self._sum_up(best, 0, searched=False)
        for step in range(SEARCH + 1):
            # Where nothing at all was seen, more of the same is no use: the search is next.
            if step == MORE_LAYERS and self._calm(comparison) and self.steps.is_costly(step):
                continue
            if not self._step(step, beside if step == 0 else ()):
                continue
            searched = step == SEARCH and not self._left_out and not self._passes_over()
            comparison = self._sum_up(best, step + 1, searched=searched)
            best = comparison.best_whole
            if comparison.settled_related or (not search and self._calm(comparison)):
                break
        # All is counted: the profiles, several times the rows they were made of, are let go.
        self._base_profiles.clear()
        self._subject_profiles.clear()
        self._orders.let_go()
        give_memory_back()
        return comparison

    def _passes_over(self) -> bool:
        """Return whether a search leaves experts out: there may be more than can be read."""
        return any(test.passes_over(b) for test in self.neurons for b in test.base_blocks())

    @staticmethod
    def _calm(comparison: Comparison) -> bool:
        """Return whether nothing at all was seen, with power to see it."""
        return comparison.has_power and comparison.best_whole < NOTABLE

    def plan(self) -> tuple[tuple[Wanted, ...], tuple[Wanted, ...]]:
        """Return what the first step would read of base and subject; nothing is read."""
        chosen = self.steps.affordable(0, self._asked).items
        wanted_base = dict.fromkeys(
            w for test, block, _ in chosen for w in test.wanted(self.base, block)
        )
        wanted_subject = dict.fromkeys(
            w for test, _, blocks in chosen for b in blocks for w in test.wanted(self.subject, b)
        )
        return tuple(wanted_base), tuple(wanted_subject)

    def let_go(self) -> None:
        """Forget the arrays of this comparison; what was counted stays, and how alike norms are.

        The base's rows go with them. The subject's are those of the next comparison.
        """
        _ = self.norm_likeness
        self.tokens = SharedTokens()
        self.beside.clear()
        for side in (self.base, self.subject):
            side.let_go()
        self.base.reader.let_go()

    @computed_once
    def norm_likeness(self) -> NormLikeness | None:
        """How alike the norm gains look (context), from what was read; None if nothing."""
        asked = self._asked
        gains = []
        for a, b in self._channels.norm_wanted():
            if a in asked[0] and b in asked[1]:
                both = (self.base.reader.block(a)[:, 0], self.subject.reader.block(b)[:, 0])
                offsets = (self.base.anatomy.norm_offset, self.subject.anatomy.norm_offset)
                gains.append((both[0] + np.float32(offsets[0]), both[1] + np.float32(offsets[1])))
        return norm_likeness(gains, np.random.default_rng(self.draw.seed))

    # -- steps ---------------------------------------------------------------------------------

    def _step(self, step: int, beside: Sequence[tuple[Reader, Sequence[Wanted]]] = ()) -> bool:
        """Read and count one step; return whether anything was added."""
        planned = self.steps.affordable(step, self._asked)
        self._left_out = planned.left_out
        chosen: Sequence[Item] = planned.items
        wanted_base = [w for test, block, _ in chosen for w in test.wanted(self.base, block)]
        wanted_subject = [
            w for test, _, blocks in chosen for b in blocks for w in test.wanted(self.subject, b)
        ]
        later = self.steps.most_after(step) if beside else ()
        chosen = self._fetching.fetched(chosen, wanted_base, wanted_subject, beside, later)
        self._asked[0].update(
            (w, None) for test, block, _ in chosen for w in test.wanted(self.base, block)
        )
        self._asked[1].update(
            (w, None)
            for test, _, blocks in chosen
            for b in blocks
            for w in test.wanted(self.subject, b)
        )
        weight = MAP_WEIGHT if step == SEARCH else DIRECT_WEIGHT
        return sum(self._count(test, block, blocks, weight) for test, block, blocks in chosen) > 0

    def _count(
        self, test: FamilyTest, block: Block, blocks: Sequence[Block], weight: float
    ) -> bool:
        """Count one family against some subject blocks; return whether it could be counted."""
        label = test.label(block)
        key = (label, block)
        if key in self._abstentions:
            return False
        if key not in self._base_profiles:
            profiles = test.profiles(self.base, block)
            problem = order_problem(profiles.rows)
            if problem:
                self._abstentions[key] = Abstention(test=test.test, label=label, reason=problem)
                return False
            self._base_profiles[key] = profiles
        base = self._base_profiles[key]
        views: list[View] = []
        signs: list[tuple[int, int]] = []
        first: Facing | None = None
        subjects = self._subject_profiles.setdefault(test, {})
        for other in blocks:
            if other not in subjects:  # a search meets every subject block once per base block
                subjects[other] = test.profiles(self.subject, other)
            facing = Facing(base, subjects[other])
            seen = compare_views(facing, block, other, self.draw)
            if seen:
                first = first or facing
                views += seen
                signs += count_signs(base, subjects[other])
        if not views:
            return False
        looks = self._looks.setdefault((test, block), [])
        looks.append(Look(weight=weight, views=tuple(views)))
        known = self._outcomes.get((test, block))
        outcome = judge_family(test, block, base, subjects, looks, self.draw, known, first)
        met = {view.subject for look in looks for view in look.views}
        self._outcomes[test, block] = replace(
            outcome,
            known_as=self.base.anatomy.known_as if isinstance(test, AxisTest) else "",
            assumed=Way.INFERRED in (self.base.anatomy.way, self.subject.anatomy.way),
            base_matrices=_matrices(test.wanted(self.base, block)),
            subject_matrices=_matrices(w for b in met for w in test.wanted(self.subject, b)),
            units=units_shown(outcome, base, subjects),
        )
        if signs:
            self._signs.setdefault((test, block), []).append((weight, signs))
        return True

    # -- summing up ------------------------------------------------------------------------------

    def _sum_up(self, best: float, steps: int, *, searched: bool) -> Comparison:
        pools: dict[Test, int] = {}
        for one in self.tests:
            pools[one.test] = max(one.pool(), pools.get(one.test, 0))
        outcomes, structured = guarded(tuple(self._outcomes.values()), self._orders, pools)
        speaking = {(o.label, o.base) for o in outcomes}
        signs = tuple(
            sum_signs(test, block, looks)
            for (test, block), looks in self._signs.items()
            if (test.label(block), block) in speaking
        )
        combined = combine(outcomes, signs, self._orders, self.prices)
        return Comparison(
            outcomes=outcomes,
            signs=signs,
            abstentions=(*self._abstentions.values(), *structured),
            combined=combined,
            best_whole=max(best, combined.whole),
            controlled=self._orders.controlled(outcomes),
            spectra=self._spectra(speaking),
            steps=steps,
            searched=searched,
            wanted_base=tuple(self._asked[0]),
            wanted_subject=tuple(self._asked[1]),
            refused=tuple(self._fetching.refused),
        )

    def _spectra(self, speaking: set[Key]) -> tuple[SpectrumShare, ...]:
        """Return the spectrum shares of neuron families that hit in the raw frame."""
        shares = []
        for (test, block), outcome in self._outcomes.items():
            if test.test is not Test.NEURONS or outcome.log_e < NOTABLE:
                continue
            if (outcome.label, block) not in speaking:
                continue
            both = (
                self._base_profiles[outcome.label, block],
                self._subject_profiles[test][outcome.best.subject],
            )
            if both[0].shape == both[1].shape:
                parts = 2 if "raw gate" in both[0].views and "raw up" in both[0].views else 1
                shares.append(spectrum_share(*(free_of_scale(p.rows, parts) for p in both)))
        return tuple(shares)


def _matrices(wanted: Iterable[Wanted]) -> tuple[Matrix, ...]:
    """Return the matrices that hold the units of a family: no gains, no token rows."""
    found = dict.fromkeys(
        w.matrix for w in wanted if w.matrix.n_in > 1 and w.matrix.role not in FRAME_ROLES
    )
    return tuple(found)


def routing_groups(config: Mapping[str, object]) -> int:
    """Return the groups a router chooses among first (DeepSeek's ``n_group``), at least 1."""
    value = config.get("n_group")
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 1 else 1
