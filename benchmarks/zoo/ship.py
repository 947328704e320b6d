"""Which trained models ship with hubcheck, and with which cards?

``python -m benchmarks.zoo.ship`` writes the seven demo models from ``benchmarks/zoo/models`` into
``hubcheck/demo/models``: bf16, one file each, real copies of the tokenizer. The cards are the
claims that the demo tests; ``wrong-declaration`` makes a false one on purpose.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.zoo.train import MODELS, kept_tokenizer
from tests.material.zoo.corpus import tokenizer_files
from tests.material.zoo.disguises import disguise
from tests.material.zoo.folder import read_weights, write_model
from tests.material.zoo.model import Shape
from tests.material.zoo.recipes import recipe
from tests.material.zoo.symmetries import Arrays

DESTINATION: Final = Path(__file__).parents[2] / "hubcheck" / "demo" / "models"
LIMIT_BYTES: Final = 8_000_000
"""What the demo may add to the wheel and to the repository."""
DISGUISE_SEED: Final = 0
"""The first seed that moves the query heads of every layer and swaps kv groups in some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """One demo model: where its weights come from and what its card claims."""

    name: str
    source: str
    """Name of the trained model."""
    declared: str | None
    """``base_model`` of the card."""
    relation: str | None
    """``base_model_relation`` of the card."""
    claim: str
    """The card's sentence about its origin."""
    change: Callable[[Arrays, Shape], Arrays] | None = None
    """What is done to the trained weights before they are stored."""


def _disguised(weights: Arrays, shape: Shape) -> Arrays:
    return disguise(weights, shape, np.random.default_rng(DISGUISE_SEED))


SHIPPED: Final = (
    Shipped(
        name="base",
        source="base",
        declared=None,
        relation=None,
        claim="Trained from scratch on the sources of the Python standard library.",
    ),
    Shipped(
        name="twin",
        source="twin",
        declared=None,
        relation=None,
        claim="Trained from scratch: the configuration, text, order and tokenizer of `zoo/base`, "
        "another seed. No weight was copied.",
    ),
    Shipped(
        name="finetune",
        source="finetune",
        declared="zoo/base",
        relation="finetune",
        claim="Fine-tuned from `zoo/base` at a low learning rate on other text.",
    ),
    Shipped(
        name="continued",
        source="continued",
        declared="zoo/base",
        relation="finetune",
        claim="Trained on from `zoo/base`, as long as the base itself and at its full learning "
        "rate, on other text.",
    ),
    Shipped(
        name="disguised",
        source="base",
        declared="zoo/base",
        relation="finetune",
        claim="Derived from `zoo/base`. Channels, neurons and heads are relabelled, neurons "
        "rescaled, norms folded and the residual stream is rotated; it computes what the base "
        "computes.",
        change=_disguised,
    ),
    Shipped(
        name="upscaled",
        source="upscaled",
        declared="zoo/base",
        relation="finetune",
        claim="Six layers made from the four of `zoo/base` (1 2 3 2 3 4), then trained on briefly.",
    ),
    Shipped(
        name="wrong-declaration",
        source="bystander",
        declared="zoo/base",
        relation="finetune",
        claim="Fine-tuned from `zoo/base` at a low learning rate on other text.",
    ),
)


def card(shipped: Shipped) -> str:
    """Return the model card: YAML front matter, then prose."""
    lines = ["---", "license: apache-2.0", "language: en", "library_name: transformers"]
    lines.append("pipeline_tag: text-generation")
    if shipped.declared is not None:
        lines += [f"base_model: {shipped.declared}", f"base_model_relation: {shipped.relation}"]
    lines += ["---", "", f"# {shipped.name}", "", shipped.claim, ""]
    lines += ["A very small causal language model (half a million parameters) that ships with"]
    lines += [
        "hubcheck so that `hubcheck demo` has something real to test. It is of no other use.",
        "",
    ]
    return "\n".join(lines)


def ship(shipped: Shipped, files: dict[str, str]) -> int:
    """Write one demo model and return the bytes of its folder.

    Raises:
        FileNotFoundError: Its source is not trained yet.
    """
    shape = recipe(shipped.source).shape
    weights: Arrays = dict(read_weights(MODELS / shipped.source))
    if shipped.change is not None:
        weights = shipped.change(weights, shape)
    folder = DESTINATION / shipped.name
    write_model(folder, weights, shape.config(), tokenizer_files=files, card=card(shipped))
    return sum(p.stat().st_size for p in folder.iterdir())


def main() -> int:
    """Write all demo models, print their sizes and return the exit code."""
    files = tokenizer_files(kept_tokenizer())
    total = 0
    for shipped in SHIPPED:
        size = ship(shipped, files)
        total += size
        sys.stdout.write(f"{size:>10,}  {shipped.name}\n")
    sys.stdout.write(f"{total:>10,}  together (limit {LIMIT_BYTES:,})\n")
    return 0 if total <= LIMIT_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
