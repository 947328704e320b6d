"""What do components say of the whole? Observations in, verdict out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from hubcheck.card.wording import sentence
from hubcheck.report.phrases import text
from hubcheck.report.schema import Relation
from hubcheck.report.words import Holds, ReasonCode, RelationKind, Verdict
from hubcheck.verdict.component_entries import (
    NO_COMPONENTS,
    Alone,
    Components,
    Entry,
    same_bytes,
)
from hubcheck.verdict.components import say_alone, say_whole
from hubcheck.verdict.judge import Judgement

SAME: Final = same_bytes()


def judged(verdict: Verdict, kind: RelationKind | None = None) -> Judgement:
    """Return the judgement of a component; what is related or unrelated was compared."""
    relation = None if kind is None else Relation(kind=kind, detail=(text("as seen"),))
    share = 1.0 if verdict in {Verdict.RELATED, Verdict.UNRELATED} else 0.0
    return replace(
        SAME, verdict=verdict, relation=relation, order_tested=share, compared=share, held=share
    )


TUNED: Final = judged(Verdict.RELATED, RelationKind.FINE_TUNE)
PART: Final = judged(Verdict.RELATED, RelationKind.PARTS)
START: Final = judged(Verdict.RELATED, RelationKind.COMMON_INITIALISATION)
OTHER: Final = judged(Verdict.UNRELATED)
UNSEEN: Final = judged(Verdict.NOT_TESTED)
OPEN: Final = replace(judged(Verdict.INCONCLUSIVE), code=ReasonCode.BETWEEN)


def entries(*some: tuple[str, Judgement, float]) -> list[Entry]:
    """Return components, each with its share of both models."""
    return [Entry(name=name, judged=one, shares=(share, share)) for name, one, share in some]


TABLE: Final = {
    "all the same bytes": (
        [("unet", SAME, 0.8), ("vae", SAME, 0.2)],
        Verdict.RELATED, RelationKind.IDENTICAL, ReasonCode.NONE),
    "one tuned": (
        [("unet", SAME, 0.8), ("te", TUNED, 0.2)],
        Verdict.RELATED, RelationKind.FINE_TUNE, ReasonCode.NONE),
    "a small one not compared": (
        [("unet", SAME, 0.95), ("vae", UNSEEN, 0.05)],
        Verdict.RELATED, RelationKind.UNDETERMINED, ReasonCode.NONE),
    "a small one another": (
        [("unet", TUNED, 0.95), ("vae", OTHER, 0.05)],
        Verdict.RELATED, RelationKind.FINE_TUNE, ReasonCode.NONE),
    "a large one another": (
        [("unet", SAME, 0.8), ("te", OTHER, 0.2)],
        Verdict.RELATED, RelationKind.PARTS, ReasonCode.NONE),
    "a large one not compared": (
        [("unet", SAME, 0.8), ("te", UNSEEN, 0.2)],
        Verdict.RELATED, RelationKind.UNDETERMINED, ReasonCode.NONE),
    "a large one held in part": (
        [("unet", SAME, 0.5), ("te", PART, 0.5)],
        Verdict.RELATED, RelationKind.PARTS, ReasonCode.NONE),
    "the largest not compared": (
        [("unet", UNSEEN, 0.8), ("vae", SAME, 0.2)],
        Verdict.INCONCLUSIVE, None, ReasonCode.REST_NOT_COMPARED),
    "the largest another": (
        [("unet", OTHER, 0.8), ("vae", SAME, 0.2)],
        Verdict.RELATED, RelationKind.PARTS, ReasonCode.NONE),
    "many small ones not compared": (
        [("vae", SAME, 0.4), *((f"p{n}", UNSEEN, 0.06) for n in range(5))],
        Verdict.INCONCLUSIVE, None, ReasonCode.REST_NOT_COMPARED),
    "others, and many small ones not compared": (
        [("te", OTHER, 0.7), *((f"p{n}", UNSEEN, 0.06) for n in range(5))],
        Verdict.INCONCLUSIVE, None, ReasonCode.BODY_NOT_COMPARED),
    "all others": (
        [("te", OTHER, 0.9), ("dense", UNSEEN, 0.05)],
        Verdict.UNRELATED, None, ReasonCode.NONE),
    "others, and the largest not compared": (
        [("unet", UNSEEN, 0.8), ("te", OTHER, 0.2)],
        Verdict.INCONCLUSIVE, None, ReasonCode.BODY_NOT_COMPARED),
    "others, and a large one open": (
        [("te", OTHER, 0.6), ("te_2", OPEN, 0.4)],
        Verdict.INCONCLUSIVE, None, ReasonCode.BETWEEN),
    "nothing could be tested": (
        [("unet", UNSEEN, 0.8), ("vae", UNSEEN, 0.2)],
        Verdict.NOT_TESTED, None, ReasonCode.NO_SHARED_ORDER),
    "one start": (
        [("te", START, 0.9), ("vae", OTHER, 0.1)],
        Verdict.RELATED, RelationKind.COMMON_INITIALISATION, ReasonCode.NONE),
    "a start beside what was not compared": (
        [("unet", UNSEEN, 0.8), ("te", START, 0.2)],
        Verdict.INCONCLUSIVE, None, ReasonCode.BODY_NOT_COMPARED),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_the_whole_follows_from_its_components(case: str) -> None:
    """Each row: components with their share, and what is said of the model."""
    some, verdict, kind, code = TABLE[case]
    said = say_whole(entries(*some), NO_COMPONENTS)
    found = said.relation.kind if said.relation is not None else None
    assert (said.verdict, found, said.code) == (verdict, kind, code)
    detail = said.relation.detail if said.relation is not None else ()
    words = sentence((*said.reason, *detail))
    if verdict is not Verdict.UNRELATED:
        assert all(name in words for name, *_ in some)


def test_the_same_is_not_said_of_what_one_side_lacks() -> None:
    """Equal components beside one that has no counterpart: related, and the rest is named."""
    seen = Components(only=(("safety_checker",), ("image_encoder",)))
    said = say_whole(entries(("unet", SAME, 0.7)), seen)
    assert said.relation is not None
    assert said.relation.kind is RelationKind.UNDETERMINED
    assert "only in the base: safety_checker" in sentence(said.relation.detail)
    assert "only in this model: image_encoder" in sentence(said.relation.detail)


def test_a_small_common_part_of_models_with_other_components_is_no_match() -> None:
    """The rest of either has no counterpart: open, and its share is of the whole models."""
    seen = Components(only=(("unet",), ("transformer",)))
    said = say_whole(entries(("vae", SAME, 0.1)), seen)
    assert (said.verdict, said.code) == (Verdict.INCONCLUSIVE, ReasonCode.REST_NOT_COMPARED)
    assert "90% of the parameters were not compared" in sentence(said.reason)


@pytest.mark.parametrize(
    ("some", "verdict", "holds"),
    [
        ([("te", TUNED, 0.2), ("unet", UNSEEN, 0.8)], Verdict.RELATED, Holds.WHOLE),
        ([("te", PART, 0.2), ("unet", UNSEEN, 0.8)], Verdict.RELATED, Holds.PART),
        ([("te", OTHER, 0.2), ("unet", UNSEEN, 0.8)], Verdict.INCONCLUSIVE, None),
        ([("te", UNSEEN, 0.2), ("unet", UNSEEN, 0.8)], Verdict.NOT_TESTED, None),
    ],
)
def test_a_single_model_is_one_component_at_most(
    some: list[tuple[str, Judgement, float]], verdict: Verdict, holds: Holds | None
) -> None:
    """The component that it is, is named; else what was not compared keeps the question open."""
    said = say_alone(entries(*some), Components(alone=Alone.BASE))
    assert said.verdict is verdict
    assert (said.relation.holds if said.relation is not None else None) is holds
