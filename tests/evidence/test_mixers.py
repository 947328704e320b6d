"""Are hybrids told apart, by their mixers and by their other layers, and are mixers exact?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from hubcheck.anatomy.interface import Anatomy
from hubcheck.anatomy.read import anatomy_of
from hubcheck.card.wording import sentence, words
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.orders.mixers import MixerTest
from hubcheck.report.words import Verdict
from tests.anatomy.tiny import checkpoint_of
from tests.evidence.hybrids import HYBRIDS, Weights, published, write
from tests.evidence.laboratory import finding_of
from tests.tables import taken

NOISE: Final = 0.3
MIXERS: Final = ("state-space", "delta-rule", "convolution")
WITHOUT_OTHERS: Final = frozenset({"Mamba", "Mamba-2"})
"""Families that have neither attention nor MLP."""


@pytest.mark.parametrize("name", taken([*list(HYBRIDS)[::3], "Mamba"], list(HYBRIDS)))
def test_a_copy_is_related_and_an_independent_is_not(name: str, tmp_path: Path) -> None:
    """A noisy copy is related by mixers and by other layers, another start is seen as unrelated."""
    base = write(tmp_path / "base", published(name, 1))
    copy = write(tmp_path / "copy", published(name, 1, noise=NOISE))
    finding = finding_of(copy, base)
    assert finding.verdict is Verdict.RELATED
    body = [e for e in finding.evidence if e.part == "body" and e.test != "signs"]
    mixers = [e for e in body if words(e.family).startswith(MIXERS)]
    assert mixers
    assert all(e.hits == e.units for e in mixers)
    others = [e for e in body if not words(e.family).startswith(MIXERS)]
    assert sum(e.log10_e for e in others) > 10 or name in WITHOUT_OTHERS
    if name in WITHOUT_OTHERS:  # nothing has a role of a matrix: values are held by name
        assert finding.relation is not None
        assert "looked at more closely" not in sentence(finding.relation.detail)
        (body_part,) = (p for p in finding.parts if p.name == "body")
        assert body_part.compared >= 0.9
    independent = write(tmp_path / "independent", published(name, 2))
    finding = finding_of(independent, base, declared=False)
    assert finding.verdict is Verdict.UNRELATED
    assert finding.log10_p == 0
    assert finding.detectable_kept <= 0.2


def anatomy(name: str, seed: int = 1) -> Anatomy:
    """Return the anatomy of a hybrid."""
    tensors, config = published(name, seed)
    return anatomy_of(checkpoint_of(tensors), config)


@pytest.mark.parametrize("name", HYBRIDS)
def test_families_that_share_one_order_are_counted_once(name: str) -> None:
    """Where a norm is shared by all heads, a layer gives one family; else one a head at most."""
    own = anatomy(name)
    blocks = MixerTest(own, own, Draw(3)).base_blocks()
    assert blocks
    assert len(set(blocks)) == len(blocks)
    for layer, mixer in own.mixers.items():
        of_layer = [b for b in blocks if b.layer == layer]
        assert 1 <= len(of_layer) <= (1 if mixer.joint else mixer.heads)


def test_only_mixers_of_one_kind_and_size_are_compared() -> None:
    """A state-space mixer is not held against a delta rule, nor heads against heads of other size."""
    mamba, delta = anatomy("Bamba"), anatomy("Qwen3-Next")
    assert MixerTest(mamba, delta, Draw(3)).base_blocks() == []
    wider = {n: replace(m, heads=2 * m.heads) for n, m in mamba.mixers.items()}
    assert MixerTest(mamba, replace(mamba, mixers=wider), Draw(3)).base_blocks() == []


def test_relabelled_channels_are_a_symmetry_and_leave_no_hit(tmp_path: Path) -> None:
    """Shuffling the channels inside each head of a copy brings its mixers to chance, not others."""
    base, config = published("Bamba", 1)
    rng = np.random.default_rng(5)
    shuffled: Weights = dict(base)
    for layer in (0, 2):
        at = f"model.layers.{layer}.mamba."
        order = np.concatenate([32 * h + rng.permutation(32) for h in range(4)])
        into = base[at + "in_proj.weight"].copy()
        into[:128], into[128:256] = into[:128][order], into[128:256][order]
        shuffled |= {
            at + "in_proj.weight": into,
            at + "out_proj.weight": np.ascontiguousarray(base[at + "out_proj.weight"][:, order]),
        }
    folder = write(tmp_path / "base", (base, config))
    finding = finding_of(write(tmp_path / "subject", (shuffled, config)), folder)
    assert finding.verdict is Verdict.RELATED
    mixers = [e for e in finding.evidence if words(e.family).startswith(MIXERS)]
    assert np.mean([e.hits for e in mixers]) < 4
    assert all(e.log10_e == 0 or e.log10_e < 3 for e in mixers)
