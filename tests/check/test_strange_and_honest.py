"""What does a whole check say of honest models that look strange, and of copies that are faint?

Kinds of models on which an earlier version accused somebody, or said more than it had tested. Others
of them have tests where they belong: siblings, shared towers, heads alone, structured initial
weights, damped copies, turned and ternary ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from hubcheck.card.compose import compose
from hubcheck.card.markdown import render
from hubcheck.report.words import DeclarationVerdict, Depth, ReasonCode, Verdict
from tests.evidence.laboratory import Weights, model, outcome_of, plain, request, shipped, write
from tests.material.zoo.planted import Product
from tests.material.zoo.symmetries import mlps
from tests.tables import taken

BYTES: Final = 258
"""Two marks and the 256 bytes, which come first in the tokenizer of the shipped models."""


def planted(kept: float) -> Weights:
    """Return a stranger into all of whose matrices the base was mixed."""
    base, own = shipped("base"), shipped("twin")
    return {
        n: (kept * base[n] * (w.std() / base[n].std()) + np.sqrt(1 - kept**2) * w).astype(
            np.float32
        )
        if w.ndim == 2  # gains stay
        else w
        for n, w in own.items()
    }


def grafted(share: float) -> Weights:
    """Return a stranger with some of the base's neurons in every layer, at their places."""
    base, own = shipped("base"), shipped("twin")
    rng = np.random.default_rng(0)
    for gate, up, down in mlps(own):
        taken = rng.choice(len(own[gate]), round(share * len(own[gate])), replace=False)
        own[gate][taken], own[up][taken] = base[gate][taken], base[up][taken]
        own[down][:, taken] = base[down][:, taken]
    return own


@pytest.mark.parametrize(
    ("make", "how_much"),
    taken(
        [(planted, 0.2), (grafted, 0.05)],
        [(planted, 0.1), (planted, 0.2), (grafted, 0.05), (grafted, 0.2)],
    ),
)
def test_faint_copies_are_open_and_nobody_is_called_a_forger(
    make: Callable[[float], Weights], how_much: float, tmp_path: Path
) -> None:
    """Order without content has three explanations; the card names them and chooses none."""
    folder = write(tmp_path / "m", plain(make(how_much)))
    outcome = outcome_of(request(folder, suspects=[model("base")]))
    (finding,) = outcome.report.findings
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.code is ReasonCode.ORDER_WITHOUT_CONTENT
    assert outcome.exit_code == 0
    card = render(compose(outcome.report))
    assert "a distant copy, a structured initialisation or a relabelling" in card
    assert "relabelled to match" not in card


def by_kurtosis(weights: Weights) -> Weights:
    """Return a model whose neurons were put in the order of their kurtosis."""
    for gate, up, down in mlps(weights):
        rows = weights[gate].astype(np.float64)
        rows -= rows.mean(axis=1, keepdims=True)
        order = np.argsort((rows**4).mean(axis=1) / (rows**2).mean(axis=1) ** 2)
        weights[gate], weights[up] = weights[gate][order], weights[up][order]
        weights[down] = weights[down][:, order]
    return weights


@pytest.mark.parametrize("depth", taken([Depth.DEEP], [Depth.SAMPLE, Depth.DEEP]))
def test_strangers_whose_neurons_are_sorted_alike_accuse_nobody(
    depth: Depth, tmp_path: Path
) -> None:
    """Both are in the order of one figure: those orders say nothing, and nothing else is found."""
    folders = [
        write(tmp_path / name, plain(by_kurtosis(shipped(name)))) for name in ("twin", "base")
    ]
    outcome = outcome_of(request(folders[0], suspects=[folders[1]], depth=depth))
    (finding,) = outcome.report.findings
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.code is ReasonCode.BODY_NOT_COMPARED
    assert finding.log10_p == 0
    assert outcome.exit_code == 0


def of_bytes(weights: Weights) -> Product:
    """Return a model that knows bytes and two marks, and no longer token."""
    few = {
        n: w[:BYTES] if n.startswith(("model.embed", "lm_head")) else w for n, w in weights.items()
    }
    made = plain(few, replace(plain(weights).shape, vocab=BYTES))
    rules = json.loads(made.files["tokenizer.json"])
    rules["model"]["vocab"] = {t: n for t, n in rules["model"]["vocab"].items() if n < BYTES}
    rules["model"]["merges"] = []
    rules["added_tokens"] = [t for t in rules["added_tokens"] if t["id"] < BYTES]
    return replace(made, files={**made.files, "tokenizer.json": json.dumps(rules)})


@pytest.mark.parametrize(
    ("who", "verdict"),
    [
        ("continued", DeclarationVerdict.CONFIRMED),
        ("twin", DeclarationVerdict.CONTRADICTED),
    ],
)
def test_a_vocabulary_of_bytes_is_vocabulary_enough(
    who: str, verdict: DeclarationVerdict, tmp_path: Path
) -> None:
    """The 256 bytes are in every such model's vocabulary: a child is found, a stranger is none."""
    subject, base = (write(tmp_path / name, of_bytes(shipped(name))) for name in (who, "base"))
    assert outcome_of(request(subject, [base])).report.verdict is verdict
