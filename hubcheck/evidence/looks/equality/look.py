"""Which tensors are equal, bit for bit: as a look of its own.

Equality needs no anatomy: a copy is a copy in any architecture and in any format.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hubcheck.anatomy.free_axes import fixed_in
from hubcheck.evidence.looks.equality.tensors import LIMIT, look_for_equality
from hubcheck.evidence.looks.equality.value import Equality
from hubcheck.evidence.looks.interface import DEEP, Opened, Planned, Standing, Terms
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.refused import Refused, Why
from hubcheck.report.planned import When
from hubcheck.report.words import Depth

DEEP_LIMIT: Final = 64_000_000
"""Bytes of tensors a model at ``deep`` and ``full``: 16 times the pages of ``sample``, in seconds;
every byte is held against every other by ``full`` itself."""
NOTHING_EQUAL: Final = Equality(
    pairs=(), only_base=(), only_subject=(), base_values=0, subject_values=0, bytes_compared=0
)


def limit_of(depth: Depth) -> int:
    """Return the bytes of each model that may be held against each other."""
    return DEEP_LIMIT if depth in DEEP else LIMIT


class EqualTensorsLook:
    """Tensors of one name and shape, and renamed ones of one content."""

    name = "equal-tensors"
    nothing = NOTHING_EQUAL

    def skipped(self, terms: Terms, seen: Observations, standing: Callable[[], Standing]) -> Skip:
        """Where orders have settled everything, equality adds nothing."""
        del terms, seen
        return Skip.SETTLED if standing().settles_equality else Skip.NO

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return the bytes it may hold against each other."""
        del opened
        return Planned(when=When.IF_OPEN, at_most=limit_of(terms.depth))

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[Equality] | Refused:
        """Hold tensors against each other, byte by byte."""
        del seen
        base, subject = (
            fixed_in({n: r.shape for n, r in c.tensors.items()}) for c in opened.checkpoints
        )
        found = look_for_equality(
            *opened.checkpoints,
            seed=terms.seed,
            limit_bytes=limit_of(terms.depth),
            fixed=(base, subject),
        )
        if isinstance(found, Refused):
            nothing = found.code in {Why.NO_COUNTERPART, Why.FORMAT, Why.BUDGET}
            return Observation(seen=NOTHING_EQUAL) if nothing else found
        return Observation(seen=found)


EQUAL_TENSORS: Final = EqualTensorsLook()
