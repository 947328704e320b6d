"""Which small models of known kinship are the numbers of behaviour measured on?

``python -m benchmarks.behaviour.train --out DIR`` trains, one core, resumable model by model:

- ``base-N``: alike in everything but the seed, on one text in orders of their own;
- ``tuned-N``, ``pruned-N``, ``rounded-N``: what is made of base N by a light training on another
  text, by setting the smaller half of every matrix to zero, by rounding to 15 steps a row;
- ``control-N`` and ``student-N``: one fresh seed each, the same for both, and the same windows in
  the same order. The control learns the text; the student learns the answers of base N alone (the
  divergence of its distribution from the teacher's at every position), never the text's own next
  token. The teacher's text is another than theirs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from tests.material.zoo.corpus import Text, encode, tokenizer_files, train_tokenizer
from tests.material.zoo.folder import read_weights, write_model
from tests.material.zoo.learn import CLIP, TINY, TINY_WINDOW, Learner, draw, learning_rate
from tests.material.zoo.model import Weights, forward, initial_weights

FAMILIES: Final = 4
STEPS: Final = 300
TUNED: Final = 100
RATE: Final = 6e-3
LIGHT: Final = 5e-4
FIRST: Final = 700_000
"""Seeds of no other model of the project."""


def learnt(
    start: Weights, tokens: NDArray[np.int64], order: int, steps: int, rate: float
) -> Weights:
    """Return weights that learned a text."""
    learner = Learner(start, TINY)
    for step in range(steps):
        windows = draw(tokens, order, step, window=TINY_WINDOW)
        learner.learn(windows, learning_rate(step, steps, rate))
    return learner.arrays()


def taught(teacher: Weights, start: Weights, tokens: NDArray[np.int64], order: int) -> Weights:
    """Return weights that learned a teacher's answers."""
    learner = Learner(start, TINY)
    known = {name: torch.tensor(values) for name, values in teacher.items()}
    for step in range(STEPS):
        ids = torch.from_numpy(draw(tokens, order, step, window=TINY_WINDOW))[:, :-1]
        for group in learner.optimiser.param_groups:
            group["lr"] = learning_rate(step, STEPS, RATE)
        with torch.no_grad():
            answers = functional.log_softmax(forward(known, TINY, ids)[0], dim=-1)
        own = functional.log_softmax(forward(learner.weights, TINY, ids)[0], dim=-1)
        loss = functional.kl_div(own, answers, reduction="sum", log_target=True) / ids.numel()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learner.weights.values(), CLIP)
        learner.optimiser.step()
        learner.optimiser.zero_grad()
    return learner.arrays()


def pruned(weights: Weights) -> Weights:
    """Return weights with the smaller half of every matrix set to zero."""
    return {
        name: np.where(np.abs(w) >= np.median(np.abs(w)), w, 0.0).astype(np.float32)
        if w.ndim > 1
        else w
        for name, w in weights.items()
    }


def rounded(weights: Weights) -> Weights:
    """Return weights in 15 steps a row, as four bits hold them."""

    def steps(w: NDArray[np.floating]) -> NDArray[np.float32]:
        scale = np.abs(w).max(axis=1, keepdims=True) / 7
        return np.asarray(np.round(w / np.where(scale, scale, 1)) * scale, dtype=np.float32)

    return {name: steps(w) if w.ndim > 1 else w for name, w in weights.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.behaviour.train")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--families", type=int, default=FAMILIES)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    tokenizer = train_tokenizer()
    main_text, other = (encode(tokenizer, text).train for text in (Text.MAIN, Text.OTHER))
    files = tokenizer_files(tokenizer)

    def keep(name: str, weights: Mapping[str, NDArray[np.floating]]) -> None:
        config = TINY.config()
        write_model(
            given.out / name, weights, config, tokenizer_files=files, card=f"# {name}\n",
            dtype="F32",
        )  # fmt: skip

    for n in range(given.families):
        began = time.monotonic()
        if (given.out / f"student-{n}").is_dir():
            continue
        base = learnt(initial_weights(TINY, FIRST + n), main_text, FIRST + n, STEPS, RATE)
        keep(f"base-{n}", base)
        keep(f"tuned-{n}", learnt(base, other, FIRST + 100 + n, TUNED, LIGHT))
        keep(f"pruned-{n}", pruned(base))
        keep(f"rounded-{n}", rounded(base))
        fresh = initial_weights(TINY, FIRST + 200 + n)
        keep(f"control-{n}", learnt(fresh, other, FIRST + 300 + n, STEPS, RATE))
        keep(f"student-{n}", taught(base, fresh, other, FIRST + 300 + n))
        print(f"family {n}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        read_weights(given.out / f"student-{n}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
