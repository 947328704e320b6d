"""Is the origin of every layer found, and none where there is none?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubcheck.card.wording import words
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.looks.layer_map.run import map_layers
from hubcheck.evidence.looks.layer_map.wording import said_of_map
from hubcheck.evidence.refused import Refused, Why
from tests.evidence.laboratory import SHAPE, derived, model, plain, shipped, write
from tests.evidence.looks.sides import mapped, side_by_side
from tests.material.zoo.alterations import choose_layers, prune_neurons
from tests.material.zoo.deep_copies import slice_into_experts

LAYOUTS = {
    (0, 1, 3): ("base layer 2 dropped",),
    (0, 1, 2, 1, 2, 3): ("layers 1, 2 duplicated: base layers 0-2, 1-3",),
    (3, 1, 0, 2): ("layers reordered: base layers 3, 1, 0, 2",),
    (0, 0, 3, 3): ("base layers 1, 2 dropped", "layers 0 and 3 duplicated: base layers 0, 0, 3, 3"),
    (0, 1, 2, 3): (),
}


@pytest.mark.parametrize("sources", LAYOUTS)
def test_layers_dropped_repeated_or_moved_are_found(
    sources: tuple[int, ...], tmp_path: Path
) -> None:
    """Every subject layer is traced to its base layer, and the words say what was done."""
    subject = write(tmp_path / "m", plain(*choose_layers(shipped("continued"), SHAPE, sources)))
    found = mapped(model("base"), subject)
    assert found.base_of == dict(enumerate(sources))
    assert tuple(map(words, said_of_map(found))) == LAYOUTS[sources]
    assert all(o.stands and o.log10_p < -10 for o in found.origins)
    assert found.dropped == tuple(sorted({0, 1, 2, 3} - set(sources)))


def test_a_trained_on_upscaled_copy_is_traced_through_both_ends() -> None:
    """Duplicated layers trained apart map many to one; seen from the copy, the base shares them."""
    assert mapped(model("base"), model("upscaled")).base_of == {0: 0, 1: 1, 2: 2, 3: 1, 4: 2, 5: 3}
    back = mapped(model("upscaled"), model("base"))
    assert back.shared == ((1, 3), (2, 4))
    assert back.base_of[0] == 0
    assert back.base_of[3] == 5
    assert back.origins[1].rivals
    assert back.dropped == ()


def test_the_map_survives_relabelling_of_channels_neurons_and_groups(tmp_path: Path) -> None:
    """With neurons and kv groups shuffled, V/O dimensions still show every layer's origin."""
    found = mapped(model("base"), write(tmp_path / "m", derived("relabelled")))
    assert found.base_of == {n: n for n in range(4)}
    assert {o.test for o in found.origins} == {"vo-dimensions"}


def test_pruned_neurons_leave_the_other_orders(tmp_path: Path) -> None:
    """Where the number of neurons differs, V/O dimensions carry the map."""
    subject = write(tmp_path / "m", plain(*prune_neurons(shipped("base"), SHAPE, keep=192)))
    assert mapped(model("base"), subject).base_of == {n: n for n in range(4)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_stranger_has_no_layer_of_the_base(seed: int, tmp_path: Path) -> None:
    """No layer of an unrelated model is traced, repeated layers or not."""
    repeated = choose_layers(shipped("twin"), SHAPE, (0, 1, 2, 1, 2, 3))
    found = mapped(model("base"), write(tmp_path / "m", plain(*repeated)), seed=seed)
    assert found.base_of == {}
    assert found.log_e < NOTABLE
    assert tuple(map(words, said_of_map(found))) == ("no layer of this base was found again",)
    assert found.row().log10_p > -3


def test_what_may_be_read_is_kept_to(tmp_path: Path) -> None:
    """The map reads no more than its limit, and says so where nothing fits."""
    pair = side_by_side(model("base"), model("finetune"))
    refused = map_layers(pair.base, pair.subject, pair.draw, limit=1000)
    assert isinstance(refused, Refused)
    assert refused.code is Why.BUDGET
    limit = 300_000
    found = map_layers(pair.base, pair.subject, pair.draw, limit=limit)
    assert not isinstance(found, Refused)
    assert 0 < found.bytes_base <= limit
    assert found.base_of == {n: n for n in range(4)}


def test_rows_already_read_are_not_paid_again() -> None:
    """A second map of one pair adds nothing to what was read."""
    pair = side_by_side(model("base"), model("finetune"))
    map_layers(pair.base, pair.subject, pair.draw)
    again = map_layers(pair.base, pair.subject, pair.draw)
    assert not isinstance(again, Refused)
    assert (again.bytes_base, again.bytes_subject) == (0, 0)


def test_layers_of_an_up_cycled_mixture_are_found_by_their_experts(tmp_path: Path) -> None:
    """Dense neurons are held against a drawn expert, where layers moved as well."""
    base, sources = shipped("base"), (0, 1, 2, 1, 2, 3)
    weights, shape = choose_layers(base, SHAPE, sources)
    for name in [n for n in weights if n.endswith("v_proj.weight")]:
        weights[name] = np.random.default_rng(1).permutation(weights[name])  # no V/O order is left
    made = slice_into_experts(weights, shape, 1)
    double = {n: w for n, w in made[0].items() if ".experts." in n}
    double = {n.replace(".experts.0.", ".experts.1."): w for n, w in double.items()} | made[0]
    routers = {
        n: np.repeat(w, 2, axis=0) for n, w in double.items() if n.endswith("moe.gate.weight")
    }
    subject = write(tmp_path / "m", plain(double | routers, replace(shape, experts=2)))
    found = mapped(model("base"), subject)
    assert found.base_of == dict(enumerate(sources))
    assert {o.test for o in found.origins} == {"neurons"}
