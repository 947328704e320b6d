"""Which independently trained models stand around the true base in the catalogue's benchmark?

``python -m benchmarks.catalogue.decoys OUT [--seconds N]`` trains 400 small models in cohorts of
eight, as the calibration zoo does (same text, same network, same recipe, a seventh of its steps):
eleven shapes, four tokenizers, two gates, tied and untied embeddings, two texts. Each has a seed of
its own. A finished cohort is left alone, so that the command may be stopped and run again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from benchmarks.zoo.calibration import FAMILIES, HARD, SHAPES, Cohort, Gate, Member, train_cohort
from tests.material.zoo.corpus import (
    BEGIN,
    END,
    RESERVED_TOKENS,
    Corpus,
    Text,
    documents,
    encode,
    tokenizer_files,
)
from tests.material.zoo.folder import write_model

PLAIN: Final[tuple[Gate, bool]] = ("silu", False)
"""Two families of three."""
COHORTS: Final = 50
SIZE: Final = 8
STEPS: Final = 120
"""A seventh of the calibration zoo's, so that 400 can be trained in an hour of a busy core: the loss
falls from 6.4 to about 4.4, where token frequencies give 5.3."""
PARTS: Final = ("train", "held_out")
CHARS: Final = 600_000
"""Of each text: more than these steps see."""
FIRST_SEED: Final = 300_000
TOKENIZERS: Final = ((512, Text.MAIN), (512, Text.OTHER), (1024, Text.MAIN), (384, Text.OTHER))
"""Learned tokens, and the text that they were learned from."""


@cache
def tokenizer_of(number: int) -> Tokenizer:
    """Return one of the four byte-level tokenizers, learned on first use."""
    size, text = TOKENIZERS[number]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[BEGIN, END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents(text)[:40], trainer)
    tokenizer.add_special_tokens([f"<|reserved_{i}|>" for i in range(RESERVED_TOKENS)])
    return tokenizer


@cache
def corpora_of(number: int, out: Path) -> Mapping[Text, Corpus]:
    """Return both texts as ids of a tokenizer, kept beside the models."""
    place = out / f"corpora-{number}.npz"
    if not place.exists():
        made = {text: encode(tokenizer_of(number), text, max_chars=CHARS) for text in Text}
        out.mkdir(parents=True, exist_ok=True)
        arrays = {f"{t}.{part}": getattr(c, part) for t, c in made.items() for part in PARTS}
        np.savez(place, **arrays)
    with np.load(place) as kept:
        return {t: Corpus(text=t, sha256="", **{p: kept[f"{t}.{p}"] for p in PARTS}) for t in Text}


def cohort(number: int) -> tuple[int, Cohort]:
    """Return the number of a cohort's tokenizer, and its models."""
    which = number % len(TOKENIZERS)
    shape = (HARD, *SHAPES)[number % (1 + len(SHAPES))]
    shape = replace(shape, vocab=TOKENIZERS[which][0] + RESERVED_TOKENS)
    gate, tied = PLAIN if number % 3 else FAMILIES[number // 3 % len(FAMILIES)]
    return which, tuple(
        Member(
            name=f"decoy-{number:02d}-{i}",
            purpose="calibration",
            kind="shape",
            init_seed=FIRST_SEED + number * SIZE + i,
            text=(Text.MAIN, Text.OTHER)[i % 2],
            order_seed=FIRST_SEED + (number * SIZE + i if i % 4 > 1 else 0),
            steps=STEPS,
            shape=shape,
            gate=gate,
            tied=tied,
        )
        for i in range(SIZE)
    )


def keep(number: int, out: Path) -> list[float]:
    """Train one cohort and write its folders; return the losses."""
    which, members = cohort(number)
    trained, losses = train_cohort(members, corpora_of(which, out))
    for member, weights, loss in zip(members, trained, losses, strict=True):
        write_model(
            out / member.name,
            weights,
            member.config(),
            tokenizer_files=tokenizer_files(tokenizer_of(which)),
            card=f"# {member.name}\n\nIndependent small model.\n",
            dtype="F32",
        )
        facts = {"shape": member.shape.config(), "tokenizer": which, "loss": round(loss, 3)}
        (out / member.name / "training.json").write_text(json.dumps(facts) + "\n")
    return losses


def main() -> int:
    """Train what is missing, for at most so many seconds; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue.decoys")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=1e9, help="of the processor, then stop")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    began = time.process_time()
    for number in range(COHORTS):
        if (asked.out / f"decoy-{number:02d}-{SIZE - 1}" / "training.json").exists():
            continue
        if time.process_time() - began > asked.seconds:
            return 1
        started = time.process_time()
        losses = keep(number, asked.out)
        seconds = time.process_time() - started
        sys.stderr.write(
            f"cohort {number}: loss {min(losses):.2f} to {max(losses):.2f}, {seconds:.0f} s\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
