"""Which stored indices make up each canonical matrix of a fused axis?

Pure arithmetic over one axis of ``n`` stored rows (or columns). Each split returns one tuple of
(start, stop, step) pieces per role, in the order of the rule's roles; the pieces list the stored
index of canonical index 0, 1, 2 ... A size that does not fit gives None, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from hubcheck.frozen import frozen

Segments: TypeAlias = tuple[tuple[int, int, int], ...]

MAX_PIECES: Final = 4096
"""No published model has more heads than this; a configuration that says so is not believed."""
CODEGEN_PARTITIONS: Final = 4
"""CodeGen was trained on four model-parallel cores and kept their order in its fused weight."""


class Split(StrEnum):
    """How canonical matrices share one stored axis."""

    LISTED = "listed"
    """The tensor has a role but no canonical matrix."""
    WHOLE = "whole"
    """One role, every index."""
    HALVES = "halves"
    """Two roles: first half, second half."""
    INTERLEAVED = "interleaved"
    """Two roles: even indices, odd indices."""
    QKV = "qkv"
    """q, k, v one after the other."""
    QKV_GROUPED = "qkv grouped"
    """[g, r + 2, d]: per kv group its r query heads, its k, its v."""
    QKV_CODEGEN = "qkv codegen"
    """Four partitions, each with its part of q, v and k in this order."""
    QUERY_GATE = "query gate"
    """[h, 2, d]: per head the query, then the gate of the head's output."""
    KV_A = "kv_a"
    """The latent of MLA, then the shared rotary key."""
    KV_B = "kv_b"
    """[h, nope + v]: per head the key part without rotation, then the value."""


@frozen
class SplitSizes:
    """What the siblings of a fused tensor say about it; 0 where nothing is known."""

    q_rows: int = 0
    """Length of the concatenated query heads, from the input axis of ``o``."""
    head_dim: int = 0
    half: int = 0
    """Length of each half of a gate|up tensor, from the input axis of its ``down``."""
    kv_lora: int = 0
    """Length of the MLA latent of k and v, from its norm."""
    q_lora: int = 0
    """Length of the MLA latent of q, from its norm."""
    heads: int = 0
    nope_dim: int = 0
    """Rows per head of k without rotation, from the configuration (checked, never trusted)."""
    v_dim: int = 0


def runs(count: int, stride: int, start: int, length: int) -> Segments:
    """Return ``count`` pieces of ``length``, ``stride`` apart; one piece where they touch."""
    if length == stride:
        return ((start, start + count * length, 1),)
    return tuple((start + i * stride, start + i * stride + length, 1) for i in range(count))


def split_qkv(n: int, sizes: SplitSizes) -> tuple[Segments, ...] | None:
    """Split q | k | v, k and v of equal length."""
    q = sizes.q_rows
    kv, odd = divmod(n - q, 2)
    if q <= 0 or kv <= 0 or odd or q % kv:
        return None
    return ((0, q, 1),), ((q, q + kv, 1),), ((q + kv, n, 1),)


def split_grouped(n: int, sizes: SplitSizes) -> tuple[Segments, ...] | None:
    """Split [g, r + 2, d] into q, k, v."""
    q, d = sizes.q_rows, sizes.head_dim
    kv, odd = divmod(n - q, 2)
    if d <= 0 or q <= 0 or kv <= 0 or odd or q % d or kv % d or q % kv:
        return None
    groups, per_group = kv // d, (q // kv + 2) * d
    if groups > MAX_PIECES:
        return None
    return (
        runs(groups, per_group, 0, per_group - 2 * d),
        runs(groups, per_group, per_group - 2 * d, d),
        runs(groups, per_group, per_group - d, d),
    )


def split_codegen(n: int, sizes: SplitSizes) -> tuple[Segments, ...] | None:
    """Split four partitions of q, v, k into q, k, v."""
    part, rest = divmod(n, 3 * CODEGEN_PARTITIONS)
    if rest or part <= 0 or sizes.q_rows != n // 3:
        return None
    if sizes.head_dim <= 0 or part % sizes.head_dim:
        return None
    q, v, k = (runs(CODEGEN_PARTITIONS, 3 * part, i * part, part) for i in range(3))
    return q, k, v


def split_query_gate(n: int, sizes: SplitSizes) -> tuple[Segments, ...] | None:
    """Split [h, 2, d] into query and gate."""
    d = sizes.head_dim
    if d <= 0 or n != 2 * sizes.q_rows or sizes.q_rows % d or n // (2 * d) > MAX_PIECES:
        return None
    heads = n // (2 * d)
    return runs(heads, 2 * d, 0, d), runs(heads, 2 * d, d, d)


def split_kv_a(n: int, sizes: SplitSizes) -> tuple[Segments, ...] | None:
    """Split the MLA down projection into latent and rotary key."""
    lora = sizes.kv_lora
    if not 0 < lora < n:
        return None
    return ((0, lora, 1),), ((lora, n, 1),)


def split_kv_b(n: int, sizes: SplitSizes) -> tuple[Segments, ...] | None:
    """Split [h, nope + v] into the unrotated keys and the values."""
    h = sizes.heads
    if not 0 < h <= MAX_PIECES or n % h or sizes.q_rows <= 0 or sizes.q_rows % h:
        return None
    per_head, v = n // h, sizes.q_rows // h
    nope = per_head - v
    if nope <= 0 or sizes.nope_dim not in (0, nope) or sizes.v_dim not in (0, v):
        return None
    return runs(h, per_head, 0, nope), runs(h, per_head, nope, v)


def split_whole(n: int, sizes: SplitSizes) -> tuple[Segments, ...] | None:
    """Give the whole axis to one role."""
    del sizes
    return (((0, n, 1),),)


def split_halves(n: int, sizes: SplitSizes) -> tuple[Segments, ...] | None:
    """Split into first and second half."""
    half, odd = divmod(n, 2)
    return None if odd or sizes.half not in (0, half) else (((0, half, 1),), ((half, n, 1),))


def split_interleaved(n: int, sizes: SplitSizes) -> tuple[Segments, ...] | None:
    """Split into even and odd indices."""
    half, odd = divmod(n, 2)
    return None if odd or sizes.half not in (0, half) else (((0, n, 2),), ((1, n, 2),))


SPLITTERS: Final[Mapping[Split, Callable[[int, SplitSizes], tuple[Segments, ...] | None]]] = {
    Split.WHOLE: split_whole,
    Split.HALVES: split_halves,
    Split.INTERLEAVED: split_interleaved,
    Split.QKV: split_qkv,
    Split.QKV_GROUPED: split_grouped,
    Split.QKV_CODEGEN: split_codegen,
    Split.QUERY_GATE: split_query_gate,
    Split.KV_A: split_kv_a,
    Split.KV_B: split_kv_b,
}
"""Every split that yields matrices; ``LISTED`` yields none."""


def split_axis(split: Split, n: int, sizes: SplitSizes) -> tuple[Segments, ...] | None:
    """Return the pieces of each canonical matrix on an axis of ``n`` stored indices.

    Args:
        split: The way the axis is shared.
        n: Length of the stored axis.
        sizes: What the siblings say; a field that a split needs and does not find gives None.

    Returns:
        One tuple of pieces per role, or None where the arithmetic does not fit.
    """
    splitter = SPLITTERS.get(split)
    return None if splitter is None or n <= 0 else splitter(n, sizes)
