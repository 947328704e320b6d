"""Do honest makers who fine-tune one base on one data set accuse each other, and who copies one?

They share their base, their data and most of their change; each declares the base. Measured on the
first version: 30 of 30 ordered pairs undeclared. A child of one of them that declares the base
holds what that maker made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from hubcheck.card.compose import compose
from hubcheck.card.markdown import render
from hubcheck.card.wording import words
from hubcheck.report.phrase_codes import PhraseCode
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict
from hubcheck.verdict.closeness import NotNamed
from tests.evidence.conftest import Trained
from tests.evidence.laboratory import (
    Weights,
    outcome_of,
    plain,
    report_of,
    request,
    weights_of,
    write,
)
from tests.material.zoo.corpus import Text
from tests.material.zoo.learn import TINY, train_tiny
from tests.tables import taken

MAKERS: Final = 6
STEPS: Final = 60
RATE: Final = 3e-3


@pytest.fixture(scope="module")
def makers(
    independents: list[Trained],
    texts: dict[Text, NDArray[np.int64]],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Path]:
    """Return fine-tunes of one base on one text, each in an order of its own."""
    room = tmp_path_factory.mktemp("makers")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found = []
    for maker in range(taken(3, MAKERS)):
        weights, _ = train_tiny(
            texts[Text.OTHER],
            start=independents[0].weights,
            order_seed=500 + maker,
            steps=STEPS,
            rate=RATE,
        )
        found.append(write(room / f"maker-{maker}", plain(weights, TINY)))
    torch.set_num_threads(threads)
    return found


def test_siblings_do_not_accuse_each_other(makers: list[Path], independents: list[Trained]) -> None:
    """Every ordered pair is confirmed: the sibling is related, explained, and no merge."""
    base = independents[0].folder
    for subject, suspect in permutations(makers, 2):
        report = report_of(subject, [base], [suspect], seed=3)
        declared, sibling = report.findings
        assert declared.verdict is Verdict.RELATED
        assert sibling.verdict is Verdict.RELATED
        assert sibling.relation is not None
        assert sibling.relation.kind is not RelationKind.MERGE
        assert sibling.explained_by == str(base)
        assert report.verdict is DeclarationVerdict.CONFIRMED


def child_of(maker: Path, texts: dict[Text, NDArray[np.int64]], room: Path, *, seed: int) -> Path:
    """Return a maker's model trained on lightly, in an order of its own."""
    weights, _ = train_tiny(
        texts[Text.MAIN], start=weights_of(maker), order_seed=seed, steps=20, rate=RATE / 4
    )
    return write(room / "child", plain(weights, TINY))


def notes_on(report: Report) -> str:
    """Return the notes of the suspect's finding, in words."""
    return " ".join(words(note) for note in report.findings[1].notes)


def test_a_child_of_a_maker_holds_what_that_maker_changed(
    makers: list[Path],
    independents: list[Trained],
    texts: dict[Text, NDArray[np.int64]],
    tmp_path: Path,
) -> None:
    """Trained on lightly and declared as a fine-tune of the base: undeclared, and told why."""
    child = child_of(makers[0], texts, tmp_path, seed=900)
    report = report_of(child, [independents[0].folder], [makers[0]], seed=3)
    assert report.verdict is DeclarationVerdict.UNDECLARED
    assert report.findings[1].explained_by is None
    assert "families of small models" in notes_on(report)


def test_a_child_of_one_maker_is_no_child_of_another(
    makers: list[Path],
    independents: list[Trained],
    texts: dict[Text, NDArray[np.int64]],
    tmp_path: Path,
) -> None:
    """The other maker shares what the data teach, and is explained by the base."""
    child = child_of(makers[0], texts, tmp_path, seed=901)
    report = report_of(child, [independents[0].folder], [makers[1]], seed=3)
    assert report.findings[1].explained_by == str(independents[0].folder)
    assert report.verdict is DeclarationVerdict.CONFIRMED


def test_a_child_trained_on_far_is_explained_and_told_why(
    makers: list[Path],
    independents: list[Trained],
    texts: dict[Text, NDArray[np.int64]],
    tmp_path: Path,
) -> None:
    """Trained on for as long as its parent: nobody is accused, exit 0, and the card says why not."""
    weights, _ = train_tiny(
        texts[Text.OTHER], start=weights_of(makers[0]), order_seed=902, steps=STEPS, rate=RATE
    )
    child = write(tmp_path / "child", plain(weights, TINY))
    outcome = outcome_of(request(child, [independents[0].folder], [makers[0]], seed=3))
    suspect = outcome.report.findings[1]
    assert outcome.exit_code == 0
    assert outcome.report.verdict is DeclarationVerdict.CONFIRMED
    assert suspect.explained_by == str(independents[0].folder)
    assert suspect.closer
    assert [note.params["why"] for note in suspect.notes if note.code == PhraseCode.NOT_NAMED] == [
        NotNamed.SIBLINGS
    ]
    card = render(compose(outcome.report))
    assert "not named as a source" in card
    assert "families of small models" in card


def test_tensors_that_a_maker_changed_are_held_bit_for_bit(
    makers: list[Path], independents: list[Trained], tmp_path: Path
) -> None:
    """A child whose attention alone was moved needs no calibration, however many are suspected."""
    weights = weights_of(makers[0])
    rng = np.random.default_rng(0)
    for name, w in weights.items():
        if "self_attn" in name:
            weights[name] = w + 0.1 * w.std() * rng.standard_normal(w.shape).astype(np.float32)
    child = write(tmp_path / "child", plain(weights, TINY))
    report = report_of(child, [independents[0].folder], [makers[0], *makers[1:]], seed=3)
    assert report.verdict is DeclarationVerdict.UNDECLARED
    assert "bit for bit" in notes_on(report)
    assert all(f.explained_by is not None for f in report.findings[2:])


def adapter(weights: Weights, other: Weights, scale: float = 1.0) -> Weights:
    """Return a base with a change of rank 4 merged into it."""
    out = {n: w.copy() for n, w in weights.items()}
    for name in weights:
        if "_proj" in name:
            u, s, v = np.linalg.svd(other[name] - weights[name], full_matrices=False)
            out[name] = weights[name] + scale * ((u[:, :4] * s[:4]) @ v[:4]).astype(np.float32)
    return out


def levels(weights: Weights, _other: Weights, scale: float = 1.0) -> Weights:
    """Return a base whose rows were rounded to 8 bits."""
    out = {n: w.copy() for n, w in weights.items()}
    for name, w in weights.items():
        if "_proj" in name:
            step = scale * np.abs(w).max(axis=1, keepdims=True) / 127
            out[name] = np.rint(w / step) * step
    return out


@pytest.mark.parametrize("change", [adapter, levels])
@pytest.mark.parametrize("scale", [1.0, 0.9])
def test_a_change_that_anyone_can_make_is_nobodys_own(
    change: Callable[[Weights, Weights, float], Weights],
    scale: float,
    makers: list[Path],
    independents: list[Trained],
    tmp_path: Path,
) -> None:
    """Two who merged one public adapter, or rounded the base by one rule, accuse nobody."""
    base, tuned = independents[0].weights, weights_of(makers[0])
    one = change(base, tuned, 1.0)
    other = change(base, tuned, scale) | {
        n: tuned[n] for n in base if n.endswith("layernorm.weight")
    }
    folders = [
        write(tmp_path / name, plain(w, TINY)) for name, w in (("one", one), ("other", other))
    ]
    report = report_of(folders[1], [independents[0].folder], [folders[0]], seed=3)
    assert report.verdict is not DeclarationVerdict.UNDECLARED
