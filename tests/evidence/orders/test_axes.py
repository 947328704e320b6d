"""Which free axes of a model are looked at first?"""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType

from hubcheck.anatomy.by_axes import with_axes
from hubcheck.anatomy.free_axes import FreeAxis, Lies
from hubcheck.anatomy.interface import Anatomy, Way
from hubcheck.anatomy.of_model import anatomy_of_model
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.orders.axes import AxisTest
from tests.memory_source import MemorySource

BLOCKS = 40
"""Of one size; they hold most of the model."""
ONCE = 12
"""Sizes that occur once, each with longer rows than a block has."""


def model() -> Anatomy:
    """Return a model of many equal blocks and some large layers of sizes of their own."""
    shapes: dict[str, tuple[int, int]] = {}
    axes = []
    for n in range(BLOCKS + ONCE):
        size, width = (512, 128) if n < BLOCKS else (64, 256 + n)
        shapes |= {f"b.{n}.w.weight": (size, width), f"b.{n}.r.weight": (width, size)}
        axes.append(
            FreeAxis(
                n=size, in_blocks=False, heads=(),
                writes=(Lies(tensor=f"b.{n}.w.weight", axis=0, starts=(0,)),),
                reads=(Lies(tensor=f"b.{n}.r.weight", axis=1, starts=(0,)),),
            )
        )  # fmt: skip
    records = {
        name: TensorRecord(name=name, dtype="F32", shape=shape, path="f", start=0, stop=0)
        for name, shape in shapes.items()
    }
    checkpoint = Checkpoint(
        source=MemorySource({}), tensors=MappingProxyType(records), metadata={},
        format="safetensors",
    )  # fmt: skip
    found = with_axes(anatomy_of_model(checkpoint, {}), axes, Way.CERTIFIED, None)
    assert found is not None
    return found


def test_the_pattern_that_holds_most_of_a_model_is_seen_first_and_often() -> None:
    """A large UNet: sizes that occur once do not take every turn from its sixty blocks."""
    anatomy = model()
    blocks = AxisTest(anatomy, anatomy, Draw(1)).base_blocks()
    assert len(set(blocks)) == BLOCKS + ONCE
    first = Counter(anatomy.axes[block.layer].n for block in blocks[:8])
    assert anatomy.axes[blocks[0].layer].n == 512
    assert first[512] >= 4


def test_the_draw_decides_which_of_a_pattern_are_seen() -> None:
    """Nobody can tell beforehand which blocks are read."""
    anatomy = model()
    seen = {
        tuple(b.layer for b in AxisTest(anatomy, anatomy, Draw(seed)).base_blocks()[:4])
        for seed in range(5)
    }
    assert len(seen) == 5
