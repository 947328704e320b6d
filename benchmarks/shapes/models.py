"""Which models of different shapes are held against each other, and how are they trained?

``python -m benchmarks.shapes.models --out DIR`` trains independent models, no two of one shape,
and the children of two of them: smaller, or wider, in several axes at once, then trained on with
another text. On one core it takes about ten minutes; what is there is left alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer

from tests.material.zoo.corpus import Text, tokenizer_files, train_tokenizer
from tests.material.zoo.cuts import (
    CUTS,
    Cut,
    fewer_heads,
    fewer_layers,
    fewer_neurons,
    in_turn,
    narrower,
    smaller_heads,
)
from tests.material.zoo.folder import read_weights, write_model
from tests.material.zoo.learn import tiny_tokens, train_tiny
from tests.material.zoo.model import Shape
from tests.material.zoo.symmetries import Arrays

PARENT: Final = Shape(hidden=96, neurons=256, layers=4, heads=4, kv_heads=2, head_dim=24)
SHAPES: Final = (
    PARENT,
    replace(PARENT, hidden=64, neurons=160, layers=3, head_dim=16),
    replace(PARENT, hidden=48, neurons=128, layers=2, head_dim=12),
    replace(PARENT, hidden=80, neurons=192, layers=3, head_dim=20),
    replace(PARENT, hidden=56, neurons=144, layers=4, heads=2, kv_heads=1, head_dim=28),
    replace(PARENT, hidden=72, neurons=224, layers=3, heads=6, head_dim=10),
    replace(PARENT, hidden=88, neurons=176, layers=2, kv_heads=4, head_dim=22),
    replace(PARENT, hidden=112, neurons=288, layers=3, head_dim=26),
    replace(PARENT, hidden=104, neurons=320, layers=2, kv_heads=1, head_dim=18),
    replace(PARENT, hidden=60, neurons=240, layers=5, heads=2, head_dim=30),
    replace(PARENT, hidden=120, neurons=208, layers=3, heads=6, kv_heads=3, head_dim=14),
)
"""No two agree in width, in neurons or in the size of a head."""
STEPS: Final = 500
FURTHER: Final = 300
"""Steps of a child after it was cut."""
RATE: Final = 6e-3
CHILD_RATE: Final = 2e-3
PARENTS: Final = (0, 7)
"""Of ``SHAPES``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One way of making a model of other sizes from a parent."""

    name: str
    meaning: str
    cut: Cut


CHILDREN: Final = (
    Child(
        name="depth-neurons",
        meaning="a layer and a quarter of the neurons dropped",
        cut=CUTS["depth and neurons"],
    ),
    Child(
        name="width-neurons",
        meaning="channels and neurons dropped",
        cut=CUTS["width and neurons"],
    ),
    Child(
        name="all-axes",
        meaning="layers, channels, neurons and kv heads dropped, heads made smaller",
        cut=in_turn(fewer_layers, narrower, fewer_neurons, fewer_heads, smaller_heads),
    ),
    Child(
        name="sorted",
        meaning="channels dropped, neurons dropped and sorted by size, heads made smaller",
        cut=CUTS["sorted"],
    ),
    Child(
        name="minitron",
        meaning="layers, channels, sorted neurons and heads: every axis of Minitron",
        cut=CUTS["every axis"],
    ),
    Child(
        name="grouped",
        meaning="kv heads merged into one (grouped-query conversion), neurons dropped",
        cut=CUTS["grouped queries"],
    ),
    Child(
        name="wider",
        meaning="a quarter of fresh neurons between the old ones, channels dropped",
        cut=CUTS["grown"],
    ),
)


def independent(n: int) -> str:
    """Return the folder of an independent model."""
    return f"shape-{n:02d}"


def child(parent: int, kind: Child) -> str:
    """Return the folder of a child."""
    return f"child-{parent:02d}-{kind.name}"


class Trainer:
    """Trains models into one folder; what is there is left alone."""

    def __init__(self, out: Path) -> None:
        """Make or read the tokenizer that all models share."""
        out.mkdir(parents=True, exist_ok=True)
        self._out = out
        path = out / "tokenizer.json"
        if not path.exists():
            path.write_text(train_tokenizer().to_str())
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokens = {text: tiny_tokens(self._tokenizer, text) for text in Text}

    def train(
        self, name: str, shape: Shape, *, seed: int, start: Arrays | None = None
    ) -> tuple[Arrays, Shape]:
        """Train one model, or read it where it is there.

        Args:
            name: Its folder.
            shape: Its sizes.
            seed: Of initial weights and order; no two models share one.
            start: Weights to go on from, on the other text.
        """
        folder = self._out / name
        if (folder / "model.safetensors").exists():
            return read_weights(folder), shape
        fresh = start is None
        weights, loss = train_tiny(
            self._tokens[Text.MAIN if fresh else Text.OTHER],
            seed=seed,
            order_seed=seed,
            steps=STEPS if fresh else FURTHER,
            rate=RATE if fresh else CHILD_RATE,
            start=start,
            shape=shape,
        )
        write_model(
            folder, weights, shape.config(), tokenizer_files=tokenizer_files(self._tokenizer),
            card="", dtype="F32",
        )  # fmt: skip
        print(json.dumps({"name": name, "loss": round(loss, 3), **asdict(shape)}), flush=True)
        return read_weights(folder), shape


def train_all(out: Path, only: Sequence[str] = ()) -> None:
    """Train every independent model and every child, or the named ones and their parents."""
    trainer = Trainer(out)

    def wanted(name: str) -> bool:
        return not only or name in only

    for n, shape in enumerate(SHAPES):
        kinds = [(k, kind) for k, kind in enumerate(CHILDREN) if wanted(child(n, kind))]
        kinds = kinds if n in PARENTS else []
        if not kinds and not wanted(independent(n)):
            continue
        weights, _ = trainer.train(independent(n), shape, seed=900 + n)
        for k, kind in kinds:
            start, cut = kind.cut(weights, shape)
            trainer.train(child(n, kind), cut, seed=1000 + 20 * n + k, start=start)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shapes.models")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=(), help="folders; all by default")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    train_all(given.out, given.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
