"""Which predictors, uncounted layers and projectors does a model have beside body and towers?

An MTP block is a decoder layer with its own attention, MLP or experts, and norms, so the rules of
the decoder read it once the layer is renumbered. What couples it to the body (the two input norms,
the joining projection, copies of embedding and head) belongs to no layer and is left out. Layers
that the configuration does not count and that predict nothing are read alike, as a part of their
own.

A projector is one MLP or several: pairs of matrices where the outputs of the first are the inputs
of the second. Its inner neurons are the only order it has of its own: its inputs stand in the order
of the tower, its outputs in that of the language model, and two projectors trained apart between
the same tower and the same body agree in both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from hubcheck.anatomy.config import TEXT_CONFIGS, nested_configs
from hubcheck.anatomy.gguf_names import FORMAT, published_name
from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.read import FLOATS, anatomy_of
from hubcheck.anatomy.uncounted import BLOCK, COUPLING
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.frozen import frozen

MTP: Final = "MTP block"
UNCOUNTED: Final = "uncounted layers"
PROJECTOR: Final = "projector"
MAX_PREDICTORS: Final = 8
"""Published models have one to three; more are not compared."""
MAX_PAIRS: Final = 16
"""Qwen3-VL merges at four depths; more pairs than that say nothing new."""
NAMED: Final = (
    ("gate_proj", "up_proj", "down_proj"),
    ("w1", "w3", "w2"),
)
"""Gated projectors, by the names of gate, up and down."""
MATRIX: Final = 2
"""Axes of a linear weight."""
NUMBER: Final = re.compile(r"([0-9]+)")


@frozen
class SidePart:
    """One such part, read as a model of its own."""

    name: str
    anatomy: Anatomy
    """Layers are the part's own, counted from 0; tensor names lack the prefix."""


def side_parts_of(whole: Anatomy, config: Mapping[str, object]) -> tuple[SidePart, ...]:
    """Return the MTP blocks, the layers not counted and the projectors (a part each) of a model.

    Args:
        whole: The whole model.
        config: Its ``config.json``. Hostile; head counts are taken, as for the body.
    """
    parts = (
        _blocks(whole, config, Role.MTP, MTP),
        _blocks(whole, config, Role.UNCOUNTED, UNCOUNTED),
        _projectors(whole),
    )
    return tuple(part for part in parts if part is not None)


def _blocks(whole: Anatomy, config: Mapping[str, object], of: Role, name: str) -> SidePart | None:
    """Return the blocks of a role beside the body, renumbered from 0."""
    checkpoint = whole.checkpoint
    found: dict[int, dict[str, TensorRecord]] = defaultdict(dict)
    for tensor, role in whole.others.items():
        plain = whole.plain.get(tensor, tensor)
        match = BLOCK.fullmatch(plain) if role is of else None
        if match is not None and not COUPLING.match(match["rest"]):
            found[int(match["layer"])].setdefault(match["rest"], checkpoint.tensors[tensor])
    numbers = sorted(found)[:MAX_PREDICTORS]
    named = "blk" if checkpoint.format == FORMAT else "layers"
    records = {
        f"{named}.{i}.{rest}": record
        for i, number in enumerate(numbers)
        for rest, record in found[number].items()
    }
    outer = {k: v for c in reversed(nested_configs(config)) for k, v in c.items()}
    facts = {k: v for k, v in outer.items() if k not in TEXT_CONFIGS}
    facts["num_hidden_layers"] = max(1, len(numbers))
    anatomy = anatomy_of(_inner(checkpoint, records), facts)
    return SidePart(name=name, anatomy=anatomy) if anatomy.geometry.layers else None


def _projectors(whole: Anatomy) -> SidePart | None:
    """Return every MLP of the projectors, one to a layer."""
    gguf = whole.checkpoint.format == FORMAT
    modules: dict[str, dict[str, TensorRecord]] = defaultdict(dict)
    for name, role in sorted(whole.others.items()):
        record = whole.checkpoint.tensors[name]
        name = (  # noqa: PLW2901 - as it is known
            published_name(name, "") if gguf else whole.plain.get(name, name)
        )
        readable = record.dtype in FLOATS or record.storage is not None
        if role is Role.PROJECTOR and len(record.shape) == MATRIX and readable:
            parent, _, last = name.removesuffix(".weight").rpartition(".")
            modules[parent][last] = record
    mlps: list[dict[str, TensorRecord]] = []
    for _, linears in sorted(modules.items()):
        mlps += _mlps_in(linears)
    records = {
        f"layers.{i}.mlp.{part}.weight": record
        for i, mlp in enumerate(mlps[:MAX_PAIRS])
        for part, record in mlp.items()
    }
    # No norm and no embedding is given, so that input and output may differ in width.
    plain = replace(_inner(whole.checkpoint, records), format="projector")
    anatomy = anatomy_of(plain, {"model_type": "projector"})
    return SidePart(name=PROJECTOR, anatomy=anatomy) if anatomy.geometry.layers else None


def _mlps_in(linears: Mapping[str, TensorRecord]) -> list[dict[str, TensorRecord]]:
    """Return the MLPs among the linear layers of one module, in the order of their names."""
    for gate, up, down in NAMED:
        if {gate, up, down} <= linears.keys():
            names = ("gate_proj", "up_proj", "down_proj")
            return [dict(zip(names, (linears[n] for n in (gate, up, down)), strict=True))]
    ordered = [linears[n] for n in sorted(linears, key=_natural)]
    found: list[dict[str, TensorRecord]] = []
    used = -1
    for i, (first, second) in enumerate(pairwise(ordered)):
        by_input = first.storage is not None and first.storage.by_input
        inner = first.shape[1 if by_input else 0]
        if i > used and second.shape[0 if by_input else 1] == inner:
            found.append({"fc1": first, "fc2": second})
            used = i + 1
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts ``linear_2`` before ``linear_10``."""
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in NUMBER.split(name)]


def _inner(checkpoint: Checkpoint, records: Mapping[str, TensorRecord]) -> Checkpoint:
    """Return some tensors as a checkpoint of its own, under other names."""
    named = {name: replace(record, name=name) for name, record in sorted(records.items())}
    return replace(checkpoint, tensors=MappingProxyType(named), notes=())
