"""How are two models held against each other by what they do?

Where both have one vocabulary, both read the same tokens, of texts and of random rows, and the
answers are compared as distributions. Where they have two, both read the same beginnings of texts,
and only the first word that each would go on with is compared, and how alike they see the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from hubcheck.behaviour.interface import NotRun, NotRunError, Seen, Vocabulary
from hubcheck.behaviour.prompts import LENGTH, SKIPPED, beginnings, prompts, random_rows
from hubcheck.behaviour.running import Runner, relative_depths
from hubcheck.frozen import frozen
from hubcheck.statistics.behaviour import answers_of, linear_cka

TEXTS: Final = "texts"
RANDOM: Final = "random tokens"
BEGINNINGS: Final = "beginnings"
SHARED: Final = 0.99
"""Share of the smaller vocabulary's tokens that must have the same ids for two to count as one."""
FEWEST_TOKENS: Final = 100


@frozen
class Kind:
    """What two models have in common on one kind of prompt."""

    prompts: str
    positions: int
    agreement: float
    kl: float
    """Nats; -1 where two vocabularies have no common distribution."""
    js: float
    """Bits; -1 likewise."""
    cka: tuple[float, ...]
    """By layer of the subject, the embeddings first."""


@frozen
class Run:
    """What one model did, kept while the other is run."""

    vocabulary: Vocabulary
    seen: Mapping[str, Seen]
    first_words: tuple[str, ...]
    """What it would go on with after each of ``beginnings``; empty where not asked."""


def one_vocabulary(a: Vocabulary, b: Vocabulary) -> tuple[int, ...]:
    """Return the ids of the same plain tokens in both; empty: they are two vocabularies."""
    small, large = sorted((a, b), key=lambda v: len(v.ids))
    same = {n for token, n in small.ids.items() if large.ids.get(token) == n}
    if len(same) < max(FEWEST_TOKENS, SHARED * len(small.ids)):
        return ()
    return tuple(sorted(same - a.special - b.special))


def same_tokens(runner: Runner, allowed: tuple[int, ...]) -> Run:
    """Run a model on texts and random rows, as its tokens.

    Args:
        runner: The model; texts are cut by its tokenizer, which both have.
        allowed: Ids of random rows.
    """
    rows = [runner.ids(prompt.text)[:LENGTH] for prompt in prompts()]
    rows = [row for row in rows if len(row) > SKIPPED]
    seen = {}
    for name, some in ((TEXTS, rows), (RANDOM, [list(row) for row in random_rows(allowed)])):
        if not some:
            raise NotRunError(NotRun.NO_SHARED_TOKENS)
        seen[name] = runner.seen(some, [range(SKIPPED, len(row)) for row in some])
    return Run(vocabulary=runner.vocabulary, seen=seen, first_words=())


def same_texts(runner: Runner) -> Run:
    """Run a model on the beginnings of texts, whatever its tokens are."""
    rows = [runner.ids(text)[-4 * LENGTH :] for text in beginnings()]
    if not all(rows):
        raise NotRunError(NotRun.NO_TOKENIZER)
    seen = runner.seen(rows, [[len(row) - 1] for row in rows])
    words = tuple(runner.text(int(n)) for n in seen.scores.argmax(axis=1))
    return Run(vocabulary=runner.vocabulary, seen={BEGINNINGS: seen}, first_words=words)


def run_of(runner: Runner, allowed: tuple[int, ...]) -> Run:
    """Run a model on what it is asked beside another.

    Args:
        runner: The model.
        allowed: What ``one_vocabulary`` gave for both.
    """
    return same_tokens(runner, allowed) if allowed else same_texts(runner)


def compared(base: Run, subject: Run) -> tuple[Kind, ...]:
    """Return what two models have in common, on every kind of prompt that both were run on."""
    found = []
    for name in subject.seen:
        if name not in base.seen:
            continue
        ours, theirs = subject.seen[name], base.seen[name]
        likeness = tuple(
            round(linear_cka(theirs.states[m], ours.states[n]), 3)
            for n, m in relative_depths(len(ours.states), len(theirs.states))
        )
        if name == BEGINNINGS:
            pairs = list(zip(base.first_words, subject.first_words, strict=True))
            agreeing = sum(same_word(a, b) for a, b in pairs) / len(pairs)
            found.append(
                Kind(prompts=name, positions=len(pairs), agreement=round(agreeing, 3), kl=-1.0,
                     js=-1.0, cka=likeness)
            )  # fmt: skip
            continue
        width = min(theirs.scores.shape[1], ours.scores.shape[1])
        answers = answers_of(theirs.scores[:, :width], ours.scores[:, :width])
        found.append(
            Kind(
                prompts=name,
                positions=answers.positions,
                agreement=round(answers.agreement, 3),
                kl=round(answers.kl, 4),
                js=round(answers.js, 4),
                cka=likeness,
            )
        )
    return tuple(found)


def same_word(a: str, b: str) -> bool:
    """Return whether two tokens begin the same word: one begins with the other."""
    a, b = a.strip(), b.strip()
    return bool(a and b) and (a.startswith(b) or b.startswith(a))


def middle_cka(kind: Kind) -> float:
    """Return one number for the likeness of states: the median over the layers above the first."""
    return float(np.median(kind.cka[1:] or kind.cka))
