"""Do the attacks and honest cases do to weights what they are said to do?"""

from __future__ import annotations

import numpy as np

from benchmarks.attacks import further, pieces
from benchmarks.attacks.cases import ATTACKS, CASES, HONEST
from hubcheck.report.words import DeclarationVerdict
from tests.evidence.laboratory import SHAPE, Weights, shipped
from tests.material.zoo.learn import TINY, train_tiny
from tests.material.zoo.model import logits

IDS = np.arange(40).reshape(2, 20)
GATE = "model.layers.1.mlp.gate_proj.weight"


def test_there_are_ten_of_each_and_no_name_twice() -> None:
    """What is right to say of an honest case never accuses, of an attack never confirms."""
    assert len(HONEST) >= 10
    assert len(ATTACKS) >= 10
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(DeclarationVerdict.UNDECLARED not in case.right for case in HONEST)
    assert all(DeclarationVerdict.CONFIRMED not in case.right for case in ATTACKS)


def test_shuffled_neurons_compute_the_same() -> None:
    """The function stays, the order does not."""
    weights = shipped("base")
    shuffled = pieces.neurons_shuffled(weights, 1)
    np.testing.assert_allclose(
        logits(shuffled, SHAPE, IDS), logits(weights, SHAPE, IDS), rtol=1e-6, atol=1e-8
    )
    assert not np.array_equal(shuffled[GATE], weights[GATE])


def test_changes_are_cut_dropped_scaled_and_rounded() -> None:
    """Rank, share, factor and levels are those of the names."""
    base, tuned = shipped("base"), shipped("finetune")
    change = tuned[GATE] - base[GATE]
    cut = pieces.of_rank(base, tuned, 3)[GATE] - base[GATE]
    values = np.linalg.svd(cut, compute_uv=False)
    assert values[3] < 1e-3 * values[0]
    kept = pieces.dropped(base, tuned, 0.5, 0)[GATE] - base[GATE]
    assert 0.4 < float((np.abs(kept) > 0)[np.abs(change) > 1e-4].mean()) < 0.6
    larger = pieces.moved(base, base, tuned, 1.2)[GATE] - base[GATE]
    np.testing.assert_allclose(larger, 1.2 * change, atol=1e-6)
    rounded = pieces.rounded_to_levels(base, 4)[GATE]
    assert max(np.unique(row).size for row in rounded) <= 15
    assert float((pieces.pruned(base, 0.4)[GATE] == 0).mean()) > 0.39


def test_a_direction_that_was_taken_out_is_written_by_nobody() -> None:
    """Abliteration leaves every writer at right angles to it."""
    line = np.random.default_rng(0).standard_normal(SHAPE.hidden)
    out = pieces.without_direction(shipped("base"), line)
    for name, w in out.items():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            assert np.abs(line @ w).max() < 1e-4


def test_what_is_hidden_computes_the_same_and_what_is_stacked_has_its_layers() -> None:
    """Mixed symmetries keep the function; new tokens are one row; five layers are of three."""
    parent, _ = train_tiny(np.arange(500) % 300, steps=1)
    hidden = further.mixed_symmetries(lambda _name: parent)
    ids = np.arange(20)[None]
    np.testing.assert_allclose(
        logits(hidden.subject.weights, TINY, ids), logits(parent, TINY, ids), rtol=1e-3, atol=1e-4
    )
    assert not hidden.declared
    stacked = further.stacked(parent)
    assert np.array_equal(stacked[GATE.replace(".1.", ".3.")], parent[GATE])
    longer: Weights = further.with_new_tokens(parent)
    new = longer["lm_head.weight"][TINY.vocab :]
    assert new.shape[0] == len(further.NEW_TOKENS)
    assert np.ptp(new, axis=0).max() == 0.0
