"""Which MLPs of each model entered a neuron test, and which of them were found in the other?

What a report says of experts ("6 of 8 experts compared match") and what a judge needs to know
before it speaks of MLPs at all: how many there are, how many were compared. A pair that hits
``FOUND`` times is beyond doubt, all pairs of a comparison paid for: 1/10! times a thousand pairs is
3e-4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.computed_once import kept_with
from hubcheck.evidence.family import Block, FamilyOutcome, Test, View
from hubcheck.evidence.orders.mlps import BY_KIND, EXPERT, mlp_blocks
from hubcheck.frozen import frozen

FOUND: Final = 10
IN_PLACE: Final = 4
"""Router rows that must hit before half of them say that experts kept their numbers: 1/4! = 4 %."""


@frozen
class MlpMatches:
    """The MLPs of one pair of models, as far as neuron tests looked at them."""

    every_base: frozenset[Block]
    every_subject: frozenset[Block]
    """All MLPs of a model, compared or not; each is a gate, an up and a down matrix."""
    base: frozenset[Block]
    subject: frozenset[Block]
    """MLPs that were held against some of the other model."""
    pairs: Mapping[Block, Block]
    """MLP of the subject -> the MLP of the base whose neurons it holds in their order; of several
    (up-cycled experts of the base stand in one order) that of the same number, else the nearest."""

    def compared(self, kind: str, *, subject: bool) -> frozenset[Block]:
        """Return the MLPs of a kind that were compared."""
        return frozenset(b for b in (self.subject if subject else self.base) if b.kind == kind)

    def found(self, kind: str, *, subject: bool) -> frozenset[Block]:
        """Return the MLPs of a kind that were found in the other model."""
        some = self.pairs.keys() if subject else self.pairs.values()
        return frozenset(b for b in some if b.kind == kind)

    def total(self, kind: str, *, subject: bool) -> int:
        """Return how many MLPs of a kind a model has."""
        every = self.every_subject if subject else self.every_base
        return sum(b.kind == kind for b in every)

    @property
    def experts(self) -> bool:
        """Whether experts of either model were compared."""
        return any(b.kind == EXPERT.kind for b in (*self.base, *self.subject))


def mlp_matches(outcomes: Sequence[FamilyOutcome], base: Anatomy, subject: Anatomy) -> MlpMatches:
    """Return which MLPs were compared and found.

    Args:
        outcomes: Of a comparison.
        base: The base.
        subject: The subject.
    """
    neurons = [o for o in outcomes if o.test is Test.NEURONS and o.base.kind]
    views = _views(neurons)
    return MlpMatches(
        every_base=_every(base),
        every_subject=_every(subject),
        base=frozenset(o.base for o in neurons),
        subject=frozenset(view.subject for view in views),
        pairs=found_pairs(neurons),
    )


def sure_layers(outcomes: Sequence[FamilyOutcome], subject: Anatomy) -> frozenset[int]:
    """Return the base layers in which an expert that was not found is not there.

    Experts may have been reordered, and of many only some are drawn. That one was not found tells
    something where it was held against every MLP of a layer, or where the router's rows show that
    the experts kept their numbers.
    """
    of_layer = {
        layer: set(blocks)
        for roles in BY_KIND.values()
        for layer, blocks in mlp_blocks(subject, roles).items()
    }
    kept = {
        o.base.layer
        for o in outcomes
        if o.test is Test.EXPERTS and o.best.hits >= max(IN_PLACE, o.best.units / 2)
    }
    for outcome in outcomes:
        if outcome.test is not Test.NEURONS or not outcome.base.kind:
            continue
        seen: dict[int, set[Block]] = {}
        for view in _views([outcome]):
            seen.setdefault(view.subject.layer, set()).add(view.subject)
        if any(blocks >= of_layer.get(layer, blocks) for layer, blocks in seen.items()):
            kept.add(outcome.base.layer)
    return frozenset(kept)


@kept_with
def _every(anatomy: Anatomy) -> frozenset[Block]:
    kinds = (mlp_blocks(anatomy, roles).values() for roles in BY_KIND.values())
    return frozenset(b for layers in kinds for blocks in layers for b in blocks)


def found_pairs(neurons: Iterable[FamilyOutcome]) -> dict[Block, Block]:
    """Return MLP of the subject -> MLP of the base, of the pairs beyond doubt."""
    best: dict[Block, View] = {}
    for view in _views(neurons):
        known = best.get(view.subject)
        if view.hits >= FOUND and (known is None or _nearness(view) > _nearness(known)):
            best[view.subject] = view
    return {block: view.base for block, view in best.items()}


def _views(neurons: Iterable[FamilyOutcome]) -> list[View]:
    return [view for o in neurons for look in o.looks for view in look.views]


def _nearness(view: View) -> tuple[bool, int, float]:
    same = (view.base.kind, view.base.member) == (view.subject.kind, view.subject.member)
    return (same, view.hits, view.kept)
