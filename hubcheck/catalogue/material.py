"""Which few matrices of a model is its sketch made of, and what do they cost to read?

Keys and values of the layers at both ends, and the embedding rows of the anchor tokens. The heads
that are read follow from the shapes alone, so that a copy in another number format has the same
ones; how many layers are read follows from the bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.candidates.tokenizer import Vocabulary
from hubcheck.catalogue.anchors import ABSENT, anchor_ids, anchors
from hubcheck.errors import UnsupportedFormatError
from hubcheck.evidence.reading import Wanted
from hubcheck.frozen import frozen
from hubcheck.model import Model

USUAL: Final = 40_000_000
"""Bytes of weights that a sketch may read of a model of usual width."""
MOST: Final = 64_000_000
"""Bytes of weights at any width; the budget of ``sample``."""
GAPS: Final = 4_500_000
"""Bytes of rows between anchors that are read with them where the usual budget has room: 700 rows
of 8 KB come in one request, where dozens of runs would be one each."""
COUNTED_BYTES: Final = 2
"""A value is counted as bf16 where heads are chosen: F32 and FP8 copies then have the same ones."""
SLACK: Final = 0.98
"""Of a budget: gains and what lies between the rows."""
ENOUGH_HEADS: Final = 0.5
"""Share of the heads that still finds a copy whose heads changed places."""
WHY: Final = "sketch"


class Kind(StrEnum):
    """Which of the two matrices of a layer a slot holds."""

    KEYS = "K"
    VALUES = "V"


PLACES: Final = (0, -1, 1, -2)
"""Layers counted from either end, the outermost first: those that are read before the others."""
Place = tuple[Kind, int]
"""What is read, and in which of ``PLACES``."""


@frozen
class Material:
    """What a sketch is computed from."""

    matrices: dict[Place, NDArray[np.float32]]
    """[rows, channels], gains folded in; centred over channels where norms subtract the mean."""
    heads: dict[Kind, int]
    """Rows of a head; 0 where heads are not known."""
    anchor_rows: NDArray[np.float32] | None
    """[anchors, channels], absent ones zero; None without a vocabulary or an embedding."""
    have: NDArray[np.bool_]
    """Which anchors the vocabulary has."""


@frozen
class _Planned:
    blocks: dict[Place, Wanted]
    gains: dict[int, Wanted]
    embedding: Wanted | None
    ids: NDArray[np.int64]

    def wanted(self) -> Iterator[Wanted]:
        yield from self.blocks.values()
        yield from self.gains.values()
        if self.embedding is not None:
            yield self.embedding


def material_of(model: Model) -> Material:
    """Read what a sketch of a model needs, in one call to its source.

    Raises:
        UnsupportedFormatError: no layer has keys, values or certified axes that read its stream.
        UnreadableError: the weights cannot be read.
        BudgetExceededError: the model's ledger refuses.
    """
    anatomy = model.anatomy
    planned = _plan(model, anatomy)
    model.reader.fetch(planned.wanted())
    gains = {
        layer: model.reader.block(one)[:, 0] + np.float32(anatomy.norm_offset)
        for layer, one in planned.gains.items()
    }
    layers = _layers(anatomy)
    matrices = {}
    for (kind, place), one in planned.blocks.items():
        rows = model.reader.block(one)
        gain = gains.get(layers[place])
        if gain is not None and len(gain) == rows.shape[1]:
            rows = rows * gain
        if not anatomy.rms_norm:
            rows = rows - rows.mean(axis=1, keepdims=True)
        if np.linalg.norm(rows) > 0:  # a layer set to nothing says nothing
            matrices[kind, place] = rows
    return Material(
        matrices=matrices,
        heads={kind: _head(anatomy, kind, layers[PLACES[0]]) for kind in Kind},
        anchor_rows=_anchor_rows(model, planned),
        have=planned.ids != ABSENT,
    )


def _anchor_rows(model: Model, planned: _Planned) -> NDArray[np.float32] | None:
    if planned.embedding is None:
        return None
    block = model.reader.block(planned.embedding)
    rows = np.zeros((len(planned.ids), block.shape[1]), dtype=np.float32)
    order = {unit: i for i, unit in enumerate(planned.embedding.units)}
    for place, row in enumerate(planned.ids):
        if row != ABSENT:
            rows[place] = block[order[int(row)]]
    return rows


def _plan(model: Model, anatomy: Anatomy) -> _Planned:
    """Return what is read: as many places as the budget allows, the outermost first."""
    layers = _layers(anatomy)
    if not layers:
        what = f"No layer of {model.pin.ref} has keys, values or axes that a sketch is made of."
        raise UnsupportedFormatError(
            what,
            cause="its architecture is not known here, or it is an adapter or a lone head.",
            next_step="check it against a base that you name: a sketch cannot propose one.",
            format_name="no attention that is understood",
        )
    ids, embedding = _embedding(model, anatomy)
    fixed = 0 if embedding is None else model.reader.size([embedding])
    counted = 0 if embedding is None else len(embedding.units) * embedding.matrix.n_in
    everywhere: list[Place] = [
        (kind, place) for place in PLACES if place in layers for kind in Kind
    ]
    choices = (
        (everywhere, USUAL),
        ([p for p in everywhere if p[1] in PLACES[:2]], USUAL),
        ([p for p in everywhere if p[1] in PLACES[:2]], MOST),
        ([p for p in everywhere if p[1] == PLACES[0]], MOST),
        ([p for p in everywhere if p == (Kind.VALUES, PLACES[0])], MOST),
    )
    share = _rows_share(anatomy, layers, counted * COUNTED_BYTES)
    blocks: dict[Place, Wanted] = {}
    gains: dict[int, Wanted] = {}
    for chosen, budget in choices:
        blocks = {
            (kind, place): _block(matrix, _head(anatomy, kind, layers[place]), share)
            for kind, place in chosen
            if (matrix := _matrix(anatomy, kind, layers[place])) is not None
        }
        gains = {
            layers[place]: Wanted(matrix=norm, why=WHY)
            for _, place in blocks
            if (norm := anatomy.get(Role.NORM_ATTN_IN, layers[place])) is not None
        }
        if blocks and model.reader.size(blocks.values()) + fixed <= budget:
            break
    if embedding is not None:
        left = USUAL - model.reader.size([*blocks.values(), *gains.values(), embedding])
        room = min(left, GAPS) * len(embedding.units) // max(fixed, 1)
        embedding = replace(embedding, units=bridged(embedding.units, room))
    return _Planned(blocks=blocks, gains=gains, embedding=embedding, ids=ids)


def bridged(rows: tuple[int, ...], room: int) -> tuple[int, ...]:
    """Return rows with those between them, the narrowest gaps first, at most ``room`` more.

    Args:
        rows: In rising order, none twice.
        room: 0 or less adds none.
    """
    gap_n = np.diff(np.array(rows, dtype=np.int64)) - 1
    narrow = np.argsort(gap_n, kind="stable")
    filled = narrow[np.cumsum(gap_n[narrow]) <= room]
    between = (row for i in filled for row in range(rows[i] + 1, rows[i + 1]))
    return tuple(sorted({*rows, *between}))


def _embedding(model: Model, anatomy: Anatomy) -> tuple[NDArray[np.int64], Wanted | None]:
    embed = anatomy.get(Role.EMBED)
    vocabulary = model.vocabulary if embed is not None else None
    absent = np.full(len(anchors()), ABSENT, dtype=np.int64)
    if embed is None or not isinstance(vocabulary, Vocabulary):
        return absent, None
    ids = anchor_ids(vocabulary, embed.n_out)
    rows = tuple(sorted({int(i) for i in ids if i != ABSENT}))
    return ids, Wanted(matrix=embed, units=rows, why=WHY) if rows else None


def _layers(anatomy: Anatomy) -> dict[int, int]:
    """Return the layer at each place, among those that have something to read; no layer twice."""
    numbers = sorted(
        {
            key[1]
            for key in anatomy.matrices
            if key[1] >= 0 and any(_matrix(anatomy, kind, key[1]) is not None for kind in Kind)
        }
    )
    found: dict[int, int] = {}
    for place in PLACES:
        inside = -len(numbers) <= place < len(numbers)
        if inside and numbers[place] not in found.values():
            found[place] = numbers[place]
    return found


def _matrix(anatomy: Anatomy, kind: Kind, layer: int) -> Matrix | None:
    """Return what a layer reads its stream with: keys and values, or what stands for them."""
    if kind is Kind.KEYS:
        return anatomy.get(Role.K, layer) or anatomy.get(Role.AXIS_IN, layer)
    values = anatomy.get(Role.V, layer) or anatomy.get(Role.MLA_KV_A, layer)
    if values is None and layer in anatomy.mixers:
        return anatomy.mixers[layer].values
    return values or anatomy.get(Role.AXIS_IN_2, layer)


def _head(anatomy: Anatomy, kind: Kind, layer: int) -> int:
    """Return the rows of a head in a layer, 0 where there are none."""
    matrix, kv_heads = _matrix(anatomy, kind, layer), anatomy.geometry.kv_heads
    if matrix is None or matrix.role not in {Role.K, Role.V} or not kv_heads:
        return 0
    return matrix.n_out // kv_heads if matrix.n_out % kv_heads == 0 else 0


def _rows_share(anatomy: Anatomy, layers: dict[int, int], fixed: int) -> float:
    """Return the share of heads that both ends fit into the budget, by shapes and not by storage.

    ``fixed`` are the bytes of the anchors, counted as those of heads are.

    Whole models below a width of about 4,096 have 1; without grouped keys, or at a width of 16,384,
    the first heads stand for all.
    """
    ends = [layers[place] for place in PLACES[:2] if place in layers]
    matrices = [m for layer in ends for kind in Kind if (m := _matrix(anatomy, kind, layer))]
    asked = sum(m.n_out * m.n_in for m in matrices) * COUNTED_BYTES
    usual, most = (max(0.0, (b - fixed) * SLACK) / max(asked, 1) for b in (USUAL, MOST))
    return min(1.0, usual if usual >= ENOUGH_HEADS else most)


def _block(matrix: Matrix, head: int, share: float) -> Wanted:
    """Return the first whole heads of a matrix: all of them, or a share."""
    rows = int(matrix.n_out * share)
    if rows >= matrix.n_out:
        return Wanted(matrix=matrix, why=WHY)
    whole = max(1, rows // head) * head if head else max(1, rows)
    return Wanted(matrix=matrix, units=tuple(range(min(whole, matrix.n_out))), why=WHY)
