"""Which share of a model was tested for order, and of which share were values compared?

A verdict speaks of what was tested (DESIGN 9). Three shares say how much that is:

- *order-tested*: of the body's tensors that have an order (neurons, experts, V/O dimensions; no
  embeddings, head, norms or positions, and no q or k, whose index means a rotary frequency), the
  parameters in those whose own rows entered a test that hit or would have hit (planted kept 0.2).
  Tensors that no rule understands count as untested: what is in them is not known.
- *held*: of the same tensors, the parameters in those whose order was found as often as not in a
  copy (``HELD_FAMILIES``): an MLP that was replaced is tested and not held.
- *compared*: of all parameters, those in tensors whose values were held against the other model's
  in the alignment that the tests proved, or whose bytes are equal.

What is read of one layer stands for its equals: tensors of the same role and shape, in any layer. A
share is of one side; a verdict asks for both.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.computed_once import kept_with
from hubcheck.frozen import frozen

ORDERED: Final = frozenset(
    {
        Role.V, Role.O, Role.CROSS_V, Role.CROSS_O, Role.MLA_V_B,
        Role.GATE, Role.UP, Role.DOWN, Role.ROUTER,
        Role.EXPERT_GATE, Role.EXPERT_UP, Role.EXPERT_DOWN,
        Role.SHARED_GATE, Role.SHARED_UP, Role.SHARED_DOWN,
        Role.AXIS_IN, Role.AXIS_IN_2, Role.AXIS_OUT, Role.LINEAR,
    }
)  # fmt: skip
"""Roles of canonical matrices whose units stand in an order that is arbitrary."""
MIXING: Final = frozenset({Role.SSM, Role.DELTA, Role.CONV})
"""Listed roles of a body: their channels have an order (``anatomy.mixers``)."""
APART: Final = frozenset(
    {
        Role.HEAD,
        Role.DECODER,
        Role.VISION,
        Role.AUDIO,
        Role.PROJECTOR,
        Role.MTP,
        Role.UNCOUNTED,
    }
)
"""Roles of parts that are judged on their own."""
NO_PARAMETERS: Final = frozenset({Role.BUFFER, Role.QUANT_COMPANION})
MATRIX_AXES: Final = 2
"""From here on an unknown tensor may hold an order; vectors are scales and biases."""
HELD_FAMILIES: Final = 0.25
"""Share of a kind's tested families that must hit for the kind to be held: half of the layers may
have been dropped, and a copy trained far loses some; a graft of two layers among 32 is below."""
_NUMBER: Final = re.compile(r"\d+")
_WORDS: Final[Mapping[Role, str]] = {
    Role.EMBED: "embeddings",
    Role.EMBED_IN: "embeddings",
    Role.LM_HEAD: "output head",
    Role.POS_EMBED: "positions",
    Role.Q: "attention",
    Role.K: "attention",
    Role.V: "attention",
    Role.O: "attention",
    **dict.fromkeys((Role.CROSS_Q, Role.CROSS_K, Role.CROSS_V, Role.CROSS_O), "cross-attention"),
    Role.GATE: "MLP",
    Role.UP: "MLP",
    Role.DOWN: "MLP",
    Role.EXPERT_GATE: "experts",
    Role.EXPERT_UP: "experts",
    Role.EXPERT_DOWN: "experts",
    Role.SHARED_GATE: "shared experts",
    Role.SHARED_UP: "shared experts",
    Role.SHARED_DOWN: "shared experts",
    Role.ROUTER: "router",
    **dict.fromkeys((Role.AXIS_IN, Role.AXIS_IN_2, Role.AXIS_OUT), "inner channels"),
    Role.AXIS_HEADS: "attention",
    Role.LINEAR: "other matrices",
}
OTHERWISE: Final = "other tensors"
NOT_UNDERSTOOD: Final = "tensors that no rule understands"

Kind = tuple[str, int, int]
"""A role or a name with its numbers taken out, and a shape: equals of each other."""


@frozen
class Covered:
    """What was looked at of one side of a comparison."""

    parameters: int
    """Of the part: buffers, towers, projectors and predictors not counted."""
    order_tested: float
    """0 to 1; 0 where nothing has an order."""
    held: float
    """0 to 1, over what was order-tested."""
    compared: float
    """0 to 1."""
    equal: float
    """Of the tensors that have an order or are not understood, the share that is bit-equal."""
    held_words: tuple[str, ...]
    """Which of the order-tested tensors are held: ``attention``, ``MLP``, ``experts`` ..."""
    lost_words: tuple[str, ...]
    """Which were tested, and their order was not found."""
    not_compared: tuple[tuple[str, float], ...]
    """What was neither compared nor tested, in words of our own, with its share of the parameters;
    largest first. Shares below one in a hundred are left out."""


class _Unit(NamedTuple):
    kind: Kind
    tensor: str
    parameters: int
    words: str
    has_order: bool


def covered(
    anatomy: Anatomy,
    *,
    tested: Iterable[tuple[Matrix, bool]],
    compared: Iterable[Matrix],
    equal: Collection[str] = (),
    proven: Collection[str] = (),
    told_apart: Collection[str] = (),
    by_name: Collection[str] = (),
) -> Covered:
    """Return how much of one side was looked at.

    Args:
        anatomy: Of this side.
        tested: Its matrices whose rows entered an order test that hit (True), or one that would
            have with power (False); one entry a family.
        compared: Its matrices of which values were compared in the proven alignment.
        equal: Names of its tensors whose bytes are equal to the other side's.
        proven: Those of them whose equality is beyond chance.
        told_apart: Names of its tensors whose bytes were compared and differ; counts for tensors
            whose role says what is held against what: embeddings, head, norms, positions.
        by_name: Names of its tensors whose values were held against their namesakes' and point the
            same way; each stands for those of its kind in other layers.
    """
    by_tensor = _by_tensor(anatomy)
    entered: dict[Kind, list[bool]] = defaultdict(list)
    for matrix, hit in tested:
        entered[_kind(matrix, by_tensor)].append(hit)
    seen = {_kind(m, by_tensor) for m in compared}
    seen |= {(f"name {_NUMBER.sub('#', name)}", 0, 0) for name in by_name}
    total = ordered = tested_n = held_n = compared_n = equal_n = 0
    missing: dict[str, int] = defaultdict(int)
    held: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for unit in _told(anatomy, {*equal, *proven, *told_apart}):
        total += unit.parameters
        if unit.has_order:
            ordered += unit.parameters
            hits = entered.get(unit.kind, [])
            same = unit.tensor in equal
            equal_n += unit.parameters * (unit.tensor in proven)
            tested_n += unit.parameters * (bool(hits) or same)
            found = same or sum(hits) >= max(1, HELD_FAMILIES * len(hits))
            held_n += unit.parameters * found
            if hits or same:
                held[unit.words][0 if found else 1] += unit.parameters
        plain = unit.words in {"embeddings", "output head", "positions", OTHERWISE}
        if unit.kind in seen or unit.tensor in equal or (plain and unit.tensor in told_apart):
            compared_n += unit.parameters
        elif not entered.get(unit.kind):
            missing[unit.words] += unit.parameters
    least = total / 100
    left = sorted(missing.items(), key=lambda item: (-item[1], item[0]))
    return Covered(
        parameters=total,
        order_tested=tested_n / ordered if ordered else 0.0,
        held=held_n / tested_n if tested_n else 0.0,
        compared=compared_n / total if total else 0.0,
        equal=equal_n / ordered if ordered else 0.0,
        held_words=tuple(sorted(w for w, (yes, no) in held.items() if yes > no)),
        lost_words=tuple(sorted(w for w, (yes, no) in held.items() if yes <= no)),
        not_compared=tuple((words, n / total) for words, n in left if n >= least),
    )


def _told(anatomy: Anatomy, named: Collection[str]) -> Iterable[_Unit]:
    """Yield the units of named tensors one by one, and all others of a kind as one unit.

    A model has tens of thousands of tensors of some ten kinds, and is judged again and again.
    """
    together = _together(anatomy)
    by_tensor = _units_by_tensor(anatomy) if named else {}
    apart = [unit for name in named for unit in by_tensor.get(name, ())]
    taken: Counter[_Unit] = Counter()
    parameters: Counter[_Unit] = Counter()
    for unit in apart:
        alike = _alike(unit)
        taken[alike] += 1
        parameters[alike] += unit.parameters
    yield from apart
    for alike, (count, held) in together.items():
        if count > taken[alike]:
            yield alike._replace(parameters=held - parameters[alike])


@kept_with
def _together(anatomy: Anatomy) -> Mapping[_Unit, tuple[int, int]]:
    """Return how many units of a kind there are, with their parameters."""
    held: dict[tuple[Kind, str, bool], list[int]] = {}
    # Thousands of experts share one.
    alike = Counter((m.role, m.n_out, m.n_in, m.bias) for m in _counted(anatomy))
    for (role, n_out, n_in, bias), count in alike.items():
        sums = held.setdefault(_what(role, n_out, n_in, bias=bias), [0, 0])
        sums[0] += count
        sums[1] += count * n_out * n_in
    for unit in _without_matrices(anatomy):
        sums = held.setdefault((unit.kind, unit.words, unit.has_order), [0, 0])
        sums[0] += 1
        sums[1] += unit.parameters
    return {
        _Unit(kind, "", 0, words, has_order): (count, parameters)
        for (kind, words, has_order), (count, parameters) in held.items()
    }


@kept_with
def _units_by_tensor(anatomy: Anatomy) -> Mapping[str, Sequence[_Unit]]:
    """Return the units by tensor."""
    by_tensor: dict[str, list[_Unit]] = defaultdict(list)
    for unit in _units(anatomy):
        by_tensor[unit.tensor].append(unit)
    return dict(by_tensor)


def _alike(unit: _Unit) -> _Unit:
    """Return what a unit has in common with its equals."""
    return _Unit(unit.kind, "", 0, unit.words, unit.has_order)


@kept_with
def _by_tensor(anatomy: Anatomy) -> Mapping[str, Role]:
    """Return the stored tensors that canonical matrices lie in."""
    return {m.tensor: m.role for m in anatomy.matrices.values()}


def _kind(matrix: Matrix, by_tensor: Mapping[str, Role]) -> Kind:
    """Return what a matrix stands for; one that a mixer lists stands for tensors of its name."""
    if matrix.tensor in by_tensor:
        return (f"role {matrix.role}", matrix.n_out, matrix.n_in)
    return (f"name {_NUMBER.sub('#', matrix.tensor)}", 0, 0)


def _units(anatomy: Anatomy) -> Iterable[_Unit]:
    """Yield every tensor of the part, or every matrix in it, with what it is equal to."""
    for m in _counted(anatomy):
        kind, words, has_order = _what(m.role, m.n_out, m.n_in, bias=m.bias)
        yield _Unit(kind, m.tensor, m.n_out * m.n_in, words, has_order)
    yield from _without_matrices(anatomy)


def _counted(anatomy: Anatomy) -> Iterable[Matrix]:
    """Yield every matrix that counts, once."""
    written = {m.tensor for m in anatomy.matrices.values() if m.role is Role.AXIS_IN}
    for matrix in anatomy.matrices.values():
        if matrix.role is Role.AXIS_OUT and matrix.tensor in written:
            continue  # it reads one axis and writes the next: counted there
        if anatomy.tied and matrix.role is Role.LM_HEAD:
            continue  # the embedding once more
        if matrix.tensor not in anatomy.borrowed:
            yield matrix


@lru_cache(maxsize=4096)
def _what(role: Role, n_out: int, n_in: int, *, bias: bool) -> tuple[Kind, str, bool]:
    """Return what a matrix is equal to, its words, and whether it has an order."""
    words = _WORDS.get(role, OTHERWISE)
    return (f"role {role}", n_out, n_in), words, role in ORDERED and not bias


def _without_matrices(anatomy: Anatomy) -> Iterable[_Unit]:
    """Yield every tensor of the part of which no matrix is known."""
    tensors = anatomy.checkpoint.tensors
    for name, role in anatomy.others.items():
        if role in NO_PARAMETERS or role in APART or role is Role.COMPONENT:
            continue
        record = tensors[name]
        yield _Unit(
            kind=(f"name {_NUMBER.sub('#', name)}", 0, 0),
            tensor=name,
            parameters=record.n_values,
            words="mixers" if role in MIXING else OTHERWISE,
            has_order=role in MIXING and len(record.shape) >= MATRIX_AXES,
        )
    for name in anatomy.unknown:
        record = tensors[name]
        yield _Unit(
            kind=(f"name {_NUMBER.sub('#', name)}", 0, 0),
            tensor=name,
            parameters=record.n_values,
            words=NOT_UNDERSTOOD,
            has_order=len(record.shape) >= MATRIX_AXES,
        )
