"""Which tensor of the base is each tensor of the subject held against?

By role and layer, through the layer map, so that names, shards and fused storage do not matter; an
expert of a mixture by the dense MLP of a base without experts, where it has its shape; tensors
without a canonical matrix by their stored name. What has no counterpart is listed with the
reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.checkpoint.decode import DTYPE_BITS
from hubcheck.errors import printable
from hubcheck.evidence.looks.whole.halves import Half
from hubcheck.evidence.looks.whole.interface import Unmatched
from hubcheck.evidence.side import SharedTokens
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, PhraseCode, Value, phrase

TOKEN_ROLES: Final = frozenset({Role.EMBED, Role.LM_HEAD})
"""Matrices whose outputs are tokens: matched by what the tokens spell."""
DENSE_OF: Final = {
    Role.EXPERT_GATE: Role.GATE,
    Role.EXPERT_UP: Role.UP,
    Role.EXPERT_DOWN: Role.DOWN,
}
OTHER: Final = "unknown"
"""Role of a tensor that fits no rule."""

Key = tuple[Role, int, int, bool]


class Lost(StrEnum):
    """Why a tensor, or rows of one, has no counterpart; the words are the card's."""

    LAYER = "layer"
    """Its layer comes from no layer of the base."""
    TENSOR = "tensor"
    UNUSED = "unused"
    """Nothing of the subject comes from it."""
    SHAPE = "shape"
    DTYPE = "dtype"
    STORED = "stored"
    """Its stored shape does not hold it."""
    ROWS = "rows"
    PLACE = "place"
    """Its place in the model is not understood, and the base has no such name."""
    NARROW = "narrow"
    """Values narrower than a byte."""
    NAME = "name"


AXES: Final = 8
"""Of a shape, those that are told."""


def lost(why: Lost, **figures: Value) -> Phrase:
    """Return why something has no counterpart, with the figures that its words need."""
    return phrase(PhraseCode.TENSOR_LEFT, why=why.value, **figures)


@frozen
class Pair:
    """Two tensors, or parts of two, that stand for the same thing."""

    role: str
    layer: int
    base_layer: int
    expert: int
    bias: bool
    base: Half
    subject: Half

    @property
    def vector(self) -> bool:
        """Whether it is a single row or column, whose change has no rank worth naming."""
        return min(self.base.lines, self.base.width) <= 1


@frozen
class Paired:
    """Everything that is compared, and everything that is not."""

    pairs: tuple[Pair, ...]
    """In the order in which the subject's bytes lie."""
    unmatched: tuple[Unmatched, ...]


def pair_up(
    base: Anatomy,
    subject: Anatomy,
    layer_map: Sequence[tuple[int, int]],
    tokens: SharedTokens | None,
) -> Paired:
    """Return the pairs of two models.

    Args:
        base: The base.
        subject: The subject.
        layer_map: (subject layer, base layer); a base layer of -1 stands for none. Empty: layers of
            equal number.
        tokens: Ids of tokens that both vocabularies share; None: tokens of equal number.
    """
    layers = dict(layer_map) or {
        n: n for n in range(base.geometry.layers + base.geometry.mtp_layers)
    }
    pairs: list[Pair] = []
    left: list[Unmatched] = []
    used: set[Key] = set()
    for key, matrix in subject.matrices.items():
        role, layer, expert, bias = key
        there = layers.get(layer, -1) if layer >= 0 else -1
        if layer >= 0 and there < 0:
            left.append(_left(matrix, "subject", lost(Lost.LAYER)))
            continue
        key_there = (role, there, expert, bias)
        if key_there not in base.matrices:
            key_there = _made_from(base, matrix, there) or key_there
        other = base.matrices.get(key_there)
        if other is None:
            left.append(_left(matrix, "subject", lost(Lost.TENSOR)))
            continue
        used.add(key_there)
        ids = _token_ids(matrix, other, tokens)
        made = _pair(base, subject, matrix, other, ids)
        if isinstance(made, Phrase):
            left.append(_left(matrix, "subject", made))
            continue
        pairs.append(made)
        left += _rest(made, matrix, other)
    for key, matrix in base.matrices.items():
        if key not in used:
            left.append(_left(matrix, "base", lost(Lost.UNUSED)))
    more, rest = _by_name(base, subject)
    pairs += more
    pairs.sort(key=lambda p: (p.subject.record.path, p.subject.record.start, _place(p)))
    return Paired(pairs=tuple(pairs), unmatched=(*left, *rest))


def _made_from(base: Anatomy, matrix: Matrix, layer: int) -> Key | None:
    """Return the dense MLP's matrix that an expert may be a copy of, where the base has one."""
    role = DENSE_OF.get(matrix.role)
    dense = None if role is None else base.get(role, layer)
    if role is None or dense is None or base.geometry.experts or matrix.bias:
        return None
    alike = (dense.n_out, dense.n_in) == (matrix.n_out, matrix.n_in)
    return (role, layer, -1, False) if alike else None


def _place(pair: Pair) -> tuple[str, int, int, bool, int]:
    matrix = pair.subject.matrix
    first = 0 if matrix is None else matrix.segments[0][0] + matrix.offset
    return (pair.role, pair.layer, pair.expert, pair.bias, first)


def _pair(
    base: Anatomy,
    subject: Anatomy,
    matrix: Matrix,
    other: Matrix,
    ids: tuple[tuple[int, ...], tuple[int, ...]],
) -> Pair | Phrase:
    """Return a pair, or why the two cannot be compared."""
    sizes = [(len(own) or m.n_out, m.n_in) for m, own in zip((other, matrix), ids, strict=True)]
    if sizes[0] != sizes[1]:
        return lost(Lost.SHAPE, here=(matrix.n_out, matrix.n_in), there=(other.n_out, other.n_in))
    by_input = matrix.transposed and other.transposed
    halves = []
    for anatomy, one, own in ((base, other, ids[0]), (subject, matrix, ids[1])):
        record = anatomy.checkpoint.tensors[one.tensor]
        if record.storage is None and DTYPE_BITS.get(record.dtype, 1) % 8:
            return lost(Lost.DTYPE, dtype=printable(record.dtype, limit=20))
        if one.transposed and record.n_cols < one.n_out:
            return lost(Lost.STORED)
        halves.append(Half(record=record, matrix=one, by_input=by_input, ids=own))
    return Pair(
        role=str(matrix.role),
        layer=matrix.layer,
        base_layer=other.layer,
        expert=matrix.expert,
        bias=matrix.bias,
        base=halves[0],
        subject=halves[1],
    )


def _token_ids(
    matrix: Matrix, other: Matrix, tokens: SharedTokens | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the rows of shared tokens, (base, subject); empty for all rows in order."""
    if matrix.role not in TOKEN_ROLES or tokens is None or not tokens.base_ids:
        return (), ()
    both = [
        (a, b)
        for a, b in zip(tokens.base_ids, tokens.subject_ids, strict=True)
        if a < other.n_out and b < matrix.n_out
    ]
    # In the subject's order: its rows are then read as they lie.
    both.sort(key=lambda ids: ids[1])
    in_order = all(a == b == n for n, (a, b) in enumerate(both))
    if not both or ((in_order or tokens.one_vocabulary) and matrix.n_out == other.n_out):
        # Rows of no shared token (special and reserved ones, what pads the vocabulary) are of the
        # same number in both; where an id stands for another text, they are not of one token.
        return (), ()
    return tuple(a for a, _ in both), tuple(b for _, b in both)


def _rest(pair: Pair, matrix: Matrix, other: Matrix) -> list[Unmatched]:
    """Return the rows of tokens without a partner.

    The other model may lack the token, or hold it twice or under another spelling, or the row may
    be padding: which of these it is, an alignment does not say.
    """
    found = []
    for side, half, one in (("subject", pair.subject, matrix), ("base", pair.base, other)):
        missing = one.n_out - len(half.ids) if half.ids else 0
        if missing:
            why = lost(Lost.ROWS, missing=missing, of=one.n_out)
            values = missing * one.n_in
            found.append(Unmatched(tensor=one.tensor, side=side, values=values, why=why))
    return found


def _left(matrix: Matrix, side: str, why: Phrase) -> Unmatched:
    values = matrix.n_out * matrix.n_in
    return Unmatched(tensor=matrix.tensor, side=side, values=values, why=why)


def _by_name(base: Anatomy, subject: Anatomy) -> tuple[list[Pair], list[Unmatched]]:
    """Pair tensors that have no canonical matrix; buffers are no parameters and left out."""
    pairs: list[Pair] = []
    left: list[Unmatched] = []
    here, there = _loose(subject), _loose(base)
    there_as = {base.plain.get(name, name): name for name in there}
    used: set[str] = set()
    for name, role in here.items():
        record = subject.checkpoint.tensors[name]
        found = there_as.get(subject.plain.get(name, name))
        if found is None:
            why = lost(Lost.PLACE)
            left.append(Unmatched(tensor=name, side="subject", values=record.n_values, why=why))
            continue
        used.add(found)
        other = base.checkpoint.tensors[found]
        differ: Phrase | None = None
        if record.shape != other.shape:
            differ = lost(Lost.SHAPE, here=record.shape[:AXES], there=other.shape[:AXES])
        elif any(r.storage is None and DTYPE_BITS.get(r.dtype, 1) % 8 for r in (record, other)):
            differ = lost(Lost.NARROW)
        if differ is not None:
            left.append(Unmatched(tensor=name, side="subject", values=record.n_values, why=differ))
            continue
        halves = [Half(record=r, matrix=None, by_input=False) for r in (other, record)]
        pairs.append(
            Pair(
                role=role,
                layer=-1,
                base_layer=-1,
                expert=-1,
                bias=False,
                base=halves[0],
                subject=halves[1],
            )
        )
    left += [
        Unmatched(
            tensor=name,
            side="base",
            values=base.checkpoint.tensors[name].n_values,
            why=lost(Lost.NAME),
        )
        for name in there
        if name not in used
    ]
    return pairs, left


def _loose(anatomy: Anatomy) -> Mapping[str, str]:
    """Return the tensors that are compared by name, with their role, sorted."""
    found = {name: str(role) for name, role in anatomy.others.items() if role is not Role.BUFFER}
    found |= dict.fromkeys(anatomy.unknown, OTHER)
    tensors = anatomy.checkpoint.tensors
    return {name: found[name] for name in sorted(found) if tensors[name].n_values}
