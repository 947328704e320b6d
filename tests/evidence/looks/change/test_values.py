"""Are norms held against each other as gains, however the two models store them?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.evidence.looks.change import values
from hubcheck.evidence.looks.change.values import GAINS, Place, pair_of

GAIN: Any = np.array([[16.0], [1.5], [0.25]], dtype=np.float32)


def _reader(offset: float) -> Any:
    """Return a reader of one norm whose gains are ``GAIN``."""
    stored = GAIN - np.float32(offset)
    return SimpleNamespace(
        anatomy=SimpleNamespace(norm_offset=offset), block=lambda _wanted: stored.copy()
    )


@pytest.mark.parametrize("role", GAINS)
@pytest.mark.parametrize("offsets", [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (1.0, 1.0)])
def test_gains_of_one_model_are_equal_however_stored(
    role: Role, offsets: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Gemma as GGUF holds gains, as published gains less one: no norm of it changed."""
    monkeypatch.setattr(values, "stored_as", lambda _anatomy, _matrix: "F32")
    wanted: Any = SimpleNamespace(matrix=SimpleNamespace(n_in=1), units=(), inputs=())
    place = Place(role=role, layer=0, base_layer=0, expert=-1)
    pair = pair_of(place, _reader(offsets[0]), _reader(offsets[1]), (wanted, wanted))
    assert np.array_equal(pair.base_ui, pair.subject_ui)
    assert np.array_equal(pair.base_ui, GAIN - np.float32(max(offsets)))
