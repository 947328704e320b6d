"""Are the calibration models independent, complete and trained as their recipes say?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

from benchmarks.zoo.calibration import (
    COHORTS,
    HARD,
    HEAD,
    Cohort,
    clip_each,
    keep,
    main,
    share,
    stacked_logits,
    train_cohort,
)
from tests.material.zoo.corpus import Corpus, Text, encode
from tests.material.zoo.folder import read_weights
from tests.material.zoo.learn import Learner, draw, learning_rate
from tests.material.zoo.model import Shape, forward, initial_weights
from tests.material.zoo.recipes import RECIPES

EVERY = [member for cohort in COHORTS for member in cohort]
TABLE = [member for member in EVERY if member.purpose == "calibration"]
JUDGES = [member for member in EVERY if member.purpose == "judges"]
SMALL = Shape(hidden=16, neurons=24, layers=2, heads=4, kv_heads=2, head_dim=4)


@pytest.fixture(scope="module")
def corpora(tokenizer: Tokenizer) -> Mapping[Text, Corpus]:
    """Return the beginnings of both texts."""
    return {text: encode(tokenizer, text, max_chars=20_000) for text in Text}


def quick(kind: str, size: int, steps: int = 3) -> Cohort:
    """Return the first ``size`` calibration models of a kind, small and trained briefly."""
    chosen = next(c for c in COHORTS if (c[0].purpose, c[0].kind) == ("calibration", kind))
    return tuple(replace(member, steps=steps, shape=SMALL) for member in chosen[:size])


def test_the_mixture_is_the_one_argued() -> None:
    """The table holds 400 models and the judges are 26, of the kinds the module names."""
    assert Counter(member.kind for member in TABLE) == {
        "hard": 160,
        "text": 80,
        "shape": 80,
        "family": 40,
        "long": 40,
    }
    assert len(JUDGES) == 26
    assert {member.kind for member in JUDGES} == {member.kind for member in TABLE}


def test_no_two_models_share_a_name_or_a_seed() -> None:
    """Names and initial weights are unique, among judges, table and the rest of the zoo alike."""
    names = [member.name for member in EVERY] + [recipe.name for recipe in RECIPES]
    seeds = [member.init_seed for member in EVERY]
    assert len(set(names)) == len(names)
    assert len(set(seeds)) == len(seeds)
    assert not set(seeds) & {recipe.init_seed for recipe in RECIPES}


def test_hard_models_differ_in_the_seed_alone() -> None:
    """All hard models, judges too, are one recipe but for name, purpose and seed."""
    stripped = {
        replace(member, name="", purpose="judges", init_seed=0)
        for member in EVERY
        if member.kind == "hard"
    }
    assert len(stripped) == 1


def test_other_kinds_differ_as_they_say() -> None:
    """Orders differ in text, sizes in shape, activation or tying in family, steps in long."""
    of = {kind: [m for m in EVERY if m.kind == kind] for kind in Counter(m.kind for m in EVERY)}
    hard = of["hard"][0]
    assert len({member.order_seed for member in of["text"]}) == len(of["text"])
    assert {member.text for member in of["text"]} == set(Text)
    assert len({member.shape for member in of["shape"]}) == 10
    assert all(member.shape != HARD for member in of["shape"])
    variants = {(member.gate, member.tied) for member in of["family"]}
    assert len(variants) == 3
    assert (hard.gate, hard.tied) not in variants
    assert all(member.steps == 4 * hard.steps for member in of["long"])


def test_cohorts_can_be_stacked() -> None:
    """Within a cohort, shape, gate, tying and steps are the same."""
    for cohort in COHORTS:
        assert len({(m.shape, m.gate, m.tied, m.steps, m.purpose) for m in cohort}) == 1


def test_judges_come_first_and_any_stop_leaves_a_balance() -> None:
    """After the judges, every ten cohorts hold the whole mixture."""
    purposes = [cohort[0].purpose for cohort in COHORTS]
    assert purposes == sorted(purposes, reverse=True)
    kinds = [cohort[0].kind for cohort in COHORTS if cohort[0].purpose == "calibration"]
    rounds = {tuple(sorted(kinds[i : i + 10])) for i in range(0, len(kinds), 10)}
    assert len(rounds) == 1


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shares_cover_everything_once(count: int) -> None:
    """Commands with different shares train every model between them, none twice."""
    parts = [share(f"{i}/{count}") for i in range(1, count + 1)]
    assert Counter(m.name for part in parts for c in part for m in c) == Counter(
        member.name for member in EVERY
    )


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "1/-2", "a/b", "1/2/3", ""])
def test_what_is_no_share_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A share that is none ends the command with the text and an example, before any work."""
    with pytest.raises(SystemExit):
        main(["train", "--share", text])
    assert f"{text!r} is no share; give I/N" in capsys.readouterr().err


def test_stacked_logits_are_those_of_each_model_alone(ids: NDArray[np.int64]) -> None:
    """Every model of a stack computes what ``model.forward`` computes, on its own windows."""
    alone = [initial_weights(SMALL, seed) for seed in range(3)]
    windows = torch.from_numpy(np.stack([ids, ids[::-1], ids + 1]))
    stacked = {n: torch.from_numpy(np.stack([w[n] for w in alone])).double() for n in alone[0]}
    together = stacked_logits(stacked, SMALL, "silu", windows)
    for i, weights in enumerate(alone):
        tensors = {n: torch.from_numpy(w).double() for n, w in weights.items()}
        expected = forward(tensors, SMALL, windows[i])[0].flatten(0, 1)
        torch.testing.assert_close(together[i], expected, rtol=1e-9, atol=1e-9)


def test_a_stack_learns_as_a_learner_does(corpora: Mapping[Text, Corpus]) -> None:
    """Seed, order, clip and optimiser of a stacked model are those of a model trained alone."""
    cohort = quick("text", 2, steps=5)
    trained, _ = train_cohort(cohort, corpora)
    for member, weights in zip(cohort, trained, strict=True):
        learner = Learner(initial_weights(SMALL, member.init_seed), SMALL)
        for step in range(member.steps):
            windows = draw(corpora[member.text].train, member.order_seed, step, batch=4, window=64)
            learner.learn(windows, learning_rate(step, member.steps, 6e-3))
        for name, array in learner.arrays().items():
            np.testing.assert_allclose(weights[name], array, atol=2e-4, err_msg=name)


def test_training_is_deterministic(corpora: Mapping[Text, Corpus]) -> None:
    """The same cohort gives the same bytes twice, and two seeds give different weights."""
    cohort = quick("hard", 2)
    first, again = train_cohort(cohort, corpora)[0], train_cohort(cohort, corpora)[0]
    assert all(np.array_equal(a[n], b[n]) for a, b in zip(first, again, strict=True) for n in a)
    assert not np.array_equal(first[0][HEAD], first[1][HEAD])


def test_each_model_is_clipped_by_its_own_norm() -> None:
    """A gradient of norm above one is scaled to one; a small one beside it is left as it is."""
    weights = [torch.zeros(2, 3, requires_grad=True), torch.zeros(2, 4, 3, requires_grad=True)]
    for tensor in weights:
        tensor.grad = torch.ones_like(tensor)
        tensor.grad[1] = 0.01
    clip_each(weights)
    flat = torch.cat([t.grad.flatten(1) for t in weights if t.grad is not None], dim=1)
    torch.testing.assert_close(flat[0], torch.full((15,), 15**-0.5))
    assert bool((flat[1] == 0.01).all())


def test_no_model_feels_its_neighbours(corpora: Mapping[Text, Corpus]) -> None:
    """A model ends at the same bytes whichever other models are stacked beside it."""
    one, two, three = quick("text", 3, steps=6)
    beside_two = train_cohort((one, two), corpora)[0][0]
    beside_three = train_cohort((one, three), corpora)[0][0]
    assert all(np.array_equal(beside_two[n], beside_three[n]) for n in beside_two)


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_every_family_loads_in_transformers(
    turn: int, corpora: Mapping[Text, Corpus], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """Tied and GELU models, trained ten steps, have learned and compute in transformers the same."""
    of = [c for c in COHORTS if (c[0].purpose, c[0].kind) == ("calibration", "family")]
    member = replace(of[turn][0], steps=10, shape=SMALL)
    keep((member,), corpora, tokenizer, tmp_path)
    folder = tmp_path / "calibration" / member.name
    facts = json.loads((folder / "training.json").read_text())
    assert facts["loss"] < np.log(SMALL.vocab)
    # Ten steps leave gates near zero, where all activations are alike: enlarged, they differ.
    stored = {n: 10 * w if ".mlp." in n else w for n, w in read_weights(folder).items()}
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    assert (HEAD in stored) is not member.tied
    windows = torch.from_numpy(corpora[Text.MAIN].held_out[:32].reshape(1, 1, 32))
    weights = {n: torch.from_numpy(w)[None] for n, w in stored.items()}
    ours = stacked_logits(weights, SMALL, member.gate, windows)[0]
    with torch.no_grad():
        theirs = AutoModelForCausalLM.from_pretrained(folder)(windows[0]).logits[0]
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_resuming_leaves_finished_models_alone(
    corpora: Mapping[Text, Corpus], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """A finished model is not written again; one killed before its facts is, to the same bytes."""
    cohort = quick("hard", 2)
    keep(cohort, corpora, tokenizer, tmp_path)
    done, killed = (tmp_path / "calibration" / m.name for m in cohort)
    expected = (killed / "model.safetensors").read_bytes()
    (killed / "model.safetensors").write_bytes(b"half")
    (killed / "training.json").unlink()
    (done / "model.safetensors").write_bytes(b"untouched")
    keep(cohort, corpora, tokenizer, tmp_path)
    assert (killed / "model.safetensors").read_bytes() == expected
    keep(cohort, corpora, tokenizer, tmp_path)
    assert (done / "model.safetensors").read_bytes() == b"untouched"
    assert sorted(p.name for p in killed.iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.json",
    ]
