"""Models that no rule reads: certified axes decide, inferred ones only suppose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from hubcheck.report.schema import Finding
from hubcheck.report.words import EvidenceKind, ReasonCode, RelationKind, Verdict
from tests.anatomy.test_by_axes import vae
from tests.evidence.laboratory import finding_of

Tensors = Mapping[str, NDArray[np.float32]]
WIDTH: Final = 128
UNITS: Final = 256


def strange() -> dict[str, tuple[int, ...]]:
    """Return the shapes of a model that no table knows: four blocks that widen and narrow."""
    shapes: dict[str, tuple[int, ...]] = {"first": (WIDTH, 20)}
    for n in range(4):
        shapes |= {
            f"trunk.{n}.mix": (WIDTH, WIDTH),
            f"trunk.{n}.wide.a": (UNITS, WIDTH),
            f"trunk.{n}.wide.b": (WIDTH, UNITS),
        }
    return shapes


def drawn(shapes: Mapping[str, tuple[int, ...]], seed: int) -> Tensors:
    """Return values of every tensor; rows have lengths of their own, as after training."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, shape in shapes.items():
        lengths = np.exp(0.3 * rng.normal(size=(shape[0], *[1] * (len(shape) - 1))))
        found[name] = (lengths * rng.normal(size=shape)).astype(np.float32)
    return found


def tuned(tensors: Tensors, seed: int) -> Tensors:
    """Return every value moved a little."""
    rng = np.random.default_rng(seed)
    return {
        n: (t + 0.1 * t.std() * rng.normal(size=t.shape)).astype(np.float32)
        for n, t in tensors.items()
    }


def written(folder: Path, tensors: Tensors, config: Mapping[str, object]) -> Path:
    """Write a model."""
    folder.mkdir()
    save_file(dict(tensors), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def asked(folder: Path, base: Tensors, subject: Tensors, config: Mapping[str, object]) -> Finding:
    """Return what is found of a base."""
    return finding_of(
        written(folder / "base", base, config), written(folder / "subject", subject, config)
    )


SMALL: Final = vae((64, 96), 1)
VAE: Final = {"_class_name": "AutoencoderKL"}


def test_a_child_is_found_by_certified_axes(tmp_path: Path) -> None:
    """Every row says whose axis it is; axes in groups of a norm are paid for as such."""
    base = drawn(SMALL, 1)
    finding = asked(tmp_path, base, tuned(base, 2), VAE)
    assert finding.verdict is Verdict.RELATED
    assert finding.compared > 0.9
    rows = [e for e in finding.evidence if e.test == "neurons"]
    assert all(e.kind is EvidenceKind.EXACT for e in rows)
    assert {"AutoencoderKL" in str(e.note) for e in rows} == {True}


def test_a_stranger_is_unrelated_by_certified_axes(tmp_path: Path) -> None:
    """Kernels hold most of such a model, and their inner channels were tested."""
    finding = asked(tmp_path, drawn(SMALL, 1), drawn(SMALL, 2), VAE)
    assert finding.verdict is Verdict.UNRELATED
    assert finding.order_tested >= 0.5


def test_a_copy_of_half_the_axes_is_never_called_whole(tmp_path: Path) -> None:
    """The decoder is a stranger's."""
    base, other = drawn(SMALL, 1), drawn(SMALL, 2)
    mixed = {n: (base if n.startswith("encoder") else other)[n] for n in base}
    finding = asked(tmp_path, base, mixed, VAE)
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.LAYERS_CHANGED


def test_an_inferred_order_says_related_where_the_base_controls_it(tmp_path: Path) -> None:
    """Four blocks of one size, none in another's order; the kind of evidence is ``assumed``."""
    base = drawn(strange(), 1)
    finding = asked(tmp_path, base, tuned(base, 2), {"model_type": "strange"})
    assert finding.verdict is Verdict.RELATED
    assert {e.kind for e in finding.evidence if e.test == "neurons"} == {EvidenceKind.ASSUMED}


def test_an_inferred_order_never_says_unrelated(tmp_path: Path) -> None:
    """That an axis is free is an assumption."""
    finding = asked(tmp_path, drawn(strange(), 1), drawn(strange(), 2), {"model_type": "strange"})
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.code is ReasonCode.ASSUMED


@pytest.mark.parametrize("blocks", [1])
def test_without_a_control_an_inferred_order_settles_nothing(tmp_path: Path, blocks: int) -> None:
    """One block has no other of its size to be held against, and nothing is bit-equal."""
    shapes = {n: s for n, s in strange().items() if n == "first" or int(n.split(".")[1]) < blocks}
    base = drawn(shapes, 1)
    finding = asked(tmp_path, base, tuned(base, 2), {"model_type": "strange"})
    assert finding.verdict is not Verdict.RELATED
