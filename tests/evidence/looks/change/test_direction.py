"""Is a direction given only where one side has lost what training cannot bring back?

Every case is planted both ways: what hubcheck says must be right, or nothing. The sign alone is the
same whichever model was made first.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from hubcheck.report.schema import Finding
from hubcheck.report.words import Depth, Verdict
from tests.evidence.laboratory import (
    SHAPE,
    Weights,
    model,
    outcome_of,
    plain,
    request,
    shipped,
    write,
)
from tests.evidence.looks.change.test_run import made, told
from tests.material.zoo import alterations, relations
from tests.material.zoo.deep_copies import interleave
from tests.material.zoo.model import initial_weights
from tests.material.zoo.recipes import UPCYCLED_SHAPE, recipe, upcycle
from tests.tables import taken

WRITERS: Final = ("o_proj.weight", "down_proj.weight")


def expanded(places: tuple[int, ...]) -> Weights:
    """Return base with fresh layers put in at these places, as block expansion does.

    What they write is small and not nothing: they were trained with all others held still.
    """
    fresh = initial_weights(SHAPE, 77)
    sources, old = [], 0
    for new in range(SHAPE.layers + len(places)):
        sources.append((1, new % SHAPE.layers) if new in places else (0, old))
        old += new not in places
    weights, _ = interleave([shipped("base"), fresh], SHAPE, sources)
    for name in [n for n in weights if n.endswith(WRITERS)]:
        if int(name.split(".")[2]) in places:
            weights[name] *= 0.1
    return weights


def both_ways(one: Path, other: Path, depth: Depth = Depth.DEEP) -> tuple[Finding, Finding]:
    """Return the findings of two models held against each other, each as the base once."""
    first = outcome_of(request(one, [other], depth=depth)).report.findings[0]
    return first, outcome_of(request(other, [one], depth=depth)).report.findings[0]


@pytest.mark.parametrize(
    ("places", "depth"),
    taken(
        [((2,), Depth.DEEP), ((1, 4), Depth.SAMPLE), ((0, 3, 6), Depth.DEEP)],
        [*product([(2,), (1, 4), (0, 3, 6)], [Depth.SAMPLE, Depth.DEEP])],
    ),
)
def test_layers_put_in_or_taken_out_give_no_direction(
    places: tuple[int, ...], depth: Depth, tmp_path: Path
) -> None:
    """Block expansion makes the longer model of the shorter, pruning the other way round."""
    weights = expanded(places)
    shape = SHAPE.__class__(layers=SHAPE.layers + len(places))
    longer = write(tmp_path / "longer", plain(weights, shape))
    for finding in both_ways(longer, model("base"), depth):
        assert finding.verdict is Verdict.RELATED
        assert (finding.direction, finding.direction_reason) == ("undetermined", ())


def test_layers_that_stand_twice_may_have_been_cut_out_again(tmp_path: Path) -> None:
    """An up-scaled model and one of its layers each: either was made of the other."""
    cut = alterations.choose_layers(shipped("upscaled"), SHAPE.__class__(layers=6), (0, 1, 2, 5))
    folder = write(tmp_path / "cut", plain(*cut))
    pairs = [(model("upscaled"), model("base")), (model("upscaled"), folder)]
    for one, other in pairs:
        for finding in both_ways(one, other):
            assert finding.verdict is Verdict.RELATED
            assert finding.direction == "undetermined"


def test_an_mlp_averaged_from_experts_is_not_their_origin(tmp_path: Path) -> None:
    """Experts made of one MLP, and an MLP made of the experts: no direction in either case."""
    dense = shipped("base")
    sparse = alterations.add_noise(
        upcycle(dense, recipe("upcycled")), np.random.default_rng(8), size=0.05
    )
    mean = dict(dense)
    for layer in range(SHAPE.layers):
        stem = f"model.layers.{layer}."
        for name, expert in (("gate_proj", "w1"), ("up_proj", "w3"), ("down_proj", "w2")):
            every = [
                sparse[f"{stem}block_sparse_moe.experts.{e}.{expert}.weight"]
                for e in range(UPCYCLED_SHAPE.experts)
            ]
            mean[f"{stem}mlp.{name}.weight"] = np.mean(every, axis=0).astype(np.float32)
    mixture = write(tmp_path / "moe", plain(sparse, UPCYCLED_SHAPE))
    averaged = made(tmp_path / "mean", mean)
    for folder in (averaged, model("base")):
        assert told(folder, mixture)[1] == "undetermined"
        assert told(mixture, folder)[1] == "undetermined"


def test_a_pruned_model_trained_on_without_its_mask_is_the_later(tmp_path: Path) -> None:
    """Its zeros are filled and its other values moved: the dense model is not the earlier one."""
    pruned = relations.prune_to_zero(shipped("base"), share=0.5)
    rng = np.random.default_rng(3)
    filled = {
        n: w + (0.02 * float(w.std()) * rng.standard_normal(w.shape)).astype(np.float32)
        for n, w in pruned.items()
    }
    folders = made(tmp_path / "pruned", pruned), made(tmp_path / "filled", filled)
    assert told(*folders)[1] != "subject-to-base"
    assert told(*folders[::-1])[1] != "base-to-subject"


def test_values_cut_away_and_no_other_change_do_give_one(tmp_path: Path) -> None:
    """Pruning alone is told from both sides."""
    pruned = made(tmp_path / "pruned", relations.prune_to_zero(shipped("base"), share=0.5))
    assert told(model("base"), pruned)[1] == "base-to-subject"
    assert told(pruned, model("base"))[1] == "subject-to-base"
