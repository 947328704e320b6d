"""Do the signs of V/O dimensions agree once the dimensions of a head are matched again?

Null. Inside a head, flipping a row of V (and its bias) together with its column of O leaves plain
attention, a symmetric initialisation and every sign-equivariant optimiser unchanged. So a base's
V/O dimension has one fair coin, as an up row of a gated MLP has (statistics.signs). The layers are
those that the neurons were matched in, which no attention took part in; heads and dimensions are
matched by |cosine|, of V and of O each alone, which no flip changes. The coin is the sign of V.

Only for attention that is softmax(q k) v and O and nothing between (``anatomy.traits``), and where
the MLP has no gate: there up rows have no coins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.looks.disguise.proof import FEWEST_MATCHED, SignProof
from hubcheck.evidence.orders.vo import SELF, value_dims, value_groups, value_matrix
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.evidence.side import Side
from hubcheck.frozen import frozen
from hubcheck.statistics.disguise import LayerPair
from hubcheck.statistics.evalues import log_e_signs
from hubcheck.statistics.profiles import FloatArray, unit_rows

MOST_DIMS: Final = 512
"""V/O dimensions of a layer that are matched: 8 heads of 64."""


@frozen
class Values:
    """The V/O dimensions of one layer through the tokens, rows of length one, by kv group."""

    v_gdt: FloatArray
    o_gdt: FloatArray

    @property
    def rows(self) -> FloatArray:
        """V of all groups, [groups * dimensions, tokens]."""
        return self.v_gdt.reshape(-1, self.v_gdt.shape[-1])


def values_wanted(side: Side, layer: int) -> tuple[Wanted, ...]:
    """Return V and O of a layer and the gain before V; nothing where they do not fit together."""
    anatomy = side.anatomy
    v, o = value_matrix(anatomy, layer), anatomy.get(Role.O, layer)
    groups, dims = value_groups(anatomy, layer), value_dims(anatomy, layer)
    if v is None or o is None or v.role is not SELF.value or not groups or o.n_in % (groups * dims):
        return ()
    if v.n_in != o.n_out:
        return ()
    gain = side.gain(Role.NORM_ATTN_IN, layer)
    return (Wanted(matrix=v, why=_WHY), Wanted(matrix=o, why=_WHY), *gain)


_WHY: Final = "value-signs"


def read_values(side: Side, layer: int) -> Values | None:
    """Return a layer's V/O dimensions; None where the frames cannot see them.

    V and O go through a reader of their own and are dropped with it.

    Args:
        side: Its frames must have been fetched.
        layer: With ``values_wanted``.
    """
    wanted = values_wanted(side, layer)
    if not wanted:
        return None
    reader = Reader(side.anatomy)
    reader.fetch(wanted[:2])
    side.reader.fetch(wanted[2:])
    groups, dims = value_groups(side.anatomy, layer), value_dims(side.anatomy, layer)
    seen_v = side.through_tokens(
        reader.block(wanted[0]), side.gain_values(Role.NORM_ATTN_IN, layer)
    )
    columns = reader.block(wanted[1]).T  # [query heads * dims, hidden]
    seen_o = side.written_to_tokens(columns)
    if seen_v is None or seen_o is None:
        return None
    heads = columns.shape[0] // (groups * dims)
    by_group = seen_o.reshape(groups, heads, dims, -1).transpose(0, 2, 1, 3)
    return Values(
        v_gdt=unit_rows(seen_v).reshape(groups, dims, -1),
        o_gdt=unit_rows(by_group.reshape(groups * dims, -1)).reshape(groups, dims, -1),
    )


def prove_value_signs(pair: LayerPair, base: Values, subject: Values) -> SignProof:
    """Match the dimensions of every base group in the subject's best group, and count signs."""
    agreements = pairs = 0
    if base.v_gdt.shape[1:] == subject.v_gdt.shape[1:] and (
        base.o_gdt.shape[1:] == subject.o_gdt.shape[1:]
    ):
        most = max(1, MOST_DIMS // base.v_gdt.shape[1])
        for a_v, a_o in zip(base.v_gdt[:most], base.o_gdt[:most], strict=True):
            found = [
                _signs_of(a_v @ b_v.T, a_o @ b_o.T)
                for b_v, b_o in zip(subject.v_gdt, subject.o_gdt, strict=True)
            ]
            best = max(found, key=lambda one: one[1])
            agreements, pairs = agreements + best[0], pairs + best[1]
    log_e = log_e_signs(agreements, pairs) if pairs >= FEWEST_MATCHED else 0.0
    return SignProof(
        base=pair.base, subject=pair.subject, agreements=agreements, pairs=pairs, log_e=log_e
    )


def _signs_of(v_de: FloatArray, o_de: FloatArray) -> tuple[int, int]:
    """Return (agreeing signs of V, dimensions) where V and O alone name the same partner."""
    by_v, by_o = np.abs(v_de).argmax(axis=1), np.abs(o_de).argmax(axis=1)
    same = np.flatnonzero(by_v == by_o)
    return int((v_de[same, by_v[same]] > 0).sum()), int(same.size)


def value_proofs(
    found: Sequence[LayerPair], sides: tuple[Side, Side], budget: int
) -> tuple[tuple[SignProof, ...], dict[int, FloatArray]]:
    """Return the coins of every matched layer, and V by base layer; nothing beyond the budget.

    Args:
        found: The best pair of every base layer.
        sides: Base and subject.
        budget: Bytes that may still be read of each model.
    """
    pairs = [
        p
        for p in found
        if p.agreeing >= FEWEST_MATCHED
        and all(values_wanted(s, i) for s, i in zip(sides, (p.base, p.subject), strict=True))
    ]
    for side, layers in zip(
        sides, ([p.base for p in pairs], {p.subject for p in pairs}), strict=True
    ):
        wanted = [w for layer in layers for w in values_wanted(side, layer)]
        if side.reader.size(wanted) > budget:
            return (), {}
    proofs, rows = [], {}
    for pair in pairs:
        base, subject = read_values(sides[0], pair.base), read_values(sides[1], pair.subject)
        if base is not None and subject is not None:
            proofs.append(prove_value_signs(pair, base, subject))
            rows[pair.base] = base.rows
    return tuple(proofs), rows


def has_value_coins(anatomy: Anatomy) -> bool:
    """Return whether the base's V/O dimensions have coins that its neurons lack."""
    return anatomy.fair_values and not anatomy.gated
