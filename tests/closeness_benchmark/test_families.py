"""Is a model that was trained among others what it would be alone, and is a family its own?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.closeness import calibrate, families
from benchmarks.closeness.families import FAMILIES, HEIR_CHARS, PARENT_CHARS, plan_of, text_of
from benchmarks.closeness.learn import Arrays, Course, fresh, train
from benchmarks.closeness.train import load, save
from hubcheck.evidence.looks.closeness.calibration import Rows
from hubcheck.statistics.closeness import bound
from tests.material.zoo.model import Shape

SMALL = Shape(vocab=96, hidden=16, neurons=24, layers=1, heads=1, kv_heads=1, head_dim=16)


def test_a_model_trained_among_others_is_what_it_would_be_alone() -> None:
    """Texts, orders, rates and clipping are each model's own."""
    rng = np.random.default_rng(0)
    courses = [
        Course(tokens=rng.integers(0, 96, 500), order_seed=seed, peak=rate)
        for seed, rate in ((1, 5e-3), (2, 2e-2))
    ]
    starts = fresh(SMALL, (3, 4))
    how: dict[str, Any] = {"steps": 4, "batch": 2, "window": 16}
    together, losses = train(starts, SMALL, courses, **how)
    for n, (start, course) in enumerate(zip(starts, courses, strict=True)):
        (alone,), (loss,) = train([start], SMALL, [course], **how)
        assert loss == pytest.approx(losses[n], rel=1e-5)
        for name, values in alone.items():
            np.testing.assert_allclose(together[n][name], values, rtol=1e-4, atol=1e-6)
            assert not np.array_equal(values, start[name])


def test_no_two_families_share_a_text() -> None:
    """Slices of neighbouring families, and of a family's parent and heirs, do not meet."""
    texts = [
        text_of(f, n, c)
        for f in (0, 1)
        for n, c in ((0, PARENT_CHARS), (1, HEIR_CHARS), (2, HEIR_CHARS))
    ]
    joined = np.concatenate(texts)
    assert np.array_equal(joined, text_of(0, 0, joined.size))
    with pytest.raises(ValueError, match="no text for family"):
        text_of(10**6, 0, 10)


def test_a_room_is_a_function_of_its_number() -> None:
    """Every room has one of three shapes, and all three are met."""
    assert plan_of(3) == plan_of(3)
    assert {plan_of(room).shape for room in range(17)} == set(families.SHAPES)


def made(rng: np.random.Generator) -> dict[str, Arrays]:
    """Return a family whose siblings share the large directions of their change."""
    size = {
        "model.layers.0.mlp.gate_proj.weight": (64, 16),
        "model.layers.0.self_attn.o_proj.weight": (64, 16),
    }
    parent = {n: rng.normal(size=s).astype(np.float32) for n, s in size.items()}
    taught = {n: rng.normal(size=(s[0], 2)) @ rng.normal(size=(2, s[1])) for n, s in size.items()}

    def heir(start: Arrays, own: float, learned: float) -> Arrays:
        return {
            n: (w + learned * taught[n] + own * rng.normal(size=w.shape)).astype(np.float32)
            for n, w in start.items()
        }

    siblings = {name: heir(parent, 0.3, 1.0) for name in families.SIBLINGS}
    children = {name: heir(siblings["suspect"], 0.1, 0.0) for name in families.CHILDREN}
    return {"parent": parent, **siblings, **children}


def test_a_table_counts_families_and_tells_children(tmp_path: Path) -> None:
    """A room is read back as it was saved; children lie above every sibling."""
    rng = np.random.default_rng(1)
    room = [made(rng) for _ in range(FAMILIES)]
    save(0, room, tmp_path)
    back = load(0, tmp_path)
    assert np.array_equal(back[2]["child"]["model.layers.0.mlp.gate_proj.weight"],
                          room[2]["child"]["model.layers.0.mlp.gate_proj.weight"])  # fmt: skip
    table = calibrate.table([0], tmp_path)
    assert table["families"] == FAMILIES
    assert table["bound"] == round(bound(FAMILIES, 1), 6)
    above = table["above"]
    assert isinstance(above, dict)
    assert above["child"][Rows.ALL_64.value] == 1.0
