"""Does the rounding of a few values speak for or against a model that was stored anew?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hubcheck.anatomy.interface import Role
from hubcheck.evidence.looks.change.matrix import Moved, change_of, formats_of
from hubcheck.evidence.looks.change.run import CloserLook
from hubcheck.evidence.looks.change.values import Pair, Place
from hubcheck.report.words import RelationKind
from hubcheck.verdict.change_kind import body_of


def cast(size: int, seed: int, layer: int = 0) -> Pair:
    """Return values of one row and what half precision makes of them."""
    base_ui = np.random.default_rng(seed).normal(size=(1, size)).astype(np.float32)
    return Pair(
        place=Place(role=Role.LINEAR, layer=layer, base_layer=layer, expert=-1),
        base_ui=base_ui,
        subject_ui=base_ui.astype(np.float16).astype(np.float32),
        base_dtype="F32",
        subject_dtype="F16",
        units=(),
        whole=True,
        full_rows=True,
    )


def looked(pairs: list[Pair]) -> tuple[CloserLook, list[Moved]]:
    """Return a closer look at these pairs alone."""
    formats = formats_of(pairs)
    moved = [change_of(p, formats) for p in pairs]
    look = CloserLook(
        moved=tuple(moved), formats=formats, recast=(1.0, 0.0), subject_rounded=(),
        base_rounded=(), both_coarse=False, computed_last="", one_direction=False,
        removed=-1.0, experts=None, bytes_base=0, bytes_subject=0,
    )  # fmt: skip
    return look, moved


def test_the_spread_is_that_of_rounding() -> None:
    """Over many draws the fill of few values has the deviation that is stated beside it."""
    fills = []
    stated = []
    for seed in range(400):
        (moved,) = looked([cast(64, seed)])[1]
        fills.append(moved.fill)
        stated.append(moved.spread)
    assert abs(np.std(fills) / np.mean(stated) - 1) < 0.15
    assert abs(np.mean(fills) - 1) < 0.05


def test_sixteen_values_do_not_make_a_cast_a_fine_tune() -> None:
    """Some small matrix of many lies outside any fixed bound: the large ones tell."""
    pairs = [cast(20_000, 1), *(cast(16, seed, layer=seed) for seed in range(2, 60))]
    look, moved = looked(pairs)
    assert not all(m.rounded for m in moved)
    assert body_of(look).kind is RelationKind.RECAST


def test_small_matrices_still_have_to_be_equal_once_rounded() -> None:
    """One of them trained further: the model was not just stored anew."""
    few = cast(16, 2, layer=1)
    trained = replace(few, subject_ui=few.subject_ui * np.float32(1.01))
    look, _ = looked([cast(20_000, 1), trained])
    assert body_of(look).kind is not RelationKind.RECAST


def test_large_matrices_have_to_be_rounded() -> None:
    """A step of training below the format leaves less than rounding does, where values tell."""
    large = cast(20_000, 1)
    stepped = replace(large, base_ui=large.subject_ui * np.float32(1 + 2e-5))
    look, moved = looked([stepped, cast(16, 2, layer=1)])
    assert not moved[0].touched
    assert body_of(look).kind is not RelationKind.RECAST
