"""Does an order that comes from a patterned initialisation accuse nobody, whatever the depth?

The models are really trained: gate, up and down start as an identity of a few times the noise, the
noise, the data and their order are each model's own, so all that they share is the pattern.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from hubcheck.evidence.family import Test as Kind
from hubcheck.report.words import DeclarationVerdict, Depth, RelationKind, Verdict
from hubcheck.statistics.profiles import profile
from hubcheck.statistics.shared_order import STRUCTURED, orders_of
from tests.evidence.laboratory import (
    Weights,
    comparison_of,
    model,
    outcome_of,
    plain,
    request,
    write,
)
from tests.evidence.looks.sides import mapped
from tests.material.zoo.corpus import Text
from tests.material.zoo.learn import TINY, train_tiny
from tests.material.zoo.model import Shape, initial_weights
from tests.tables import taken

SQUARE: Final = replace(TINY, neurons=TINY.hidden)
"""As many neurons as channels: every neuron has a channel of its own."""
STEPS: Final = 40
KINDS: Final = {
    "wide": (TINY, 1.5),
    "wide, strong": (TINY, 2.5),
    "square, strong": (SQUARE, 2.0),
}
"""Shape, and the identity over the noise: without the guards each was related at some depth."""


def patterned(shape: Shape, seed: int, size: float) -> Weights:
    """Return initial weights whose MLPs are an identity (repeated) plus noise of the seed's own."""
    weights = initial_weights(shape, seed)
    for name, drawn in weights.items():
        if "mlp" not in name:
            continue
        rows, columns = drawn.shape
        n = np.arange(max(rows, columns))
        pattern = np.zeros_like(drawn)
        pattern[n % rows, n % columns] = 1.0
        height = 0.5 * size * float(drawn.std()) * np.sqrt(min(rows, columns))
        weights[name] = (drawn + height * pattern).astype(np.float32)
    return weights


@pytest.fixture(scope="module")
def crowd(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[Text, NDArray[np.int64]]
) -> Mapping[str, list[Path]]:
    """Return four models of each kind that share a pattern and nothing else."""
    room = tmp_path_factory.mktemp("patterned")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    made: dict[str, list[Path]] = {}
    for kind, (shape, size) in KINDS.items():
        for seed in range(4):
            text = texts[list(Text)[seed % 2]]
            start = patterned(shape, seed, size)
            weights, _ = train_tiny(text, start=start, order_seed=seed, steps=STEPS, shape=shape)
            folder = write(room / f"{kind}-{seed}", plain(weights, shape))
            made.setdefault(kind, []).append(folder)
    torch.set_num_threads(threads)
    return made


@pytest.mark.parametrize("depth", [Depth.SAMPLE, Depth.DEEP])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(taken(1, 4)))
def test_a_shared_pattern_accuses_nobody(
    crowd: Mapping[str, list[Path]], kind: str, seed: int, depth: Depth
) -> None:
    """Independent models with a structured initialisation are never related, at any depth."""
    subject, base = crowd[kind][seed], crowd[kind][(seed + 1) % 4]
    report = outcome_of(request(subject, [], [base], seed=seed, depth=depth)).report
    assert report.findings[0].verdict in (Verdict.UNRELATED, Verdict.INCONCLUSIVE)
    assert report.verdict in (DeclarationVerdict.NONE_FOUND, DeclarationVerdict.INCONCLUSIVE)


@pytest.mark.parametrize("kind", KINDS)
def test_neurons_of_such_a_base_abstain_and_say_why(
    crowd: Mapping[str, list[Path]], kind: str
) -> None:
    """No neuron order speaks, in the sample or in the map; the V/O dimensions still do."""
    subject, base = crowd[kind][:2]
    seen = comparison_of(subject, base)
    assert Kind.NEURONS not in {o.test for o in seen.outcomes}
    assert Kind.VO in {o.test for o in seen.outcomes}
    assert {a.reason for a in seen.abstentions} == {STRUCTURED}
    found = mapped(base, subject)
    assert not found.standing


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_of_such_a_model_is_still_known_by_its_other_orders(
    crowd: Mapping[str, list[Path]],
    kind: str,
    texts: dict[Text, NDArray[np.int64]],
    tmp_path: Path,
) -> None:
    """What was fine-tuned from one of them is related by V/O dimensions alone."""
    base = crowd[kind][0]
    subject = write(tmp_path / "tuned", plain(_tuned(base, texts[Text.OTHER]), KINDS[kind][0]))
    seen = comparison_of(subject, base)
    assert seen.settled_related
    assert {o.test for o in seen.hitting} == {Kind.VO}


def _tuned(base: Path, text: NDArray[np.int64]) -> Weights:
    stored = load_file(base / "model.safetensors")
    start = {name: tensor.float().numpy() for name, tensor in stored.items()}
    shape = replace(TINY, neurons=start["model.layers.0.mlp.gate_proj.weight"].shape[0])
    return train_tiny(text, start=start, order_seed=9, steps=10, rate=1e-3, shape=shape)[0]


def test_layers_laid_out_twice_are_one_order_and_no_pattern() -> None:
    """An up-scaled base is averaged where it repeats itself; its copies are found at any depth."""
    seen = comparison_of(model("upscaled"), model("upscaled"))
    assert Kind.NEURONS in {o.test for o in seen.hitting}
    assert not seen.abstentions
    found = mapped(model("base"), model("upscaled"))
    assert len(found.standing) == len(found.origins)


def _rows(seed: int, units: int = 64) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((units, 64)).astype(np.float32)


@pytest.mark.parametrize(
    ("pattern", "shared"),
    [(0.0, 4), (1.5, None), (3.0, None), (50.0, 1)],
)
def test_a_shared_order_is_read_by_what_is_shared_beside_it(
    pattern: float, shared: int | None
) -> None:
    """Layers apart are distinct orders, a weak or strong pattern abstains, copies are one order."""
    common = np.eye(64, dtype=np.float32) * 3.0 * pattern
    groups = orders_of([profile(_rows(i) + common) for i in range(4)], pool=64)
    assert (None if groups is None else len(groups)) == shared


def test_two_layers_in_one_order_without_its_content_make_all_abstain() -> None:
    """One pair is enough: whatever gave two layers an order may have given the subject's too."""
    layers = [profile(_rows(i)) for i in range(5)]
    weak = np.eye(64, dtype=np.float32) * 4.5
    layers[1], layers[3] = profile(_rows(1) + weak), profile(_rows(3) + weak)
    assert orders_of(layers, pool=64) is None


def test_common_initialisation_is_not_said_of_a_pattern(crowd: Mapping[str, list[Path]]) -> None:
    """A strong pattern looks like shared initial noise; no such relation is claimed."""
    subject, base = crowd["square, strong"][:2]
    finding = outcome_of(request(subject, [base])).report.findings[0]
    assert finding.relation is None or finding.relation.kind is not (
        RelationKind.COMMON_INITIALISATION
    )
