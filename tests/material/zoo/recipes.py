"""Which models does the zoo hold, and what was each one trained from?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tests.material.zoo.corpus import Text
from tests.material.zoo.model import INIT_SCALE, Shape, Weights

PEAK_RATE: Final = 4e-3
"""Usual for AdamW at width 96; the gains move by tenths, as in large models."""
LIGHT_RATE: Final = 3e-4
"""A fine-tune's rate: a thirteenth of the peak."""
SETTLE_RATE: Final = 1e-3
"""For a model whose layers or experts were rearranged and have to find together again."""
FULL_STEPS: Final = 2400
"""2.5 million tokens, about one pass over the main text."""
EXPERT_STEPS: Final = 1200
"""Half as many, for a step of a mixture takes twice as long on one core."""
LIGHT_STEPS: Final = 400
SHAPE: Final = Shape()
EXPERT_SHAPE: Final = Shape(neurons=96, experts=8)
UPCYCLED_SHAPE: Final = Shape(experts=4)
"""Every expert starts as a copy of the dense MLP, so its neurons number the same."""

UPSCALED_SHAPE: Final = Shape(layers=6)
UPSCALED_SOURCES: Final = (0, 1, 2, 1, 2, 3)
"""Overlapping blocks, as depth up-scaling lays them out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides one model's weights, given the texts."""

    name: str
    meaning: str
    """One line for the manifest."""
    init_seed: int = 0
    """Draws the initial weights; unused with ``start``."""
    start: str | None = None
    """Model whose final weights are the initial ones."""
    text: Text = Text.MAIN
    order_seed: int = 0
    """Draws the windows of text and their order."""
    steps: int = FULL_STEPS
    peak_rate: float = PEAK_RATE
    shape: Shape = SHAPE
    layer_sources: tuple[int, ...] = ()
    """With ``start``: layer i of the initial weights is this layer of it; empty for all as is."""


def _independent(i: int) -> Recipe:
    if i % 2 == 0:
        return Recipe(
            name=f"ind{i}", meaning="independent: other seed, base's data and order", init_seed=i
        )
    return Recipe(
        name=f"ind{i}",
        meaning="independent: other seed, other text, other order",
        init_seed=i,
        text=Text.OTHER,
        order_seed=i,
    )


RECIPES: Final = (
    Recipe(name="base", meaning="the base"),
    Recipe(name="twin", meaning="independent: only the seed differs from base", init_seed=1),
    Recipe(
        name="finetune",
        meaning="light fine-tune of base on other text",
        start="base",
        text=Text.OTHER,
        order_seed=20,
        steps=LIGHT_STEPS,
        peak_rate=LIGHT_RATE,
    ),
    Recipe(
        name="bystander",
        meaning="light fine-tune of twin on other text; shipped with a card that declares base",
        start="twin",
        text=Text.OTHER,
        order_seed=21,
        steps=LIGHT_STEPS,
        peak_rate=LIGHT_RATE,
    ),
    Recipe(
        name="continued",
        meaning="base trained again as long, at full rate, on other text",
        start="base",
        text=Text.OTHER,
        order_seed=22,
    ),
    Recipe(
        name="upscaled",
        meaning="base's four layers laid out as six, then trained on briefly",
        start="base",
        order_seed=25,
        steps=LIGHT_STEPS,
        peak_rate=SETTLE_RATE,
        shape=UPSCALED_SHAPE,
        layer_sources=UPSCALED_SOURCES,
    ),
    *(_independent(i) for i in range(2, 10)),
    Recipe(
        name="continued2",
        meaning="continued trained once more as long, at full rate, on other text",
        start="continued",
        text=Text.OTHER,
        order_seed=23,
    ),
    Recipe(
        name="sib",
        meaning="base's initial weights, other text, other order",
        text=Text.OTHER,
        order_seed=24,
    ),
    Recipe(
        name="moe",
        meaning="mixture of experts from scratch",
        init_seed=30,
        steps=EXPERT_STEPS,
        shape=EXPERT_SHAPE,
    ),
    Recipe(
        name="moe-twin",
        meaning="independent of moe: only the seed differs",
        init_seed=31,
        steps=EXPERT_STEPS,
        shape=EXPERT_SHAPE,
    ),
    Recipe(
        name="moe-finetune",
        meaning="light fine-tune of moe on other text",
        start="moe",
        text=Text.OTHER,
        order_seed=32,
        steps=LIGHT_STEPS,
        peak_rate=LIGHT_RATE,
        shape=EXPERT_SHAPE,
    ),
    Recipe(
        name="upcycled",
        meaning="base up-cycled into four experts and trained on",
        init_seed=33,
        start="base",
        order_seed=33,
        steps=LIGHT_STEPS,
        peak_rate=SETTLE_RATE,
        shape=UPCYCLED_SHAPE,
    ),
)


def tiny(full: Recipe) -> Recipe:
    """Return the same recipe at the size of tests: an eighth of the steps, seconds on one core."""
    overlap = (0, 1, 1, 2) if full.layer_sources else ()
    shape = replace(
        full.shape,
        hidden=64,
        neurons=full.shape.neurons // 2,
        layers=len(overlap) or 3,
        head_dim=16,
    )
    return replace(
        full,
        shape=shape,
        layer_sources=overlap,
        steps=full.steps // 8,
        peak_rate=1.5 * full.peak_rate,
    )


def recipe(name: str) -> Recipe:
    """Return the recipe of a name.

    Raises:
        KeyError: No recipe has this name.
    """
    return {r.name: r for r in RECIPES}[name]


def upcycle(dense: Weights, names: Recipe) -> Weights:
    """Return a mixture whose experts are all copies of the dense MLP, with a random router."""
    rng = np.random.default_rng(names.init_seed)
    sparse = {n: w for n, w in dense.items() if ".mlp." not in n}
    parts = {"w1": "gate_proj", "w3": "up_proj", "w2": "down_proj"}
    for i in range(names.shape.layers):
        p = f"model.layers.{i}."
        for e in range(names.shape.experts):
            for short, long in parts.items():
                copied = dense[f"{p}mlp.{long}.weight"].copy()
                sparse[f"{p}block_sparse_moe.experts.{e}.{short}.weight"] = copied
        router = INIT_SCALE * rng.standard_normal((names.shape.experts, names.shape.hidden))
        sparse[p + "block_sparse_moe.gate.weight"] = router.astype(np.float32)
    return sparse
