"""Which families of models say how much of each other's change siblings hold?

A family is a parent and its heirs: a suspect and two siblings of it (children of the parent on one
data set, with other orders of the data, rates and lengths), a repeat (the suspect's own order of the
data at another rate: two makers with one script and its default seed), and two true children of the
suspect (trained on, on the same text or another). Every family has a parent with initial weights of its own and
texts of its own, slices of the standard library's sources that no other family has.

A room is a dozen families that are trained together: one shape, one length, one size of batch. A
room is a function of its number, and is written when it is done: an interrupted run goes on.
"""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.closeness.learn import Arrays, Course, fresh, train
from tests.material.zoo.model import Shape

FAMILIES: Final = 12
"""Families of a room."""
VOCAB: Final = 96
"""Printable characters of ASCII, and one for all others."""
SHAPES: Final = tuple(
    Shape(vocab=VOCAB, hidden=d, neurons=f, layers=n, heads=h, kv_heads=h, head_dim=16)
    for d, f, n, h in ((32, 96, 2, 2), (48, 128, 2, 3), (64, 160, 3, 4))
)
TURNS: Final = (0, 1, 2, 0, 1, 2, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0)
"""Which shape a room has; the widest costs three times the narrowest and is met more seldom."""
WINDOW: Final = 32
PARENT_STEPS: Final = 120
PARENT_PEAK: Final = 6e-3
PARENT_CHARS: Final = 30_000
HEIR_CHARS: Final = 20_000
"""Most that heirs learn; two such texts follow the parent's."""
SIBLINGS: Final = ("suspect", "sibling", "other-length", "repeat")
CHILDREN: Final = ("child", "child-on-other-text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is drawn for one room."""

    shape: Shape
    batch: int
    chars: int
    """Of the data set of the heirs: a few epochs of a small one, or part of one of a large one."""
    steps: int
    """Of the suspect, its sibling and the repeat."""
    other_steps: int
    """Of the sibling that is trained for another length."""
    child_steps: int


def plan_of(room: int) -> Plan:
    """Return what is drawn for a room; shapes by ``TURNS``."""
    rng = np.random.default_rng((118, room))
    steps = int(rng.integers(30, 90))
    return Plan(
        shape=SHAPES[TURNS[room % len(TURNS)]],
        batch=int(rng.choice((4, 8, 16))),
        chars=int(rng.choice((2_000, 6_000, 20_000))),
        steps=steps,
        other_steps=max(15, round(steps * float(rng.choice((0.5, 1.6))))),
        child_steps=int(rng.integers(15, 50)),
    )


def make(room: int) -> list[dict[str, Arrays]]:
    """Train the families of one room; return parent and heirs by name, a family each."""
    plan = plan_of(room)
    rng = np.random.default_rng((181, room))
    numbers = range(room * FAMILIES, (room + 1) * FAMILIES)
    seeds = [int(s) for s in rng.integers(0, 2**31, FAMILIES)]

    def courses(
        n: int, chars: int, peaks: NDArray[np.float64], orders: NDArray[np.int64]
    ) -> list[Course]:
        return [
            Course(tokens=text_of(family, n, chars), order_seed=int(o), peak=float(p))
            for family, p, o in zip(numbers, peaks, orders, strict=True)
        ]

    def orders() -> NDArray[np.int64]:
        return rng.integers(0, 2**31, FAMILIES)

    def peaks() -> NDArray[np.float64]:
        return np.exp(rng.uniform(np.log(3e-4), np.log(6e-3), FAMILIES))

    def trained(starts: list[Arrays], plans: list[Course], steps: int, batch: int) -> list[Arrays]:
        return train(starts, plan.shape, plans, steps=steps, batch=batch, window=WINDOW)[0]

    start = courses(0, PARENT_CHARS, np.full(FAMILIES, PARENT_PEAK), orders())
    parents = trained(fresh(plan.shape, seeds), start, PARENT_STEPS, 8)
    own, own_peaks = orders(), peaks()
    siblings = [
        *courses(1, plan.chars, own_peaks, own),
        *courses(1, plan.chars, own_peaks * _other_rate(rng), orders()),
        *courses(1, plan.chars, own_peaks * _other_rate(rng), own),
    ]
    first = trained([*parents] * 3, siblings, plan.steps, plan.batch)
    suspects = first[:FAMILIES]
    longer = trained(
        parents, courses(1, plan.chars, peaks(), orders()), plan.other_steps, plan.batch
    )
    later = [
        *courses(1, plan.chars, own_peaks * _lower_rate(rng), orders()),
        *courses(2, plan.chars, peaks(), orders()),
    ]
    children = trained([*suspects] * 2, later, plan.child_steps, plan.batch)
    found = {
        "parent": parents,
        "suspect": suspects,
        "sibling": first[FAMILIES : 2 * FAMILIES],
        "other-length": longer,
        "repeat": first[2 * FAMILIES :],
        "child": children[:FAMILIES],
        "child-on-other-text": children[FAMILIES:],
    }
    return [{name: some[n] for name, some in found.items()} for n in range(FAMILIES)]


def _other_rate(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return factors from a half to twice."""
    return np.exp(rng.uniform(-np.log(2), np.log(2), FAMILIES))


def _lower_rate(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return factors from a twentieth to one: from a touch to as much again."""
    return np.exp(rng.uniform(-np.log(20), 0.0, FAMILIES))


@lru_cache(maxsize=1)
def _characters() -> NDArray[np.uint8]:
    """Return the sources of the standard library as ids, in an order that mixes their kinds.

    A byte each: there are tens of millions.
    """
    library = Path(sysconfig.get_paths()["stdlib"])
    paths = sorted(p for p in library.rglob("*.py") if "site-packages" not in p.parts)
    order = np.random.default_rng(0).permutation(len(paths))
    text = "\n".join(paths[n].read_text(encoding="utf-8", errors="replace") for n in order)
    codes = np.frombuffer(text.encode("ascii", errors="replace"), dtype=np.uint8)
    return np.where((codes >= 32) & (codes < 127), codes - np.uint8(31), np.uint8(0))


def text_of(family: int, number: int, chars: int) -> NDArray[np.int64]:
    """Return a text of a family; slices of families do not meet."""
    start = family * (PARENT_CHARS + 2 * HEIR_CHARS)
    start += PARENT_CHARS + (number - 1) * HEIR_CHARS if number else 0
    text = _characters()[start : start + chars]
    if text.size < chars:
        message = f"the library has no text for family {family}"
        raise ValueError(message)
    return text.astype(np.int64)
