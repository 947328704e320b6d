"""Are pruned neurons and channels found, in order or not, and strangers left alone?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.card.wording import sentence, words
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.looks.width.interface import UnitOrder, Width
from hubcheck.evidence.looks.width.reading import window_of
from hubcheck.evidence.looks.width.run import width_of
from hubcheck.evidence.refused import Refused, Why
from tests.evidence.laboratory import SHAPE, Weights, derived, model, plain, shipped, write
from tests.evidence.looks.sides import side_by_side
from tests.material.zoo.alterations import prune_channels, prune_neurons
from tests.material.zoo.deep_copies import prune_sorted
from tests.material.zoo.model import Shape, initial_weights
from tests.material.zoo.symmetries import mlps

STRAIGHT = {n: n for n in range(4)}


def width(base: Path, subject: Path, *, seed: int = 1, layers: int = 4) -> Width:
    """Return what changed of the width."""
    pair = side_by_side(base, subject, seed=seed)
    found = width_of(pair.base, pair.subject, pair.draw, {n: n for n in range(layers)})
    assert isinstance(found, Width), found.code
    return found


@pytest.fixture
def pruned(tmp_path: Path) -> Path:
    """Return the continued base with a quarter of its neurons pruned, order kept."""
    return write(tmp_path / "p", plain(*prune_neurons(shipped("continued"), SHAPE, keep=192)))


def test_neurons_pruned_in_order_are_proven_by_their_order(pruned: Path) -> None:
    """The kept neurons run upwards in the base: exact evidence, and the words say how many."""
    found = width(model("base"), pruned)
    assert found.channels is None
    assert found.neurons is not None
    assert found.neurons.order is UnitOrder.KEPT
    assert tuple(map(words, found.said)) == ("192 of 256 neurons of an MLP kept, in their order",)
    assert {r.kind for r in found.rows} == {"exact"}
    assert found.log_e > 100
    assert found.neurons.content > 1.5 * found.neurons.ceiling


def test_neurons_passed_over_were_really_dropped(pruned: Path) -> None:
    """Every neuron reported as dropped is one that pruning left out."""
    found = width(model("base"), pruned)
    assert found.neurons is not None
    weights = shipped("continued")
    gates = [gate for gate, _, _ in mlps(weights)]
    kept_rows = prune_neurons(weights, SHAPE, keep=192)[0]
    for layer, neurons in found.neurons.passed_over:
        rows = {row.tobytes() for row in kept_rows[gates[layer]]}
        dropped = {n for n, row in enumerate(weights[gates[layer]]) if row.tobytes() not in rows}
        assert set(neurons) <= dropped
        assert len(neurons) > 5


def test_a_widened_model_is_seen_from_the_narrow_base(pruned: Path) -> None:
    """With the roles exchanged the base's neurons are found among the subject's."""
    found = width(pruned, model("continued"))
    assert tuple(map(words, found.said)) == (
        "256 neurons of an MLP where the base has 192; the base's are among them, in their order",
    )


def test_neurons_split_into_three_are_found_among_their_parts(tmp_path: Path) -> None:
    """Each neuron split into three that cancel: the base's neurons still run upwards among them."""
    found = width(model("base"), write(tmp_path / "m", derived("split-neurons")))
    assert found.neurons is not None
    assert found.neurons.order is UnitOrder.KEPT


def test_sorted_neurons_leave_no_order_but_signs(tmp_path: Path) -> None:
    """Pruned and sorted by importance: order shows nothing, signs after matching by gate do."""
    sorted_copy = prune_sorted(shipped("continued"), SHAPE, keep=128)
    found = width(model("base"), write(tmp_path / "m", plain(*sorted_copy)))
    assert found.neurons is not None
    assert found.neurons.order is UnitOrder.LOST
    assert tuple(map(words, found.said)) == (
        "128 of 256 neurons of an MLP kept, sorted or shuffled anew",
    )
    order = [r for r in found.rows if r.test == "pruned-neurons"]
    signs = [r for r in found.rows if r.test == "signs"]
    assert all(r.log10_p > -2 for r in order)
    assert all(r.log10_p < -10 for r in signs)


@pytest.fixture
def wide() -> tuple[Weights, Shape]:
    """Return a fresh model with so many neurons that only a window of them is read at first."""
    shape = Shape(hidden=64, neurons=4096, layers=2, heads=4, kv_heads=2, head_dim=16)
    return initial_weights(shape, 1), shape


def test_in_a_wide_layer_a_window_is_enough(wide: tuple[Weights, Shape], tmp_path: Path) -> None:
    """Where order was kept, a run of neurons is found without reading the whole layer."""
    base = write(tmp_path / "b", plain(*wide))
    subject = write(tmp_path / "m", plain(*prune_neurons(*wide, keep=3000)))
    found = width(base, subject, layers=2)
    assert found.neurons is not None
    assert found.neurons.order is UnitOrder.KEPT
    assert tuple(map(words, found.said)) == ("3000 of 4096 neurons of an MLP kept, in their order",)
    whole_gates = 2 * 2 * 2 * 4096 * 64
    assert found.bytes_base < whole_gates / 2


def test_in_a_wide_layer_sorted_neurons_need_one_whole_gate(
    wide: tuple[Weights, Shape], tmp_path: Path
) -> None:
    """Where no order is left, one whole gate and the partners' up rows give the signs."""
    base = write(tmp_path / "b", plain(*wide))
    subject = write(tmp_path / "m", plain(*prune_sorted(*wide, keep=3000)))
    found = width(base, subject, layers=2)
    assert found.neurons is not None
    assert found.neurons.order is UnitOrder.LOST
    proven = [r for r in found.rows if r.test == "signs" and r.log10_p < -10]
    assert len(proven) == 1
    assert proven[0].kept > 0.99
    back = width(subject, base, layers=2)
    assert back.neurons is not None
    assert back.neurons.order is UnitOrder.LOST


def test_in_a_wide_layer_a_stranger_shows_nothing(
    wide: tuple[Weights, Shape], tmp_path: Path
) -> None:
    """The whole gate of an unrelated model gives neither order nor signs."""
    _, shape = wide
    stranger = prune_sorted(initial_weights(shape, 2), shape, keep=3000)
    found = width(
        write(tmp_path / "b", plain(*wide)), write(tmp_path / "m", plain(*stranger)), layers=2
    )
    assert found.neurons is not None
    assert found.neurons.order is UnitOrder.UNKNOWN
    assert found.log_e < NOTABLE


def test_channels_pruned_in_order_are_found(tmp_path: Path) -> None:
    """Kept channels run upwards in the base by gains and embeddings together."""
    narrow = plain(*prune_channels(shipped("base"), SHAPE, keep=80))
    found = width(model("base"), write(tmp_path / "m", narrow))
    assert found.neurons is None
    assert found.channels is not None
    assert found.channels.order is UnitOrder.KEPT
    assert tuple(map(words, found.said)) == ("80 of 96 residual channels kept, in their order",)


def test_both_axes_pruned_are_found_through_the_tokens(tmp_path: Path) -> None:
    """With channels gone as well, neurons are matched through shared tokens."""
    thin, shape = prune_channels(shipped("base"), SHAPE, keep=80)
    both = prune_neurons(thin, shape, keep=192)
    found = width(model("base"), write(tmp_path / "m", plain(*both)))
    assert len(found.said) == 2
    assert found.neurons is not None
    assert found.neurons.order is UnitOrder.KEPT
    assert {r.frame for r in found.rows if r.test == "pruned-neurons"} == {"token"}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("how", ["order kept", "sorted", "channels"])
def test_a_stranger_of_another_width_shows_nothing(how: str, seed: int, tmp_path: Path) -> None:
    """An unrelated model, pruned in any way, stays below one in a thousand and unknown."""
    made = {
        "order kept": lambda: prune_neurons(shipped("twin"), SHAPE, keep=192),
        "sorted": lambda: prune_sorted(shipped("twin"), SHAPE, keep=128),
        "channels": lambda: prune_channels(shipped("twin"), SHAPE, keep=80),
    }[how]()
    found = width(model("base"), write(tmp_path / "m", plain(*made)), seed=seed)
    axes = [axis for axis in (found.neurons, found.channels) if axis is not None]
    assert [axis.order for axis in axes] == [UnitOrder.UNKNOWN]
    assert found.log_e < NOTABLE
    assert "could not be shown" in sentence(found.said)


def test_one_width_is_no_matter_for_this_look() -> None:
    """Models of one width are refused with the reason, and nothing is read."""
    pair = side_by_side(model("base"), model("finetune"))
    refused = width_of(pair.base, pair.subject, pair.draw, STRAIGHT)
    assert refused == Refused(code=Why.SAME_SIZE)


def test_of_too_little_to_read_nothing_is_claimed(pruned: Path) -> None:
    """Where the rows do not fit the limit nothing is claimed."""
    pair = side_by_side(model("base"), pruned)
    found = width_of(pair.base, pair.subject, pair.draw, STRAIGHT, limit=1000)
    assert isinstance(found, Width)
    assert found.neurons is not None
    assert found.neurons.order is UnitOrder.UNKNOWN


@given(
    n_wide=st.integers(600, 12000),
    share=st.floats(0.3, 0.95),
    seed=st.integers(0, 2**32 - 1),
    place=st.floats(0, 1),
)
def test_the_window_holds_the_partners_of_a_run(
    n_wide: int, share: float, seed: int, place: float
) -> None:
    """Where those dropped are spread at random, every neuron of the run came from the window."""
    rng = np.random.default_rng(seed)
    kept = np.sort(rng.choice(n_wide, int(n_wide * share), replace=False))
    first = int(place * (kept.size - 64))
    window = window_of(range(first, first + 64), kept.size, n_wide)
    assert window[0] <= kept[first]
    assert kept[first + 63] <= window[-1]
    assert len(window) < n_wide or n_wide < 2000
