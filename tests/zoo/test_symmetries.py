"""Do the changes that claim to keep the function keep it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.material.zoo import symmetries as s
from tests.material.zoo.model import Shape, logits
from tests.zoo.conftest import SMALL, drawn

EXACT = 1e-9
Change = Callable[[s.Arrays, np.random.Generator], s.Arrays]


def _gates(weights: s.Arrays) -> dict[str, int]:
    return {gate: weights[gate].shape[0] for gate, _, _ in s.mlps(weights)}


CHANGES: dict[str, Change] = {
    "permute_channels": lambda w, r: s.permute_channels(w, r.permutation(SMALL.hidden)),
    "flip_channels": lambda w, r: s.flip_channels(w, r.choice([-1.0, 1.0], SMALL.hidden)),
    "permute_neurons": lambda w, r: s.permute_neurons(
        w, {g: r.permutation(n) for g, n in _gates(w).items()}
    ),
    "rescale_neurons": lambda w, r: s.rescale_neurons(
        w, {g: r.choice([-1.0, 1.0], n) * (0.5 + r.random(n)) for g, n in _gates(w).items()}
    ),
    "permute_heads": lambda w, _: s.permute_heads(w, SMALL, {0: np.array([3, 2, 0, 1])}),
    "turn_values": lambda w, r: s.turn_values(
        w, SMALL, {1: np.stack([s.random_rotation(SMALL.head_dim, r) for _ in range(2)])}
    ),
    "turn_rotary_pairs": lambda w, r: s.turn_rotary_pairs(
        w, SMALL, {0: r.uniform(0, 6, (2, 3))}, {0: 0.5 + r.random((2, 3))}
    ),
    "rescale_norms": lambda w, r: s.rescale_norms(
        w, {n: 0.5 + r.random(SMALL.hidden) for n in s.norm_readers(w)}
    ),
    "fold_norms": lambda w, _: s.fold_norms(w),
    "rotate_channels": lambda w, r: s.rotate_channels(w, s.random_rotation(SMALL.hidden, r)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_function_is_kept(
    name: str, dense: s.Arrays, rng: np.random.Generator, ids: NDArray[np.int64]
) -> None:
    """Every symmetry changes weights and leaves the logits as they were."""
    changed = CHANGES[name](dense, rng)
    assert any(not np.array_equal(dense[n], changed[n]) for n in dense)
    before, after = logits(dense, SMALL, ids), logits(changed, SMALL, ids)
    assert np.abs(before - after).max() < EXACT * np.abs(before).max()


@pytest.mark.parametrize("name", CHANGES)
def test_input_is_not_touched(name: str, dense: s.Arrays, rng: np.random.Generator) -> None:
    """No symmetry writes into the arrays it was given."""
    copied = {n: w.copy() for n, w in dense.items()}
    CHANGES[name](dense, rng)
    assert all(np.array_equal(dense[n], copied[n]) for n in dense)


@pytest.mark.parametrize("name", ["permute_channels", "permute_neurons", "rotate_channels"])
def test_mixture_keeps_its_function(
    name: str, rng: np.random.Generator, ids: NDArray[np.int64]
) -> None:
    """The symmetries hold for a mixture of experts too, shuffled experts included."""
    shape = replace(SMALL, experts=3)
    mixture = drawn(shape, 2)
    changed = s.permute_experts(CHANGES[name](mixture, rng), shape, {0: np.array([2, 0, 1])})
    before, after = logits(mixture, shape, ids), logits(changed, shape, ids)
    assert np.abs(before - after).max() < EXACT * np.abs(before).max()


def test_folding_leaves_unit_gains(dense: s.Arrays) -> None:
    """After folding every gain is one and every norm had its readers."""
    folded = s.fold_norms(dense)
    assert all((w == 1.0).all() for n, w in folded.items() if s.NORMS.search(n))
    assert len(s.norm_readers(dense)) == 2 * SMALL.layers + 1


def test_heads_of_one_group_stay_together(dense: s.Arrays) -> None:
    """An order that would part query heads from their keys is refused."""
    with pytest.raises(ValueError, match="must stay together"):
        s.permute_heads(dense, SMALL, {0: np.array([0, 2, 1, 3])})


def test_unknown_tensor_has_no_channel_axis() -> None:
    """A tensor that the zoo does not know is refused, not guessed."""
    with pytest.raises(KeyError):
        s.channel_axis("model.layers.0.self_attn.rotary_emb.inv_freq")


def test_rotation_is_orthogonal(rng: np.random.Generator) -> None:
    """A random rotation keeps lengths and is not the identity."""
    turn = s.random_rotation(Shape().hidden, rng)
    assert np.abs(turn @ turn.T - np.eye(len(turn))).max() < EXACT
    assert np.abs(np.diag(turn)).mean() < 0.5
