"""What do the tensors of a model mean, independent of how a family names and packs them?

Canonical orientation of a matrix is [out, in] as in ``y = W x``: the *units* of gate, up, q, k, v,
router, embed and lm_head are rows; the units of ``down`` and ``o`` (neurons, V/O dimensions) are
columns, but a ``Matrix`` always describes the canonical [out, in] matrix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.frozen import frozen


class Role(StrEnum):
    """What a tensor (or a slice of one) does in the model."""

    EMBED = "embed"
    EMBED_IN = "embed.in"
    """Carries embeddings of a width of their own into the residual stream (ALBERT, ELECTRA)."""
    POS_EMBED = "pos_embed"
    LM_HEAD = "lm_head"
    NORM_ATTN_IN = "norm.attn_in"
    NORM_ATTN_POST = "norm.attn_post"
    NORM_MLP_IN = "norm.mlp_in"
    NORM_MLP_POST = "norm.mlp_post"
    NORM_CROSS_IN = "norm.cross_in"
    NORM_CROSS_POST = "norm.cross_post"
    NORM_FINAL = "norm.final"
    NORM_EMBED = "norm.embed"
    NORM_Q = "norm.q"
    NORM_K = "norm.k"
    Q = "q"
    K = "k"
    V = "v"
    O = "o"  # noqa: E741 - the field's own name of the attention output projection
    CROSS_Q = "cross.q"
    """Attention of a decoder to its encoder: q and o lie in the decoder's stream, k and v read the
    encoder's."""
    CROSS_K = "cross.k"
    CROSS_V = "cross.v"
    CROSS_O = "cross.o"
    ATTN_GATE = "attn_gate"
    SINKS = "sinks"
    GATE = "gate"
    UP = "up"
    DOWN = "down"
    ROUTER = "router"
    ROUTER_BIAS = "router_bias"
    EXPERT_GATE = "expert.gate"
    EXPERT_UP = "expert.up"
    EXPERT_DOWN = "expert.down"
    SHARED_GATE = "shared.gate"
    SHARED_UP = "shared.up"
    SHARED_DOWN = "shared.down"
    SHARED_ROUTER = "shared.router"
    MLA_Q_A = "mla.q_a"
    MLA_Q_B = "mla.q_b"
    MLA_Q_NORM = "mla.q_norm"
    MLA_KV_A = "mla.kv_a"
    MLA_K_ROPE = "mla.k_rope"
    MLA_K_B = "mla.k_b"
    MLA_V_B = "mla.v_b"
    MLA_KV_NORM = "mla.kv_norm"
    INDEXER = "indexer"
    SSM = "ssm"
    DELTA = "delta"
    CONV = "conv"
    AXIS_IN = "axis.in"
    """Writes the units of a free axis of a model that is read by its axes (``anatomy.by_axes``)."""
    AXIS_IN_2 = "axis.in.2"
    """A second writer of the same units: a gate."""
    AXIS_OUT = "axis.out"
    """Reads the units of a free axis."""
    AXIS_HEADS = "axis.heads"
    """Queries and keys there: they move with whole heads and have no order of their own."""
    LINEAR = "linear"
    """Any other matrix of such a model: compared by value, its order tested by nothing."""
    VECTOR = "vector"
    """A gain or a bias of such a model."""
    HEAD_TRANSFORM = "head_transform"
    """A layer between the stream and the output head (masked language models)."""
    HEAD = "head"
    """Reads the stream for something else than tokens, or drafts them: a pooler, the order of
    sentences, classes, rewards, values, Medusa's heads. A part of its own."""
    SIDE = "side"
    """Side paths around the blocks: per-layer inputs, AltUp, Laurel, hyper-connections."""
    MTP = "mtp"
    """Predicts further tokens."""
    UNCOUNTED = "uncounted"
    """In a layer beyond those that the configuration counts, and no predictor: nothing loads it."""
    DECODER = "decoder"
    """The decoder beside an encoder that is the body: a part of its own (``anatomy.stacks``)."""
    VISION = "vision"
    AUDIO = "audio"
    PROJECTOR = "projector"
    COMPONENT = "component"
    """A tensor of another component of the repository, judged on its own."""
    LORA = "lora"
    QUANT_COMPANION = "quant_companion"
    BUFFER = "buffer"
    """Not a parameter: rotary frequencies, causal masks, position ids. Left out of coverage."""


@frozen
class Matrix:
    """One canonical [n_out, n_in] matrix (or [n_out, 1] vector) inside a stored tensor."""

    role: Role
    layer: int
    """Decoder layer, or -1 where the role has none."""
    expert: int
    """Expert index, or -1."""
    bias: bool
    """True for a bias vector of the role, False for its weight."""
    tensor: str
    """Name of the stored tensor."""
    n_out: int
    n_in: int
    """1 for a vector (a norm gain, a bias)."""
    transposed: bool
    """False: canonical out index = stored row. True: canonical out index = stored column. A
    vector lies in one stored row (``offset``), so it counts as transposed with ``n_in`` 1."""
    offset: int
    """First stored row that belongs to this matrix (row of the flattened 2-D view of
    checkpoint.interface). Used with ``transposed``: stored rows offset .. offset + n_in."""
    segments: tuple[tuple[int, int, int], ...]
    """(start, stop, step) pieces whose concatenation lists, for each canonical out index, the
    stored row (absolute in the flattened view; not transposed) or stored column (transposed).
    For a vector: the index inside the stored vector."""

    def stored_index(self) -> NDArray[np.int64]:
        """Return the stored index of every canonical out index, shape [n_out]."""
        return np.concatenate([np.arange(*s, dtype=np.int64) for s in self.segments])


@frozen
class Mixer:
    """The channels of a state-space, delta-rule or convolution mixer whose order is arbitrary."""

    values: Matrix
    """[channels, hidden]: what feeds each channel; head after head."""
    gate: Matrix | None
    """[channels, hidden]: what gates each channel."""
    out: Matrix
    """[hidden, channels]: where each channel is written."""
    heads: int
    """Channels may be relabelled inside a head only."""
    joint: bool
    """True: all heads share one order of their channels, because a norm over them is shared."""


class Way(StrEnum):
    """How the orders of a model were found (DESIGN 10), best first."""

    RULES = "rules"
    CERTIFIED = "certified"
    """Axes of a published class, relabelled in the running model beforehand."""
    INFERRED = "inferred"
    """Axes that look free by names and shapes alone: an assumption."""


@frozen
class AxisPlace:
    """How the units of a free axis lie."""

    n: int
    in_blocks: bool
    """They change places inside blocks only, and whole blocks do."""
    step: int
    """Columns of ``axis.out`` for each unit (a kernel); 0 where units are stored rows."""
    start: int
    """Inputs of ``axis.out`` before the first unit."""


@frozen
class Geometry:
    """The sizes of a model; 0 where the model has no such axis or it could not be established."""

    hidden: int
    layers: int
    """Decoder layers, MTP layers not counted."""
    heads: int
    kv_heads: int
    head_dim: int
    """Rows of ``v`` per kv head (the V/O dimension)."""
    neurons: int
    """MLP neurons of a dense layer."""
    experts: int
    expert_neurons: int
    vocab: int
    mtp_layers: int


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """Every stored tensor of a checkpoint with its role; what is made of all of them is kept."""

    checkpoint: Checkpoint
    architecture: str
    """``architectures[0]`` or ``model_type`` of config.json; hostile text, context only."""
    geometry: Geometry
    matrices: Mapping[tuple[Role, int, int, bool], Matrix]
    """Keyed (role, layer, expert, bias). Where several tensors share a key (vision, ssm, delta,
    indexer, mtp ...) only their count matters and ``others`` lists them."""
    others: Mapping[str, Role]
    """Tensors that have a role but no canonical matrix (towers, state matrices, buffers ...)."""
    unknown: tuple[str, ...]
    """Tensors that fit no rule, or whose shape does not fit the rule's arithmetic."""
    tied: bool
    """True when the head is the embedding (no head stored, or a duplicate declared as tied)."""
    gated: bool
    """True when the MLP has a gate (SwiGLU, GeGLU)."""
    fair_signs: bool = False
    """True when flipping an up row with its down column changes nothing: the MLP is known to be
    act(gate) * up, so the signs of up rows are fair coins between unrelated models. False where the
    family is not known to be plain."""
    fair_values: bool = False
    """True when attention is known to be softmax(q k) v and O with nothing between: the signs of
    V/O dimensions are fair coins between unrelated models."""
    rms_norm: bool
    """True when norms have no bias and no mean subtraction, so residual signs are free."""
    norm_offset: float
    """1.0 for families that store gain - 1, else 0.0."""
    mixers: Mapping[int, Mixer] = field(default_factory=dict)
    """By layer; the tensors of a mixer are listed in ``others`` as well."""
    stack: str = ""
    """``encoder`` or ``decoder`` where this is one stack of an encoder-decoder, else empty."""
    beside: str = ""
    """The other stack of the same model, which is a part of its own; empty without one."""
    borrowed: frozenset[str] = frozenset()
    """Tensors read here that are counted in another part: an embedding shared by two stacks."""
    alone: str = ""
    """Which head this is and nothing else (``anatomy.lone_head``); empty for a model."""
    plain: Mapping[str, str] = field(default_factory=dict)
    """Names without wrappers, of the tensors that have some (``anatomy.wrappers``)."""
    free_channels: bool = True
    """False where the places of the residual channels mean something from the start, so that they
    are no free order: RWKV mixes neighbouring tokens by a share that depends on the channel, and
    fixed sinusoids give each channel a frequency."""
    axes: Mapping[int, AxisPlace] = field(default_factory=dict)
    """Free axes by number, of a model that no rule reads."""
    way: Way = Way.RULES
    known_as: str = ""
    """The class whose certified axes are used, with library and version; words of our own."""
    components: Mapping[str, Anatomy] = field(default_factory=dict)
    """By name: the repository's components beside the body, each read as a model of its own; tensor
    names lack the component's. Their tensors are listed in ``others`` as well."""

    @property
    def head_reads_stream(self) -> bool:
        """Whether the output head reads the stream itself, not what a layer makes of it."""
        return Role.HEAD_TRANSFORM not in self.others.values()

    @property
    def mapped_share(self) -> float:
        """Share of parameters (buffers not counted) whose role is known, 0 to 1."""
        tensors = self.checkpoint.tensors
        unknown = sum(tensors[n].n_values for n in self.unknown)
        for part in self.components.values():
            unknown += sum(part.checkpoint.tensors[n].n_values for n in part.unknown)
        buffers = sum(tensors[n].n_values for n, r in self.others.items() if r is Role.BUFFER)
        total = self.checkpoint.n_parameters - buffers
        return 1.0 if total <= 0 else 1.0 - unknown / total

    def get(self, role: Role, layer: int = -1, expert: int = -1) -> Matrix | None:
        """Return the weight of a role, or None when the model has no such matrix."""
        return self.matrices.get((role, layer, expert, False))
