"""How large is the model, by the shapes of its tensors?

Shapes speak first; the configuration only says how many heads share an axis, and only where the
division comes out even. What cannot be established is 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from hubcheck.anatomy.config import ConfigFacts
from hubcheck.anatomy.interface import Geometry, Matrix, Role

Key: TypeAlias = tuple[Role, int, int, bool]
Matrices: TypeAlias = Mapping[Key, Matrix]


def most_common(values: Iterable[int]) -> int:
    """Return the most frequent value (the smallest of equals), or 0 when there is none."""
    counts = Counter(values)
    return min(counts, key=lambda v: (-counts[v], v)) if counts else 0


def head_dim_of(q_rows: int, norm_rows: int, facts: ConfigFacts) -> int:
    """Return the rows of one head on an axis of ``q_rows``, or 0 when sources disagree.

    Args:
        q_rows: Length of the concatenated heads.
        norm_rows: Length of the norm on k, 0 without one; it may span one head or all of them.
        facts: The configuration.
    """
    if q_rows <= 0:
        return 0
    by_count = q_rows // facts.heads if facts.heads and q_rows % facts.heads == 0 else 0
    stated = facts.head_dim if facts.head_dim and q_rows % facts.head_dim == 0 else 0
    if by_count and stated and by_count != stated:
        # Layers of different width (Gemma 4) break one of the two; the norm on k tells which.
        return norm_rows if norm_rows in (by_count, stated) else 0
    if by_count or stated:
        return by_count or stated
    return norm_rows if norm_rows and q_rows % norm_rows == 0 and norm_rows < q_rows else 0


def heads_of(matrices: Matrices, facts: ConfigFacts) -> tuple[int, int, int]:
    """Return (heads, kv_heads, head_dim) of the commonest attention layer, or zeros."""
    shapes: Counter[tuple[int, int, int]] = Counter()
    latent: Counter[tuple[int, int]] = Counter()
    for (role, layer, expert, bias), o in matrices.items():
        if role is not Role.O or bias:
            continue
        v = matrices.get((Role.V, layer, expert, False))
        if v is not None:
            norm = matrices.get((Role.NORM_K, layer, expert, False))
            shapes[(o.n_in, v.n_out, norm.n_out if norm else 0)] += 1
        elif (v_b := matrices.get((Role.MLA_V_B, layer, expert, False))) is not None:
            latent[(o.n_in, v_b.n_out)] += 1
    if shapes:
        o_in, v_rows, norm_rows = min(shapes, key=lambda s: (-shapes[s], s))
        # Only v and o count here: k and q may be wider (MiMo), so v_head_dim goes first.
        if facts.v_head_dim and facts.heads * facts.v_head_dim == o_in:
            d = facts.v_head_dim
        else:
            d = head_dim_of(o_in, norm_rows, facts)
        if d and v_rows % d == 0 and o_in % v_rows == 0:
            return o_in // d, v_rows // d, d
    elif latent and facts.heads:
        o_in, v_rows = min(latent, key=lambda s: (-latent[s], s))
        if o_in == v_rows and o_in % facts.heads == 0:
            return facts.heads, facts.heads, o_in // facts.heads
    return 0, 0, 0


def geometry_of(
    matrices: Matrices,
    facts: ConfigFacts,
    *,
    hidden: int,
    layers: int,
    mtp_layers: int,
) -> Geometry:
    """Return the sizes that the canonical matrices establish.

    Args:
        matrices: By (role, layer, expert, bias).
        facts: The configuration, for head counts.
        hidden: Width of the residual stream as the reading established it.
        layers: Decoder layers seen.
        mtp_layers: Multi-token-prediction layers seen.
    """
    weights = [m for key, m in matrices.items() if not key[3]]
    per_layer = Counter(m.layer for m in weights if m.role is Role.EXPERT_DOWN)
    embed = matrices.get((Role.EMBED, -1, -1, False))
    heads, kv_heads, head_dim = heads_of(matrices, facts)
    return Geometry(
        hidden=hidden,
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        neurons=most_common(m.n_in for m in weights if m.role is Role.DOWN),
        experts=max(per_layer.values(), default=0),
        expert_neurons=most_common(m.n_in for m in weights if m.role is Role.EXPERT_DOWN),
        vocab=embed.n_out if embed else 0,
        mtp_layers=mtp_layers,
    )
