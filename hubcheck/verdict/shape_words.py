"""Which sizes differ between two related models: depth, width, vocabulary?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.names import read_template, role_outside, split_indices
from hubcheck.computed_once import kept_with
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.family import FamilyOutcome, Test
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.report.phrases import Clauses, PhraseCode, phrase

MATRIX_AXES: Final = 2
"""From here on a tensor may be a layer's; vectors are scales, biases and notes."""
PLACES: Final = 8
"""Pairs of layers that are named."""
AXES: Final = ("hidden", "neurons", "experts")
"""Sizes of a geometry that width is made of."""
ATTENTION_AXES: Final = {
    "heads": (Role.Q, Role.O),
    "kv_heads": (Role.K, Role.V),
    "head_dim": (Role.Q, Role.K, Role.V, Role.O),
}
"""Sizes that a configuration states, and the matrices that have to bear them out."""


def layers_changed(hitting: Sequence[FamilyOutcome], base: Anatomy, subject: Anatomy) -> Clauses:
    """Return which base layer is where, when depth or order changed."""
    n_base, n_subject = (a.geometry.layers - len(_gaps(a)) for a in (base, subject))
    pairs = sorted({(o.base.layer, o.best_subject_layer) for o in hitting})
    if _gaps(base) == _gaps(subject) and n_base == n_subject and all(i == j for i, j in pairs):
        return ()
    places = tuple(f"{i} in {j}" for i, j in pairs[:PLACES])
    moved = phrase(
        PhraseCode.LAYERS_MOVED,
        base=n_base,
        subject=n_subject,
        places=places,
        more=max(0, len(pairs) - PLACES),
    )
    return (moved,)


@kept_with
def _gaps(anatomy: Anatomy) -> frozenset[int]:
    """Return the numbers between those of the layers under which no tensor is stored."""
    held = {m.layer for m in anatomy.matrices.values()}
    missing = {i for i in range(anatomy.geometry.layers) if i not in held}
    if not missing:
        return frozenset()
    # A layer whose matrices no rule understands is there all the same; a buffer is no layer.
    for name, record in anatomy.checkpoint.tensors.items():
        if len(record.shape) >= MATRIX_AXES:
            missing.difference_update(_layers_named(name))
    return frozenset(missing)


def _layers_named(name: str) -> Iterable[int]:
    """Return the layer that a name bears; of a name of no known kind every number in it."""
    template, indices = split_indices(name)
    if role_outside(template) is not None:
        return ()
    at = read_template(template).layer_at
    return indices if at < 0 else (indices[at],)


def widths_changed(base: Anatomy, subject: Anatomy) -> Clauses:
    """Return which axes have another size; heads count where attention's matrices have, too."""
    heads = [axis for axis, of in ATTENTION_AXES.items() if _resized(of, base, subject)]
    axes = (*AXES, *heads)
    sizes = [(axis, getattr(base.geometry, axis), getattr(subject.geometry, axis)) for axis in axes]
    return tuple(
        phrase(PhraseCode.SIZE_CHANGED, axis=axis, base=a, subject=b)
        for axis, a, b in sizes
        if a != b and a and b
    )


def _resized(roles: Sequence[Role], base: Anatomy, subject: Anatomy) -> bool:
    """Return whether one of some matrices has a size that it nowhere has in the other model.

    Sizes across the stream do not count: they are those of the channels.
    """
    for role in roles:
        a, b = (_sizes(of).get(role, set()) for of in (base, subject))
        if a and b and a.isdisjoint(b):
            return True
    return False


@kept_with
def _sizes(anatomy: Anatomy) -> Mapping[Role, set[int]]:
    """Return the sizes of the matrices of each role, along the axis that is not the stream's."""
    found: dict[Role, set[int]] = {}
    for (role, *_), matrix in anatomy.matrices.items():
        size = matrix.n_in if role is Role.O else matrix.n_out
        found.setdefault(role, set()).add(size)
    return found


def vocabulary_changed(comparison: Comparison, base: Anatomy, subject: Anatomy) -> Clauses:
    """Return what became of the vocabulary."""
    a, b = base.get(Role.EMBED), subject.get(Role.EMBED)
    said = []
    if a is not None and b is not None and a.n_out != b.n_out:
        said.append(phrase(PhraseCode.VOCABULARY_ROWS, base=a.n_out, subject=b.n_out))
    channels = [o for o in comparison.outcomes if o.test is Test.CHANNELS]
    norms_kept = comparison.combined.norms >= NOTABLE
    seen = any(v.name == "raw embeddings" for o in channels for look in o.looks for v in look.views)
    if seen and norms_kept and comparison.combined.embeddings < NOTABLE:
        said.append(phrase(PhraseCode.EMBEDDINGS_REBUILT))
    if a is not None and b is not None and a.n_out == b.n_out and _tokens_moved(comparison):
        said.append(phrase(PhraseCode.TOKENS_MOVED))
    return tuple(said)


def _tokens_moved(comparison: Comparison) -> bool:
    """Return whether rows aligned by token string lie at other ids."""
    rows = [
        next((w.units for w in wanted if w.matrix.role is Role.EMBED and w.units), ())
        for wanted in (comparison.wanted_base, comparison.wanted_subject)
    ]
    return len(rows[0]) == len(rows[1]) and rows[0] != rows[1]
