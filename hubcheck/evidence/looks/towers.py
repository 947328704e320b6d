"""Which towers, projectors and MTP blocks do two models both have, and what do the tests see there?

Each is compared as a model of its own, by the tests that serve a body: a borrowed vision tower
shows although the language model is another one. What a part says of the whole, and of a card, is
the judge's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.side_parts import side_parts_of
from hubcheck.anatomy.towers import Tower, stacks_beside, towers_of
from hubcheck.evidence.account import WHOLE, part_share, price
from hubcheck.evidence.combine import Prices
from hubcheck.evidence.family import BODY_ORDERS
from hubcheck.evidence.looks.beside_towers import (
    NOTHING_BESIDE,
    BesideTowers,
    Both,
    beside_towers,
    is_towers_alone,
    names_beside,
)
from hubcheck.evidence.looks.change.moved import how_it_moved
from hubcheck.evidence.looks.interface import Opened, Planned, Standing, Terms
from hubcheck.evidence.looks.sample.compare import Comparer, routing_groups
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.looks.sample.part import PartLook
from hubcheck.evidence.looks.sample.steps import STEP_BYTES
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.reading import Reader
from hubcheck.evidence.refused import Refused
from hubcheck.evidence.side import SharedTokens
from hubcheck.frozen import frozen
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.planned import When
from hubcheck.report.words import Depth

SIDE_BYTES: Final = (2_500_000, 0, 0)
"""Weight bytes that the first step may add for all MTP blocks or all projectors of a model: two
families of experts at the width of 100 B models, and V/O dimensions. They are judged in every
check, whose first step has 16 MB for everything (DESIGN section 7)."""
NO_TOKENS: Final = SharedTokens()
STACKS: Final = frozenset({Role.DECODER})
"""Parts that are a stack of a model of text, with layers like those of its body."""
BESIDE: Final = 2
"""Parts of every model that are judged by themselves: embeddings and norms."""


@frozen
class SidePartLook:
    """A projector, or the MTP blocks, of both models.

    Only the inner orders count (neurons, experts, V/O dimensions): the channels are those of the
    body and of the tower, and would agree wherever these do.
    """

    name: str
    comparison: Comparison


@frozen
class PartsSeen:
    """What was seen of everything beside the body."""

    towers: tuple[PartLook, ...]
    sides: tuple[SidePartLook, ...]
    """Projectors and predictors."""
    beside: BesideTowers = NOTHING_BESIDE
    """What lies beside the towers, where a model is towers alone and one is related."""


NO_PARTS: Final = PartsSeen(towers=(), sides=())


@frozen
class PartPair:
    """A part that both models have."""

    name: str
    base: Anatomy
    subject: Anatomy
    tries: int
    """Places of the subject among which this one was chosen."""
    is_stack: bool = False
    """It is a stack of text beside the body, and reads the embedding."""
    is_whole: bool = False
    """One of the two is a model of one stack, held against a stack of the other."""


@frozen
class PartPairs:
    """Every part beside the body that both models have."""

    towers: tuple[PartPair, ...]
    sides: tuple[PartPair, ...]
    beside: Both | None = None
    """What lies beside the towers, where one of the two models is towers alone."""

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
    all_theirs = towers_of(base, base_config)
    theirs = {t.name: t for t in all_theirs}
    ours = towers_of(subject, subject_config)
    towers: list[PartPair] = []
    for tower in ours:
        # A base that is one tower may be any of the subject's towers of that kind; each is a try.
        alone = [t for t in theirs.values() if t.role is tower.role and len(theirs) == 1]
        other = alone[0] if alone else theirs.get(tower.name)
        if other is not None:
            tries = sum(t.role is tower.role for t in ours) if alone else 1
            towers.append(_pair(tower, other, tries))
    towers += _of_one_stack(base, tuple(theirs.values()), subject, ours)
    beside = {p.name: p.anatomy for p in side_parts_of(base, base_config)}
    sides = [
        PartPair(name=p.name, base=beside[p.name], subject=p.anatomy, tries=1)
        for p in side_parts_of(subject, subject_config)
        if p.name in beside
    ]
    left = None
    if is_towers_alone(base, all_theirs) or is_towers_alone(subject, ours):
        left = names_beside(base, all_theirs), names_beside(subject, ours)
    return PartPairs(towers=tuple(towers), sides=tuple(sides), beside=left)


def _of_one_stack(
    base: Anatomy, theirs: tuple[Tower, ...], subject: Anatomy, ours: tuple[Tower, ...]
) -> list[PartPair]:
    """Return a model of one stack against the stacks beside the body of an encoder-decoder.

    It may have become either stack (a decoder that was given an encoder): its body is held against
    both, the body and the stack beside it.
    """
    found = []
    if not base.stack:
        found += [(t.name, base, t.anatomy) for t in ours if t.role in STACKS]
    if not subject.stack:
        found += [(t.name, t.anatomy, subject) for t in theirs if t.role in STACKS]
    return [
        PartPair(name=name, base=a, subject=b, tries=2, is_stack=True, is_whole=True)
        for name, a, b in found
    ]


def with_heads_of(one: Anatomy, other: Anatomy) -> Anatomy:
    """Return an anatomy with the heads of another where nothing says what its own are.

    A release without a configuration (timm, DINO) and the same model in transformers have the same
    heads if they are related. If they are not, the order inside the heads of the one whose heads
    are known is arbitrary given the other, however that is divided: the test is exact for it.
    """
    ours, theirs = one.geometry, other.geometry
    o, same = one.get(Role.O, 0), other.get(Role.O, 0)
    if ours.heads or not theirs.heads or o is None or same is None or o.n_in != same.n_in:
        return one
    taken = {n: getattr(theirs, n) for n in ("heads", "kv_heads", "head_dim")}
    return replace(one, geometry=replace(ours, **taken))


def _pair(tower: Tower, other: Tower, tries: int) -> PartPair:
    return PartPair(
        name=tower.name,
        base=with_heads_of(other.anatomy, tower.anatomy),
        subject=with_heads_of(tower.anatomy, other.anatomy),
        tries=tries,
        is_stack=tower.role in STACKS,
    )


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
        for _, comparer in part_comparers(pairs, opened, terms):
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
        for pair, comparer in part_comparers(pairs, opened, terms):
            comparison = comparer.run(search=False)
            refused += comparison.refused
            if pair in pairs.towers:
                # Both have such a stack: where nothing is comparable, it was not compared.
                if comparison.outcomes or (pair.is_stack and not pair.is_whole):
                    towers.append(_tower(pair, comparer, comparison, terms.depth))
            elif any(o.test in BODY_ORDERS for o in comparison.outcomes):
                sides.append(SidePartLook(name=pair.name, comparison=comparison))
        beside = NOTHING_BESIDE
        if pairs.beside is not None and any(t.comparison.settled_related for t in towers):
            draw = opened.comparer.draw
            beside = beside_towers(opened.whole_base, opened.whole_subject, pairs.beside, draw)
        return Observation(
            seen=PartsSeen(towers=tuple(towers), sides=tuple(sides), beside=beside),
            refused=tuple(refused),
        )


def bodies(
    base: Reader,
    base_config: Mapping[str, object],
    subject: Reader,
    subject_config: Mapping[str, object],
) -> tuple[Reader, Reader]:
    """Return what of two models is held against each other as their bodies.

    A repository of one stack alone (the encoder of a T5, the decoder of a BART) is held against the
    stack of its kind, be it the body of the other model or the part beside it.
    """
    readers = (base, subject)
    kinds = [reader.anatomy.stack for reader in readers]
    if not all(kinds) or kinds[0] == kinds[1]:
        return readers
    for n, config in enumerate((base_config, subject_config)):
        beside = stacks_beside(readers[n].anatomy, config)
        found = next((t.anatomy for t in beside if t.name == kinds[1 - n]), None)
        if found is not None:
            reader = Reader(replace(found, borrowed=frozenset()))
            return (reader, subject) if n == 0 else (base, reader)
    return readers


def pairs_in(opened: Opened) -> PartPairs:
    """Return the parts that two opened models both have."""
    return pairs_of(
        opened.whole_base, opened.base_config, opened.whole_subject, opened.subject_config
    )


def part_comparers(
    pairs: PartPairs, opened: Opened, terms: Terms
) -> Iterator[tuple[PartPair, Comparer]]:
    """Yield every part with what compares it; its readers are the same whenever it is asked for."""
    known = opened.comparer.beside
    for n, (pair, groups, limits, tokens) in enumerate(_asked(pairs, opened)):
        if n not in known:
            known[n] = Reader(pair.base), Reader(pair.subject)
        yield pair, _comparer(known[n], pair, pairs.judged, terms, groups, limits, tokens)


def _asked(
    pairs: PartPairs, opened: Opened
) -> list[tuple[PartPair, int, tuple[int, ...], SharedTokens]]:
    """Return every pair with the router's groups, what a step may read, and shared tokens."""
    groups, shared = routing_groups(opened.base_config), opened.comparer.tokens
    return [
        *((pair, 1, STEP_BYTES, shared if pair.is_stack else NO_TOKENS) for pair in pairs.towers),
        *((pair, groups, SIDE_BYTES, NO_TOKENS) for pair in pairs.sides),
    ]


def _tower(pair: PartPair, comparer: Comparer, comparison: Comparison, depth: Depth) -> PartLook:
    """Return what is seen of one pair of towers, how it moved included where they match."""
    moved = phrase(PhraseCode.LOOK_PART, part=pair.name)
    return PartLook(
        name=pair.name,
        comparison=comparison,
        base=pair.base,
        subject=pair.subject,
        change=how_it_moved(comparer, comparison, depth, {}, name=moved),
    )


def _comparer(
    readers: tuple[Reader, Reader],
    pair: PartPair,
    judged: int,
    terms: Terms,
    groups: int,
    step_bytes: tuple[int, ...],
    tokens: SharedTokens,
) -> Comparer:
    """Return what compares two parts, each seen as a model of its own."""
    paid = price(terms.tried * pair.tries, part_share(judged))
    return Comparer(
        *readers,
        tokens,
        seed=terms.seed,
        prices=Prices(whole=paid, part=paid),
        routing_groups=groups,
        step_bytes=step_bytes,
    )


TOWERS: Final = Towers()
