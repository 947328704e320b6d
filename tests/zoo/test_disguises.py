"""Do hidden and forged models compute what they computed before?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tests.material.zoo import disguises
from tests.material.zoo.model import logits
from tests.material.zoo.symmetries import EMBEDDING, HEAD, Arrays, random_rotation
from tests.zoo.conftest import SMALL, drawn

EXACT = 1e-9
GATE = "model.layers.0.mlp.gate_proj.weight"
UP = "model.layers.0.mlp.up_proj.weight"
V = "model.layers.0.self_attn.v_proj.weight"


def test_relabelling_keeps_the_function(
    dense: Arrays, rng: np.random.Generator, ids: NDArray[np.int64]
) -> None:
    """Shuffled channels, neurons and heads compute the same, and no gate row stays in place."""
    out = disguises.relabel(dense, SMALL, rng)
    assert np.abs(logits(out, SMALL, ids) - logits(dense, SMALL, ids)).max() < EXACT
    assert not np.allclose(out[GATE], dense[GATE])


def test_disguise_keeps_function_and_leaves_what_exact_tests_need(
    dense: Arrays, rng: np.random.Generator, ids: NDArray[np.int64]
) -> None:
    """The disguise keeps the function and the Gram rows of tokens, so V/O and tokens stay exact."""
    out = disguises.disguise(dense, SMALL, rng)
    assert np.abs(logits(out, SMALL, ids) - logits(dense, SMALL, ids)).max() < EXACT
    gram, before = (w[EMBEDDING] @ w[EMBEDDING].T for w in (out, dense))
    assert np.allclose(gram, before)
    assert not np.allclose(out[EMBEDDING], dense[EMBEDDING])


def test_full_disguise_changes_only_unused_tokens(
    dense: Arrays, rng: np.random.Generator, ids: NDArray[np.int64]
) -> None:
    """The full disguise keeps the logits of every token in use and resets the unused rows."""
    unused = np.arange(SMALL.vocab - 4, SMALL.vocab)
    out = disguises.disguise_fully(dense, SMALL, rng, unused=unused)
    before, after = logits(dense, SMALL, ids), logits(out, SMALL, ids)
    assert np.abs(before - after)[..., :-4].max() < EXACT
    assert np.abs(before - after)[..., -4:].max() > EXACT


def test_reset_rows_are_the_only_ones_changed(dense: Arrays, rng: np.random.Generator) -> None:
    """Resetting touches exactly the named rows of embedding and head."""
    out = disguises.reset_rows(dense, rng, np.array([3, 7]))
    for name in (EMBEDDING, HEAD):
        changed = np.flatnonzero((out[name] != dense[name]).any(1))
        assert changed.tolist() == [3, 7]


def test_split_neurons_keep_the_function_and_repeat_gates(
    dense: Arrays, rng: np.random.Generator, ids: NDArray[np.int64]
) -> None:
    """Three twins share a gate, their parts cancel, and no ``up`` row of old remains."""
    out = disguises.split_neurons(dense, rng)
    wide = replace(SMALL, neurons=3 * SMALL.neurons)
    assert np.abs(logits(out, wide, ids) - logits(dense, SMALL, ids)).max() < EXACT
    assert np.array_equal(out[GATE][0], out[GATE][2])
    cosine = (out[UP] @ dense[UP].T) / np.outer(
        np.linalg.norm(out[UP], axis=1), np.linalg.norm(dense[UP], axis=1)
    )
    assert np.abs(cosine).max() < 1.0 - 1e-6


def test_framing_recovers_a_relabelling(dense: Arrays, rng: np.random.Generator) -> None:
    """Matched to its own original, a shuffled copy gets every index back."""
    shuffled = disguises.relabel(dense, SMALL, rng)
    back = disguises.match_to(shuffled, dense, SMALL)
    assert all(np.array_equal(back[n], dense[n]) for n in dense)


def test_framing_keeps_the_function_and_moves_towards_the_target(
    dense: Arrays, ids: NDArray[np.int64]
) -> None:
    """An unrelated model keeps its function and gains similarity to the framed one."""
    other = drawn(SMALL, 1)
    framed = disguises.match_to(other, dense, SMALL)
    assert np.abs(logits(framed, SMALL, ids) - logits(other, SMALL, ids)).max() < EXACT
    assert (framed[GATE] * dense[GATE]).sum() > (other[GATE] * dense[GATE]).sum()


def test_best_order_finds_a_known_order(rng: np.random.Generator) -> None:
    """The matching gives back the order in which rows were offered."""
    rows = random_rotation(6, rng)
    order = rng.permutation(6)
    assert np.array_equal(rows[order][disguises.best_order(rows, rows[order])], rows)
