"""What does the base's own order allow its families to say?

Families that share an order and its content (layers laid out twice, experts grown from one MLP) are
one order. Families that share an order and too little content have it from a structured
initialisation, and every family of that kind abstains (``statistics.shared_order``). Where all
families of a kind are nearly the same, both readings fit: they are one order, and a copy must hold
more of a family than the base's other families do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

import numpy as np

from hubcheck.evidence.families import log_e_of
from hubcheck.evidence.family import Abstention, Block, FamilyOutcome, Profiles, Test
from hubcheck.report.phrases import Phrase
from hubcheck.statistics.assignment import stands_above
from hubcheck.statistics.shared_order import COPIES, STRUCTURED, Sharing, is_structured, sharing_of

Key = tuple[Phrase, Block]
"""(label, block) of a family of the base."""
BESIDE_READERS: Final = ("raw norms", "raw embeddings")
"""Views of the channels that no order of neurons enters: reader rows are aligned by neuron."""


class SharedOrders:
    """Which families of the base stand in one order; each pair is compared once."""

    def __init__(self, profiles: Mapping[Key, Profiles]) -> None:
        """Bind the base's profiles; what is added to them later counts as well."""
        self.profiles = profiles
        self._seen: dict[tuple[Key, Key], Sharing | None] = {}

    def let_go(self) -> None:
        """Forget what was compared: it holds rows of the profiles."""
        self._seen.clear()

    def between(self, a: FamilyOutcome, b: FamilyOutcome) -> Sharing | None:
        """Return what two families show; None for different kinds or shapes."""
        if a.test is not b.test:
            return None
        first, second = (a.label, a.base), (b.label, b.base)
        pair = (first, second) if repr(first) <= repr(second) else (second, first)
        if pair not in self._seen:
            self._seen[pair] = _compared(*(self.profiles[key] for key in pair))
        return self._seen[pair]

    def groups(self, outcomes: Sequence[FamilyOutcome]) -> list[list[FamilyOutcome]]:
        """Group families that share one order (union of all sharing pairs)."""
        groups: list[list[FamilyOutcome]] = []
        for outcome in outcomes:
            joined = [group for group in groups if any(self._one(outcome, o) for o in group)]
            merged = [outcome, *(o for group in joined for o in group)]
            groups = [group for group in groups if group not in joined] + [merged]
        return groups

    def _one(self, a: FamilyOutcome, b: FamilyOutcome) -> bool:
        seen = self.between(a, b)
        return seen is not None and seen.one_order

    def structured(self, outcomes: Sequence[FamilyOutcome], pools: Mapping[Test, int]) -> set[Test]:
        """Return the kinds of which some two families share an order and not its content."""
        found = set()
        for test in {o.test for o in outcomes}:
            own = [o for o in outcomes if o.test is test]
            seen = {
                (m, n): pair
                for m, n in combinations(range(len(own)), 2)
                if (pair := self.between(own[m], own[n])) is not None
            }
            if is_structured(seen, pools.get(test, 0)):
                found.add(test)
        return found

    def controlled(self, outcomes: Sequence[FamilyOutcome]) -> bool:
        """Return whether families of one kind could be compared and none share an order."""
        seen = [self.between(a, b) for a, b in combinations(outcomes, 2)]
        compared = [pair for pair in seen if pair is not None]
        return bool(compared) and not any(pair.one_order for pair in compared)

    def held_by_all(self, outcome: FamilyOutcome, outcomes: Sequence[FamilyOutcome]) -> float:
        """Return how much of a family the base's others hold, where all of them share one order.

        In the view that shows the family best; 0 where some stand in an order of their own.
        """
        own = [o for o in outcomes if o.test is outcome.test]
        if len(own) < 2 or len(self.groups(own)) > 1:  # noqa: PLR2004 - one family has no others
            return 0.0
        return self._held(outcome, own)

    def is_copied_bit_for_bit(
        self, outcome: FamilyOutcome, outcomes: Sequence[FamilyOutcome]
    ) -> bool:
        """Return whether a family's sampled rows are equal, bit for bit, and are the family's own.

        A start that two models share is moved by their training; no pattern leaves equal values in
        rows that no other family of the base holds.
        """
        own = [o for o in outcomes if o.test is outcome.test]
        return outcome.change == 0.0 and self._held(outcome, own) < COPIES

    def _held(self, outcome: FamilyOutcome, own: Sequence[FamilyOutcome]) -> float:
        """Return the most that another family of the base holds of a family, in its best view."""
        view = outcome.best.name
        a_uf = self.profiles[outcome.label, outcome.base].views[view]
        held = [
            float(np.median(np.einsum("uf,uf->u", a_uf, b_uf)))
            for o in own
            if o is not outcome
            and (b_uf := self.profiles[o.label, o.base].views.get(view)) is not None
            and b_uf.shape == a_uf.shape
        ]
        return max(held, default=0.0)


def guarded(
    outcomes: Sequence[FamilyOutcome], orders: SharedOrders, pools: Mapping[Test, int]
) -> tuple[tuple[FamilyOutcome, ...], tuple[Abstention, ...]]:
    """Return the families that may speak, and those that abstain as structured.

    Args:
        outcomes: Every family seen.
        orders: Which families of the base share an order.
        pools: Units that families of a kind have in the model.
    """
    structured = orders.structured(outcomes, pools)
    kept: list[FamilyOutcome] = []
    for one in outcomes:
        if one.test in structured and not orders.is_copied_bit_for_bit(one, outcomes):
            continue
        if one.test is Test.CHANNELS and Test.NEURONS in structured:
            kept += _without_readers(one)
            continue
        shared = orders.held_by_all(one, outcomes)
        if one.stands and not stands_above(one.kept, max(one.ceiling, shared)):
            one = replace(one, ceiling=max(one.ceiling, shared), stands=False)  # noqa: PLW2901
        kept.append(one)
    speaking = {(o.label, o.base) for o in kept}
    abstained = [
        Abstention(test=o.test, label=o.label, reason=STRUCTURED)
        for o in outcomes
        if (o.label, o.base) not in speaking
    ]
    return tuple(kept), tuple(abstained)


def _without_readers(outcome: FamilyOutcome) -> list[FamilyOutcome]:
    """Return the channels by the views that the neurons' order does not enter; none, if none."""
    looks = [
        replace(look, views=tuple(v for v in look.views if v.name in BESIDE_READERS))
        for look in outcome.looks
    ]
    looks = [look for look in looks if look.views]
    if not looks:
        return []
    left = replace(outcome, looks=tuple(looks), log_e=log_e_of(looks), change=-1.0)
    best = left.best
    return [replace(left, kept=best.kept, stands=outcome.view_stands.get(best.name, False))]


def _compared(a: Profiles, b: Profiles) -> Sharing | None:
    """Hold the first view that both families have against each other."""
    name = next((n for n in a.views if n in b.views), "")
    if not name or a.shape != b.shape:
        return None
    return sharing_of(a.views[name], b.views[name])
