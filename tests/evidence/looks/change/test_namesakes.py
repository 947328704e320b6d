"""Are tensors of one name read in both models, whatever shape they have?"""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save

from hubcheck.anatomy.interface import Anatomy
from hubcheck.anatomy.of_model import anatomy_of_model
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.evidence.looks.change.namesakes import RowsOfBoth, namesakes
from tests.memory_source import MemorySource

NAME = "logit_scale"


def anatomy(value: np.ndarray) -> Anatomy:
    """Return a model of one tensor."""
    source = MemorySource({"model.safetensors": save({NAME: value.astype(np.float32)})})
    return anatomy_of_model(open_checkpoint(source, {}), {})


@pytest.mark.parametrize("shape", [(), (3,), (40, 2), (5, 4, 3, 3)])
def test_rows_of_any_shape_are_read(shape: tuple[int, ...]) -> None:
    """A single number (CLIP's temperature) is one row of one value."""
    value = np.random.default_rng(0).normal(size=shape)
    one, two = anatomy(np.asarray(value)), anatomy(np.asarray(value + 1))
    (names,) = namesakes(one, two, [NAME], [NAME])
    for other, same in ((one, True), (two, False)):
        both = RowsOfBoth(one, other, 1 << 20)
        rows = both.read(names, 0)
        assert rows is not None
        assert 0 < rows[0].size <= value.size
        assert both.are_same(names, rows) is same
