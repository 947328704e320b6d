"""What is the anatomy of a model that no rule reads, once its free axes are known?

Every matrix stands in a place of its own, numbered by name: what writes the units of a free axis
(``axis.in``), what reads them (``axis.out``), and every other matrix (``linear``), whose values can
be compared but whose order nothing tests. Kernels are seen as rows: [out, in, 3, 3] as [out, in *
9].
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from types import MappingProxyType
from typing import Final

from hubcheck.anatomy.free_axes import FreeAxis, KnownClass, Lies, known_class, natural
from hubcheck.anatomy.geometry import Key
from hubcheck.anatomy.inferred_axes import inferred_axes
from hubcheck.anatomy.interface import Anatomy, AxisPlace, Matrix, Role, Way
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.checkpoint.kernels import as_rows

FLOATS: Final = frozenset(("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"))
MOST_MATRICES: Final = 1 << 16
"""Places of a model; published ones have some thousands."""
MATRIX: Final = 2
HEAD: Final = re.compile(
    r"(?:^|\.)(?:classifier|head|heads|head_dist|fc|lm_head|score|qa_outputs)\."
)
"""What is put on a body for a task."""
STORED: Final = (Role.BUFFER, Role.QUANT_COMPANION)


def by_certified_axes(plain: Anatomy, absent: frozenset[str] = frozenset()) -> Anatomy | None:
    """Return the anatomy by the table of certified axes; None where the model is in no table.

    Args:
        plain: As the rules read it; only its checkpoint and architecture are taken.
        absent: Names of the class that the model does not hold as the class does; their numbers
            stay free.
    """
    tensors = plain.checkpoint.tensors
    known = known_class({name: record.shape for name, record in tensors.items()})
    if known is None:
        return None
    return with_axes(plain, known.axes, Way.CERTIFIED, known, absent)


def by_inferred_axes(plain: Anatomy) -> Anatomy | None:
    """Return the anatomy by axes that look free; None where none does.

    Args:
        plain: As the rules read it.
    """
    axes = inferred_axes({n: r.shape for n, r in plain.checkpoint.tensors.items()})
    return with_axes(plain, axes, Way.INFERRED, None) if axes else None


def with_axes(
    plain: Anatomy,
    axes: Sequence[FreeAxis],
    way: Way,
    known: KnownClass | None,
    absent: frozenset[str] = frozenset(),
) -> Anatomy | None:
    """Return an anatomy made of free axes.

    Args:
        plain: As the rules read it.
        axes: In the order of their numbers.
        way: How they were found.
        known: The class, where there is one.
        absent: Names that take a number and have no matrix.
    """
    checkpoint = plain.checkpoint
    viewed = {name: as_rows(record) for name, record in checkpoint.tensors.items()}
    if len(viewed) > MOST_MATRICES:
        return None
    matrices: dict[Key, Matrix] = {}
    places: dict[int, AxisPlace] = {}
    taken: set[str] = set()
    number = 0
    for axis in axes:
        own = _matrices(axis, number, viewed, checkpoint)
        if own is None or any(m.tensor in taken and _clashes(m, matrices) for m in own[0].values()):
            continue
        found, place = own
        matrices |= found
        taken |= {m.tensor for m in found.values()}
        places[number] = place
        number += 1
    if not places:
        return None
    heads = frozenset(lies.tensor for axis in axes for lies in axis.heads)
    for rest in _remainders(matrices, viewed, heads):
        matrices[rest.role, number, -1, False] = replace(rest, layer=number)
        number += 1
    others: dict[str, Role] = {name: role for name, role in plain.others.items() if role in STORED}
    fixed = known.fixed if known is not None else frozenset()
    beyond = known.beyond if known is not None else frozenset()
    unknown: list[str] = []
    for name in sorted({*viewed, *absent}, key=natural):
        if name not in viewed:
            number += 1
            continue
        record = viewed[name]
        if name in taken or name in others:
            continue
        if name in fixed or not _is_number(record):
            others[name] = Role.BUFFER
        elif name in beyond:  # not the class's: it takes no number, or all behind it would move
            if HEAD.search(name):
                others[name] = Role.HEAD
            else:
                unknown.append(name)
        elif len(record.shape) != MATRIX or min(record.shape) <= 1:
            others[name] = Role.VECTOR
        else:
            role = Role.AXIS_HEADS if name in heads else Role.LINEAR
            matrices[role, number, -1, False] = _whole(record, role, number)
            number += 1
    return replace(
        plain,
        checkpoint=replace(checkpoint, tensors=MappingProxyType(viewed)),
        geometry=replace(plain.geometry, layers=number, hidden=0),
        matrices=matrices,
        others=others,
        unknown=tuple(unknown),
        axes=places,
        way=way,
        known_as="" if known is None else f"{known.name} of {known.library} {known.version}",
    )


def _matrices(
    axis: FreeAxis, number: int, viewed: Mapping[str, TensorRecord], checkpoint: Checkpoint
) -> tuple[dict[Key, Matrix], AxisPlace] | None:
    """Return the matrices of one axis, and how its units lie in what reads them."""
    if not all(_is_number(viewed[lies.tensor]) for lies in (*axis.writes, *axis.reads)):
        return None
    found: dict[Key, Matrix] = {}
    roles = iter((Role.AXIS_IN, Role.AXIS_IN_2))
    for lies in axis.writes:
        for start in lies.starts:
            role = next(roles, None)
            matrix = _writer(lies, start, axis.n, number, role, viewed)
            if matrix is not None and role is not None:
                found[role, number, -1, False] = matrix
    if (Role.AXIS_IN, number, -1, False) not in found:
        return None
    step, start = 1, 0
    lies = axis.reads[0]
    shape = checkpoint.tensors[lies.tensor].shape
    if lies.axis == 1:  # [out, units, kernel]: columns of the rows
        step, start = prod(shape[MATRIX:]), lies.starts[0]
        out = _whole(viewed[lies.tensor], Role.AXIS_OUT, number)
        found[Role.AXIS_OUT, number, -1, False] = out
    elif lies.axis == 0 and len(shape) == MATRIX and lies.starts == (0,) and shape[0] == axis.n:
        found[Role.AXIS_OUT, number, -1, False] = _turned(viewed[lies.tensor], number)
        step = 0
    return found, AxisPlace(n=axis.n, in_blocks=axis.in_blocks, step=step, start=start)


def _is_number(record: TensorRecord) -> bool:
    return record.dtype in FLOATS or record.storage is not None


def _writer(
    lies: Lies,
    start: int,
    n: int,
    number: int,
    role: Role | None,
    viewed: Mapping[str, TensorRecord],
) -> Matrix | None:
    """Return what writes some units: rows, or columns where a matrix is stored by input."""
    record = viewed[lies.tensor]
    if role is None or len(record.shape) != MATRIX:
        return None
    rows, columns = record.shape
    if lies.axis == 0:
        return Matrix(
            role=role, layer=number, expert=-1, bias=False, tensor=lies.tensor, n_out=n,
            n_in=columns, transposed=False, offset=start, segments=((start, start + n, 1),),
        )  # fmt: skip
    if columns != record.n_cols or start + n > columns:
        return None
    return Matrix(
        role=role, layer=number, expert=-1, bias=False, tensor=lies.tensor, n_out=n, n_in=rows,
        transposed=True, offset=0, segments=((start, start + n, 1),),
    )  # fmt: skip


def _whole(record: TensorRecord, role: Role, number: int) -> Matrix:
    """Return a matrix as it is stored."""
    rows, columns = record.n_rows, record.n_cols
    return Matrix(
        role=role, layer=number, expert=-1, bias=False, tensor=record.name, n_out=rows,
        n_in=columns, transposed=False, offset=0, segments=((0, rows, 1),),
    )  # fmt: skip


def _turned(record: TensorRecord, number: int) -> Matrix:
    """Return what reads units that are stored rows ([in, out])."""
    rows, columns = record.shape
    return Matrix(
        role=Role.AXIS_OUT, layer=number, expert=-1, bias=False, tensor=record.name, n_out=columns,
        n_in=rows, transposed=True, offset=0, segments=((0, columns, 1),),
    )  # fmt: skip


def _remainders(
    matrices: Mapping[Key, Matrix], viewed: Mapping[str, TensorRecord], heads: frozenset[str]
) -> list[Matrix]:
    """Return the rows of fused matrices that write no tested unit: queries and keys."""
    used: dict[str, list[tuple[int, int]]] = {}
    for m in matrices.values():
        whole = m.transposed or m.role is Role.AXIS_OUT
        pieces = [(0, viewed[m.tensor].n_rows)] if whole else [(a, b) for a, b, _ in m.segments]
        used.setdefault(m.tensor, []).extend(pieces)
    found = []
    for name in sorted(used, key=natural):
        record, at, segments = viewed[name], 0, []
        for start, stop in sorted(used[name]):
            if start > at:
                segments.append((at, start, 1))
            at = max(at, stop)
        if at < record.n_rows:
            segments.append((at, record.n_rows, 1))
        if segments:
            role = Role.AXIS_HEADS if name in heads else Role.LINEAR
            found.append(
                replace(
                    _whole(record, role, 0),
                    n_out=sum(b - a for a, b, _ in segments),
                    offset=segments[0][0],
                    segments=tuple(segments),
                )
            )
    return found


def _clashes(matrix: Matrix, others: Mapping[Key, Matrix]) -> bool:
    """Return whether a tensor plays the same part twice: two axes would count its rows twice."""
    return any(
        m.tensor == matrix.tensor
        and (m.role is Role.AXIS_OUT) == (matrix.role is Role.AXIS_OUT)
        and not {(a, b) for a, b, _ in m.segments}.isdisjoint((a, b) for a, b, _ in matrix.segments)
        for m in others.values()
    )
