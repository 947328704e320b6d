"""Which models do the tests of the evidence share? Each is trained once a run.

Processes that run tests side by side share what each of them trained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tests.evidence.laboratory import Weights, model, plain, write
from tests.material.zoo.corpus import Text
from tests.material.zoo.learn import TINY, tiny_tokens, train_tiny
from tests.material.zoo.planted import Product
from tests.tables import taken

N_INDEPENDENT = taken(9, 16)
"""72 ordered pairs in every run, 240 in a long one."""
ALONE = "master"
"""What pytest-xdist calls a process that runs all tests."""
KEPT = "trained.npz"
LOSS = "loss"
STEPS = 120
"""Two seconds on one core, and a loss 1.5 nats below that of knowing only word frequencies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A tiny model that was really trained."""

    folder: Path
    loss: float
    """Mean loss of the last steps, nats per token."""
    unigram_loss: float
    """Entropy of the tokens of the text it learned."""
    weights: Weights


def entropy(tokens: NDArray[np.int64]) -> float:
    """Return the entropy of the token frequencies in nats."""
    share = np.bincount(tokens) / len(tokens)
    return float(-(share[share > 0] * np.log(share[share > 0])).sum())


@pytest.fixture(scope="session")
def texts() -> dict[Text, NDArray[np.int64]]:
    """Return the two texts as token ids."""
    tokenizer = Tokenizer.from_file(str(model("base") / "tokenizer.json"))
    return {text: tiny_tokens(tokenizer, text) for text in Text}


@pytest.fixture(scope="session")
def trained(
    tmp_path_factory: pytest.TempPathFactory,
    texts: dict[Text, NDArray[np.int64]],
    worker_id: str,
) -> Callable[[str, int, int, Text], Trained]:
    """Return a function that trains (name, initial seed, order seed, text) once a run."""
    base = tmp_path_factory.getbasetemp()
    room = (base if worker_id == ALONE else base.parent) / "trained"
    room.mkdir(exist_ok=True)

    def learn(name: str, seed: int, order: int, text: Text) -> None:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        weights, loss = train_tiny(texts[text], seed=seed, order_seed=order, steps=STEPS)
        torch.set_num_threads(threads)
        write(room / name, plain(weights, TINY))
        kept: dict[str, Any] = {LOSS: loss, **weights}
        np.savez(room / name / KEPT, **kept)

    @cache
    def train(name: str, seed: int, order: int, text: Text) -> Trained:
        with FileLock(room / f"{name}.lock"):
            if not (room / name / KEPT).exists():
                learn(name, seed, order, text)
            with np.load(room / name / KEPT) as kept:
                weights = {key: kept[key] for key in kept.files}
        loss = float(weights.pop(LOSS))
        return Trained(
            folder=room / name, loss=loss, unigram_loss=entropy(texts[text]), weights=weights
        )

    return train


@pytest.fixture(scope="session")
def independents(
    trained: Callable[[str, int, int, Text], Trained], worker_id: str
) -> list[Trained]:
    """Return nine models (16 in a long run) of one shape: other initial weights and other order, one text.

    Of two processes one begins at the end, so that neither waits for what the other is at.
    """
    numbers = list(range(N_INDEPENDENT))
    turn = -1 if worker_id.endswith("1") else 1
    found = {i: trained(f"independent-{i}", 100 + i, i, Text.MAIN) for i in numbers[::turn]}
    return [found[i] for i in numbers]


@pytest.fixture(scope="session")
def same_start(
    independents: list[Trained], trained: Callable[[str, int, int, Text], Trained]
) -> tuple[Trained, Trained]:
    """Return two models that share only their initial weights: other text, other order."""
    return independents[0], trained("same-start", 100, 50, Text.OTHER)


@pytest.fixture(scope="session")
def trained_on(
    independents: list[Trained],
    texts: dict[Text, NDArray[np.int64]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Trained:
    """Return the first independent after as many further steps, at full rate, on other text."""
    text = texts[Text.OTHER]
    weights, loss = train_tiny(text, start=independents[0].weights, order_seed=77, steps=STEPS)
    folder = write(tmp_path_factory.mktemp("further") / "model", plain(weights, TINY))
    return Trained(folder=folder, loss=loss, unigram_loss=entropy(text), weights=weights)


@pytest.fixture(scope="session")
def keep(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[], Product]], Path]:
    """Return a function that writes a derivative once a session and returns its folder."""
    room = tmp_path_factory.mktemp("derived")
    written: dict[str, Path] = {}

    def folder_of(name: str, make: Callable[[], Product]) -> Path:
        if name not in written:
            written[name] = write(room / name, make())
        return written[name]

    return folder_of
