"""Is the zoo's model the one that ``transformers`` knows?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM

from tests.material.zoo.folder import write_model
from tests.material.zoo.model import initial_weights, logits, names_and_shapes
from tests.zoo.conftest import SMALL, drawn


@pytest.mark.parametrize("experts", [0, 3])
def test_logits_are_those_of_transformers(
    experts: int, tmp_path: Path, ids: NDArray[np.int64]
) -> None:
    """A written folder loads as Llama or Mixtral and gives the logits computed here."""
    # The grouped product of ``transformers`` wants strides of 16 bytes.
    shape = replace(SMALL, hidden=16, neurons=16, experts=experts)
    weights = drawn(shape, 4)
    write_model(tmp_path, weights, shape.config(), tokenizer_files={}, card="", dtype="F32")
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    with torch.no_grad():
        theirs = loaded(torch.from_numpy(ids)).logits.numpy()
    assert np.abs(theirs - logits(weights, shape, ids)).max() < 1e-4


def test_initial_weights_have_the_named_shapes() -> None:
    """Initial weights fill every named tensor, and the seed alone decides them."""
    one, again, other = (initial_weights(SMALL, seed) for seed in (0, 0, 1))
    assert {n: w.shape for n, w in one.items()} == names_and_shapes(SMALL)
    assert all(np.array_equal(one[n], again[n]) for n in one)
    assert not np.array_equal(one["lm_head.weight"], other["lm_head.weight"])
