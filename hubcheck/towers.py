"""Which towers of a multimodal base does the subject hold?

Each tower is compared as a model of its own, by the tests that serve a body, and gets a verdict of
its own: a borrowed vision tower shows although the language model is another one.
"""

from __future__ import annotations

from hubcheck.anatomy.towers import Tower, towers_of
from hubcheck.errors import BudgetExceededError, UnreadableError
from hubcheck.evidence.compare import Comparer
from hubcheck.evidence.reading import Reader
from hubcheck.evidence.side import SharedTokens
from hubcheck.model import Model
from hubcheck.statistics.evalues import log10_p
from hubcheck.verdict.finding import judge
from hubcheck.verdict.report import PartVerdict
from hubcheck.verdict.words import Verdict

SAYING: frozenset[Verdict] = frozenset({Verdict.RELATED, Verdict.UNRELATED, Verdict.INCONCLUSIVE})
"""Verdicts that say something about a tower; one without a shared order is left out."""


def tower_verdicts(
    base: Model, subject: Model, *, seed: int, n_bases: int
) -> tuple[PartVerdict, ...]:
    """Return one verdict per tower of the subject that the base has as well.

    Towers of one kind are paired in the order of their names. What cannot be read within the
    budget, or holds no number, is left out: a tower never ends a check.

    Args:
        base: The base, headers read.
        subject: The subject, headers read.
        seed: The seed of every draw.
        n_bases: Bases tried in this check.
    """
    theirs = {t.name: t for t in towers_of(base.anatomy, base.config)}
    found = []
    for tower in towers_of(subject.anatomy, subject.config):
        other = theirs.get(tower.name)
        if other is None:
            continue
        try:
            verdict = _compare(other, tower, seed, n_bases)
        except (BudgetExceededError, UnreadableError):
            continue
        if verdict is not None:
            found.append(verdict)
    return tuple(found)


def _compare(base: Tower, subject: Tower, seed: int, n_bases: int) -> PartVerdict | None:
    """Return the verdict on one pair of towers, or None where nothing is comparable."""
    comparison = Comparer(
        Reader(base.anatomy),
        Reader(subject.anatomy),
        SharedTokens(),
        seed=seed,
        n_bases=n_bases,
        routing_groups=1,
    ).run(search=False)
    judged = judge(comparison, base.anatomy, subject.anatomy)
    if judged.verdict not in SAYING:
        return None
    return PartVerdict(
        name=f"{subject.name} tower",
        verdict=judged.verdict,
        log10_p=log10_p(comparison.best_whole),
        kept=round(max(-1.0, min(1.0, judged.kept)), 4),
    )
