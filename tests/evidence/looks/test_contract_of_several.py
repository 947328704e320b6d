"""Do the looks that need more than two models keep the promises of the others?

A fit of several bases, what a subject holds of a suspect's change, and the sum of a base and an
adapter stand outside the registry. They spend nothing on orders, so they move no bound; they show
nothing of strangers, see what was planted, and refuse by value and by limit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from safetensors.numpy import save_file

from hubcheck.checkpoint.adapter import ADAPTER_FILE
from hubcheck.checkpoint.adapter_update import Updates, updates_of
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.adapter_sum import add_up
from hubcheck.evidence.looks.closeness.run import held_change
from hubcheck.evidence.looks.merge.run import MergeMember, merge_shares
from hubcheck.evidence.refused import LIMITS, Refused, Why, attempt, the_look
from hubcheck.model import Access, Model, open_model
from hubcheck.source.ledger import Purpose
from hubcheck.source.reference import parse_reference
from hubcheck.verdict.closeness import closeness_of
from tests.evidence.laboratory import Weights, model, plain, shipped, write
from tests.material.zoo.alterations import blend

LIMIT: Final = 2_000_000
SIZE: Final = 0.05
RANK: Final = 4
TARGETS: Final = ("q_proj.weight", "down_proj.weight")


def opened(folder: Path, *, is_subject: bool = False) -> Model:
    """Open a folder with a usual budget."""
    access = Access(max_read=64_000_000, token=None, endpoint=None)
    return open_model(parse_reference(str(folder)), access, is_subject=is_subject)


def factors() -> dict[str, Weights]:
    """Return A and B of an update by the matrix that it changes."""
    rng = np.random.default_rng(8)
    found = {}
    for name, values in shipped("base").items():
        if name.endswith(TARGETS):
            n_out, n_in = values.shape
            each = np.sqrt(SIZE * float(values.std()) / np.sqrt(RANK))
            a, b = rng.standard_normal((RANK, n_in)), rng.standard_normal((n_out, RANK))
            found[name] = {"A": (each * a).astype("f4"), "B": (each * b).astype("f4")}
    return found


def adapter(folder: Path) -> Path:
    """Write those factors as PEFT does."""
    folder.mkdir(exist_ok=True)
    stored = {
        f"base_model.model.{name.removesuffix('.weight')}.lora_{which}.weight": values
        for name, pair in factors().items()
        for which, values in pair.items()
    }
    save_file(stored, folder / ADAPTER_FILE)
    config = {"peft_type": "LORA", "r": RANK, "lora_alpha": RANK, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


def summed() -> Weights:
    """Return the base with the adapter merged."""
    weights = shipped("base")
    for name, pair in factors().items():
        weights[name] = weights[name] + pair["B"] @ pair["A"]
    return weights


def _merge(subject: Model, _room: Path, limit: int) -> tuple[Any, tuple[Model, ...]]:
    bases = {name: opened(model(name)) for name in ("base", "continued")}
    members = [MergeMember(ref=name, reader=one.reader) for name, one in bases.items()]
    left = attempt(
        lambda: merge_shares(subject.reader, members, Draw(5), limit=limit), the_look("merge")
    )
    return left, tuple(bases.values())


def _held(subject: Model, _room: Path, limit: int) -> tuple[Any, tuple[Model, ...]]:
    base, suspect = opened(model("base")), opened(model("continued"))
    readers = (base.reader, suspect.reader, subject.reader)
    left = attempt(lambda: held_change(*readers, Draw(5), limit=limit), the_look("held-change"))
    return left, (base, suspect)


def _sum(subject: Model, room: Path, limit: int) -> tuple[Any, tuple[Model, ...]]:
    base, folder = opened(model("base")), adapter(room / "adapter")
    config = json.loads((folder / "adapter_config.json").read_text())
    updates = updates_of(opened(folder).source, config)
    assert isinstance(updates, Updates)
    left = attempt(
        lambda: add_up(base.anatomy, subject.anatomy, updates, seed=5, limit=limit),
        the_look("adapter"),
    )
    return left, (base,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A look at more than two models, what it is made to see, and whether it saw it."""

    take: Callable[[Model, Path, int], tuple[Any, tuple[Model, ...]]]
    planted: Callable[[], Weights]
    sees: Callable[[Any], bool]


CASES: Final = {
    "merge": Case(
        take=_merge,
        planted=lambda: blend([(shipped("base"), 0.4), (shipped("continued"), 0.6)]),
        sees=lambda seen: seen.is_merge,
    ),
    "held-change": Case(
        take=_held,
        planted=lambda: shipped("continued"),
        sees=lambda seen: closeness_of(0.9, 0.9, seen, searches=1).held,
    ),
    "adapter": Case(take=_sum, planted=summed, sees=lambda seen: seen.equal > 0),
}
EACH = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


def subject_of(room: Path, weights: Weights) -> Model:
    """Write and open a subject."""
    return opened(write(room / "subject", plain(weights)), is_subject=True)


@EACH
def test_what_was_planted_is_seen_and_costs_no_more_than_the_limit(
    case: Case, tmp_path: Path
) -> None:
    """Each sees what it is made for, within the bytes that a plan names."""
    subject = subject_of(tmp_path, case.planted())
    left, others = case.take(subject, tmp_path, LIMIT)
    assert not isinstance(left, Refused), left
    assert case.sees(left)
    for one in (subject, *others):
        assert one.source.ledger.by_purpose()[Purpose.WEIGHTS] <= LIMIT


@EACH
@pytest.mark.parametrize("stranger", ["twin", "finetune"])
def test_a_stranger_and_a_sibling_show_nothing(case: Case, stranger: str, tmp_path: Path) -> None:
    """Neither an independent model nor another child of the base is taken for what was planted."""
    left, _ = case.take(subject_of(tmp_path, shipped(stranger)), tmp_path, LIMIT)
    assert isinstance(left, Refused) or not case.sees(left)


@EACH
def test_a_value_that_is_no_number_is_a_refusal(case: Case, tmp_path: Path) -> None:
    """NaN of the subject is a value with its side: no figure, and the check goes on."""
    weights = case.planted()
    for name, values in weights.items():
        if values.ndim > 1:
            weights[name] = values.copy()
            weights[name][:, ::3] = np.nan
    left, _ = case.take(subject_of(tmp_path, weights), tmp_path, LIMIT)
    assert isinstance(left, Refused), left
    assert (left.code, left.side) == (Why.VALUES, "subject")


@EACH
def test_an_empty_budget_is_a_refusal(case: Case, tmp_path: Path) -> None:
    """With nothing left to read of the subject the limit is told, and not passed."""
    subject = subject_of(tmp_path, case.planted())
    assert subject.anatomy.matrices  # headers are read
    ledger = subject.source.ledger
    ledger.charge(ledger.remaining, Purpose.WEIGHTS, requests=0)
    left, _ = case.take(subject, tmp_path, LIMIT)
    assert isinstance(left, Refused), left
    assert left.code in LIMITS
    assert ledger.remaining == 0


@EACH
def test_one_seed_gives_one_answer(case: Case, tmp_path: Path) -> None:
    """What is drawn hangs on the seed alone."""
    subject = write(tmp_path / "subject", plain(case.planted()))
    first, second = (case.take(opened(subject), tmp_path, LIMIT)[0] for _ in range(2))
    assert first == second
