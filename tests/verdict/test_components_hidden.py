"""What is said of a whole of which a component matches once a rearrangement is undone?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from hubcheck.card.wording import sentence
from hubcheck.report.phrases import PhraseCode, because, phrase
from hubcheck.report.schema import Relation
from hubcheck.report.words import ReasonCode, RelationKind, Verdict
from hubcheck.verdict.component_entries import NO_COMPONENTS, Alone, Components, Entry, same_bytes
from hubcheck.verdict.component_words import said_of
from hubcheck.verdict.components import say_alone, say_whole
from hubcheck.verdict.judge import Judgement

SAME: Final = same_bytes()
HIDDEN: Final = replace(
    SAME,
    verdict=Verdict.DISGUISED,
    relation=Relation(kind=RelationKind.REARRANGED),
    disguise=(phrase(PhraseCode.STREAM_ROTATED),),
)
OTHER: Final = replace(SAME, verdict=Verdict.UNRELATED, relation=None)
UNSEEN: Final = replace(
    SAME, verdict=Verdict.NOT_TESTED, relation=None, order_tested=0.0, compared=0.0, held=0.0
)
OPEN: Final = replace(
    UNSEEN,
    verdict=Verdict.INCONCLUSIVE,
    code=ReasonCode.BETWEEN,
    reason=because(ReasonCode.BETWEEN),
    order_tested=1.0,
)
START: Final = replace(SAME, relation=Relation(kind=RelationKind.COMMON_INITIALISATION))


def entries(*some: tuple[str, Judgement, float]) -> list[Entry]:
    """Return components, each with its share of both models."""
    return [Entry(name=name, judged=one, shares=(share, share)) for name, one, share in some]


TABLE: Final = {
    "most is hidden": (
        [("te", HIDDEN, 0.95), ("vae", UNSEEN, 0.05)],
        Verdict.DISGUISED, RelationKind.REARRANGED, ReasonCode.NONE),
    "most is hidden, beside the same bytes": (
        [("te", HIDDEN, 0.6), ("vae", SAME, 0.4)],
        Verdict.DISGUISED, RelationKind.REARRANGED, ReasonCode.NONE),
    "most is hidden, a large one another": (
        [("te", HIDDEN, 0.6), ("unet", OTHER, 0.4)],
        Verdict.DISGUISED, RelationKind.UNDETERMINED, ReasonCode.NONE),
    "most is the same bytes": (
        [("unet", SAME, 0.8), ("te", HIDDEN, 0.2)],
        Verdict.RELATED, RelationKind.UNDETERMINED, ReasonCode.NONE),
    "the largest not compared": (
        [("unet", UNSEEN, 0.8), ("te", HIDDEN, 0.2)],
        Verdict.INCONCLUSIVE, None, ReasonCode.PART_OPEN),
    "the largest another": (
        [("unet", OTHER, 0.8), ("te", HIDDEN, 0.2)],
        Verdict.INCONCLUSIVE, None, ReasonCode.PART_OPEN),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_a_hidden_component_counts_as_hidden(case: str) -> None:
    """It carries ``disguised`` where it holds most, never ``unrelated``, and is told as it is."""
    some, verdict, kind, code = TABLE[case]
    said = say_whole(entries(*some), NO_COMPONENTS)
    found = said.relation.kind if said.relation is not None else None
    assert (said.verdict, found, said.code) == (verdict, kind, code)
    words = sentence(said.reason or (said.relation.detail if said.relation is not None else ()))
    assert "te: disguised (" in words
    assert "te" not in words.partition("not compared by orders")[2]


def test_a_single_model_that_is_a_hidden_component_is_disguised() -> None:
    """Which of a pipeline's components it matches is named, the others are no part of it."""
    only = Components(alone=Alone.SUBJECT)
    said = say_alone(entries(("te", HIDDEN, 0.2), ("unet", OTHER, 0.8)), only)
    assert said.verdict is Verdict.DISGUISED
    assert said.relation is not None
    assert sentence(said.relation.detail).startswith("te: disguised")
    assert "unet" not in sentence(said.relation.detail)


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        (OPEN, "te: something agrees, not enough to settle it"),
        (START, "te: common-initialisation"),
        (UNSEEN, "not compared by orders: te"),
    ],
)
def test_not_compared_is_said_of_what_was_not_tested_alone(judged: Judgement, words: str) -> None:
    """A component whose orders were tested is told by what they say."""
    held = entries(("unet", SAME, 0.9))
    said = said_of(held, [*held, *entries(("te", judged, 0.1))], NO_COMPONENTS)
    assert words in sentence(said)
    assert ("not compared" in sentence(said)) is (judged is UNSEEN)
