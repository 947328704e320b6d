"""What is said of a body of which gate and up match and ``down`` was not read?"""

from __future__ import annotations

import pytest

from hubcheck.report.phrases import PhraseCode, because, codes, phrase
from hubcheck.report.schema import Relation
from hubcheck.report.words import Holds, ReasonCode, RelationKind, Verdict
from hubcheck.verdict.parts import Said
from hubcheck.verdict.rearranged import left_open


@pytest.mark.parametrize(
    "said",
    [
        Said(Verdict.UNRELATED),
        Said(Verdict.INCONCLUSIVE, ReasonCode.BETWEEN, because(ReasonCode.BETWEEN)),
        Said(Verdict.INCONCLUSIVE, ReasonCode.ONE_ORDER, because(ReasonCode.ONE_ORDER)),
    ],
)
def test_no_body_is_called_another_one(said: Said) -> None:
    """Neither a copy is shown nor that there is none, and the reason is what was not read."""
    opened = left_open(said, ReasonCode.DOWN_NOT_READ)
    assert (opened.verdict, opened.code) == (Verdict.INCONCLUSIVE, ReasonCode.DOWN_NOT_READ)
    assert opened.relation is None


def test_parts_that_match_are_still_named() -> None:
    """Embeddings that are the base's stay shown; that the body does not match is not said."""
    only = phrase(PhraseCode.PARTS_ONLY, parts=("embeddings",))
    relation = Relation(kind=RelationKind.PARTS, detail=(only,), holds=Holds.PART)
    opened = left_open(Said(Verdict.RELATED, relation=relation), ReasonCode.DOWN_NOT_READ)
    assert (opened.verdict, opened.code) == (Verdict.INCONCLUSIVE, ReasonCode.REST_NOT_COMPARED)
    assert opened.reason[0].params["parts"] == ("embeddings",)
    assert PhraseCode.DOWN_NOT_READ in codes(opened.reason)
    assert PhraseCode.PARTS_ONLY not in codes(opened.reason)


@pytest.mark.parametrize(
    "said",
    [
        Said(Verdict.RELATED, relation=Relation(kind=RelationKind.FINE_TUNE, detail=())),
        Said(Verdict.INCONCLUSIVE, ReasonCode.NO_POWER, because(ReasonCode.NO_POWER)),
    ],
)
def test_what_is_settled_or_open_for_another_reason_stays(said: Said) -> None:
    """A match stays one, and too little compared stays too little."""
    assert left_open(said, ReasonCode.DOWN_NOT_READ) == said
