"""Which matrices of a state-space, delta-rule or convolution mixer have an order that is arbitrary?

Such a mixer carries channels from the stream through a recurrence and back. ``values`` are the rows
that feed the channels, ``gate`` the rows that gate them, ``out`` the columns that read them. What
stands in one head shares its decay, its step and its keys, so the channels inside a head may be
relabelled freely; heads may not (HF's Mamba-2 starts its decays at 1, 2, 3 ...), nor may state
dimensions (Mamba starts them at 1 .. N). Decay, step, keys and convolutions get no matrix here.

* Mamba: in_proj = x, z; one block of channels, each with a decay vector of its own.
* Mamba-2 (Bamba, Falcon-H1, Granite-4-H, Nemotron-H, Zamba2): in_proj = z, x, B, C, dt.
* Gated DeltaNet: Qwen3-Next's in_proj_qkvz, grouped by key head: q, k, v, z; Qwen3.5's in_proj_qkv
  and in_proj_z; OLMo-Hybrid's v_proj and g_proj; KDA's v_proj (its gate is of low rank, left out).
  One norm over the dimensions of a head serves all heads: they share ONE order.
* LFM2: in_proj = B, C, x, gated products around a convolution over the same channels.
* RG-LRU: linear_x, linear_y, linear_out; its gates mix the channels of a block.

RWKV, xLSTM, Mamba with several heads (Zamba) and GGUF's re-ordered DeltaNet are left out: their
inner orders are not shown to be arbitrary here, and their other layers answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from hubcheck.anatomy.config import ConfigFacts
from hubcheck.anatomy.interface import Matrix, Mixer, Role
from hubcheck.anatomy.splits import MAX_PIECES, Segments, runs
from hubcheck.checkpoint.interface import TensorRecord

Near: TypeAlias = Mapping[str, TensorRecord]
"""The tensors of one layer that have a role and no matrix, by path; a bias ends in ``.bias``."""
MAMBA: Final = ("mamba", "mixer")
DELTA: Final = ("linear_attn", "self_attn", "attention")
MATRIX: Final = 2


def mixers_of(
    listed: Mapping[int, Near], hidden: int, facts: ConfigFacts
) -> Iterator[tuple[int, Mixer]]:
    """Yield (layer, mixer) for every layer whose shapes fit one of the layouts.

    Args:
        listed: Tensors by layer and path.
        hidden: Width of the residual stream.
        facts: The configuration, for the key heads of Qwen3-Next alone.
    """
    for layer, near in sorted(listed.items()):
        mixer = (
            _mamba(near, layer, hidden)
            or _delta(near, layer, hidden, facts)
            or _short_convolution(near, layer, hidden)
            or _recurrent(near, layer, hidden)
        )
        if mixer is not None and layer >= 0:
            yield layer, mixer


def _size(record: TensorRecord | None) -> int:
    return 0 if record is None else record.n_values


def _pair(record: TensorRecord | None) -> tuple[int, int]:
    """Return (out, in) of a linear weight, however it lies; zeros where there is none."""
    if record is None or len(record.shape) != MATRIX:
        return 0, 0
    a, b = record.shape
    return (b, a) if _by_input(record) else (a, b)


def _by_input(record: TensorRecord) -> bool:
    return record.storage is not None and record.storage.by_input


def _matrix(record: TensorRecord, role: Role, layer: int, segments: Segments) -> Matrix:
    """Return some outputs of a linear weight."""
    by_input = _by_input(record)
    return Matrix(
        role=role,
        layer=layer,
        expert=-1,
        bias=False,
        tensor=record.name,
        n_out=sum(len(range(*piece)) for piece in segments),
        n_in=_pair(record)[1],
        transposed=by_input,
        offset=0 if by_input else segments[0][0],
        segments=segments,
    )


def _mixer(
    values: tuple[TensorRecord, Segments],
    gate: tuple[TensorRecord, Segments] | None,
    out: TensorRecord,
    place: tuple[Role, int],
    heads: int,
    *,
    joint: bool = False,
) -> Mixer:
    """Return a mixer whose shapes were found to fit."""
    return Mixer(
        values=_matrix(values[0], *place, values[1]),
        gate=None if gate is None else _matrix(gate[0], *place, gate[1]),
        out=_matrix(out, *place, ((0, _pair(out)[0], 1),)),
        heads=heads,
        joint=joint,
    )


def _mamba(near: Near, layer: int, hidden: int) -> Mixer | None:
    """Return the channels of Mamba or Mamba-2."""
    for root in MAMBA:
        into, out = near.get(f"{root}.in_proj"), near.get(f"{root}.out_proj")
        decay, conv = near.get(f"{root}.A_log"), near.get(f"{root}.conv1d")
        if into is None or out is None or decay is None or conv is None:
            continue
        (n, width), (back, inner) = _pair(into), _pair(out)
        mixed = conv.shape[0] if conv.shape else 0
        if width != hidden or back != hidden or not inner:
            return None
        place = (Role.SSM, layer)
        if len(decay.shape) == MATRIX and decay.shape[0] == inner == mixed and n == 2 * inner:
            x, z = ((0, inner, 1),), ((inner, n, 1),)
            return _mixer((into, x), (into, z), out, place, 1)
        heads = decay.shape[0] if len(decay.shape) == 1 else 0
        if heads and inner % heads == 0 and mixed > inner and n == inner + mixed + heads:
            z, x = ((0, inner, 1),), ((inner, 2 * inner, 1),)
            return _mixer((into, x), (into, z), out, place, heads)
    return None


def _delta(near: Near, layer: int, hidden: int, facts: ConfigFacts) -> Mixer | None:
    """Return the value dimensions of a gated delta rule."""
    for root in DELTA:
        out = next(
            (o for n in ("out_proj", "o_proj", "dense") if (o := near.get(f"{root}.{n}"))), None
        )
        norm = near.get(f"{root}.norm") or near.get(f"{root}.o_norm")
        if out is None or norm is None or f"{root}.A_log" not in near:
            continue
        (back, inner), dims = _pair(out), _size(norm)
        heads = inner // dims if dims and inner % dims == 0 else 0
        found = _delta_rows(near, root, inner, heads, facts)
        if back != hidden or not heads or found is None:
            return None
        values, gate = found
        if any(_pair(record)[1] != hidden for record, _ in (values, *((gate,) if gate else ()))):
            return None
        return _mixer(values, gate, out, (Role.DELTA, layer), heads, joint=True)
    return None


def _delta_rows(
    near: Near, root: str, inner: int, heads: int, facts: ConfigFacts
) -> tuple[tuple[TensorRecord, Segments], tuple[TensorRecord, Segments] | None] | None:
    """Return where the rows of v and of the gate lie, ``inner`` of each."""
    whole: Segments = ((0, inner, 1),)
    if (fused := near.get(f"{root}.in_proj_qkvz")) is not None:
        n, groups = _pair(fused)[0], facts.linear_key_heads
        keys, odd = divmod(n - 2 * inner, 2)
        if odd or keys <= 0 or not 0 < groups <= MAX_PIECES or keys % groups or heads % groups:
            return None
        length, part = n // groups, inner // groups
        first = length - 2 * part
        return (fused, runs(groups, length, first, part)), (
            fused,
            runs(groups, length, first + part, part),
        )
    if (fused := near.get(f"{root}.in_proj_qkv")) is not None:
        n, gate = _pair(fused)[0], near.get(f"{root}.in_proj_z")
        if n <= inner or (n - inner) % 2 or gate is None or _pair(gate)[0] != inner:
            return None
        return (fused, ((n - inner, n, 1),)), (gate, whole)
    values, gate = near.get(f"{root}.v_proj"), near.get(f"{root}.g_proj")
    if values is None or _pair(values)[0] != inner:
        return None
    fits = gate is not None and _pair(gate)[0] == inner
    return (values, whole), (gate, whole) if gate is not None and fits else None


def _short_convolution(near: Near, layer: int, hidden: int) -> Mixer | None:
    """Return the channels of LFM2's gated convolution."""
    into, out, conv = (near.get(f"conv.{part}") for part in ("in_proj", "out_proj", "conv"))
    if into is None or out is None or conv is None:
        return None
    if _pair(into) != (3 * hidden, hidden) or _pair(out) != (hidden, hidden):
        return None
    x, c = ((2 * hidden, 3 * hidden, 1),), ((hidden, 2 * hidden, 1),)
    return _mixer((into, x), (into, c), out, (Role.CONV, layer), 1)


def _recurrent(near: Near, layer: int, hidden: int) -> Mixer | None:
    """Return the channels of an RG-LRU block."""
    x, y, out = (near.get(f"temporal_block.linear_{part}") for part in ("x", "y", "out"))
    gates = near.get("temporal_block.rg_lru.input_gate_weight")
    if x is None or y is None or out is None or gates is None:
        return None
    back, inner = _pair(out)
    blocks = gates.shape[0] if gates.shape else 0
    if back != hidden or not inner or _pair(x) != (inner, hidden) or _pair(y) != (inner, hidden):
        return None
    if not blocks or inner % blocks:
        return None
    whole: Segments = ((0, inner, 1),)
    return _mixer((x, whole), (y, whole), out, (Role.SSM, layer), blocks)
