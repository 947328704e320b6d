"""Which small models and texts do the tests of the zoo share?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from benchmarks.zoo.ship import DESTINATION
from tests.material.zoo.learn import tiny_tokens
from tests.material.zoo.model import Shape, initial_weights
from tests.material.zoo.symmetries import NORMS, Arrays

SMALL = Shape(vocab=40, hidden=12, neurons=10, layers=2, heads=4, kv_heads=2, head_dim=6)


def drawn(shape: Shape, seed: int) -> Arrays:
    """Return float64 weights with gains that are not one, so that folding has work to do."""
    rng = np.random.default_rng(seed + 1000)
    return {
        n: 0.5 + rng.random(w.shape) if NORMS.search(n) else 4.0 * w.astype(np.float64)
        for n, w in initial_weights(shape, seed).items()
    }


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator with a fixed seed."""
    return np.random.default_rng(11)


@pytest.fixture
def dense() -> Arrays:
    """Return a small dense model."""
    return drawn(SMALL, 0)


@pytest.fixture
def ids() -> NDArray[np.int64]:
    """Return token ids that leave the last four of the vocabulary unused, shape [2, 9]."""
    return np.random.default_rng(5).integers(0, SMALL.vocab - 4, (2, 9))


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """Return the tokenizer that ships with the demo models."""
    return Tokenizer.from_file(str(Path(DESTINATION) / "base" / "tokenizer.json"))


@pytest.fixture(scope="session")
def tokens(tokenizer: Tokenizer) -> NDArray[np.int64]:
    """Return the text that tiny models learn."""
    return tiny_tokens(tokenizer)
