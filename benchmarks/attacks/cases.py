"""Which honest models and which attacks are there, and what would be right to say of each?

The parent P is what every card declares. Makers fine-tune it on one data set with seeds, rates and
lengths of their own; S is the first of them, the one that is suspected.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.attacks import further, pieces
from benchmarks.attacks.further import Posed
from benchmarks.attacks.pieces import Trained, Weights
from hubcheck.report.words import DeclarationVerdict as D

Made = tuple[Weights, Weights, Weights] | Posed
"""Subject, declared base, suspect."""
NOT_ACCUSED: Final = frozenset({D.CONFIRMED, D.INCONCLUSIVE})
TOLD: Final = frozenset({D.UNDECLARED})
NOT_CONFIRMED: Final = frozenset({D.UNDECLARED, D.CONTRADICTED, D.INCONCLUSIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One model, and what may be said of it."""

    name: str
    honest: bool
    right: frozenset[D]
    make: Callable[[Trained], Made]


def _honest(name: str, make: Callable[[Trained], Made]) -> Case:
    return Case(name=name, honest=True, right=NOT_ACCUSED, make=make)


def _attack(name: str, make: Callable[[Trained], Made], right: frozenset[D] = TOLD) -> Case:
    return Case(name=name, honest=False, right=right, make=make)


def _line(t: Trained) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    width = t("parent")["model.norm.weight"].size
    return np.random.default_rng(5).standard_normal(width)


HONEST: Final = (
    _honest(
        "a sibling by the same script, seed and order of data, at 1.3 times the rate",
        lambda t: (t("repeat"), t("parent"), t("maker0")),
    ),
    _honest(
        "a sibling trained nearly twice as long", lambda t: (t("maker2"), t("parent"), t("maker0"))
    ),
    _honest(
        "an average of two own fine-tunes, beside another maker's",
        lambda t: (pieces.mixed({0.5: t("maker1"), 0.4999: t("maker2")}), t("parent"), t("maker0")),
    ),
    _honest(
        "two who merged one public adapter, at different scales",
        lambda t: (
            pieces.moved(
                t("parent"), t("parent"), pieces.of_rank(t("parent"), t("maker3"), 4), 0.8
            ),
            t("parent"),
            pieces.of_rank(t("parent"), t("maker3"), 4),
        ),
    ),
    _honest(
        "two who merged one public adapter in one way: the same values",
        lambda t: (
            pieces.with_roles_of(pieces.of_rank(t("parent"), t("maker3"), 4), t("maker1"), "norm"),
            t("parent"),
            pieces.of_rank(t("parent"), t("maker3"), 4),
        ),
    ),
    _honest(
        "two who rounded the parent to 8 bits by one rule",
        lambda t: (
            pieces.with_roles_of(pieces.rounded_to_levels(t("parent")), t("maker1"), "norm"),
            t("parent"),
            pieces.rounded_to_levels(t("parent")),
        ),
    ),
    _honest(
        "two who pruned the parent by size, one trained on",
        lambda t: (
            pieces.moved(pieces.pruned(t("parent")), t("parent"), t("maker1"), 0.3),
            t("parent"),
            pieces.pruned(t("parent")),
        ),
    ),
    _honest(
        "two who took one published direction out of the parent",
        lambda t: (
            pieces.moved(
                pieces.without_direction(t("parent"), _line(t)), t("parent"), t("maker1"), 0.1
            ),
            t("parent"),
            pieces.without_direction(t("parent"), _line(t)),
        ),
    ),
    _honest(
        "a sibling whose attention alone was trained, beside one whose MLPs alone were",
        lambda t: (
            pieces.with_roles_of(t("parent"), t("maker1"), "self_attn"),
            t("parent"),
            pieces.with_roles_of(t("parent"), t("maker0"), "mlp"),
        ),
    ),
    _honest(
        "a fine-tune so light that most values are the parent's, beside another such",
        lambda t: (
            pieces.moved(t("parent"), t("parent"), t("maker1"), 0.02),
            t("parent"),
            pieces.moved(t("parent"), t("parent"), t("maker0"), 0.02),
        ),
    ),
    _honest(
        "the maker of a model, beside a copy of it that was trained on",
        lambda t: (t("maker0"), t("parent"), t("heir0")),
    ),
    _honest(
        "a fine-tune of a model trained on from the parent, beside a fine-tune of the parent",
        lambda t: (t("far"), t("parent"), t("maker0")),
    ),
    _honest(
        "a fine-tune beside a model of the parent's initial weights, trained apart",
        lambda t: (t("maker1"), t("parent"), t("twin")),
    ),
    _honest("two students of one public teacher, both begun as the parent", further.students),
    _honest("two merges that share one of their declared parents", further.merges_of_one_parent),
    _honest("two who added one public list of tokens and trained on", further.extended_alike),
    _honest("two tools that rounded the parent to 4 bits", further.two_tools),
    _honest(
        "two who stacked the parent's layers by one plan and trained on", further.upscaled_alike
    ),
)

ATTACKS: Final = (
    _attack("S, trained on lightly", lambda t: (t("child0"), t("parent"), t("maker0"))),
    _attack("S, trained on with other data", lambda t: (t("heir0"), t("parent"), t("maker0"))),
    _attack(
        "S with noise of a tenth of its change",
        lambda t: (pieces.noisy(t("parent"), t("maker0"), 0.1, 1), t("parent"), t("maker0")),
    ),
    _attack(
        "S with noise as large as its change",
        lambda t: (pieces.noisy(t("parent"), t("maker0"), 1.0, 1), t("parent"), t("maker0")),
    ),
    _attack(
        "S rounded to 4 bits and stored anew",
        lambda t: (pieces.rounded_to_levels(t("maker0"), 4), t("parent"), t("maker0")),
    ),
    _attack(
        "S moved back towards the parent by three tenths",
        lambda t: (pieces.mixed({0.7: t("maker0"), 0.3: t("parent")}), t("parent"), t("maker0")),
    ),
    _attack(
        "S, its change made larger by a fifth",
        lambda t: (
            pieces.moved(t("parent"), t("parent"), t("maker0"), 1.2),
            t("parent"),
            t("maker0"),
        ),
    ),
    _attack(
        "S, its change scaled in every matrix on its own",
        lambda t: (pieces.scaled_by_matrix(t("parent"), t("maker0"), 2), t("parent"), t("maker0")),
    ),
    _attack(
        "S, half of the values of its change dropped, the rest doubled (DARE)",
        lambda t: (pieces.dropped(t("parent"), t("maker0"), 0.5, 3), t("parent"), t("maker0")),
    ),
    _attack(
        "S, its change cut to rank 8",
        lambda t: (pieces.of_rank(t("parent"), t("maker0"), 8), t("parent"), t("maker0")),
    ),
    _attack(
        "S, its attention alone trained on",
        lambda t: (
            pieces.with_roles_of(t("maker0"), t("child0"), "self_attn"),
            t("parent"),
            t("maker0"),
        ),
    ),
    _attack(
        "the change of S put on another fine-tune of the parent",
        lambda t: (
            pieces.moved(t("maker1"), t("parent"), t("maker0")),
            t("parent"),
            t("maker0"),
        ),
    ),
    _attack(
        "S and another maker's model, averaged",
        lambda t: (pieces.mixed({0.5: t("maker0"), 0.4999: t("maker1")}), t("parent"), t("maker0")),
    ),
    _attack(
        "S with its neurons in another order",
        lambda t: (pieces.neurons_shuffled(t("maker0"), 4), t("parent"), t("maker0")),
    ),
    _attack(
        "a stranger with one layer of three from the parent, declared as its fine-tune",
        lambda t: (
            pieces.layers_of(t("stranger"), t("parent"), (1,)),
            t("parent"),
            t("maker0"),
        ),
        NOT_CONFIRMED,
    ),
    _attack(
        "a stranger with the parent's embeddings and head, declared as its fine-tune",
        lambda t: (
            pieces.with_roles_of(t("stranger"), t("parent"), "embed", "lm_head"),
            t("parent"),
            t("maker0"),
        ),
        NOT_CONFIRMED,
    ),
    _attack(
        "a stranger with the parent's attention, declared as its fine-tune",
        lambda t: (
            pieces.with_roles_of(t("stranger"), t("parent"), "self_attn"),
            t("parent"),
            t("maker0"),
        ),
        NOT_CONFIRMED,
    ),
    _attack("another fine-tune of the parent, two of three MLPs from S", further.transplanted),
    _attack("six parts of the parent, four of a stranger, nothing declared", further.blended),
    _attack(
        "a descendant of the parent, every matrix cut to three quarters of its rank, nothing declared",
        further.refactored,
    ),
    _attack(
        "a descendant of the parent, layers in another order, noise of a fifth, nothing declared",
        further.reordered,
    ),
    _attack(
        "a descendant of the parent, other symmetries in every layer, nothing declared",
        further.mixed_symmetries,
    ),
)
CASES: Final = (*HONEST, *ATTACKS)
