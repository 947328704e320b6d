"""Does each rule for one base give the verdict that DESIGN 3.3 asks for?

The comparisons are real ones; single facts in them are replaced.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from hubcheck.anatomy.interface import Anatomy
from hubcheck.card.wording import power_words, sentence, words
from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.family import BODY_ORDERS, Abstention, FamilyOutcome
from hubcheck.evidence.family import Test as Kind
from hubcheck.evidence.looks.orders import ORDERS, spent_on
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.observation import Observation, Observations
from hubcheck.model import open_model
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.words import ReasonCode, RelationKind, Verdict
from hubcheck.source.reference import parse_reference
from hubcheck.statistics.exchangeability import Disorder, OrderProblem
from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.verdict.finding import controls_of, evidence_of, own_log10_p, power_of
from hubcheck.verdict.judge import Case, Judgement, judge
from tests.evidence.laboratory import comparison_of, model, request


@cache
def seen(subject: str) -> Comparison:
    """Return what the tests saw between a shipped model and the base."""
    return comparison_of(model(subject), model("base"), seed=4)


@cache
def anatomy(name: str) -> Anatomy:
    """Return the anatomy of a shipped model."""
    folder = model(name)
    return open_model(parse_reference(str(folder)), request(folder).access).anatomy


def verdict_of(comparison: Comparison) -> Verdict:
    """Return the verdict with the anatomies of two shipped models."""
    return judged(comparison).verdict


def judged(
    comparison: Comparison, base: Anatomy | None = None, *, subject: str = "continued"
) -> Judgement:
    """Return what is made of a comparison between two bodies."""
    left = Observation(seen=comparison, spent=spent_on(comparison))
    return judge(
        Case(
            base=base or anatomy("base"),
            subject=anatomy(subject),
            tried=1,
            seen=Observations().with_left(ORDERS, left),
        )
    )


def with_evidence(comparison: Comparison, **changes: float) -> Comparison:
    """Return a comparison whose combined e-values are others; ``best`` follows ``whole``."""
    combined = replace(comparison.combined, **changes)  # type: ignore[arg-type]
    best = changes.get("whole", comparison.best_whole)
    return replace(comparison, combined=combined, best_whole=best)


def test_the_models_are_what_the_rules_start_from() -> None:
    """Without a change one is related and the other unrelated."""
    assert verdict_of(seen("continued")) is Verdict.RELATED
    assert verdict_of(seen("twin")) is Verdict.UNRELATED


@pytest.mark.parametrize(
    "changes",
    [
        {"whole": SETTLED - 0.1},
        {"without_strongest": NOTABLE - 0.1},
        {"strongest_body": NOTABLE - 0.1, "norms": 0.0, "embeddings": 0.0},
    ],
)
def test_each_condition_of_a_relation_is_needed(changes: dict[str, float]) -> None:
    """Less than 1e10 in all, or all from one order, or none from the body: inconclusive."""
    assert verdict_of(with_evidence(seen("continued"), **changes)) is Verdict.INCONCLUSIVE


def test_the_conditions_are_met_at_their_limits() -> None:
    """Exactly 1e10, 1e3 and 1e3 suffice."""
    at = {"whole": SETTLED, "without_strongest": NOTABLE, "strongest_body": NOTABLE}
    assert verdict_of(with_evidence(seen("continued"), **at)) is Verdict.RELATED


def test_order_without_content_is_no_relation() -> None:
    """Families that hit without standing above the relabelling ceiling accuse nobody."""
    bare = tuple(replace(o, stands=False) for o in seen("continued").outcomes)
    found = judged(replace(seen("continued"), outcomes=bare))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.code is ReasonCode.ORDER_WITHOUT_CONTENT
    assert "relabelled to match" not in sentence(found.reason)


def test_half_of_the_hitting_families_must_stand() -> None:
    """The content check is a vote of the families that hit, the tie included."""
    outcomes = list(seen("continued").outcomes)
    hitting = [n for n, o in enumerate(outcomes) if o in seen("continued").hitting]
    half = len(hitting) // 2
    for fallen, expected in ((half, True), (half + 1, len(hitting) % 2 == 1 and half == 0)):
        changed = [replace(o, stands=n not in hitting[:fallen]) for n, o in enumerate(outcomes)]
        assert replace(seen("continued"), outcomes=tuple(changed)).content_stands is expected


def blind(outcome: FamilyOutcome) -> FamilyOutcome:
    """Return a family that could have seen nothing."""
    return replace(outcome, detectable_raw=NOT_DETECTABLE, detectable_token=NOT_DETECTABLE)


def test_an_unrelated_verdict_needs_power_in_two_families_of_the_body() -> None:
    """Channels count for nothing; one family that would have seen a copy is not enough."""
    outcomes = seen("twin").outcomes
    channels = tuple(o for o in outcomes if o.test not in BODY_ORDERS)
    body = [o for o in outcomes if o.test in BODY_ORDERS]
    nobody = tuple(blind(o) for o in body)
    for some, expected in (
        ((*channels, *nobody), Verdict.INCONCLUSIVE),
        ((*channels, body[0], *nobody[1:]), Verdict.INCONCLUSIVE),
        ((*channels, *body), Verdict.UNRELATED),
    ):
        assert verdict_of(replace(seen("twin"), outcomes=some)) is expected
    assert power_of(replace(seen("twin"), outcomes=(*channels, *nobody))) is None


def test_an_unrelated_verdict_needs_half_of_the_body() -> None:
    """A body whose MLPs no test touched is not called unrelated, and the reason names them."""
    outcomes = tuple(o for o in seen("twin").outcomes if o.test is not Kind.NEURONS)
    found = judged(replace(seen("twin"), outcomes=outcomes), subject="twin")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.code is ReasonCode.BODY_NOT_COMPARED
    assert "MLP" in sentence(found.reason)


def test_what_no_rule_understands_was_not_compared() -> None:
    """Tensors without a role stand for nothing: a match speaks of the rest, and says so."""
    base = anatomy("base")
    mlps = tuple(n for n in base.checkpoint.tensors if ".mlp." in n)
    kept = {k: m for k, m in base.matrices.items() if m.tensor not in mlps}
    outcomes = tuple(o for o in seen("twin").outcomes if o.test is not Kind.NEURONS)
    found = judged(
        replace(seen("twin"), outcomes=outcomes),
        replace(base, unknown=mlps, matrices=kept),
        subject="twin",
    )
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.order_tested < 0.5
    assert "no rule understands" in sentence(found.not_compared)


def test_something_between_is_inconclusive() -> None:
    """E between 1e3 and 1e10 is neither related nor unrelated."""
    for whole in (NOTABLE, (NOTABLE + SETTLED) / 2, SETTLED - 1e-6):
        found = verdict_of(with_evidence(seen("twin"), whole=whole))
        assert found is Verdict.INCONCLUSIVE
    assert verdict_of(with_evidence(seen("twin"), whole=NOTABLE - 1e-6)) is Verdict.UNRELATED


def test_no_comparable_order_is_not_tested_with_the_reason() -> None:
    """Two models that share no axis are not unrelated; a failed self-test is named."""
    nothing = replace(seen("twin"), outcomes=())
    found = judged(nothing, subject="twin")
    assert (found.verdict, sentence(found.reason)) == (Verdict.NOT_TESTED, "no shared order")
    label = phrase(PhraseCode.UNITS_NEURONS, mlp="dense", layer=0, member=-1)
    problem = OrderProblem(Disorder.NORMS)
    why = Abstention(test=Kind.NEURONS, label=label, reason=problem)
    found = judged(replace(nothing, abstentions=(why,)), subject="twin")
    assert found.verdict is Verdict.NOT_TESTED
    assert "row norms follow the index" in sentence(found.reason)
    assert controls_of([nothing]) is None


def test_body_embeddings_and_norms_are_judged_apart() -> None:
    """Each part has a verdict of its own, for a relative and for a stranger."""
    found = judged(seen("continued"))
    assert {p.name for p in found.parts} == {"body", "embeddings", "norms"}
    assert found.relation is not None
    assert found.relation.kind is RelationKind.FINE_TUNE
    twin = judged(seen("twin"), subject="twin")
    assert next(p for p in twin.parts if p.name == "body").verdict is Verdict.UNRELATED
    assert all(p.log10_p > -3 for p in twin.parts)


def test_the_rows_of_the_report_add_up() -> None:
    """Every family has a row with its own bound 1/hits!, views are shown and not counted."""
    rows = evidence_of(seen("continued"))
    families = [r for r in rows if r.log10_e != 0.0 and r.test != "signs"]
    assert len(families) == len(seen("continued").outcomes)
    for row in families:
        assert 0 <= row.hits <= row.units
        assert row.log10_p == own_log10_p(row.hits)
    views = [r for r in rows if "alone" in words(r.family)]
    assert {r.part for r in views} == {"embeddings", "norms"}
    assert all(r.log10_e == 0.0 for r in views)


def test_the_bound_of_a_count_is_one_over_its_factorial() -> None:
    """0 and 1 hits are no evidence, 14 hits are 1.1e-11."""
    assert own_log10_p(0) == own_log10_p(1) == 0.0
    assert own_log10_p(14) == pytest.approx(-10.9404, abs=1e-4)


def test_power_is_said_with_its_assumption() -> None:
    """The sentence names the share, the layers and what would have hidden a copy."""
    said = power_words(power_of(seen("twin")))
    assert said.startswith("a copy of similarity 0.")
    assert said.endswith("assuming it was not shuffled and rotated")
