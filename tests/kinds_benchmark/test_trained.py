"""Do the trained children hold what they are said to hold, and are answers counted right?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.kinds.build import Published, shake
from benchmarks.kinds.trained import SAME_FUNCTION, Answer, table
from benchmarks.kinds.trained_models import (
    NEW_WORDS,
    configured,
    largest_difference,
    learn,
    loaded,
    relabelled,
    renumbered,
    save,
    with_new_words,
)

TOKENS = 500


@pytest.fixture(scope="module", params=["BERT", "T5"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return each kind in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def model(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Return an untrained model whose gains and biases have values of their own."""
    torch.manual_seed(0)
    made = configured(kind, TOKENS)
    shake(made, 3)
    return save(made, tmp_path_factory.mktemp(kind))


def test_other_orders_keep_the_function(kind: str, model: Published) -> None:
    """Every matrix is laid out anew, and the outputs are the same to rounding."""
    found = relabelled(kind, model, 5)
    assert largest_difference(kind, model, found) < SAME_FUNCTION / 10
    moved = {n for n in model.tensors if not torch.equal(model.tensors[n], found.tensors[n])}
    matrices = {n for n, t in model.tensors.items() if t.dim() > 1 and "relative" not in n}
    assert matrices - moved <= {"cls.predictions.decoder.weight"}


def test_a_wrong_order_does_not(kind: str, model: Published) -> None:
    """The comparison of outputs sees one matrix whose rows were swapped."""
    name = next(n for n in model.tensors if n.endswith(("value.weight", ".v.weight")))
    tensors = {**model.tensors, name: model.tensors[name].flip(0).contiguous()}
    wrong = Published(tensors=tensors, config=model.config)
    assert largest_difference(kind, model, wrong) > SAME_FUNCTION


def test_new_words_leave_the_body_alone(kind: str, model: Published) -> None:
    """Everything without rows of tokens is the parent's; what has them is of another size."""
    state = with_new_words(kind, model, 3).state_dict()
    for name, values in model.tensors.items():
        if TOKENS in values.shape:
            assert NEW_WORDS in state[name].shape
        else:
            assert torch.equal(state[name], values), name


def test_a_new_vocabulary_says_the_same_under_other_ids() -> None:
    """Every token has one new id, none has its own by rule."""
    ids = torch.arange(TOKENS)
    found = renumbered(ids, TOKENS, 3)
    assert len(set(found.tolist())) == TOKENS
    assert int((found == ids).sum()) < 10


def test_training_learns(kind: str, model: Published) -> None:
    """A text of one repeated token is learned in some steps."""
    made: Any = loaded(kind, model)
    ids = torch.full((2_000,), 7)
    first = learn(made, ids, 1, 2, 1e-4)
    assert learn(made, ids, 1, 12, 3e-3) < first


def answer(**changes: Any) -> Answer:
    """Return two strangers that are called so."""
    plain: dict[str, Any] = {
        "kind": "BERT",
        "subject": "seed 1",
        "base": "seed 2",
        "related": False,
        "verdict": "unrelated",
        "relation": "",
        "declaration": "contradicted",
        "hits": (0, 2),
    }
    return Answer(**{**plain, **changes})


def test_an_open_verdict_is_not_false() -> None:
    """A stranger that matches is, and a child that is called unrelated."""
    assert not answer().false
    assert not answer(verdict="inconclusive").false
    assert answer(verdict="related").false
    child = answer(related=True)
    assert child.false
    assert not answer(related=True, verdict="related").false


def test_the_mean_is_over_families_of_independents_alone(tmp_path: Path) -> None:
    """The hits of a child are not among them."""
    rows = [answer(), answer(hits=(1, 1)), answer(related=True, verdict="related", hits=(384,))]
    text = table(rows)
    assert "independents: 1.00 ± 0.41 hits in 4 families, most 2" in text
    assert "1 of 1 children found" in text
