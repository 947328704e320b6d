"""Which towers, projectors and MTP blocks of a base does the subject hold?

Each is compared as a model of its own, by the tests that serve a body, and gets a verdict of its
own: a borrowed vision tower shows although the language model is another one. Projectors and MTP
blocks are judged by their inner orders alone (neurons, experts, V/O dimensions): their channels are
those of the body and of the tower, and would agree wherever these do. Such a part never says more
than itself; whether a part makes a card undeclared is ``verdict.declaration``'s matter (only a
whole tower does).
"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.anatomy.side_parts import SidePart, side_parts_of
from hubcheck.anatomy.towers import Tower, towers_of
from hubcheck.errors import BudgetExceededError, UnreadableError
from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.compare import POWER_KEPT, Comparer, Comparison, routing_groups
from hubcheck.evidence.family import BODY_ORDERS
from hubcheck.evidence.reading import Reader
from hubcheck.evidence.side import SharedTokens
from hubcheck.evidence.steps import STEP_BYTES
from hubcheck.model import Model
from hubcheck.statistics.evalues import log10_p
from hubcheck.verdict.finding import judge
from hubcheck.verdict.report import PartVerdict
from hubcheck.verdict.words import Verdict

SAYING: frozenset[Verdict] = frozenset({Verdict.RELATED, Verdict.UNRELATED, Verdict.INCONCLUSIVE})
"""Verdicts that say something about a tower; one without a shared order is left out."""
SIDE_BYTES: Final = (2_500_000, 0, 0)
"""Weight bytes that the first step may add for all MTP blocks or all projectors of a model: two
families of experts at the width of 100 B models, and V/O dimensions. They are judged in every
check, whose first step has 16 MB for everything (DESIGN section 7)."""


def tower_verdicts(
    base: Model, subject: Model, *, seed: int, n_bases: int
) -> tuple[PartVerdict, ...]:
    """Return one verdict per tower and side part of the subject that the base has as well.

    Towers of one kind are paired in the order of their names; a base's only tower is held against
    every one of its kind. What cannot be read within the
    budget, or holds no number, is left out: a tower never ends a check.

    Args:
        base: The base, headers read.
        subject: The subject, headers read.
        seed: The seed of every draw.
        n_bases: Bases tried in this check.
    """
    theirs = {t.name: t for t in towers_of(base.anatomy, base.config)}
    found = []
    ours = towers_of(subject.anatomy, subject.config)
    for tower in ours:
        # A base that is one tower may be any of the subject's towers of that kind; each is a try.
        alone = [t for t in theirs.values() if t.role is tower.role and len(theirs) == 1]
        other = alone[0] if alone else theirs.get(tower.name)
        if other is None:
            continue
        tries = sum(t.role is tower.role for t in ours) if alone else 1
        try:
            verdict = _compare(other, tower, seed, n_bases * tries)
        except (BudgetExceededError, UnreadableError):
            continue
        if verdict is not None:
            found.append(verdict)
    return (*found, *_side_verdicts(base, subject, seed, n_bases))


def _side_verdicts(base: Model, subject: Model, seed: int, n_bases: int) -> tuple[PartVerdict, ...]:
    """Return one verdict per projector and MTP block that both models have."""
    theirs = {p.name: p for p in side_parts_of(base.anatomy, base.config)}
    found = []
    for part in side_parts_of(subject.anatomy, subject.config):
        other = theirs.get(part.name)
        if other is None:
            continue
        groups = routing_groups(base.config)
        try:
            comparison = _run(other.anatomy, part.anatomy, seed, n_bases, groups, SIDE_BYTES)
        except (BudgetExceededError, UnreadableError):
            continue
        verdict = _side_verdict(part, comparison)
        if verdict is not None:
            found.append(verdict)
    return tuple(found)


def _side_verdict(part: SidePart, comparison: Comparison) -> PartVerdict | None:
    """Judge a projector or an MTP block by its inner orders; None where none is shared."""
    body = [o for o in comparison.outcomes if o.test in BODY_ORDERS]
    if not body:
        return None
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


def _run(
    base: Anatomy,
    subject: Anatomy,
    seed: int,
    n_bases: int,
    groups: int,
    step_bytes: tuple[int, ...] = STEP_BYTES,
) -> Comparison:
    """Return what the tests see between two parts, each seen as a model."""
    return Comparer(
        Reader(base),
        Reader(subject),
        SharedTokens(),
        seed=seed,
        n_bases=n_bases,
        routing_groups=groups,
        step_bytes=step_bytes,
    ).run(search=False)


def _compare(base: Tower, subject: Tower, seed: int, n_bases: int) -> PartVerdict | None:
    """Return the verdict on one pair of towers, or None where nothing is comparable."""
    comparison = _run(base.anatomy, subject.anatomy, seed, n_bases, groups=1)
    judged = judge(comparison, base.anatomy, subject.anatomy)
    if judged.verdict not in SAYING:
        return None
    return PartVerdict(
        name=f"{subject.name} tower",
        verdict=judged.verdict,
        log10_p=log10_p(comparison.best_whole),
        kept=round(max(-1.0, min(1.0, judged.kept)), 4),
    )
