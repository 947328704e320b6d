"""What does the judge make of what was seen: a table of observations and verdicts?

The observations of the orders are real ones (shipped models against the base); what other looks
leave is made up, one fact at a time. The rules of parts are held in ``test_finding``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import log
from typing import Any, Final

import pytest

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.account import SHARES, WHOLE, Spender, Spent, price
from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.looks.disguise.look import DISGUISE
from hubcheck.evidence.looks.layer_map.interface import LayerMap, LayerOrigin
from hubcheck.evidence.looks.layer_map.look import LAYER_MAP, NO_MAP
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.writers import WRITERS, WriterEvidence, WriterHits
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.refused import Refused, Why
from hubcheck.report.words import ReasonCode, RelationKind, Verdict
from hubcheck.verdict.judge import Case, Judgement, judge
from tests.evidence.laboratory import model
from tests.evidence.looks.test_contract import Pair, pair

FAR: Final = log(1e40)


@cache
def opened(name: str) -> Pair:
    """Return a shipped model against the base, opened."""
    return pair(model(name), model("base"), seed=4)


@cache
def orders(name: str) -> Observations:
    """Return what the orders leave of a shipped model."""
    return Observations().with_left(ORDERS, opened(name).take(ORDERS, Observations()))


def judged(name: str, seen: Observations, *, tried: int = 1) -> Judgement:
    """Return what the judge makes of it."""
    sides = opened(name).both.comparer
    base, subject = sides.base.anatomy, sides.subject.anatomy
    return judge(Case(base=base, subject=subject, tried=tried, seen=seen))


def paid(look: Spender, log_e: float) -> float:
    """Return the log e-value that is worth ``log_e`` in the account."""
    return log_e + price(1, SHARES[look] * WHOLE)


def a_map(*, stands: bool = True, log_e: float = FAR, rest: float = FAR) -> Observation[LayerMap]:
    """Return a layer map that found every layer, in another order."""
    origins = tuple(
        LayerOrigin(
            layer=n, base_layer=3 - n, hits=60, units=64, log10_p=-30.0, kept=0.9, ceiling=0.2,
            stands=stands, test="neurons", frame="raw", rivals=(),
        )
        for n in range(4)
    )  # fmt: skip
    found = replace(NO_MAP, origins=origins, base_layers=4, tested=(0, 1, 2, 3))
    spent = Spent(
        look=Spender.LAYER_MAP, orders=(0, 1, 2, 3), log_e=log_e, log_e_without_strongest=rest,
        stands=stands,
    )  # fmt: skip
    return Observation(seen=found, spent=(spent,))


def writers(*, stands: bool = True, log_e: float = FAR) -> Observation[WriterEvidence]:
    """Return a frame of writers that shows three layers."""
    layers = tuple(
        WriterHits(frame=0, base=n, subject=n, hits=60, units=64, kept=0.8, stands=stands)
        for n in (1, 2, 3)
    )
    seen = WriterEvidence(layers=layers, log_e=log_e, log_e_without_strongest=log_e)
    spent = Spent(
        look=Spender.WRITERS, orders=(1, 2, 3), log_e=log_e, log_e_without_strongest=log_e,
        stands=stands,
    )  # fmt: skip
    return Observation(seen=seen, spent=(spent,))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    subject: str
    look: Any
    left: Any
    verdict: Verdict
    relation: RelationKind | None


RELATED, UNRELATED = Verdict.RELATED, Verdict.UNRELATED
TABLE: Final = {
    "nothing but orders, a stranger": Row("twin", None, None, UNRELATED, None),
    "nothing but orders, a fine-tune": Row("finetune", None, None, RELATED, RelationKind.FINE_TUNE),
    "a map that stands relates what orders left unrelated": Row(
        "twin", LAYER_MAP, a_map(), RELATED, RelationKind.LAYERS_CHANGED
    ),
    "a map just below 1e10 after its price": Row(
        "twin", LAYER_MAP, a_map(log_e=paid(Spender.LAYER_MAP, SETTLED) - 0.01), UNRELATED, None
    ),
    "a map that is one order alone": Row(
        "twin", LAYER_MAP, a_map(rest=paid(Spender.LAYER_MAP, NOTABLE) - 0.01), UNRELATED, None
    ),
    "a map whose content does not stand": Row(
        "twin", LAYER_MAP, a_map(stands=False), UNRELATED, None
    ),
    "a map that could not be made": Row(
        "twin", LAYER_MAP, Refused(code=Why.BUDGET), UNRELATED, None
    ),
    "a map of a fine-tune changes no verdict": Row(
        "finetune", LAYER_MAP, a_map(), RELATED, RelationKind.FINE_TUNE
    ),
    "writers that stand": Row("twin", WRITERS, writers(), RELATED, RelationKind.REARRANGED),
    "writers without content": Row("twin", WRITERS, writers(stands=False), UNRELATED, None),
    "writers just below 1e10": Row(
        "twin", WRITERS, writers(log_e=paid(Spender.WRITERS, SETTLED) - 0.01), UNRELATED, None
    ),
    "a look that was not due": Row("twin", DISGUISE, Skip.NOT_DECLARED, UNRELATED, None),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_the_table(row: Row) -> None:
    """Every row of observations gives its verdict and its relation."""
    seen = orders(row.subject)
    if row.look is not None:
        seen = seen.with_left(row.look, row.left)
    found = judged(row.subject, seen)
    assert found.verdict is row.verdict
    assert (found.relation.kind if found.relation else None) is row.relation


def test_the_bound_is_that_of_the_account() -> None:
    """What is printed is what the account holds, whichever look closed the matter."""
    seen = orders("twin").with_left(LAYER_MAP, a_map())
    found = judged("twin", seen)
    assert found.log10_p == pytest.approx(-found.account.log_e / log(10))


def test_bases_that_were_tried_are_paid_for() -> None:
    """A thousand bases cost three decades, and can leave a match unsaid."""
    one, many = (judged("twin", orders("twin").with_left(LAYER_MAP, a_map()), tried=n)
                 for n in (1, 1000))  # fmt: skip
    assert many.account.log_e == pytest.approx(one.account.log_e - log(1000))
    near = a_map(log_e=paid(Spender.LAYER_MAP, SETTLED) + 1.0)
    assert judged("twin", orders("twin").with_left(LAYER_MAP, near)).verdict is RELATED
    assert (
        judged("twin", orders("twin").with_left(LAYER_MAP, near), tried=1000).verdict is UNRELATED
    )


def test_two_looks_at_one_order_are_no_two_proofs() -> None:
    """A look that repeats what another saw adds its share, and never multiplies."""
    half = paid(Spender.LAYER_MAP, SETTLED) - 1.0
    both = (
        orders("twin")
        .with_left(LAYER_MAP, a_map(log_e=half))
        .with_left(WRITERS, writers(log_e=half))
    )
    assert judged("twin", both).verdict is UNRELATED


def test_nothing_compared_is_not_tested() -> None:
    """Without any order, tower or equal tensor nothing is said, whatever the anatomy."""
    found = judged("twin", Observations())
    assert (found.verdict, found.code) == (Verdict.NOT_TESTED, ReasonCode.NO_SHARED_ORDER)


def test_the_judge_is_pure() -> None:
    """The same observations give the same judgement, and are left as they were."""
    seen = orders("finetune")
    assert judged("finetune", seen) == judged("finetune", seen)
    assert seen == orders("finetune")


def test_anatomies_are_all_that_is_known_of_the_models() -> None:
    """A case holds anatomies, observations and a declared word: no file, network or clock."""
    assert set(Case.__annotations__) == {"base", "subject", "tried", "seen", "relation"}
    assert Case.__annotations__["base"] == Anatomy.__name__
