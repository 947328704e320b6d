"""What do the tensors of a model mean whose layers lie under names that no rule strips?

``text_model.encoder.layers.0.self_attn.q_proj.weight``: the text encoder of a diffusion pipeline,
or of CLIP beside its vision tower, is a stack of layers like any other, behind a name of its own.
Where the rules see no layer at all and all numbered layers outside the towers share one name in
front, that name is taken off, as it is for a tower. The tensors keep the names under which they are
stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from hubcheck.anatomy.config import nested_configs
from hubcheck.anatomy.gguf_names import FORMAT
from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.parts import stated_config
from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.towers import CONFIGS, HEADS, LAYERED, MIN_LAYERS, SIGNS, TOWER
from hubcheck.checkpoint.interface import Checkpoint

STORED: Final = frozenset({Role.BUFFER, Role.QUANT_COMPANION})
"""What a tensor is whatever it belongs to; any other role outside the layers is another part's."""
BESIDE: Final = frozenset({*CONFIGS, Role.PROJECTOR})
"""Parts beside which a stack of text may stand: it is the body, and they stay what they are."""
INNER: Final = "encoder."
"""What families put between a stack's name and its layers."""


def anatomy_by_rules(checkpoint: Checkpoint, config: Mapping[str, object]) -> Anatomy:
    """Return the role of every tensor, of a lone stack of layers too.

    Args:
        checkpoint: Its headers; no weight byte is read.
        config: The parsed ``config.json``, empty when the model has none. Hostile.
    """
    plain = anatomy_of(checkpoint, config)
    apart = {n: role for n, role in plain.others.items() if role not in STORED}
    tower = any(not words.isdisjoint(config) for _, words in SIGNS)  # ``anatomy.towers`` reads it
    if plain.geometry.layers or tower or checkpoint.format == FORMAT:
        return plain
    if not BESIDE.issuperset(apart.values()):
        return plain
    own = {n: plain.plain.get(n, n) for n in checkpoint.tensors if n not in apart}
    found = {name: LAYERED.fullmatch(published) for name, published in own.items()}
    layered = {name: match for name, match in found.items() if match is not None}
    fronts = {(match["prefix"], match["list"]) for match in layered.values()}
    if len(fronts) != 1:
        return plain
    front = fronts.pop()[0].removesuffix(INNER)
    stored = {f"layers.{match['rest']}": name for name, match in layered.items()}
    stored |= {own[name].removeprefix(front): name for name in found if name not in layered}
    if len(stored) != len(found):  # a tensor outside has the name of one inside
        return plain
    named = {new: replace(checkpoint.tensors[old], name=new) for new, old in sorted(stored.items())}
    configs = nested_configs(stated_config(checkpoint, config))
    heads = next((c[key] for c in configs for key in HEADS if key in c), 0)
    inner = replace(checkpoint, tensors=MappingProxyType(named), format=TOWER)
    stack = anatomy_of(inner, {"model_type": TOWER, "num_attention_heads": heads})
    read = {m.layer for m in stack.matrices.values() if m.layer >= 0}
    if len(read) < MIN_LAYERS or stack.mixers:
        return plain
    return replace(
        stack,
        checkpoint=checkpoint,
        architecture=plain.architecture,
        matrices={k: replace(m, tensor=stored[m.tensor]) for k, m in stack.matrices.items()},
        others={**apart, **{stored[name]: role for name, role in stack.others.items()}},
        unknown=tuple(sorted(stored[name] for name in stack.unknown)),
        plain=plain.plain,
    )
