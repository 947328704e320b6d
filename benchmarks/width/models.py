"""Which wide models are trained, and how?

``python -m benchmarks.width.models --out DIR [--only wide-0512-0 ...]`` trains a few independent models
each of widths from 64 to 1,024, all of one text in one order (nothing but the seed differs: nothing
else brings strangers nearer), and of every width one model trained on with another text. Briefly: a
model as wide as this learns the text of the zoo in minutes, not well. What is there is left alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tests.evidence.laboratory import model, plain, weights_of, write
from tests.material.zoo.corpus import Text, encode
from tests.material.zoo.learn import Learner, draw, learning_rate
from tests.material.zoo.model import Shape, initial_weights

CHARS: Final = 800_000
WINDOW: Final = 64
ORDER: Final = 1
"""Of every independent model: the seed of the initial weights alone differs."""
FIRST_SEED: Final = 51_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """Models of one width, and how they are trained."""

    hidden: int
    neurons: int
    heads: int
    head_dim: int
    models: int
    """Independent ones."""
    steps: int
    batch: int
    rate: float

    @property
    def shape(self) -> Shape:
        """Three layers: with fewer the disguise test has no wrong layers to hold against."""
        return Shape(
            hidden=self.hidden,
            neurons=self.neurons,
            layers=3,
            heads=self.heads,
            kv_heads=self.heads // 2,
            head_dim=self.head_dim,
        )


WIDTHS: Final = (
    Width(hidden=64, neurons=176, heads=4, head_dim=16, models=4, steps=300, batch=8, rate=6e-3),
    Width(hidden=128, neurons=352, heads=4, head_dim=32, models=4, steps=250, batch=8, rate=5e-3),
    Width(hidden=256, neurons=704, heads=4, head_dim=64, models=3, steps=180, batch=8, rate=3e-3),
    Width(hidden=512, neurons=1408, heads=8, head_dim=64, models=3, steps=120, batch=8, rate=2e-3),
    Width(hidden=1024, neurons=2816, heads=16, head_dim=64, models=2, steps=70, batch=4, rate=1e-3),
)
"""2.75 neurons a channel, as models of billions have."""
CHILD_SHARE: Final = 0.25
"""Of the steps of a model, that its child is trained on with another text at half the rate."""


def named(width: Width, number: int) -> str:
    """Return the folder of an independent model."""
    return f"wide-{width.hidden:04d}-{number}"


def child_of(width: Width) -> str:
    """Return the folder of the model that was trained on from the first one."""
    return f"wide-{width.hidden:04d}-child"


def every() -> Iterator[tuple[Width, str, int]]:
    """Yield every model: its width, its folder, its number (-1 for a child)."""
    for width in WIDTHS:
        for number in range(width.models):
            yield width, named(width, number), number
        yield width, child_of(width), -1


def train(width: Width, number: int, texts: dict[Text, NDArray[np.int64]], out: Path) -> float:
    """Train one model and write it; return its last loss."""
    child = number < 0
    start = (
        weights_of(out / named(width, 0))
        if child
        else initial_weights(width.shape, FIRST_SEED + 100 * width.hidden + number)
    )
    learner = Learner(start, width.shape)
    tokens = texts[Text.OTHER if child else Text.MAIN]
    steps = int(width.steps * CHILD_SHARE) if child else width.steps
    rate = width.rate / 2 if child else width.rate
    losses = [
        learner.learn(
            draw(tokens, ORDER + child, step, batch=width.batch, window=WINDOW),
            learning_rate(step, steps, rate),
        )
        for step in range(steps)
    ]
    folder = out / (child_of(width) if child else named(width, number))
    write(folder, plain(learner.arrays(), width.shape))
    return float(np.mean(losses[-max(1, steps // 10) :]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.width.models")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=(), help="folders; all by default")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(model("base") / "tokenizer.json"))
    texts = {text: encode(tokenizer, text, max_chars=CHARS).train for text in Text}
    kept = given.out / "losses.json"
    for width, name, number in every():
        if (given.only and name not in given.only) or (given.out / name / "config.json").exists():
            continue
        began = time.process_time()
        loss = train(width, number, texts, given.out)
        losses = json.loads(kept.read_text()) if kept.exists() else {}
        losses[name] = round(loss, 3)
        kept.write_text(json.dumps(losses, indent=1) + "\n")
        print(f"{name}: loss {loss:.2f}, {time.process_time() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
