"""Does the command train every kind of recipe, and start each from the right weights?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from benchmarks.zoo.train import first_weights, main, train, write_manifest
from tests.material.zoo.corpus import Text, encode
from tests.material.zoo.folder import PARTIAL, read_weights
from tests.material.zoo.model import initial_weights, names_and_shapes
from tests.material.zoo.recipes import RECIPES, tiny

QUICK = {r.name: replace(tiny(r), steps=2) for r in RECIPES}


def test_descendants_start_from_their_parent(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """Fine-tune, up-scaled and up-cycled recipes start from base's trained weights."""
    corpus = encode(tokenizer, Text.MAIN, max_chars=60_000)
    train(QUICK["base"], QUICK, corpus, tokenizer, tmp_path)
    base = read_weights(tmp_path / "base")
    up = "model.layers.1.mlp.up_proj.weight"
    tuned = first_weights(QUICK["finetune"], QUICK, tmp_path)
    assert all(np.array_equal(tuned[n], base[n]) for n in base)
    scaled = first_weights(QUICK["upscaled"], QUICK, tmp_path)
    assert np.array_equal(scaled[up.replace("layers.1", "layers.2")], base[up])
    mixed = first_weights(QUICK["upcycled"], QUICK, tmp_path)
    assert np.array_equal(mixed["model.layers.1.block_sparse_moe.experts.3.w3.weight"], base[up])
    for name, weights in (("upscaled", scaled), ("upcycled", mixed)):
        expected = names_and_shapes(QUICK[name].shape)
        assert {n: w.shape for n, w in weights.items()} == expected


def test_manifest_tells_seed_data_and_loss(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """A trained mixture leaves its facts, no partial state, and is not trained again."""
    corpus = encode(tokenizer, Text.MAIN, max_chars=60_000)
    for _ in range(2):
        train(QUICK["moe"], QUICK, corpus, tokenizer, tmp_path)
    write_manifest(tmp_path)
    facts = json.loads((tmp_path / "manifest.json").read_text())
    assert [f["name"] for f in facts] == ["moe"]
    assert facts[0]["init_seed"] == QUICK["moe"].init_seed
    assert facts[0]["text_sha256"] == corpus.sha256
    assert facts[0]["loss"] < facts[0]["loss_before"]
    assert not (tmp_path / "moe" / PARTIAL).exists()


def test_missing_parent_is_named(tmp_path: Path) -> None:
    """A fine-tune of a model that is not there says which folder lacks weights."""
    with pytest.raises(FileNotFoundError, match="base holds no finished"):
        first_weights(QUICK["finetune"], QUICK, tmp_path)


def test_siblings_share_initial_weights_only() -> None:
    """Sib starts where base started, on other text; twin differs from base in the seed alone."""
    by_name = {r.name: r for r in RECIPES}
    base, sib, twin = (by_name[n] for n in ("base", "sib", "twin"))
    assert (sib.init_seed, sib.start) == (base.init_seed, None)
    assert sib.text is not base.text
    assert twin == replace(base, name="twin", meaning=twin.meaning, init_seed=1)
    one, other = (initial_weights(r.shape, r.init_seed) for r in (base, twin))
    assert not np.array_equal(one["lm_head.weight"], other["lm_head.weight"])


def test_there_are_enough_independent_models() -> None:
    """At least nine models share no ancestor, so there are 72 ordered pairs or more."""
    alone = [r for r in RECIPES if r.start is None and r.name != "sib" and not r.shape.experts]
    assert len({r.init_seed for r in alone}) == len(alone) >= 9


def test_unknown_name_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A name without recipe ends with code 2 and a list of the known ones."""
    with pytest.raises(SystemExit) as stopped:
        main(["nobody"])
    assert stopped.value.code == 2
    assert "no recipe for nobody; known are base, twin" in capsys.readouterr().err
