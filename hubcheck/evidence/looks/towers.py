"""Which towers, projectors and MTP blocks do two models both have, and what do the tests see there?

Each is compared as a model of its own, by the tests that serve a body: a borrowed vision tower
shows although the language model is another one. What a part says of the whole, and of a card, is
the judge's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.anatomy.side_parts import side_parts_of
from hubcheck.anatomy.towers import Tower, towers_of
from hubcheck.evidence.account import WHOLE, part_share, price
from hubcheck.evidence.combine import Prices
from hubcheck.evidence.family import BODY_ORDERS
from hubcheck.evidence.looks.change.look import how_it_moved
from hubcheck.evidence.looks.interface import Opened, Planned, Standing, Terms, When
from hubcheck.evidence.looks.sample.compare import Comparer, routing_groups
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.looks.sample.part import PartLook
from hubcheck.evidence.looks.sample.steps import STEP_BYTES
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.reading import Reader
from hubcheck.evidence.refused import Refused
from hubcheck.evidence.side import SharedTokens
from hubcheck.report.words import Depth

SIDE_BYTES: Final = (2_500_000, 0, 0)
"""Weight bytes that the first step may add for all MTP blocks or all projectors of a model: two
families of experts at the width of 100 B models, and V/O dimensions. They are judged in every
check, whose first step has 16 MB for everything (DESIGN section 7)."""
BESIDE: Final = 2
"""Parts of every model that are judged by themselves: embeddings and norms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SidePartLook:
    """A projector, or the MTP blocks, of both models.

    Only the inner orders count (neurons, experts, V/O dimensions): the channels are those of the
    body and of the tower, and would agree wherever these do.
    """

    name: str
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsSeen:
    """What was seen of everything beside the body."""

    towers: tuple[PartLook, ...]
    sides: tuple[SidePartLook, ...]
    """Projectors and predictors."""


NO_PARTS: Final = PartsSeen(towers=(), sides=())


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPair:
    """A part that both models have."""

    name: str
    base: Anatomy
    subject: Anatomy
    tries: int
    """Places of the subject among which this one was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPairs:
    """Every part beside the body that both models have."""

    towers: tuple[PartPair, ...]
    sides: tuple[PartPair, ...]

    @property
    def judged(self) -> int:
        """Statements about parts that a check makes; fixed by names and shapes."""
        return BESIDE + len(self.towers) + len(self.sides)


def pairs_of(
    base: Anatomy,
    base_config: Mapping[str, object],
    subject: Anatomy,
    subject_config: Mapping[str, object],
) -> PartPairs:
    """Return every tower and side part that both models have; nothing is read.

    Towers of one kind are paired in the order of their names; a base's only tower is held against
    every one of its kind.
    """
    theirs = {t.name: t for t in towers_of(base, base_config)}
    ours = towers_of(subject, subject_config)
    towers: list[PartPair] = []
    for tower in ours:
        # A base that is one tower may be any of the subject's towers of that kind; each is a try.
        alone = [t for t in theirs.values() if t.role is tower.role and len(theirs) == 1]
        other = alone[0] if alone else theirs.get(tower.name)
        if other is not None:
            tries = sum(t.role is tower.role for t in ours) if alone else 1
            towers.append(_pair(tower, other, tries))
    beside = {p.name: p.anatomy for p in side_parts_of(base, base_config)}
    sides = [
        PartPair(name=p.name, base=beside[p.name], subject=p.anatomy, tries=1)
        for p in side_parts_of(subject, subject_config)
        if p.name in beside
    ]
    return PartPairs(towers=tuple(towers), sides=tuple(sides))


def _pair(tower: Tower, other: Tower, tries: int) -> PartPair:
    return PartPair(name=tower.name, base=other.anatomy, subject=tower.anatomy, tries=tries)


def prices_of(tried: int, n_parts: int, share: Fraction) -> Prices:
    """Return what the statements of one comparison have to pay, in nats.

    Args:
        tried: Bases tried.
        n_parts: Parts judged by themselves.
        share: Of the look at the orders, in the account of the whole.
    """
    return Prices(whole=price(tried, WHOLE * share), part=price(tried, part_share(n_parts)))


class Towers:
    """Every part beside the body, each as a model of its own."""

    name = "parts"
    nothing = NO_PARTS

    def skipped(self, terms: Terms, seen: Observations, standing: Callable[[], Standing]) -> Skip:
        """It is taken at every depth: a tower says what a body cannot."""
        del terms, seen, standing
        return Skip.NO

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return what the first step reads of every part."""
        pairs = pairs_in(opened)
        sizes = [(0, 0)]
        for pair, groups, limits in _asked(pairs, opened):
            comparer = _comparer(pair, pairs.judged, terms, groups, limits)
            base, subject = comparer.plan()
            sizes.append((comparer.base.reader.size(base), comparer.subject.reader.size(subject)))
        if not pairs.towers and not pairs.sides:
            return Skip.NOT_RELATED
        return Planned(
            when=When.ALWAYS,
            bytes_base=sum(one for one, _ in sizes),
            bytes_subject=sum(one for _, one in sizes),
        )

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[PartsSeen] | Refused:
        """Compare every part; what cannot be read of one takes nothing from the others."""
        del seen
        pairs = pairs_in(opened)
        towers: list[PartLook] = []
        sides: list[SidePartLook] = []
        refused: list[Refused] = []
        for pair, groups, limits in _asked(pairs, opened):
            comparer = _comparer(pair, pairs.judged, terms, groups, limits)
            comparison = comparer.run(search=False)
            refused += comparison.refused
            if pair in pairs.towers:
                if comparison.outcomes:
                    towers.append(_tower(pair, comparer, comparison, terms.depth))
            elif any(o.test in BODY_ORDERS for o in comparison.outcomes):
                sides.append(SidePartLook(name=pair.name, comparison=comparison))
        return Observation(
            seen=PartsSeen(towers=tuple(towers), sides=tuple(sides)), refused=tuple(refused)
        )


def pairs_in(opened: Opened) -> PartPairs:
    """Return the parts that two opened models both have."""
    sides = opened.comparer
    return pairs_of(
        sides.base.anatomy, opened.base_config, sides.subject.anatomy, opened.subject_config
    )


def _asked(pairs: PartPairs, opened: Opened) -> list[tuple[PartPair, int, tuple[int, ...]]]:
    groups = routing_groups(opened.base_config)
    return [
        *((pair, 1, STEP_BYTES) for pair in pairs.towers),
        *((pair, groups, SIDE_BYTES) for pair in pairs.sides),
    ]


def _tower(pair: PartPair, comparer: Comparer, comparison: Comparison, depth: Depth) -> PartLook:
    """Return what is seen of one pair of towers, how it moved included where they match."""
    return PartLook(
        name=pair.name,
        comparison=comparison,
        base=pair.base,
        subject=pair.subject,
        change=how_it_moved(comparer, comparison, depth, {}, name=f"relation of {pair.name} tower"),
    )


def _comparer(
    pair: PartPair, judged: int, terms: Terms, groups: int, step_bytes: tuple[int, ...]
) -> Comparer:
    """Return what compares two parts, each seen as a model of its own."""
    paid = price(terms.tried * pair.tries, part_share(judged))
    return Comparer(
        Reader(pair.base),
        Reader(pair.subject),
        SharedTokens(),
        seed=terms.seed,
        prices=Prices(whole=paid, part=paid),
        routing_groups=groups,
        step_bytes=step_bytes,
    )


TOWERS: Final = Towers()
