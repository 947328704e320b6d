"""Which tensors of each side does an equality look say are the other's, bit for bit?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from hubcheck.evidence.looks.equality.value import Equality, Outcome, TensorPair
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, PhraseCode, phrase

Both: TypeAlias = tuple[frozenset[str], frozenset[str]]
"""Names of tensors, of base and of subject."""


@frozen
class EqualTensors:
    """Tensors whose bytes were held against each other, by their names in base and subject."""

    equal: Both = (frozenset(), frozenset())
    proven: Both = (frozenset(), frozenset())
    """Those of ``equal`` whose equality is beyond chance."""
    differing: Both = (frozenset(), frozenset())
    alone: Both = (frozenset(), frozenset())
    """Without a counterpart of one shape."""
    log10_p: float = 0.0
    whole: bool = False
    """Every value was read."""


NOTHING_EQUAL: Final = EqualTensors()


def equal_tensors(seen: Equality) -> EqualTensors:
    """Return what an equality look says of each side's tensors."""

    def names(pairs: Iterable[TensorPair]) -> tuple[frozenset[str], frozenset[str]]:
        found = tuple(pairs)
        return frozenset(p.base for p in found), frozenset(p.subject for p in found)

    other = names(seen.of(Outcome.OTHER_DTYPE, Outcome.OTHER_SHAPE))
    return EqualTensors(
        equal=names(seen.agreeing),
        proven=names(seen.equal),
        differing=names(seen.differing),
        alone=(other[0] | frozenset(seen.only_base), other[1] | frozenset(seen.only_subject)),
        log10_p=seen.log10_p,
        whole=seen.whole,
    )


def joined(one: EqualTensors, other: EqualTensors) -> EqualTensors:
    """Return what two looks at different tensors of the same two models say together."""
    if not any(map(any, (other.equal, other.differing, other.alone))):
        return one
    if not any(map(any, (one.equal, one.differing, one.alone))):
        return other

    def both(a: Both, b: Both) -> Both:
        return a[0] | b[0], a[1] | b[1]

    return EqualTensors(
        equal=both(one.equal, other.equal),
        proven=both(one.proven, other.proven),
        differing=both(one.differing, other.differing),
        alone=both(one.alone, other.alone),
        log10_p=one.log10_p + other.log10_p,
        whole=one.whole and other.whole,
    )


def tensors_equal(equal: EqualTensors) -> Phrase:
    """Return how many tensors of the subject are equal, bit for bit, and which are not."""
    n_equal, n_differing = len(equal.equal[1]), len(equal.differing[1])
    return phrase(
        PhraseCode.TENSORS_EQUAL,
        equal=n_equal,
        compared=n_equal + n_differing,
        whole=equal.whole,
        differing=tuple(sorted(equal.differing[1])[:3]),
        alone=len(equal.alone[0]) + len(equal.alone[1]),
    )
