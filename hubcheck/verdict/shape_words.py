"""Which sizes differ between two related models: depth, width, vocabulary?"""

from __future__ import annotations

from collections.abc import Sequence

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.family import FamilyOutcome, Test
from hubcheck.evidence.looks.sample.comparison import Comparison


def layers_words(hitting: Sequence[FamilyOutcome], base: Anatomy, subject: Anatomy) -> list[str]:
    """Return which base layer is where, when depth or order changed."""
    n_base, n_subject = base.geometry.layers, subject.geometry.layers
    pairs = sorted({(o.base.layer, o.best_subject_layer) for o in hitting})
    if n_base == n_subject and all(i == j for i, j in pairs):
        return []
    shown = ", ".join(f"{i} in {j}" for i, j in pairs[:8])
    verb = "layers" if n_base == n_subject else f"{n_base} layers became {n_subject}"
    return [f"{verb} (base layer {shown})"]


def width_words(base: Anatomy, subject: Anatomy) -> list[str]:
    """Return which axes have another size."""
    names = (("hidden", "residual channels"), ("neurons", "neurons"), ("experts", "experts"))
    sizes = [
        (word, getattr(base.geometry, name), getattr(subject.geometry, name))
        for name, word in names
    ]
    return [f"{a:,} {word} became {b:,}" for word, a, b in sizes if a != b and a and b]


def vocabulary_words(comparison: Comparison, base: Anatomy, subject: Anatomy) -> list[str]:
    """Return what became of the vocabulary."""
    a, b = base.get(Role.EMBED), subject.get(Role.EMBED)
    words = []
    if a is not None and b is not None and a.n_out != b.n_out:
        words.append(f"embedding rows {a.n_out:,} became {b.n_out:,}")
    channels = [o for o in comparison.outcomes if o.test is Test.CHANNELS]
    norms_kept = comparison.combined.norms >= NOTABLE
    seen = any(v.name == "raw embeddings" for o in channels for look in o.looks for v in look.views)
    if seen and norms_kept and comparison.combined.embeddings < NOTABLE:
        words.append("embeddings rebuilt")
    if a is not None and b is not None and a.n_out == b.n_out and _tokens_moved(comparison):
        words.append("the tokens stand in another order")
    return words


def _tokens_moved(comparison: Comparison) -> bool:
    """Return whether rows aligned by token string lie at other ids."""
    rows = [
        next((w.units for w in wanted if w.matrix.role is Role.EMBED and w.units), ())
        for wanted in (comparison.wanted_base, comparison.wanted_subject)
    ]
    return len(rows[0]) == len(rows[1]) and rows[0] != rows[1]
