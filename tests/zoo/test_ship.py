"""Are the shipped demo models what their table says?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from benchmarks.zoo.ship import DESTINATION, LIMIT_BYTES, SHIPPED, Shipped
from tests.material.zoo.model import logits
from tests.material.zoo.recipes import SHAPE
from tests.material.zoo.symmetries import NORMS, Arrays

NAMES = ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "README.md")


def _weights(name: str) -> Arrays:
    stored = load_file(DESTINATION / name / "model.safetensors")
    assert {t.dtype for t in stored.values()} == {torch.bfloat16}
    return {n: t.to(torch.float32).numpy() for n, t in stored.items()}


def test_models_fit_the_limit() -> None:
    """The seven folders hold the five files each and stay within the size promised."""
    files = [p for s in SHIPPED for p in (DESTINATION / s.name).iterdir()]
    assert sorted(p.name for p in files) == sorted(NAMES * len(SHIPPED))
    assert sum(p.stat().st_size for p in files) <= LIMIT_BYTES


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda s: s.name)
def test_card_declares_what_the_table_says(shipped: Shipped) -> None:
    """The front matter of each card holds the declared base, or none."""
    text = (DESTINATION / shipped.name / "README.md").read_text()
    front = yaml.safe_load(text.split("---\n")[1])
    assert front.get("base_model") == shipped.declared
    assert shipped.claim in text


def test_disguised_model_computes_what_its_base_computes() -> None:
    """The shipped disguise differs from base in every matrix and not in its predictions."""
    base, disguised = _weights("base"), _weights("disguised")
    ids = np.random.default_rng(0).integers(0, 512, (4, 32))
    before, after = logits(base, SHAPE, ids), logits(disguised, SHAPE, ids)
    assert np.abs(before - after).mean() < 0.02 * before.std()
    assert all(not np.array_equal(base[n], disguised[n]) for n in base)


def test_twin_shows_the_founding_mistake() -> None:
    """The norms of the independent twin have a cosine above .98 with those of base."""
    one, two = (
        np.concatenate([w for n, w in _weights(name).items() if NORMS.search(n)])
        for name in ("base", "twin")
    )
    cosine = one @ two / np.linalg.norm(one) / np.linalg.norm(two)
    assert cosine > 0.98


def test_configurations_fit_the_weights() -> None:
    """Each config.json gives the depth and width that the weights have."""
    for shipped in SHIPPED:
        folder = Path(DESTINATION) / shipped.name
        config = json.loads((folder / "config.json").read_text())
        weights = _weights(shipped.name)
        assert weights["model.embed_tokens.weight"].shape == (
            config["vocab_size"],
            config["hidden_size"],
        )
        layers = {n.split(".")[2] for n in weights if n.startswith("model.layers.")}
        assert len(layers) == config["num_hidden_layers"]
