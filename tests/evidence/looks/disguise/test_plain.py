"""Is a relabelled encoder without gates found again, and proven by what the match never saw?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from hubcheck.evidence.looks.disguise.calibration import FLOOR, shipped
from hubcheck.evidence.looks.disguise.plan import AT_SAMPLE
from hubcheck.evidence.looks.disguise.run import Disguise, DisguiseTest
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.side import SharedTokens
from hubcheck.model import Model
from hubcheck.statistics.disguise import GATED, PLAIN
from tests.evidence import laboratory
from tests.evidence.looks.disguise.test_disguise import opened, proven

WIDTH, NEURONS, HEADS, LAYERS, TOKENS = 32, 96, 4, 3, 256
DIMS = WIDTH // HEADS
CONFIG = {
    "model_type": "bert",
    "architectures": ["BertModel"],
    "vocab_size": TOKENS,
    "hidden_size": WIDTH,
    "intermediate_size": NEURONS,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "max_position_embeddings": 16,
}
Tensors = dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]


def encoder(seed: int) -> Tensors:
    """Return a BERT that was drawn, each row of a length of its own."""
    rng = np.random.default_rng(seed)

    def matrix(n: int, m: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return (rng.standard_normal((n, m)) * rng.uniform(0.5, 2, (n, 1))).astype(np.float32)

    def vector(n: int, about: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return (about + 0.1 * rng.standard_normal(n)).astype(np.float32)

    made: Tensors = {
        "embeddings.word_embeddings.weight": matrix(TOKENS, WIDTH),
        "embeddings.position_embeddings.weight": matrix(16, WIDTH),
        "embeddings.LayerNorm.weight": vector(WIDTH, 1),
        "embeddings.LayerNorm.bias": vector(WIDTH, 0),
    }
    for i in range(LAYERS):
        at = f"encoder.layer.{i}."
        shapes = {f"attention.self.{n}": (WIDTH, WIDTH) for n in ("query", "key", "value")}
        shapes |= {
            "attention.output.dense": (WIDTH, WIDTH),
            "intermediate.dense": (NEURONS, WIDTH),
            "output.dense": (WIDTH, NEURONS),
        }
        for name, (n, m) in shapes.items():
            made |= {f"{at}{name}.weight": matrix(n, m), f"{at}{name}.bias": vector(n, 0)}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            made |= {
                f"{at}{name}.weight": vector(WIDTH, 1),
                f"{at}{name}.bias": vector(WIDTH, 0),
            }
    return made


def relabelled(tensors: Tensors, seed: int, *, flip: bool) -> Tensors:
    """Return the same function: channels, neurons and V/O dimensions in another order.

    Args:
        tensors: Of ``encoder``.
        seed: Of the new orders.
        flip: Whether half of the V/O dimensions change their sign, too.
    """
    rng = np.random.default_rng(seed)
    channels = rng.permutation(WIDTH)
    made = dict(tensors)
    for i in range(LAYERS):
        at = f"encoder.layer.{i}."
        neurons = rng.permutation(NEURONS)
        inside = np.concatenate([h * DIMS + rng.permutation(DIMS) for h in range(HEADS)])
        sign = rng.choice([-1.0, 1.0], WIDTH).astype(np.float32) if flip else np.ones(WIDTH, "f4")
        for end in ("weight", "bias"):
            up, v = f"{at}intermediate.dense.{end}", f"{at}attention.self.value.{end}"
            made[up] = made[up][neurons]
            made[v] = (made[v].T * sign).T[inside]
        made[f"{at}output.dense.weight"] = made[f"{at}output.dense.weight"][:, neurons]
        out = f"{at}attention.output.dense.weight"
        made[out] = (made[out] * sign)[:, inside]
    for name, values in made.items():
        if "output" in name or "LayerNorm" in name:
            made[name] = values[channels]
        elif values.ndim > 1:
            made[name] = values[:, channels]
    return made


def written(folder: Path, tensors: Tensors) -> Path:
    """Write an encoder and return its folder."""
    folder.mkdir(parents=True)
    save_file(
        {n: np.ascontiguousarray(t) for n, t in tensors.items()}, folder / "model.safetensors"
    )
    (folder / "config.json").write_text(json.dumps(CONFIG))
    return folder


def run(base: Path, subject: Path) -> Disguise | Refused:
    """Make the disguise test of two folders whose tokens have the same ids."""
    return run_opened(opened(base), opened(subject))


def run_opened(a: Model, b: Model) -> Disguise | Refused:
    """Make it of two opened models."""
    every = tuple(range(TOKENS))
    tokens = SharedTokens(base_ids=every, subject_ids=every)
    test = DisguiseTest(a.reader, b.reader, tokens, seed=1, effort=AT_SAMPLE)
    return test.run(calibration=shipped(), n_bases=1, budget=10**9, progress=lambda _text: None)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the base of all tests here."""
    return written(tmp_path_factory.mktemp("plain") / "base", encoder(1))


def seen(base: Path, folder: Path, change: Callable[[Tensors], Tensors]) -> Disguise:
    """Return what the test sees of a changed copy of the base."""
    found = run(base, written(folder / "subject", change(encoder(1))))
    assert isinstance(found, Disguise), found
    return found


def test_a_relabelled_encoder_is_proven_by_the_signs_of_its_values(
    base: Path, tmp_path: Path
) -> None:
    """Neurons are matched by up and down; V/O signs, which no match has seen, settle it exactly."""
    found = seen(base, tmp_path, lambda t: relabelled(t, 5, flip=False))
    assert found.mlps.matrices == PLAIN
    assert found.score.agreement > 0.9
    assert not found.signs
    assert [s.agreements for s in found.values] == [s.pairs for s in found.values]
    assert proven(found)


def test_flipped_values_leave_a_match_that_nothing_proves(base: Path, tmp_path: Path) -> None:
    """With the signs randomised as well no exact test remains: the table alone speaks for it."""
    found = seen(base, tmp_path, lambda t: relabelled(t, 6, flip=True))
    assert found.score.agreement > 0.9
    assert sum(s.pairs for s in found.values) > 64
    assert not proven(found)
    assert found.calibrated


@pytest.mark.parametrize("seed", [2, 3])
def test_a_strange_encoder_matches_nowhere(base: Path, tmp_path: Path, seed: int) -> None:
    """An independent encoder is not found, and no coin is thrown for it."""
    found = seen(base, tmp_path, lambda _: encoder(seed))
    assert not found.found
    assert (found.values, found.log_e) == ((), 0.0)


def test_coins_are_fair_where_magnitudes_are_copied_and_signs_drawn(
    base: Path, tmp_path: Path
) -> None:
    """Where a base's signs were drawn anew, agreements stay near one half: the null as it is."""
    found = seen(base, tmp_path, lambda t: relabelled(t, 7, flip=True))
    agree, of = sum(s.agreements for s in found.values), sum(s.pairs for s in found.values)
    assert abs(agree - of / 2) < 4 * (of / 4) ** 0.5


def test_an_attention_of_unknown_kind_has_no_coins(base: Path, tmp_path: Path) -> None:
    """Where something may stand between V and O the signs prove nothing."""
    subject = written(tmp_path / "subject", relabelled(encoder(1), 5, flip=False))
    a, b = opened(base), opened(subject)
    object.__setattr__(a.anatomy, "fair_values", False)
    found = run_opened(a, b)
    assert isinstance(found, Disguise)
    assert found.found
    assert not found.values
    assert not proven(found)


def test_a_gated_model_and_an_encoder_have_no_mlp_in_common(base: Path) -> None:
    """Three matrices are not matched with two."""
    found = run(laboratory.model("base"), base)
    assert isinstance(found, Refused)
    assert found.code is Why.NO_COMMON_MLP


def test_a_table_too_small_for_the_bases_tried_gives_no_verdict() -> None:
    """Of MLPs without gates the table pays for one base; with two the match alone says nothing."""
    assert shipped()[PLAIN].bound(1) <= FLOOR < shipped()[PLAIN].bound(2)
    assert shipped()[GATED].bound(2) <= FLOOR
