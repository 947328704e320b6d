"""In which order do the parts of a layer stand in a heat map, and what is each called?

From the norms at the top to the experts at the bottom, as data flows; what has no layer stands
apart. A role that this table does not know is text from a report: it comes last, as it is.
"""

from __future__ import annotations

from typing import Final

from hubcheck.frozen import frozen

OUTSIDE: Final = "outside the layers"
OTHER: Final = "other"
_BIAS: Final = ".bias"


@frozen
class RoleName:
    """How a role is shown."""

    place: int
    """Rows are ordered by it."""
    name: str
    """Raw: of our own where the role is known, the report's word where it is not."""
    group: str
    """Rows of one group stand together."""
    line: str
    """The line of the strip that it is joined into."""


_NORMS: Final = "norms"
_ATTENTION: Final = "attention"
_MLP: Final = "MLP"
_EXPERTS: Final = "experts"

_TABLE: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("norm.attn_in", "norm, attention in", _NORMS, "norms"),
    ("norm.q", "norm, q", _NORMS, "norms"),
    ("norm.k", "norm, k", _NORMS, "norms"),
    ("mla.q_norm", "norm, latent q", _NORMS, "norms"),
    ("mla.kv_norm", "norm, latent kv", _NORMS, "norms"),
    ("norm.attn_post", "norm, attention out", _NORMS, "norms"),
    ("norm.cross_in", "norm, cross-attention in", _NORMS, "norms"),
    ("norm.cross_post", "norm, cross-attention out", _NORMS, "norms"),
    ("norm.mlp_in", "norm, MLP in", _NORMS, "norms"),
    ("norm.mlp_post", "norm, MLP out", _NORMS, "norms"),
    ("q", "attention q", _ATTENTION, "q"),
    ("mla.q_a", "latent q, in", _ATTENTION, "q"),
    ("mla.q_b", "latent q, out", _ATTENTION, "q"),
    ("k", "attention k", _ATTENTION, "k"),
    ("mla.kv_a", "latent kv, in", _ATTENTION, "k"),
    ("mla.k_rope", "latent k, rotary", _ATTENTION, "k"),
    ("mla.k_b", "latent k, out", _ATTENTION, "k"),
    ("v", "attention v", _ATTENTION, "v"),
    ("mla.v_b", "latent v, out", _ATTENTION, "v"),
    ("o", "attention o", _ATTENTION, "o"),
    ("cross.q", "cross-attention q", _ATTENTION, "q"),
    ("cross.k", "cross-attention k", _ATTENTION, "k"),
    ("cross.v", "cross-attention v", _ATTENTION, "v"),
    ("cross.o", "cross-attention o", _ATTENTION, "o"),
    ("attn_gate", "attention gate", _ATTENTION, OTHER),
    ("sinks", "attention sinks", _ATTENTION, OTHER),
    ("indexer", "attention indexer", _ATTENTION, OTHER),
    ("gate", "MLP gate", _MLP, "gate"),
    ("up", "MLP up", _MLP, "up"),
    ("down", "MLP down", _MLP, "down"),
    ("router", "router", _EXPERTS, "router"),
    ("router_bias", "router bias", _EXPERTS, "router"),
    ("expert.gate", "experts, gate", _EXPERTS, "experts"),
    ("expert.up", "experts, up", _EXPERTS, "experts"),
    ("expert.down", "experts, down", _EXPERTS, "experts"),
    ("shared.router", "shared router", _EXPERTS, "router"),
    ("shared.gate", "shared, gate", _EXPERTS, "experts"),
    ("shared.up", "shared, up", _EXPERTS, "experts"),
    ("shared.down", "shared, down", _EXPERTS, "experts"),
    ("ssm", "state space", OTHER, OTHER),
    ("delta", "delta rule", OTHER, OTHER),
    ("conv", "convolution", OTHER, OTHER),
    ("side", "side paths", OTHER, OTHER),
    ("lora", "adapter", OTHER, OTHER),
    ("embed", "embedding", OUTSIDE, OUTSIDE),
    ("embed.in", "embedding into the stream", OUTSIDE, OUTSIDE),
    ("pos_embed", "position embedding", OUTSIDE, OUTSIDE),
    ("norm.embed", "embedding norm", OUTSIDE, OUTSIDE),
    ("norm.final", "final norm", OUTSIDE, OUTSIDE),
    ("head_transform", "before the output head", OUTSIDE, OUTSIDE),
    ("lm_head", "output head", OUTSIDE, OUTSIDE),
    ("head", "head", OUTSIDE, OUTSIDE),
    ("decoder", "decoder", OUTSIDE, OUTSIDE),
    ("mtp", "extra predictor", OUTSIDE, OUTSIDE),
    ("uncounted", "layers that config.json does not count", OUTSIDE, OUTSIDE),
    ("vision", "vision tower", OUTSIDE, OUTSIDE),
    ("audio", "audio tower", OUTSIDE, OUTSIDE),
    ("projector", "projector", OUTSIDE, OUTSIDE),
    ("component", "other components", OUTSIDE, OUTSIDE),
)
LINES: Final[tuple[str, ...]] = (
    *("norms", "q", "k", "v", "o", "gate", "up", "down", "router", "experts"),
    OTHER,
)
"""The lines of the strip, top to bottom."""

_KNOWN: Final = {
    role: RoleName(place=2 * place, name=name, group=group, line=line)
    for place, (role, name, group, line) in enumerate(_TABLE)
}


def role_name(role: str) -> RoleName:
    """Return how ``role`` is shown; a bias stands below its weight."""
    known = _KNOWN.get(role)
    if known is not None:
        return known
    weight = _KNOWN.get(role.removesuffix(_BIAS)) if role.endswith(_BIAS) else None
    if weight is not None:
        return RoleName(
            place=weight.place + 1,
            name=f"{weight.name}, bias",
            group=weight.group,
            line=weight.line,
        )
    return RoleName(place=2 * len(_TABLE), name=role, group=OTHER, line=OTHER)
