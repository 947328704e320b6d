"""What does a declared relation rule out by the sizes of two models alone (DESIGN 10)?

A fine-tune, a quantisation, an adapter merged in keep width, depth and the number of neurons and
experts; a merge may stack layers and make experts of MLPs, and keeps the width. Where a size
differs that the declared relation keeps, the declared relation cannot be, whatever the values show;
what they show is said beside it, and alone makes a verdict. A plain ``base_model`` rules out
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.anatomy.sizes import differing
from hubcheck.report.phrases import Clauses, PhraseCode, phrase

ALL: Final = frozenset({"hidden", "layers", "neurons", "experts", "expert_neurons"})
"""Sizes that tensors establish; heads are counted by a configuration that may be wrong."""
KEPT: Final[Mapping[str, frozenset[str]]] = {
    "finetune": ALL,
    "quantized": ALL,
    "adapter": ALL,
    "merge": frozenset({"hidden"}),
}
"""By the word of ``base_model_relation``."""
PADDED: Final = frozenset({"hidden", "neurons", "expert_neurons"})
"""Sizes that storages fill up with zeros, so that kernels or several devices can share them."""
MOST_PADDING: Final = 1.25
"""A published quantisation has 29,696 neurons for 29,568; small experts are filled up to the next
multiple of 256."""


def ruled_out(relation: str, base: Anatomy, subject: Anatomy) -> Clauses:
    """Return which sizes rule out a declared relation; nothing where none does.

    Args:
        relation: What the card declares of this base, a word of ``base_model_relation`` or nothing.
        base: The base, or a part of it.
        subject: The subject, or the same part of it.
    """
    kept = KEPT.get(relation, frozenset())
    found = [
        phrase(PhraseCode.SHAPE_RULES_OUT, relation=relation, axis=axis, base=a, subject=b)
        for axis, a, b in differing(base, subject)
        if axis in kept and not (axis in PADDED and a < b <= MOST_PADDING * a)
    ]
    return tuple(found)
