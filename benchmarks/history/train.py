"""Train the chains of checkpoints that ``docs/history.md`` speaks of.

``python -m benchmarks.history.train`` trains two rooms of twelve models of one shape each: from
fresh weights, and then from the final weights of another model of the room, on a text of their own
at a rate of their own. Every model is kept after each number of steps in ``STATES``; 0 is what it
began with. A room that is there is not trained again. The vocabulary has tokens that no text holds.
"""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.closeness.families import SHAPES, WINDOW, text_of
from benchmarks.closeness.learn import Arrays, Course, fresh, train

PLACE: Final = Path(__file__).parents[1] / "results" / "history"
MODELS: Final = 12
"""Of a room, and of each kind."""
ROOMS: Final = 2
RESERVED: Final = 32
"""Tokens that no text holds."""
STATES: Final = (10, 30, 100, 300)
CHARS: Final = 20_000
BATCH: Final = 8
PEAK: Final = 6e-3
FAMILY: Final = 60
"""The first slice of the sources that is read; the families of closeness may read it, too."""
log = logging.getLogger("benchmarks.history")

Chain = dict[int, Arrays]
"""The states of one model by the steps taken."""


def make(room: int) -> dict[str, list[Chain]]:
    """Return the chains of a room by kind."""
    shape = replace(SHAPES[room % len(SHAPES)], vocab=SHAPES[0].vocab + RESERVED)
    rng = np.random.default_rng((24, room))
    seeds = [int(s) for s in rng.integers(0, 2**31, MODELS)]

    def courses(number: int, peaks: NDArray[np.float64]) -> list[Course]:
        return [
            Course(
                tokens=text_of(FAMILY + room * MODELS + m, number, CHARS),
                order_seed=int(rng.integers(0, 2**31)),
                peak=float(peak),
            )
            for m, peak in enumerate(peaks)
        ]

    def chains(starts: list[Arrays], plan: list[Course]) -> list[Chain]:
        kept: dict[int, list[Arrays]] = {step: [] for step in STATES}
        train(starts, shape, plan, steps=STATES[-1], batch=BATCH, window=WINDOW, kept=kept)
        return [{0: start, **{s: kept[s][m] for s in STATES}} for m, start in enumerate(starts)]

    scratch = chains(fresh(shape, seeds), courses(0, np.full(MODELS, PEAK)))
    rates = np.exp(rng.uniform(np.log(3e-4), np.log(6e-3), MODELS))
    others = [scratch[(m + 1) % MODELS][STATES[-1]] for m in range(MODELS)]
    return {"from scratch": scratch, "from another": chains(others, courses(1, rates))}


def save(room: int, made: dict[str, list[Chain]]) -> None:
    """Write a room, whole or not at all."""
    PLACE.mkdir(parents=True, exist_ok=True)
    flat = {
        f"{kind}/{m}/{step}/{name}": values
        for kind, chains in made.items()
        for m, chain in enumerate(chains)
        for step, weights in chain.items()
        for name, values in weights.items()
    }
    partial = PLACE / f"room-{room}.partial.npz"
    np.savez(partial, **flat)  # type: ignore[arg-type]
    partial.replace(PLACE / f"room-{room}.npz")


def load(room: int) -> dict[str, list[Chain]]:
    """Return the chains of a room by kind."""
    found: dict[str, dict[int, Chain]] = {}
    with np.load(PLACE / f"room-{room}.npz") as stored:
        for key in stored.files:
            kind, m, step, name = key.split("/", 3)
            chain = found.setdefault(kind, {}).setdefault(int(m), {})
            chain.setdefault(int(step), {})[name] = stored[key]
    return {kind: [chains[m] for m in sorted(chains)] for kind, chains in found.items()}


def main() -> int:
    """Train every room that is not there."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    for room in range(ROOMS):
        if (PLACE / f"room-{room}.npz").exists():
            continue
        started = time.monotonic()
        save(room, make(room))
        log.info("room %d: %.0f s", room, time.monotonic() - started)
    return 0


if __name__ == "__main__":
    sys.exit(main())
