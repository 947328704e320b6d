"""Could a layer of a published model pass for another one of it, relabelled to look like it?

The layers of one model share no order and no content, so each is a stranger to the others, trained as
long and as well as published models are. Neurons of one are put into the order that brings them nearest
to the other's, by the matrices that are read, and then held against the one content check of every
``related``: by all three matrices, and by gate and up alone, as wide models are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.content import content_of, hits_needed
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Profiles
from hubcheck.evidence.orders.neurons import joined_views
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.model import Access, open_model
from hubcheck.source.reference import parse_reference
from tests.material.zoo.disguises import best_order

REAL: Final = ("smollm2", "gemma")
PAIRS: Final = 4
"""Of each model: an optimal matching of 2,048 neurons takes seconds."""
MATRICES: Final = (("gate", Role.GATE), ("up", Role.UP), ("down", Role.DOWN))
READ: Final = {"gate, up, down": ("gate", "up", "down"), "gate, up": ("gate", "up")}
BUDGET: Final = 4_000_000_000
SEED: Final = 5

Rows = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """One layer, relabelled to look like another."""

    model: str
    base: int
    subject: int
    read: str
    units: int
    kept: float
    ceiling: float
    separate: int
    """Units that hit in every matrix on its own."""
    needed: int
    stands: bool


def framed_layers(real: Path, kept: Path, *, ask: bool) -> list[Framed]:
    """Return what is kept, after asking what is missing."""
    found = [Framed(**one) for one in json.loads(kept.read_text())] if kept.exists() else []
    for name in REAL if ask else ():
        if all(f.model != name for f in found):
            found += _of_model(name, real / name)
            kept.write_text(json.dumps([asdict(f) for f in found], indent=1) + "\n")
    return found


def _of_model(name: str, folder: Path) -> Iterator[Framed]:
    access = Access(max_read=BUDGET, token=None, endpoint=None)
    model = open_model(parse_reference(str(folder)), access)
    anatomy = model.anatomy
    rng = np.random.default_rng(SEED)
    for _ in range(PAIRS):
        i, j = (int(n) for n in rng.choice(anatomy.geometry.layers, 2, replace=False))
        wanted, offered = (_rows(anatomy, layer) for layer in (i, j))
        n = len(wanted["up"])
        units = list(Draw(SEED).rows(n, 2 * wanted["up"].shape[1], 0))
        for read, names in READ.items():
            joint = [
                np.concatenate([_units(of[m]) for m in names], axis=1) for of in (wanted, offered)
            ]
            order = best_order(joint[0], joint[1])
            yield _judged(name, (i, j), read, *(
                Profiles(
                    views=joined_views({m: of[m][chosen][units] for m in names}, {}),
                    parts=(of["gate"][chosen][units],),
                )
                for of, chosen in ((wanted, np.arange(n)), (offered, order))
            ), pool=n)  # fmt: skip


def _judged(
    name: str, layers: tuple[int, int], read: str, base: Profiles, subject: Profiles, *, pool: int
) -> Framed:
    separate = tuple(f"raw {matrix}" for matrix in READ[read])
    content = content_of(base, subject, "raw all", (separate,), pool=pool)
    similarity = np.einsum("uf,uf->u", base.views["raw all"], subject.views["raw all"])
    return Framed(
        model=name,
        base=layers[0],
        subject=layers[1],
        read=read,
        units=len(similarity),
        kept=float(np.median(similarity)),
        ceiling=content.ceiling,
        separate=content.separate_hits,
        needed=hits_needed(base, subject, separate, pool),
        stands=content.stands,
    )


def _rows(anatomy: Anatomy, layer: int) -> Rows:
    """Return the three matrices of a layer, a row a neuron."""
    reader = Reader(anatomy)
    found: Rows = {}
    for name, role in MATRICES:
        matrix = anatomy.get(role, layer)
        if matrix is None:
            message = f"layer {layer} has no {name}"
            raise ValueError(message)
        wanted = Wanted(matrix=matrix, why="a layer beside another")
        reader.fetch([wanted])
        values = reader.block(wanted)
        found[name] = np.ascontiguousarray(values.T if name == "down" else values)
    return found


def _units(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    wide = (rows - rows.mean(0)) / (rows.std(0) + 1e-12)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True), dtype=np.float32)
