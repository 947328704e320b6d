"""Which texts are two models run on?

A fixed set that ships: plain sentences in ten languages, and source code. They are short, of
nobody's benchmark, and say nothing that a model had to learn. Beside them stand rows of random
tokens, on which models that only share a language have little in common.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np

from hubcheck.frozen import frozen

LENGTH: Final = 24
"""Tokens of a prompt at most."""
SKIPPED: Final = 4
"""First tokens of a prompt whose answers are not counted: too little was said yet."""
RANDOM_ROWS: Final = 16
SEED: Final = 20_261_130
"""Of the random rows: fixed, so that numbers can be compared from check to check."""


@frozen
class Prompt:
    """One text."""

    language: str
    """ISO 639-1, or ``code``."""
    text: str


@cache
def prompts() -> tuple[Prompt, ...]:
    """Return the texts that ship."""
    found = json.loads(files("hubcheck.behaviour").joinpath("prompts.json").read_text("utf-8"))
    return tuple(Prompt(language=lang, text=text) for lang, some in found.items() for text in some)


def beginnings() -> tuple[str, ...]:
    """Return texts cut at words: what models of different vocabularies are asked to go on with."""
    found = []
    for prompt in prompts():
        text = prompt.text
        places = [n for n, sign in enumerate(text) if sign == " "] or [len(text) * 3 // 4]
        found += [text[:n] for n in (places[len(places) // 2], places[-1])]
    return tuple(dict.fromkeys(found))


def random_rows(allowed: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return rows of tokens drawn evenly from those that both vocabularies have.

    Args:
        allowed: Ids, ascending; none of special tokens.
    """
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, len(allowed), size=(RANDOM_ROWS, LENGTH))
    return tuple(tuple(allowed[n] for n in row) for row in drawn.tolist())
