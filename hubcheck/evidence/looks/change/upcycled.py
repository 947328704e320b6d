"""Were the experts of one model made from the dense MLP of the other?

Up-cycling copies the MLP into every expert and trains on. Then each expert's neurons stand in the
order of the dense neurons: a unit of the expert is nearest to the dense unit of the same index.
Independent models have one hit of that kind by chance, so k hits have a chance of at most 1/k!.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.evidence.refused import Refused, Why
from hubcheck.frozen import frozen
from hubcheck.statistics.hits import count_hits
from hubcheck.statistics.profiles import FloatArray, cosine_matrix, standardise, unit_rows

UNITS: Final = 32
EXPERTS: Final = 4
FOUND: Final = 10
"""Hits of an expert that was copied: 1/10! is below 1 in 3,000,000, experts tried included."""


@frozen
class Experts:
    """How the experts of one model stand to the dense MLP of the other."""

    sparse_is_subject: bool
    looked: int
    found: int
    units: int
    hits: tuple[int, ...]


def wanted_experts(
    base: Anatomy, subject: Anatomy, base_of: dict[int, int], draw: Draw
) -> tuple[list[Wanted], list[Wanted]] | Refused:
    """Return gate rows of one layer: of the dense model, and of some experts of the other.

    Returns:
        Dense rows (one), expert rows; or why there is nothing to compare.
    """
    sparse_is_subject = subject.geometry.experts > 0
    dense, sparse = (base, subject) if sparse_is_subject else (subject, base)
    for layer in draw.layers(subject.geometry.layers):
        base_layer = base_of.get(layer, -1)
        where = (base_layer, layer) if sparse_is_subject else (layer, base_layer)
        for dense_role, role in ((Role.GATE, Role.EXPERT_GATE), (Role.UP, Role.EXPERT_UP)):
            plain = dense.get(dense_role, where[0])
            tried = [sparse.get(role, where[1], e) for e in range(sparse.geometry.experts)]
            alike = [
                m
                for m in tried
                if m is not None
                and plain is not None
                and (m.n_out, m.n_in) == (plain.n_out, plain.n_in)
            ]
            if plain is None or len(alike) < 2:  # noqa: PLR2004 - one expert is no mixture
                continue
            start = draw.start(plain.n_out, min(UNITS, plain.n_out))
            units = tuple(range(start, start + min(UNITS, plain.n_out)))
            why = "upcycled-experts"
            return (
                [Wanted(matrix=plain, units=units, why=why)],
                [Wanted(matrix=m, units=units, why=why) for m in alike[:EXPERTS]],
            )
    return Refused(code=Why.NO_SHARED_SHAPE)


def experts_of(
    dense: Reader,
    sparse: Reader,
    wanted: tuple[Sequence[Wanted], Sequence[Wanted]],
    *,
    subject: bool,
) -> Experts:
    """Return what fetched rows show.

    Args:
        dense: Reader of the dense model.
        sparse: Reader of the mixture.
        wanted: As ``wanted_experts`` returned, both fetched.
        subject: Whether the mixture is the subject.
    """
    plain = dense.block(wanted[0][0])
    rows = [sparse.block(w) for w in wanted[1]]
    hits = tuple(count_hits(cosine_matrix(_profile(plain), _profile(r))).hits for r in rows)
    return Experts(
        sparse_is_subject=subject,
        looked=len(rows),
        found=sum(n >= FOUND for n in hits),
        units=plain.shape[0],
        hits=hits,
    )


def _profile(rows: FloatArray) -> FloatArray:
    return standardise(unit_rows(rows))
