"""How is a model drawn as one line of blocks?

``embed 151,552 x 4,096 | dense x1 | MoE 128 x45 | head`` with runs of equal layers counted; a
component of several is a block with its parameters.
"""

from __future__ import annotations

from itertools import groupby

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.uncounted import uncounted_layers


def outline(anatomy: Anatomy) -> tuple[str, ...]:
    """Return the blocks of a model from embedding to head, then its other components."""
    components = [
        f"{name} {part.checkpoint.n_parameters:,}" for name, part in anatomy.components.items()
    ]
    if components and not anatomy.matrices:  # a pipeline has no body
        return tuple(components)
    if anatomy.axes:  # no rule says what its places are for
        matrices = sum(m.role is Role.LINEAR for m in anatomy.matrices.values())
        own = (f"{len(anatomy.axes)} free axes", f"{matrices} other matrices")
        return (*(w for w in (anatomy.known_as,) if w), *own, *components)
    embed = anatomy.get(Role.EMBED)
    blocks = [f"embed {embed.n_out:,} x {embed.n_in:,}" if embed is not None else "embed ?"]
    kinds = [_layer_kind(anatomy, layer) for layer in range(anatomy.geometry.layers)]
    blocks += [f"{kind} x{len(list(run))}" for kind, run in groupby(kinds)]
    beyond = uncounted_layers(anatomy.others, anatomy.plain)
    if anatomy.geometry.mtp_layers > beyond:
        blocks.append(f"MTP x{anatomy.geometry.mtp_layers - beyond}")
    if beyond:
        blocks.append(f"uncounted x{beyond}")
    towers = {role for role in anatomy.others.values() if role in (Role.VISION, Role.AUDIO)}
    blocks += sorted(f"{tower} tower" for tower in towers)
    blocks.append("head (tied)" if anatomy.tied else "head")
    return (*blocks, *components)


def _layer_kind(anatomy: Anatomy, layer: int) -> str:
    """Return what a layer holds, with the sizes that tell architectures apart."""
    geometry = anatomy.geometry
    v = anatomy.get(Role.V, layer)
    if anatomy.get(Role.MLA_KV_A, layer) is not None:
        attention = f"MLA {geometry.heads}h"
    elif v is not None:
        attention = f"attn {geometry.heads}h/{geometry.kv_heads}kv"
    else:
        attention = "mixer"
    router = anatomy.get(Role.ROUTER, layer)
    up = anatomy.get(Role.UP, layer)
    if router is not None:
        return f"{attention} + MoE {router.n_out} of {geometry.expert_neurons:,}"
    if up is not None:
        return f"{attention} + dense {up.n_out:,}"
    return f"{attention} only"
