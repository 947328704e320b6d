"""Does each alteration change what it says and leave the rest?"""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.material.zoo import alterations as a
from tests.material.zoo.model import logits, names_and_shapes
from tests.material.zoo.symmetries import EMBEDDING, HEAD, NORMS, Arrays
from tests.zoo.conftest import SMALL, drawn

Q = "model.layers.1.self_attn.q_proj.weight"
UP = "model.layers.0.mlp.up_proj.weight"


def test_adapter_has_its_rank_and_size(dense: Arrays, rng: np.random.Generator) -> None:
    """A merged adapter changes the targets by a delta of the given rank and size, nothing else."""
    out = a.merge_adapter(dense, rng, rank=2, size=0.05)
    delta = out[Q] - dense[Q]
    assert np.linalg.matrix_rank(delta, tol=1e-6) == 2
    assert np.linalg.norm(delta) == pytest.approx(0.05 * np.linalg.norm(dense[Q]))
    assert np.array_equal(out[UP], dense[UP])


def test_learned_adapter_is_the_best_low_rank_part(dense: Arrays) -> None:
    """At full rank the learned adapter is the fine-tune; at rank 1 it is nearer than nothing."""
    tuned = drawn(SMALL, 1)
    full = a.merge_learned_adapter(dense, tuned, rank=12, targets=("q_proj",))
    low = a.merge_learned_adapter(dense, tuned, rank=1, targets=("q_proj",))
    assert np.allclose(full[Q], tuned[Q])
    assert np.linalg.norm(low[Q] - tuned[Q]) < np.linalg.norm(dense[Q] - tuned[Q])
    assert np.linalg.matrix_rank(low[Q] - dense[Q], tol=1e-6) == 1


def test_int4_keeps_sixteen_values_a_group(rng: np.random.Generator) -> None:
    """Rounded groups hold at most sixteen values and err by at most half a step."""
    w = {UP: rng.standard_normal((8, 64))}
    groups = a.round_to_int4(w)[UP].reshape(-1, a.INT4_GROUP)
    assert max(len(np.unique(np.round(g, 9))) for g in groups) <= 16
    before = w[UP].reshape(-1, a.INT4_GROUP)
    assert (np.abs(groups - before).max(1) <= np.ptp(before, axis=1) / 30 + 1e-12).all()


def test_noise_has_its_size(dense: Arrays, rng: np.random.Generator) -> None:
    """Noise of a tenth of a standard deviation has about that size in a matrix."""
    delta = a.add_noise(dense, rng, size=0.1)[EMBEDDING] - dense[EMBEDDING]
    assert delta.std() == pytest.approx(0.1 * dense[EMBEDDING].std(), rel=0.2)


def test_extension_appends_rows(dense: Arrays, rng: np.random.Generator) -> None:
    """Old rows stay bit-equal and the shape tells the new vocabulary."""
    out, shape = a.extend_vocabulary(dense, SMALL, rng, new=5)
    assert shape.vocab == SMALL.vocab + 5 == out[HEAD].shape[0]
    assert np.array_equal(out[EMBEDDING][: SMALL.vocab], dense[EMBEDDING])


def test_rebuilding_touches_only_embeddings(dense: Arrays, rng: np.random.Generator) -> None:
    """Fresh embeddings leave the whole body bit-equal."""
    out = a.rebuild_embeddings(dense, rng)
    assert {n for n in dense if not np.array_equal(out[n], dense[n])} == {EMBEDDING, HEAD}


def test_chosen_layers_are_copies(dense: Arrays) -> None:
    """Layer i of the result is the layer it was taken from, and the shapes fit the new depth."""
    out, shape = a.choose_layers(dense, SMALL, (0, 1, 0))
    assert {n: w.shape for n, w in out.items()} == names_and_shapes(shape)
    third = UP.replace("layers.0", "layers.2")
    assert np.array_equal(out[third], dense[UP])


def test_pruned_neurons_keep_their_order(dense: Arrays) -> None:
    """The kept rows of gate and up are an increasing selection of the old ones."""
    out, shape = a.prune_neurons(dense, SMALL, keep=6)
    assert {n: w.shape for n, w in out.items()} == names_and_shapes(shape)
    where = [int(np.flatnonzero((dense[UP] == row).all(1))[0]) for row in out[UP]]
    assert where == sorted(where)


def test_pruned_channels_fit_the_new_width(dense: Arrays, ids: NDArray[np.int64]) -> None:
    """Every tensor loses the same channels and the model still runs."""
    out, shape = a.prune_channels(dense, SMALL, keep=8)
    assert {n: w.shape for n, w in out.items()} == names_and_shapes(shape)
    assert np.isfinite(logits(out, shape, ids)).all()


@pytest.mark.parametrize("place", get_args(a.Place))
def test_shuffle_moves_only_its_share(
    place: a.Place, dense: Arrays, rng: np.random.Generator
) -> None:
    """At most the given share of rows moves, and every matrix keeps its set of rows."""
    out = a.shuffle_rows(dense, rng, share=0.25, place=place)
    for name, w in dense.items():
        if w.ndim == 1:
            assert np.array_equal(out[name], w)
            continue
        moved = int((out[name] != w).any(1).sum())
        assert moved <= max(2, round(0.25 * len(w)))
        assert np.array_equal(np.sort(out[name], axis=0), np.sort(w, axis=0))
    assert a.share_changed(dense, out) > 0.05


def test_two_rows_always_change_places(dense: Arrays, rng: np.random.Generator) -> None:
    """The smallest shuffle still moves two rows of every matrix."""
    out = a.shuffle_rows(dense, rng, share=0.0, place="last")
    assert all((out[n] != w).any(1).sum() == 2 for n, w in dense.items() if w.ndim == 2)


def test_blend_is_the_weighted_sum(dense: Arrays) -> None:
    """A 60/40 merge lies where its shares say."""
    other = drawn(SMALL, 1)
    out = a.blend(((dense, 0.6), (other, 0.4)))
    assert np.allclose(out[Q], 0.6 * dense[Q] + 0.4 * other[Q])


def test_wearing_takes_one_part_only(dense: Arrays) -> None:
    """A model that wears norms has the donor's gains and nothing else of it."""
    donor = drawn(SMALL, 1)
    norms = a.wear(dense, donor, part="norms")
    assert all(
        np.array_equal(w, (donor if NORMS.search(n) else dense)[n]) for n, w in norms.items()
    )
    rows = a.wear(dense, donor, part="embeddings")
    taken = (EMBEDDING, HEAD)
    assert all(np.array_equal(w, (donor if n in taken else dense)[n]) for n, w in rows.items())


def test_reordered_rows_give_reordered_logits(dense: Arrays, ids: NDArray[np.int64]) -> None:
    """Under the new ids the logits are those of the old ids, reordered."""
    order = np.random.default_rng(3).permutation(SMALL.vocab)
    after = logits(a.reorder_tokens(dense, order), SMALL, np.argsort(order)[ids])
    assert np.allclose(after, logits(dense, SMALL, ids)[..., order])
