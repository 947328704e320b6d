"""Are the calibration models without gates independent, and what transformers computes?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, BertLMHeadModel, GPT2LMHeadModel

from benchmarks.zoo import plain
from benchmarks.zoo.calibration import COHORTS as GATED_COHORTS
from hubcheck.evidence.looks.disguise.calibration import FLOOR, shipped
from hubcheck.statistics.disguise import GATED, PLAIN
from tests.material.zoo.corpus import Corpus, Text, encode
from tests.material.zoo.model import Shape

EVERY = [member for n in range(plain.COHORTS) for member in plain.cohort(n)]
SMALL = Shape(hidden=16, neurons=24, layers=2, heads=4, kv_heads=4, head_dim=4)


@pytest.fixture(scope="module")
def corpora(tokenizer: Tokenizer) -> Mapping[Text, Corpus]:
    """Return the beginnings of both texts."""
    return {text: encode(tokenizer, text, max_chars=20_000) for text in Text}


def test_the_mixture_is_the_one_argued() -> None:
    """Half are post-norm, three fifths differ in the seed alone, and no seed or name is shared."""
    assert Counter(m.kind for m in EVERY) == {"post": 100, "pre": 50, "relu": 50}
    assert Counter(m.variant for m in EVERY) == {"hard": 120, "text": 40, "shape": 40}
    assert len({m.name for m in EVERY}) == len({m.init_seed for m in EVERY}) == len(EVERY)
    gated = {m.init_seed for cohort in GATED_COHORTS for m in cohort}
    assert gated.isdisjoint(m.init_seed for m in EVERY)
    for n in range(plain.COHORTS):
        assert len({(m.kind, m.shape) for m in plain.cohort(n)}) == 1


@pytest.mark.parametrize("number", [0, 1, 3])
def test_each_kind_is_what_transformers_computes(number: int) -> None:
    """Post-norm, pre-norm and ReLU models, enlarged, give the logits that their library gives."""
    member = replace(plain.cohort(number)[0], shape=SMALL)
    weights = {n: 8 * w if w.ndim > 1 else w + 0.1 for n, w in plain.initial(member).items()}
    ids = np.arange(24).reshape(1, 2, 12) % SMALL.vocab
    stacked = {n: torch.from_numpy(w)[None] for n, w in weights.items()}
    ours = plain.stacked_logits(stacked, member, torch.from_numpy(ids))[0]
    told: dict[str, Any] = member.config()
    config: Any = AutoConfig.for_model(**told)
    model: Any
    if member.kind == "post":
        config.is_decoder = True
        model = BertLMHeadModel(config)
        model.bert.embeddings.token_type_embeddings.weight.data.zero_()
        names = {"cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"}
    else:
        model = GPT2LMHeadModel(config)
        names = {"lm_head.weight": "transformer.wte.weight"}
    prefix = "" if member.kind == "post" else "transformer."
    state = {prefix + n: torch.from_numpy(w) for n, w in plain.published(member, weights).items()}
    state |= {tied: state[name] for tied, name in names.items()}
    if member.kind == "post":
        state["cls.predictions.decoder.bias"] = state["cls.predictions.bias"]
    left = model.load_state_dict(state, strict=False)
    assert not left.unexpected_keys
    assert all("token_type" in name for name in left.missing_keys)
    with torch.no_grad():
        theirs = model.eval()(torch.from_numpy(ids[0])).logits.flatten(0, 1)
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_no_model_feels_its_neighbours(
    corpora: Mapping[Text, Corpus], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model ends at the same bytes whichever others are stacked beside it, and learns."""
    monkeypatch.setattr(plain, "STEPS", 10)
    one, two, three = (replace(m, shape=SMALL) for m in plain.cohort(5)[:3])
    beside_two, first = plain.train((one, two), corpora)
    beside_three, _ = plain.train((one, three), corpora)
    assert all(np.array_equal(beside_two[0][n], beside_three[0][n]) for n in beside_two[0])
    assert not np.array_equal(beside_two[0]["tokens"], plain.initial(one)["tokens"])
    assert first < np.log(SMALL.vocab) + 0.1


def test_the_shipped_table_is_large_enough_for_one_base() -> None:
    """Two views agree by chance more often than three: another table, with a bound of its own."""
    tables = shipped()
    assert tables[PLAIN].models == len(EVERY)
    assert tables[PLAIN].bound(1) <= FLOOR < tables[PLAIN].bound(2)
    assert tables[GATED].bound(2) <= FLOOR
    assert tables[PLAIN].greatest > tables[GATED].greatest
    assert tables[PLAIN].pairs >= tables[PLAIN].models // 2
