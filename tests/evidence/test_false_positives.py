"""Does anything come out related that was trained apart?

Nine tiny models, 16 in a long run (other initial weights, other order, one text) and the two shipped independents,
every ordered pair of one shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import permutations
from math import exp, factorial

import numpy as np
import pytest

from hubcheck.report.schema import Evidence, Finding, Report
from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict
from hubcheck.statistics.hits import LOG10
from tests.evidence.conftest import Trained
from tests.evidence.laboratory import model, report_of
from tests.tables import taken

Record = Callable[[str, object], None]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Every ordered pair, checked once."""

    reports: list[Report] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        """One a pair."""
        return [r.findings[0] for r in self.reports]

    @property
    def families(self) -> list[Evidence]:
        """Every hit count that went into a bound (views averaged into another are left out)."""
        rows = [e for f in self.findings for e in f.evidence]
        return [e for e in rows if e.test != "signs" and e.log10_e != 0.0]


@pytest.fixture(scope="module")
def crowd(independents: list[Trained]) -> Crowd:
    """Check every ordered pair of models of one shape; each pair has a draw of its own."""
    folders = [one.folder for one in independents]
    pairs = [*permutations(folders, 2), *permutations((model("base"), model("twin")), 2)]
    return Crowd([report_of(a, suspects=[b], seed=n) for n, (a, b) in enumerate(pairs)])


def test_the_models_have_learned(independents: list[Trained]) -> None:
    """Every independent model knows clearly more than the frequencies of the tokens."""
    for one in independents:
        assert one.loss < one.unigram_loss - 1.0


def test_no_independent_pair_is_related(crowd: Crowd, record_testsuite_property: Record) -> None:
    """Of at least 60 ordered pairs none is related or undeclared, and most have full power."""
    verdicts = [f.verdict for f in crowd.findings]
    record_testsuite_property("pairs", len(verdicts))
    record_testsuite_property("verdicts", {str(v): verdicts.count(v) for v in set(verdicts)})
    assert len(verdicts) >= 60
    assert set(verdicts) <= {Verdict.UNRELATED, Verdict.INCONCLUSIVE}
    assert verdicts.count(Verdict.UNRELATED) >= 0.9 * len(verdicts)
    assert {r.verdict for r in crowd.reports} <= {
        DeclarationVerdict.NONE_FOUND,
        DeclarationVerdict.INCONCLUSIVE,
    }


def test_the_mean_count_is_one_hit_a_family(
    crowd: Crowd, record_testsuite_property: Record
) -> None:
    """Chance gives one hit a family; the mean over all families is one within five errors.

    The families of one pair are not fully independent, so the error is taken over pairs.
    """
    by_pair = [
        np.mean([e.hits for e in f.evidence if e.test != "signs" and e.log10_e != 0.0])
        for f in crowd.findings
    ]
    controls = [f.controls.shifted_hits for f in crowd.findings if f.controls]
    error = float(np.std(by_pair) / np.sqrt(len(by_pair)))
    record_testsuite_property("mean hits", round(float(np.mean(by_pair)), 4))
    record_testsuite_property("error of the mean", round(error, 4))
    record_testsuite_property("mean shifted hits", round(float(np.mean(controls)), 4))
    assert abs(np.mean(by_pair) - 1.0) < 5 * error
    assert error < 0.05
    assert abs(np.mean(controls) - 1.0) < 0.2
    assert len(controls) == len(crowd.findings)


def test_large_counts_are_as_rare_as_promised(
    crowd: Crowd, record_testsuite_property: Record
) -> None:
    """Among n families no more reach k hits than 1/k! allows, five standard errors granted."""
    hits = [e.hits for e in crowd.families]
    record_testsuite_property("families", len(hits))
    record_testsuite_property("largest count", max(hits))
    assert len(hits) > 500
    for k in range(2, 12):
        expected = len(hits) / factorial(k)
        assert sum(h >= k for h in hits) <= expected + 5 * np.sqrt(expected) + 1


def test_e_values_average_to_one_at_most(crowd: Crowd, record_testsuite_property: Record) -> None:
    """The mean e-value over families stays about one, and no pair's product is notable."""
    es = [exp(e.log10_e * LOG10) for e in crowd.families]
    wholes = [-f.log10_p for f in crowd.findings]
    record_testsuite_property("mean e", round(float(np.mean(es)), 4))
    record_testsuite_property("largest log10 E of a pair", max(wholes))
    assert np.mean(es) < 1.5
    assert max(wholes) < 3.0


@pytest.mark.parametrize("seed", range(taken(1, 5)))
def test_the_same_initial_weights_accuse_nobody(
    same_start: tuple[Trained, Trained], seed: int, record_testsuite_property: Record
) -> None:
    """Models that share only their initial weights are told apart from copies, from both sides."""
    one, other = (trained.folder for trained in same_start)
    for subject, base in ((one, other), (other, one)):
        report = report_of(subject, suspects=[base], seed=seed)
        finding = report.findings[0]
        common = (
            finding.relation is not None
            and finding.relation.kind is RelationKind.COMMON_INITIALISATION
        )
        record_testsuite_property("verdict", f"{finding.verdict} {finding.kept} {finding.relation}")
        assert common or finding.verdict is Verdict.INCONCLUSIVE, finding.relation
        assert report.verdict is DeclarationVerdict.INCONCLUSIVE
        declared = report_of(subject, [base], seed=seed)
        assert declared.verdict is not DeclarationVerdict.CONFIRMED


@pytest.mark.parametrize("seed", range(taken(1, 5)))
def test_further_training_is_no_common_initialisation(
    trained_on: Trained, independents: list[Trained], seed: int
) -> None:
    """A tiny model trained on as long again, at full rate, on other text is a derivative."""
    report = report_of(trained_on.folder, [independents[0].folder], seed=seed)
    finding = report.findings[0]
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.FINE_TUNE
    assert report.verdict is DeclarationVerdict.CONFIRMED
