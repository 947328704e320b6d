"""Tests of the anatomy of a repository of several components."""

from __future__ import annotations

from collections.abc import Mapping

from hubcheck.anatomy.components import with_components
from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.outline import outline
from hubcheck.anatomy.read import anatomy_of
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from tests.memory_source import MemorySource

BODY = {
    "model.embed_tokens.weight": (10, 4), "model.norm.weight": (4,),
    "model.layers.0.mlp.up_proj.weight": (8, 4), "model.layers.0.mlp.gate_proj.weight": (8, 4),
    "model.layers.0.mlp.down_proj.weight": (4, 8),
}  # fmt: skip
DENSE = {"linear.weight": (3, 4), "x.rotary_emb.inv_freq": (2,)}


def checkpoint(shapes: Mapping[str, tuple[int, ...]]) -> Checkpoint:
    """Return a checkpoint of these shapes; nothing is stored."""
    tensors = {
        name: TensorRecord(name=name, dtype="F32", shape=shape, path="f", start=0, stop=0)
        for name, shape in sorted(shapes.items())
    }
    return Checkpoint(source=MemorySource({}), tensors=tensors, metadata={}, format="safetensors")


def test_the_body_is_read_as_if_it_were_alone() -> None:
    """Its roles are those it has alone; a component's tensors have no other role than that."""
    alone = anatomy_of(checkpoint(BODY), {})
    dense = anatomy_of(checkpoint(DENSE), {})
    whole = checkpoint({**BODY, **{f"2_Dense.{n}": s for n, s in DENSE.items()}})
    both = with_components(alone, whole, {"2_Dense": dense})
    assert both.matrices == alone.matrices
    assert both.geometry == alone.geometry
    assert both.others["2_Dense.linear.weight"] is Role.COMPONENT
    assert both.others["2_Dense.x.rotary_emb.inv_freq"] is Role.BUFFER
    assert both.unknown == alone.unknown


def test_what_no_rule_names_in_a_component_counts() -> None:
    """The share of named parameters is of all components."""
    alone = anatomy_of(checkpoint(BODY), {})
    dense = anatomy_of(checkpoint(DENSE), {})
    whole = checkpoint({**BODY, **{f"2_Dense.{n}": s for n, s in DENSE.items()}})
    both = with_components(alone, whole, {"2_Dense": dense})
    assert alone.mapped_share == 1.0
    assert both.mapped_share == 1 - 12 / (whole.n_parameters - 2)


def test_a_pipeline_is_drawn_by_its_components() -> None:
    """There is no body to draw; each component is a block with its size."""
    dense = anatomy_of(checkpoint(DENSE), {})
    whole = checkpoint({f"vae.{n}": s for n, s in DENSE.items()})
    nothing = anatomy_of(checkpoint({}), {})
    both = with_components(nothing, whole, {"vae": dense}, title="StableDiffusionPipeline")
    assert outline(both) == ("vae 14",)
    assert both.architecture == "StableDiffusionPipeline"
