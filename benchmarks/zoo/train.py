"""Which command trains the models of the zoo?

``python -m benchmarks.zoo.train [NAME]...`` trains the named models, or all, one after another on
one core. A finished model is left alone, an interrupted one goes on; two commands with different
names may run side by side. Models lie in ``benchmarks/zoo/models/NAME``, float32.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from tests.material.zoo.alterations import choose_layers
from tests.material.zoo.corpus import (
    LICENCE,
    Corpus,
    Text,
    encode,
    tokenizer_files,
    train_tokenizer,
)
from tests.material.zoo.folder import PARTIAL, read_weights, write_model
from tests.material.zoo.learn import Learner, draw, learning_rate
from tests.material.zoo.model import Weights, initial_weights
from tests.material.zoo.recipes import RECIPES, Recipe, tiny, upcycle

MODELS: Final = Path(__file__).parent / "models"
SAVE_EVERY: Final = 400
"""Steps between saved states: half a minute of work at most is lost."""
log = logging.getLogger("benchmarks.zoo")


def kept_tokenizer() -> Tokenizer:
    """Return the zoo's tokenizer, learned on first use: all models share one, on any Python."""
    path = MODELS / "tokenizer.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(train_tokenizer().to_str())
    return Tokenizer.from_file(str(path))


def first_weights(wanted: Recipe, known: Mapping[str, Recipe], models: Path) -> Weights:
    """Return the weights a recipe starts from.

    Args:
        wanted: The recipe.
        known: All recipes of its preset, by name.
        models: Where the trained models of that preset lie.

    Raises:
        FileNotFoundError: The recipe starts from a model that is not trained yet.
    """
    if wanted.start is None:
        return initial_weights(wanted.shape, wanted.init_seed)
    weights = read_weights(models / wanted.start)
    earlier = known[wanted.start].shape
    if wanted.shape.experts and not earlier.experts:
        return upcycle(weights, wanted)
    if wanted.layer_sources:
        return choose_layers(weights, earlier, wanted.layer_sources)[0]
    return weights


def train(
    wanted: Recipe,
    known: Mapping[str, Recipe],
    corpus: Corpus,
    tokenizer: Tokenizer,
    models: Path = MODELS,
) -> None:
    """Train one model and write its folder and ``training.json``; do nothing if that is there.

    Args:
        wanted: The recipe.
        known: All recipes of its preset, by name.
        corpus: The recipe's text, as ids of ``tokenizer``.
        tokenizer: Written beside the weights.
        models: The model's folder is made in here.

    Raises:
        FileNotFoundError: The recipe starts from a model that is not trained yet.
    """
    folder = models / wanted.name
    facts = folder / "training.json"
    if facts.exists():
        return
    learner = Learner(first_weights(wanted, known, models), wanted.shape)
    loss_before = learner.evaluate(corpus.held_out)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / PARTIAL
    if partial.exists():
        learner.restore(load_file(partial))
    began = time.monotonic()
    recent: list[float] = []
    while learner.step < wanted.steps:
        windows = draw(corpus.train, wanted.order_seed, learner.step)
        rate = learning_rate(learner.step, wanted.steps, wanted.peak_rate)
        recent.append(learner.learn(windows, rate))
        if learner.step % SAVE_EVERY == 0:
            unfinished = partial.with_suffix(".new")
            save_file(learner.state(), unfinished)
            unfinished.replace(partial)
            log.info("%s %d/%d loss %.3f", wanted.name, learner.step, wanted.steps, np.mean(recent))
            recent.clear()
    write_model(
        folder,
        learner.arrays(),
        wanted.shape.config(),
        tokenizer_files=tokenizer_files(tokenizer),
        card=f"# {wanted.name}\n\n{wanted.meaning}\n",
        dtype="F32",
    )
    facts.write_text(
        json.dumps(
            {
                **asdict(wanted),
                "loss_before": round(loss_before, 4),
                "loss": round(learner.evaluate(corpus.held_out), 4),
                "unigram_loss": round(corpus.unigram_loss(wanted.shape.vocab), 4),
                "seconds_since_start_or_resume": round(time.monotonic() - began, 1),
                "text_sha256": corpus.sha256,
                "text_licence": LICENCE,
                "python": platform.python_version(),
                "torch": torch.__version__,
            },
            indent=2,
        )
        + "\n"
    )
    partial.unlink(missing_ok=True)
    log.info("%s done: %s", wanted.name, facts.read_text())


def write_manifest(models: Path) -> None:
    """Gather every ``training.json`` of a folder of models into its ``manifest.json``."""
    found = [json.loads(p.read_text()) for p in sorted(models.glob("*/training.json"))]
    (models / "manifest.json").write_text(json.dumps(found, indent=2) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Train the models named on the command line, or all of them; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo.train", description=__doc__)
    known = {r.name: r for r in RECIPES}
    parser.add_argument("names", nargs="*", metavar="NAME", help="of: " + ", ".join(known))
    parser.add_argument("--threads", type=int, default=1, help="threads of one process (1)")
    parser.add_argument(
        "--preset",
        choices=("shipped", "tiny"),
        default="shipped",
        help="tiny: width 64, three layers, an eighth of the steps, in models/tiny",
    )
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.names) - set(known))
    if unknown:
        parser.error(f"no recipe for {', '.join(unknown)}; known are {', '.join(known)}")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    torch.set_num_threads(chosen.threads)
    small = chosen.preset == "tiny"
    models = MODELS / "tiny" if small else MODELS
    known = {n: tiny(r) if small else r for n, r in known.items()}
    tokenizer = kept_tokenizer()
    corpora: dict[Text, Corpus] = {}
    for name in chosen.names or known:
        wanted = known[name]
        if wanted.text not in corpora:
            corpora[wanted.text] = encode(tokenizer, wanted.text)
        train(wanted, known, corpora[wanted.text], tokenizer, models)
    write_manifest(models)
    return 0


if __name__ == "__main__":
    sys.exit(main())
