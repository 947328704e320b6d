"""Which sizes of two models differ?"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Anatomy

AXES: Final = (
    "hidden", "layers", "neurons", "heads", "kv_heads", "head_dim", "experts", "expert_neurons",
)  # fmt: skip
"""Sizes of a geometry, the most telling first; the vocabulary may grow in any derivative."""

Difference = tuple[str, int, int]
"""(axis, size in the base, size in the subject)."""


def differing(base: Anatomy, subject: Anatomy) -> tuple[Difference, ...]:
    """Return every size that both models have and that differs."""
    sizes = [(axis, getattr(base.geometry, axis), getattr(subject.geometry, axis)) for axis in AXES]
    return tuple((axis, a, b) for axis, a, b in sizes if a != b and a and b)
