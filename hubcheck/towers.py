"""Which towers, projectors and MTP blocks do two models both have, and what do the tests see there?

Each is compared as a model of its own, by the tests that serve a body, and judged by the rules of
the body: a borrowed vision tower shows although the language model is another one. Projectors and
MTP blocks are judged by their inner orders alone (neurons, experts, V/O dimensions): their channels
are those of the body and of the tower, and would agree wherever these do. What a part says of the
whole, and of a card, is the judge's matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.side_parts import SidePart, side_parts_of
from hubcheck.anatomy.towers import Tower, stacks_beside, towers_of
from hubcheck.closer import closer_look
from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.compare import Comparer, routing_groups
from hubcheck.evidence.comparison import POWER_KEPT, Comparison
from hubcheck.evidence.family import BODY_ORDERS
from hubcheck.evidence.reading import Reader
from hubcheck.evidence.refused import Refused, attempt
from hubcheck.evidence.side import SharedTokens
from hubcheck.evidence.steps import STEP_BYTES
from hubcheck.model import Model
from hubcheck.relate.values import Refusal
from hubcheck.statistics.evalues import log10_p
from hubcheck.verdict.parts import PartLook
from hubcheck.verdict.report import PartVerdict
from hubcheck.verdict.whole import part_name
from hubcheck.verdict.words import Depth, Verdict

SIDE_BYTES: Final = (2_500_000, 0, 0)
"""Weight bytes that the first step may add for all MTP blocks or all projectors of a model: two
families of experts at the width of 100 B models, and V/O dimensions. They are judged in every
check, whose first step has 16 MB for everything (DESIGN section 7)."""


NO_TOKENS: Final = SharedTokens()
STACKS: Final = frozenset({Role.DECODER})
"""Parts that are a stack of a model of text, with layers like those of its body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsSeen:
    """What was seen of everything beside the body."""

    towers: tuple[PartLook, ...]
    sides: tuple[PartVerdict, ...]
    """Projectors and predictors."""
    refused: tuple[Refused, ...]
    """Parts, or families of parts, that could not be looked at."""


NO_PARTS: Final = PartsSeen(towers=(), sides=(), refused=())


def bodies(base: Model, subject: Model) -> tuple[Reader, Reader]:
    """Return what of two models is held against each other as their bodies.

    A repository of one stack alone (the encoder of a T5, the decoder of a BART) is held against the
    stack of its kind, be it the body of the other model or the part beside it.
    """
    readers = (base.reader, subject.reader)
    kinds = [model.anatomy.stack for model in (base, subject)]
    if not all(kinds) or kinds[0] == kinds[1]:
        return readers
    for n, model in enumerate((base, subject)):
        beside = stacks_beside(model.anatomy, model.config)
        found = next((t.anatomy for t in beside if t.name == kinds[1 - n]), None)
        if found is not None:
            reader = Reader(replace(found, borrowed=frozenset()))
            return (reader, readers[1]) if n == 0 else (readers[0], reader)
    return readers


def look_at_parts(
    base: Model,
    subject: Model,
    *,
    seed: int,
    n_bases: int,
    depth: Depth = Depth.SAMPLE,
    tokens: SharedTokens = NO_TOKENS,
) -> PartsSeen:
    """Compare every tower and side part that both models have.

    Towers of one kind are paired in the order of their names; a base's only tower is held against
    every one of its kind. What cannot be read is a value: a tower never ends a check.

    Args:
        base: The base, headers read.
        subject: The subject, headers read.
        seed: The seed of every draw.
        n_bases: Bases tried in this check.
        depth: Says how much a closer look may read of a tower that matches.
        tokens: Ids of shared tokens, for a stack that reads an embedding.
    """
    found: list[PartLook] = []
    refused: list[Refused] = []
    for pair in _pairs(base, subject):
        of = pair.subject
        read = tokens if of.role in STACKS else NO_TOKENS
        look = _tower(pair.base, of, seed, n_bases * pair.tries, depth, read)
        # Both have such a stack: where nothing of it is comparable, it was not compared.
        if look.comparison.outcomes or (of.role in STACKS and not pair.is_whole):
            found.append(look)
        refused += look.comparison.refused
    sides, refusals = _side_verdicts(base, subject, seed, n_bases)
    return PartsSeen(towers=tuple(found), sides=sides, refused=(*refused, *refusals))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Two towers that are held against each other."""

    base: Tower
    subject: Tower
    tries: int
    """Places in which the base's was looked for."""
    is_whole: bool = False
    """Whether one of them is a model of one stack, held against a stack of the other."""


def _pairs(base: Model, subject: Model) -> list[_Pair]:
    """Return the towers and stacks of two models that may be each other's.

    A model of one stack may have become either stack of an encoder-decoder (a decoder that was
    given an encoder): its body is held against both, the body and the stack beside it.
    """
    theirs = {t.name: t for t in towers_of(base.anatomy, base.config)}
    ours = towers_of(subject.anatomy, subject.config)
    found = []
    for tower in ours:
        # A base that is one tower may be any of the subject's towers of that kind; each is a try.
        alone = [t for t in theirs.values() if t.role is tower.role and len(theirs) == 1]
        other = alone[0] if alone else theirs.get(tower.name)
        if other is not None:
            tries = sum(t.role is tower.role for t in ours) if alone else 1
            found.append(_Pair(base=other, subject=tower, tries=tries))
    if not base.anatomy.stack:
        found += [
            _Pair(base=replace(t, anatomy=base.anatomy), subject=t, tries=2, is_whole=True)
            for t in ours
            if t.role in STACKS
        ]
    if not subject.anatomy.stack:
        found += [
            _Pair(base=t, subject=replace(t, anatomy=subject.anatomy), tries=2, is_whole=True)
            for t in theirs.values()
            if t.role in STACKS
        ]
    return found


def _tower(
    base: Tower, subject: Tower, seed: int, n_bases: int, depth: Depth, tokens: SharedTokens
) -> PartLook:
    """Return what is seen of one pair of towers, a closer look included where they match."""
    comparer = _comparer(base.anatomy, subject.anatomy, seed, n_bases, groups=1, tokens=tokens)
    comparison = comparer.run(search=False)
    name = part_name(subject.name)
    closer = attempt(lambda: closer_look(comparer, comparison, depth, {}), f"relation of {name}")
    return PartLook(
        name=subject.name,
        comparison=comparison,
        base=base.anatomy,
        subject=subject.anatomy,
        closer=Refusal(reason=closer.error.what) if isinstance(closer, Refused) else closer,
    )


def _side_verdicts(
    base: Model, subject: Model, seed: int, n_bases: int
) -> tuple[tuple[PartVerdict, ...], tuple[Refused, ...]]:
    """Return one verdict per projector and MTP block that both models have."""
    theirs = {p.name: p for p in side_parts_of(base.anatomy, base.config)}
    found: list[PartVerdict] = []
    refused: list[Refused] = []
    for part in side_parts_of(subject.anatomy, subject.config):
        other = theirs.get(part.name)
        if other is None:
            continue
        groups = routing_groups(base.config)
        comparison = _comparer(other.anatomy, part.anatomy, seed, n_bases, groups, SIDE_BYTES).run(
            search=False
        )
        refused += comparison.refused
        if any(o.test in BODY_ORDERS for o in comparison.outcomes):
            found.append(_side_verdict(part, comparison))
    return tuple(found), tuple(refused)


def _side_verdict(part: SidePart, comparison: Comparison) -> PartVerdict:
    """Judge a projector or an MTP block by its inner orders, of which there is one at least."""
    body = [o for o in comparison.outcomes if o.test in BODY_ORDERS]
    log_e = comparison.combined.body
    detectable = min(min(o.detectable_raw, o.detectable_token) for o in body)
    kept = max(o.best.kept for o in comparison.hitting or body)
    if log_e >= SETTLED and comparison.content_stands:
        verdict = Verdict.RELATED
    elif log_e < NOTABLE and detectable <= POWER_KEPT:
        verdict = Verdict.UNRELATED
    else:
        verdict = Verdict.INCONCLUSIVE
    return PartVerdict(
        name=part.name,
        verdict=verdict,
        log10_p=log10_p(log_e),
        kept=round(max(-1.0, min(1.0, kept)), 4),
    )


def _comparer(
    base: Anatomy,
    subject: Anatomy,
    seed: int,
    n_bases: int,
    groups: int,
    step_bytes: tuple[int, ...] = STEP_BYTES,
    tokens: SharedTokens = NO_TOKENS,
) -> Comparer:
    """Return what compares two parts, each seen as a model of its own."""
    return Comparer(
        Reader(base),
        Reader(subject),
        tokens,
        seed=seed,
        n_bases=n_bases,
        routing_groups=groups,
        step_bytes=step_bytes,
    )
