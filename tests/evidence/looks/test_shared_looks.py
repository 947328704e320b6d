"""Does a team come to what one process comes to, look by look, and does a small store change it?

Threads stand for processes here; processes over sockets: ``whole/test_two_processes.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hubcheck.devices.choice import Device, Kind
from hubcheck.devices.team import ALONE, Team
from hubcheck.evidence.looks.expert_map.run import experts_of
from hubcheck.evidence.looks.layer_map.run import map_layers
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.evidence.looks.whole.interface import Resources
from hubcheck.evidence.looks.width.run import width_of
from tests.devices.threads import by_team
from tests.evidence.laboratory import SHAPE, model, plain, shipped, write
from tests.evidence.looks.sides import MIXTURE, mixture, side_by_side
from tests.material.zoo.alterations import prune_neurons
from tests.material.zoo.deep_copies import keep_experts

Look = Callable[[Comparer, Team], object]
LITTLE = Device(kind=Kind.NUMPY, memory=60_000)
"""A quarter of what the profiles of these models take, or less: nearly all go to the disk."""


def mapped(pair: Comparer, team: Team, device: Device | None = None) -> object:
    """Return the layer map."""
    resources = Resources(team=team)
    if device is not None:
        resources = replace(resources, device=device)
    return map_layers(pair.base, pair.subject, pair.draw, resources=resources)


def widths(pair: Comparer, team: Team) -> object:
    """Return what changed of the width."""
    return width_of(pair.base, pair.subject, pair.draw, {n: n for n in range(4)}, team=team)


def experts(pair: Comparer, team: Team) -> object:
    """Return what became of the experts."""
    straight = {n: n for n in range(MIXTURE.layers)}
    return experts_of(pair.base, pair.subject, pair.draw, straight, team=team)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """Return base and subject for each look."""
    folder = tmp_path_factory.mktemp("pairs")
    pruned = plain(*prune_neurons(shipped("continued"), SHAPE, keep=192))
    whole = mixture(1)
    fewer = keep_experts(whole, MIXTURE, (1, 4, 5, 7))
    return {
        "map": (model("base"), model("continued")),
        "width": (model("base"), write(folder / "pruned", pruned)),
        "experts": (
            write(folder / "whole", plain(whole, MIXTURE)),
            write(folder / "fewer", plain(*fewer)),
        ),
    }


@pytest.mark.parametrize(
    ("name", "look"), [("map", mapped), ("width", widths), ("experts", experts)]
)
def test_every_member_finds_what_one_alone_finds(
    pairs: dict[str, tuple[Path, Path]], name: str, look: Look
) -> None:
    """Equal results bit for bit, and every ledger tells the bytes of all, each byte read once."""

    def one(team: Team) -> tuple[object, list[int]]:
        pair = side_by_side(*pairs[name])
        sources = [s.anatomy.checkpoint.source for s in (pair.base, pair.subject)]
        return look(pair, team), [source.ledger.bytes_read for source in sources]

    alone = one(ALONE)
    for count in (2, 3):
        assert by_team(count, one) == [alone] * count


def test_profiles_that_lie_on_disk_are_the_same(pairs: dict[str, tuple[Path, Path]]) -> None:
    """A device with room for a few profiles changes no number."""
    base, subject = pairs["map"]
    plenty = mapped(side_by_side(base, subject), ALONE)
    assert mapped(side_by_side(base, subject), ALONE, LITTLE) == plenty
