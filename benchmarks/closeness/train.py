"""Train the families that closeness is calibrated on.

``python -m benchmarks.closeness.train FIRST LAST`` trains rooms FIRST to LAST - 1 into
``benchmarks/results/closeness``, a file each; a room that is there is not trained again.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np
import torch

from benchmarks.closeness.families import make, plan_of
from benchmarks.closeness.learn import Arrays

FAMILIES_AT: Final = Path(__file__).parents[1] / "results" / "closeness"
log = logging.getLogger("benchmarks.closeness")


def path_of(room: int, folder: Path = FAMILIES_AT) -> Path:
    """Return where a room lies."""
    return folder / f"room-{room:03d}.npz"


def save(room: int, families: list[dict[str, Arrays]], folder: Path = FAMILIES_AT) -> None:
    """Write the matrices of a room; gains and embeddings are not asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    flat = {
        f"{n}/{member}/{name}": values
        for n, family in enumerate(families)
        for member, weights in family.items()
        for name, values in weights.items()
        if "_proj" in name
    }
    partial = path_of(room, folder).with_suffix(".partial.npz")
    np.savez(partial, **flat)  # type: ignore[arg-type]
    partial.replace(path_of(room, folder))


def load(room: int, folder: Path = FAMILIES_AT) -> list[dict[str, Arrays]]:
    """Return the families of a room: matrices by member."""
    found: dict[int, dict[str, Arrays]] = {}
    with np.load(path_of(room, folder)) as stored:
        for key in stored.files:
            n, member, name = key.split("/", 2)
            found.setdefault(int(n), {}).setdefault(member, {})[name] = stored[key]
    return [found[n] for n in sorted(found)]


def main(arguments: list[str] | None = None) -> int:
    """Train the rooms named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.closeness.train", description=__doc__
    )
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    torch.set_num_threads(1)
    for room in range(chosen.first, chosen.last):
        if path_of(room).exists():
            continue
        began = time.process_time()
        save(room, make(room))
        log.info("room %d: %s, %.0f s", room, plan_of(room), time.process_time() - began)
    return 0


if __name__ == "__main__":
    sys.exit(main())
