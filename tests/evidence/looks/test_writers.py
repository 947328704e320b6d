"""Do the writers of one layer make a frame in which turned models can be compared exactly?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.writers import WriterEvidence, through_writers
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.side import Side
from tests.evidence import laboratory
from tests.evidence.laboratory import SHAPE, plain, write
from tests.evidence.looks.disguise.test_disguise import opened
from tests.material.zoo import disguises, symmetries


def look(base: Path, subject: Path, seed: int = 1, budget: int = 10**9) -> WriterEvidence | Refused:
    """Look through the writers; no token is shared."""
    sides = [Side(opened(folder).reader, ()) for folder in (base, subject)]
    return through_writers(sides[0], sides[1], Draw(seed), budget=budget)


@pytest.mark.parametrize("name", ["base", "finetune", "continued"])
def test_finds_copies_whose_stream_was_turned(tmp_path: Path, name: str) -> None:
    """A rotated copy, fine-tuned or trained on, shows its neuron order though no token is shared."""
    rng = np.random.default_rng(2)
    rotation = symmetries.random_rotation(SHAPE.hidden, rng)
    turned = symmetries.rotate_channels(laboratory.shipped(name), rotation)
    seen = look(laboratory.model("base"), write(tmp_path / name, plain(turned)))
    assert isinstance(seen, WriterEvidence)
    assert seen.log_e > SETTLED
    assert seen.log_e_without_strongest > NOTABLE
    assert seen.content_stands


@pytest.mark.parametrize("seed", range(6))
def test_strangers_show_nothing(seed: int) -> None:
    """An independent model hits about once a layer, whatever layer makes the frame."""
    seen = look(laboratory.model("base"), laboratory.model("twin"), seed)
    assert isinstance(seen, WriterEvidence)
    assert seen.log_e < NOTABLE
    assert max(one.hits for one in seen.layers) <= 6


def test_hits_of_strangers_average_one() -> None:
    """Over many draws the mean count is the one hit that chance gives."""
    seen = [look(laboratory.model("base"), laboratory.model("twin"), s) for s in range(12)]
    hits = [h.hits for one in seen if isinstance(one, WriterEvidence) for h in one.layers]
    assert np.mean(hits) == pytest.approx(1.0, abs=4 / np.sqrt(len(hits)))


def test_a_forged_order_has_no_content(tmp_path: Path) -> None:
    """A stranger relabelled to match may hit, but its content does not stand."""
    forged = disguises.match_to(laboratory.shipped("twin"), laboratory.shipped("base"), SHAPE)
    seen = look(laboratory.model("base"), write(tmp_path / "forged", plain(forged)))
    assert isinstance(seen, WriterEvidence)
    assert not seen.content_stands


def test_widths_of_the_stream_may_differ(tmp_path: Path) -> None:
    """Profiles are made of neurons, so models of another hidden size are compared as well."""
    small = laboratory.derived("pruned-channels", "base")
    seen = look(laboratory.model("base"), write(tmp_path / "narrow", small))
    assert isinstance(seen, WriterEvidence)
    assert seen.log_e > SETTLED


def test_what_cannot_be_compared_is_a_reason(tmp_path: Path) -> None:
    """Other neuron counts, or too small a budget, are refused with a code."""
    pruned = laboratory.derived("pruned-neurons", "base")
    other = look(laboratory.model("base"), write(tmp_path / "pruned", pruned))
    poor = look(laboratory.model("base"), laboratory.model("twin"), budget=1000)
    assert isinstance(other, Refused)
    assert other.code is Why.FEW_LAYERS
    assert isinstance(poor, Refused)
    assert poor.code is Why.BUDGET
