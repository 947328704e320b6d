"""Can every layout be written, and does it hold what it says?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from benchmarks.kinds.build import CannotBuild
from benchmarks.kinds.layout import Bench, Layout, Truth, lay_out
from benchmarks.kinds.layouts import LAYOUTS
from benchmarks.kinds.layouts_stored import LLAMA, metas_names

NEEDS_DIFFUSERS = "pipeline"


def test_there_are_at_least_76_layouts_with_names_of_their_own() -> None:
    """A row of the table is one layout; every truth occurs."""
    assert len(LAYOUTS) >= 76
    assert len({x.name for x in LAYOUTS}) == len(LAYOUTS)
    assert {x.truth for x in LAYOUTS} == set(Truth)


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda x: x.name)
def test_every_layout_can_be_written(layout: Layout, tmp_path: Path) -> None:
    """The subject is there and a base to hold it against."""
    question = lay_out(layout, 5, tmp_path)
    if isinstance(question, CannotBuild) and NEEDS_DIFFUSERS in layout.name:
        assert question.code == "no-package"
        return
    assert not isinstance(question, CannotBuild), question
    assert question.subject.exists()
    assert question.bases
    assert all(base.is_dir() and any(base.iterdir()) for base in question.bases)


def test_a_layout_of_values_that_are_the_same_says_which_relation_is_true() -> None:
    """Without one, nothing but an open relation could be right."""
    held = [x for x in LAYOUTS if x.truth in {Truth.SAME, Truth.TUNED}]
    assert held
    assert all(x.relations for x in held)


def test_metas_order_of_q_is_undone_by_the_published_conversion(tmp_path: Path) -> None:
    """Rows of q under Meta's names, permuted as the library's converter does, are q again."""
    base = Bench(seed=5, folder=tmp_path).base(LLAMA)
    q = base.tensors["model.layers.0.self_attn.q_proj.weight"]
    heads = base.config["num_attention_heads"]
    metas = metas_names(base)["layers.0.attention.wq.weight"]
    back = (
        metas.view(heads, q.shape[0] // heads // 2, 2, q.shape[1]).transpose(1, 2).reshape(q.shape)
    )
    assert not torch.equal(metas, q)
    assert torch.equal(back, q)


def test_a_stale_index_names_shards_that_are_not_there(tmp_path: Path) -> None:
    """And the shards that are there are whole."""
    layout = next(x for x in LAYOUTS if x.name == "stale index over complete shards")
    question = lay_out(layout, 5, tmp_path)
    assert not isinstance(question, CannotBuild)
    index = json.loads((question.subject / "model.safetensors.index.json").read_text())
    there = {p.name for p in question.subject.glob("*.safetensors")}
    assert len(there) == 2
    assert not there & set(index["weight_map"].values())
    held = {n for p in there for n in load_file(question.subject / p)}
    assert held == set(index["weight_map"])
