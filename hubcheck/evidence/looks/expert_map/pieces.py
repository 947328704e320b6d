"""Which pieces of two models' MLPs have equally many neurons, and which hit each other?

A piece is an expert, a dense MLP, a shared expert, or a slice of neighbouring neurons of one: what
an expert may have been made from. Pieces of one size are read at the same offsets and compared by
index. Null: ``statistics.hits``, one order for each piece of the base.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.devices.blocks import Block as Work
from hubcheck.devices.blocks import shared
from hubcheck.devices.team import Team
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.width.reading import LayerRows, layer_rows
from hubcheck.evidence.orders.mlps import DENSE, EXPERT, SHARED, MlpRoles, neurons_said
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase
from hubcheck.statistics.assignment import relabelling_ceiling
from hubcheck.statistics.evalues import log_e_hits, log_mean
from hubcheck.statistics.exchangeability import OrderProblem, order_problem
from hubcheck.statistics.hits import HitCount, count_hits
from hubcheck.statistics.profiles import FloatArray, cosine_matrix, uncentred
from hubcheck.statistics.signs import sign_agreements

MOST_SLICES: Final = 64
"""Slices an MLP may be cut into; more would be experts of a handful of neurons."""
CEILING_UNITS: Final = 64
"""Units of the optimal matching behind the content check (cubic cost)."""


@frozen
class Piece:
    """Neighbouring neurons of one MLP."""

    roles: MlpRoles
    layer: int
    member: int
    """Expert, or -1."""
    first: int
    """First neuron."""
    size: int

    @property
    def label(self) -> Phrase:
        """Which units these are."""
        block = Block(layer=self.layer, member=self.member)
        return neurons_said(self.roles, block, first=self.first)


@frozen
class PieceRows:
    """A piece, what must be read of it, and its views once that was read."""

    piece: Piece
    rows: LayerRows

    def views(self, *, raw: bool) -> dict[str, FloatArray]:
        """Return the joint profile of gate and up in each frame."""
        return self.rows.views(("gate", "up"), raw=raw)

    def problem(self) -> OrderProblem | None:
        """Return why the order of these neurons is not arbitrary, if it is not."""
        return order_problem(self.rows.raw_rows())


@frozen
class PieceHits:
    """What two pieces show."""

    log_e: float
    """Natural log of the mean e-value over views."""
    best: HitCount
    frame: str


def mlp_sizes(anatomy: Anatomy, layer: int) -> dict[MlpRoles, int]:
    """Return the neurons of each kind of MLP a layer has."""
    found: dict[MlpRoles, int] = {}
    for roles in (DENSE, SHARED, EXPERT):
        up = anatomy.get(roles.up, layer, 0 if roles is EXPERT else -1)
        if up is not None:
            found[roles] = up.n_out
    return found


def common_size(base: Anatomy, i: int, subject: Anatomy, j: int) -> int:
    """Return the piece that MLPs of both layers can be cut into; 0 for none.

    The size of the smallest MLP of either layer, if one of the other layer is a multiple of it.
    """
    a, b = mlp_sizes(base, i).values(), mlp_sizes(subject, j).values()
    size = min([*a, *b], default=0)
    fits = size and all(any(n % size == 0 for n in sizes) for sizes in (a, b))
    return size if fits else 0


def pieces_of(anatomy: Anatomy, layer: int, size: int) -> list[Piece]:
    """Return every piece of a size in a layer, experts first."""
    found: list[Piece] = []
    for roles, n in reversed(mlp_sizes(anatomy, layer).items()):
        if n % size or n // size > MOST_SLICES:
            continue
        members = range(anatomy.geometry.experts) if roles is EXPERT else (-1,)
        found += [
            Piece(roles=roles, layer=layer, member=member, first=first, size=size)
            for member in members
            if anatomy.get(roles.up, layer, member) is not None
            for first in range(0, n, size)
        ]
    return found


def piece_rows(side: Side, piece: Piece, draw: Draw, *, by_input: bool) -> PieceRows:
    """Return the sampled rows of a piece: the same offsets in every piece of one size."""
    block = Block(layer=piece.layer, member=piece.member)
    up = piece.roles.at(side.anatomy, block)["up"]
    offsets = draw.rows(piece.size, 1 if by_input else 2 * up.n_in, 0)
    units = [piece.first + offset for offset in offsets]
    rows = layer_rows(side, piece.roles, block, units, draw, by_input=by_input)
    return PieceRows(piece=piece, rows=rows)


def whole_piece(side: Side, piece: Piece, draw: Draw) -> PieceRows:
    """Return all rows of a piece, for matches that need no order."""
    block = Block(layer=piece.layer, member=piece.member)
    units = range(piece.first, piece.first + piece.size)
    rows = layer_rows(side, piece.roles, block, units, draw, by_input=False)
    return PieceRows(piece=piece, rows=rows)


def signs_between(a: PieceRows, b: PieceRows, *, raw: bool) -> list[tuple[int, int]]:
    """Return (agreeing signs, coins) of the up rows in each frame, neurons matched by gate.

    None where the architecture of the base, the first piece, makes its signs no coins.
    """
    found: list[tuple[int, int]] = []
    if "gate" not in a.rows.by_name or "gate" not in b.rows.by_name:
        return found
    if not a.rows.side.anatomy.fair_signs:
        return found
    gates = a.rows.views(("gate",), raw=raw), b.rows.views(("gate",), raw=raw)
    for frame in gates[0]:
        units = range(a.piece.size)
        up_a, up_b = a.rows.up(frame, units), b.rows.up(frame, units)
        if frame not in gates[1] or up_a is None or up_b is None or up_a.shape != up_b.shape:
            continue
        views = (gates[0][frame], gates[1][frame])
        found.append(sign_agreements(*views, uncentred(up_a), uncentred(up_b)))
    return found


def is_by_input(anatomy: Anatomy, layer: int) -> bool:
    """Return whether a layer stores some gate or up matrix by input."""
    blocks = [(roles, 0 if roles is EXPERT else -1) for roles in (DENSE, SHARED, EXPERT)]
    return any(
        matrix.transposed
        for roles, member in blocks
        for name, matrix in roles.at(anatomy, Block(layer=layer, member=member)).items()
        if name != "down"
    )


def wanted_of(pieces: Iterable[PieceRows]) -> list[Wanted]:
    """Return what must be read of some pieces."""
    return [w for piece in pieces for w in piece.rows.wanted]


def hits_between(a: dict[str, FloatArray], b: dict[str, FloatArray]) -> PieceHits | None:
    """Count hits in every view both pieces have; None where no view is comparable."""
    counted = {
        frame: count_hits(cosine_matrix(a[frame], b[frame]))
        for frame in a
        if frame in b and a[frame].shape == b[frame].shape
    }
    if not counted:
        return None
    frame = max(counted, key=lambda f: counted[f].hits)
    log_e = log_mean([log_e_hits(c.hits) for c in counted.values()])
    return PieceHits(log_e=log_e, best=counted[frame], frame=frame)


def hits_of_all(
    pairs: Sequence[tuple[dict[str, FloatArray], dict[str, FloatArray]]], team: Team
) -> list[PieceHits | None]:
    """Count hits in many pairs of pieces, shared by the processes of a team."""
    blocks = [
        Work(work=n, flops=2 * sum(a_uf.size * a_uf.shape[0] for a_uf in a.values()))
        for n, (a, _) in enumerate(pairs)
    ]
    return shared(blocks, lambda n: hits_between(*pairs[n]), team=team)


def ceiling_between(a_uf: FloatArray, b_uf: FloatArray, *, pool: int) -> float:
    """Return what relabelling strangers could have reached between two pieces."""
    few = slice(0, CEILING_UNITS)
    return relabelling_ceiling(cosine_matrix(a_uf[few], b_uf[few]), pool=pool)


def within(pieces: Sequence[Piece], most: int, draw: Draw, layer: int) -> list[Piece]:
    """Return at most ``most`` pieces, drawn by seed, in their order."""
    if len(pieces) <= most:
        return list(pieces)
    first = draw.one_of(len(pieces), layer)
    step = max(1, len(pieces) // most)
    chosen = sorted({(first + n * step) % len(pieces) for n in range(most)})
    return [pieces[n] for n in chosen]
