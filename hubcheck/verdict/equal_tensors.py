"""Which tensors of each side does an equality look say are the other's, bit for bit?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hubcheck.evidence.looks.equality.value import Equality, Outcome, TensorPair


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualTensors:
    """Tensors whose bytes were held against each other, by their names in base and subject."""

    equal: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    proven: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    """Those of ``equal`` whose equality is beyond chance."""
    differing: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    alone: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
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
