"""Which tensors of a part have no counterpart in the other model, or one of another size?"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.verdict.coverage import APART, NO_PARAMETERS, NOT_UNDERSTOOD

WITH_EVIDENCE: Final = APART - {Role.HEAD}
"""Roles of parts that have orders of their own; a head has none, and is judged with its body."""


def judged_apart(anatomy: Anatomy) -> frozenset[str]:
    """Return the tensors of parts that are judged on their own; heads are judged here."""
    return frozenset(n for n, r in anatomy.others.items() if r in WITH_EVIDENCE)


def reshaped_tensors(base: Anatomy, subject: Anatomy) -> tuple[str, ...]:
    """Return the subject's tensors of one name with the base's that hold another number of values.

    Of models that are read by their free axes: there no role tells a head from a layer. Packed
    tensors, buffers and parts that are judged on their own are left out.
    """
    if not base.axes or not subject.axes:
        return ()
    apart = (judged_apart(base), judged_apart(subject))
    theirs = {base.plain.get(n, n): r for n, r in base.checkpoint.tensors.items()}
    return tuple(
        name
        for name, record in sorted(subject.checkpoint.tensors.items())
        if (other := theirs.get(subject.plain.get(name, name))) is not None
        and record.is_plain
        and other.is_plain
        and record.n_values != other.n_values
        and subject.others.get(name) not in NO_PARAMETERS
        and name not in apart[1]
        and other.name not in apart[0]
    )


def matrices_alone(base: Anatomy, subject: Anatomy) -> tuple[str, ...]:
    """Return the roles of matrices that one side has alone, and what no rule reads on either.

    This asks whether every *matrix* has a counterpart to be held against: a tied head is one, for
    its values are there. ``held.one_sided`` asks what a reader sees in one model alone: norms,
    biases, poolers and classifiers as well, and nothing of how a head is stored.
    """
    roles = []
    for one in (base, subject):
        own = {m.role for m in one.matrices.values() if m.n_in > 1}
        own |= {Role.LM_HEAD} if one.tied else set()
        roles.append(own)
    words = [f"{role}" for role in sorted(roles[0] ^ roles[1])]
    if any(
        len(one.checkpoint.tensors[n].shape) > 1 for one in (base, subject) for n in one.unknown
    ):
        words.append(NOT_UNDERSTOOD)
    return tuple(words)
