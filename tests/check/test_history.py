"""Is a chain from a fresh draw told from one that begins with a trained model, and a gap from both?

Whole runs of the command on folders; the chains of trained models are ``benchmarks/history``.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from hubcheck.cli import main
from hubcheck.errors import ExitCode
from hubcheck.model import Access, Model, open_model
from hubcheck.report.history import History, Looks
from hubcheck.source.reference import LocalReference
from tests.evidence.laboratory import model
from tests.hubserver import LocalHub
from tests.hubserver.session import reached
from tests.material.zoo.folder import write_model
from tests.material.zoo.model import Shape, Weights, initial_weights

SHAPE: Final = Shape(vocab=128, hidden=48, neurons=96, layers=2, heads=3, kv_heads=3, head_dim=16)
RESERVED: Final = 32


def learned(weights: Weights, step: int) -> Weights:
    """Return weights after a step that writes what training writes: a few directions, gains."""
    rng = np.random.default_rng(step)
    after = {}
    for name, values in weights.items():
        drawn = rng.standard_normal(sum(values.shape)).astype(np.float32)
        after[name] = values + (
            0.02 * drawn
            if values.ndim < 2
            else 0.03 * np.outer(drawn[: values.shape[0]], drawn[values.shape[0] :])
        )
    tokens = "model.embed_tokens.weight"
    after[tokens][-RESERVED:] = 0.99 * weights[tokens][-RESERVED:]
    return after


def put(folder: Path, weights: Weights) -> None:
    """Write one state."""
    write_model(folder, weights, SHAPE.config(), tokenizer_files={}, card="# M\n", dtype="F32")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a draw and two states after it; names that no order of letters sorts."""
    folder = tmp_path_factory.mktemp("run")
    weights = initial_weights(SHAPE, 3)
    for n, name in enumerate(("checkpoint-0", "checkpoint-90", "checkpoint-1000")):
        weights = learned(weights, n) if n else weights
        put(folder / name, weights)
    return folder


def asked(out: Path, *models: Path | str) -> History:
    """Return the chain that the command tells of."""
    assert main(["history", *map(str, models), "--seed", "1", "--out", str(out)]) == ExitCode.OK
    assert (out / "history.html").stat().st_size > 1000
    return History.model_validate_json((out / "history.json").read_text(encoding="utf-8"))


def test_a_chain_from_a_draw_looks_like_one(run: Path, tmp_path: Path) -> None:
    """In the order of the numbers; the draw has nothing beyond it, constant gains, still tokens."""
    found = asked(tmp_path, run)
    assert [Path(s.ref).name.rpartition("-")[2] for s in found.states] == ["0", "90", "1000"]
    assert found.looks is Looks.FROM_A_DRAW
    first, *later = found.states
    assert first.p > 0.01
    assert (first.beyond, first.constant) == (0, first.gains)
    assert all(s.beyond > 0.05 and s.constant == 0 for s in later)
    assert found.tokens is not None
    assert found.tokens.still == RESERVED
    assert 0.8 < found.tokens.ratio < 1.25
    said = (tmp_path / "history.md").read_text(encoding="utf-8")
    assert "does not prove" in said


def test_a_chain_that_begins_trained_speaks_for_neither(tmp_path: Path) -> None:
    """A trained model and its fine-tune: the first state is no draw."""
    found = asked(tmp_path, model("base"), model("finetune"))
    assert found.looks is Looks.NOT_A_DRAW
    assert found.states[0].p == 0.01


def test_a_draw_that_later_states_do_not_come_from_supports_nothing(
    run: Path, tmp_path: Path
) -> None:
    """Whoever publishes random values before a trained model has shown nothing."""
    put(tmp_path / "draw", initial_weights(SHAPE, 4))
    found = asked(tmp_path / "out", tmp_path / "draw", run / "checkpoint-90")
    assert found.looks is Looks.BROKEN


def test_on_the_hub_numbered_branches_are_the_states_and_else_the_commits(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A branch a state, main last; without any, the commits that changed the weights."""
    with reached(LocalHub(), monkeypatch) as hub:
        hub.add_repo("acme/branches", run / "checkpoint-1000")
        hub.add_repo("acme/plain", run / "checkpoint-0")
        for name in ("0", "90"):
            files = {p.name: p for p in (run / f"checkpoint-{name}").iterdir()}
            hub.push("acme/branches", files, ref=f"step{name}")
        hub.push("acme/plain", {"README.md": b"# another card\n"})
        last = {p.name: p for p in (run / "checkpoint-90").iterdir()}
        hub.push("acme/plain", last)
        branches = asked(tmp_path / "a", "acme/branches")
        commits = asked(tmp_path / "b", "acme/plain")
    assert [s.asked for s in branches.states] == ["step0", "step90", ""]
    assert branches.looks is Looks.FROM_A_DRAW
    assert (len(commits.states), commits.looks) == (2, Looks.FROM_A_DRAW)


def test_a_state_is_opened_once(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it is looked at alone, against the one before it and against the one after it."""
    seen: list[str] = []

    def counted(reference: LocalReference, access: Access, **more: Any) -> Model:
        seen.append(reference.path.name)
        return open_model(reference, access, **more)

    for module in ("history", "compare", "observe"):
        monkeypatch.setattr(f"hubcheck.check.{module}.open_model", counted, raising=False)
    asked(tmp_path, run)
    assert seen == ["checkpoint-0", "checkpoint-90", "checkpoint-1000"]


def test_a_model_of_no_kind_that_is_understood_says_so(tmp_path: Path) -> None:
    """A code in the result, a sentence on the card."""
    for n in range(2):
        write_model(tmp_path / str(n), {"a": np.eye(4, dtype=np.float32)}, {}, tokenizer_files={},
                    card="", dtype="F32")  # fmt: skip
    found = asked(tmp_path / "out", tmp_path / "0", tmp_path / "1")
    assert [(s.matrices, s.fault) for s in found.states] == [(0, ""), (0, "")]
    said = (tmp_path / "out" / "history.md").read_text(encoding="utf-8")
    assert "too few matrices of a kind that is understood" in said


def test_one_state_is_no_chain(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says how states are named."""
    shutil.copytree(run / "checkpoint-0", tmp_path / "one")
    assert main(["history", str(tmp_path / "one")]) == ExitCode.USAGE
    assert "no two published states" in capsys.readouterr().err
