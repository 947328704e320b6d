"""What is known of what lies beside the towers of models that are towers and nothing else?

A head can be put on anew under the same layers, bit for bit: what is said of the layers is said of
the model only where patches, projections and heads were held against their namesakes, too.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from hubcheck.anatomy.by_axes import HEAD
from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.computed_once import kept_with
from hubcheck.evidence.looks.beside_towers import BesideTowers
from hubcheck.frozen import frozen
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.schema import Relation
from hubcheck.report.words import RelationKind
from hubcheck.verdict.coverage import OTHERWISE
from hubcheck.verdict.equal_tensors import EqualTensors, tensors_equal
from hubcheck.verdict.parts import VALUES_SAME

OUTPUT: Final = "output head"
NAMED: Final = 3
"""Tensors that a sentence names."""


@frozen
class Beside:
    """What lies beside the towers of base and subject, as far as it was looked at."""

    compared: tuple[int, int] = (0, 0)
    """Parameters whose values were held against their counterparts, heads not counted."""
    heads: tuple[int, int] = (0, 0)
    """Parameters of heads: the other model can do without them."""
    differ: tuple[str, ...] = ()
    """Tensors of the subject that hold other values than the base's."""
    untold: tuple[str, ...] = ()
    """Words for what was not found to hold the same values, on either side."""


NOTHING_KNOWN: Final = Beside()


def known_beside(
    seen: BesideTowers, equal: EqualTensors, base: Anatomy, subject: Anatomy
) -> Beside:
    """Return what is known of what lies beside the towers.

    Args:
        seen: The tensors there, and what their names told.
        equal: Tensors whose bytes were compared, if they were.
        base: The whole base.
        subject: The whole subject.
    """
    compared, heads = [0, 0], [0, 0]
    untold: dict[str, None] = {}
    for n, anatomy in enumerate((base, subject)):
        on_top = _heads(anatomy)
        told = seen.by_name.near[n] | equal.equal[n]
        same = seen.by_name.same[n] | equal.equal[n]
        for name in sorted(seen.names[n]):
            size = anatomy.checkpoint.tensors[name].n_values
            heads[n] += size * (name in on_top)
            compared[n] += size * (name in told and name not in on_top)
            if name not in same:
                untold[OUTPUT if name in on_top else OTHERWISE] = None
    differ = {*seen.by_name.differ, *(equal.differing[1] & seen.names[1])}
    return Beside(
        compared=(compared[0], compared[1]),
        heads=(heads[0], heads[1]),
        differ=tuple(sorted(differ)),
        untold=tuple(sorted(untold, key=lambda words: words != OUTPUT)),
    )


def of_the_whole(relation: Relation, beside: Beside, equal: EqualTensors) -> Relation:
    """Return the relation of a tower as one of the model: "the same values" only where all is.

    Args:
        relation: Of the tower.
        beside: What is known of the rest.
        equal: Tensors whose bytes were compared, if they were.
    """
    if relation.kind not in VALUES_SAME:
        return relation
    if beside.differ and equal.differing[1]:
        said = (tensors_equal(equal), phrase(PhraseCode.REST_EQUAL))
        return Relation(kind=RelationKind.SPARSE_UPDATE, detail=said, holds=relation.holds)
    if beside.differ:
        other = phrase(PhraseCode.OTHER_VALUES, tensors=beside.differ[:NAMED])
    elif beside.untold:
        other = phrase(PhraseCode.NOT_HELD_AGAINST, what=beside.untold)
    else:
        return relation
    detail = (*relation.detail, other)
    return Relation(kind=RelationKind.UNDETERMINED, detail=detail, holds=relation.holds)


@kept_with
def _heads(anatomy: Anatomy) -> Collection[str]:
    """Return the names of what a task put on the layers."""
    named = {name for name in anatomy.checkpoint.tensors if HEAD.search(name)}
    heads = {name for name, role in anatomy.others.items() if role is Role.HEAD}
    return named | heads | {m.tensor for m in anatomy.matrices.values() if m.role is Role.LM_HEAD}
