"""Do arrays come back from the store as they went in, and does its folder go?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.devices import store as stores
from hubcheck.devices.store import Store

ARRAYS: dict[str, NDArray[Any]] = {
    "f32": np.arange(24, dtype=np.float32).reshape(4, 6),
    "bf16 words": np.arange(65536 - 12, 65536, dtype=np.uint16).reshape(3, 4),
    "../../outside": np.linspace(0, 1, 10),
}


@pytest.mark.parametrize("with_accelerate", [True, False])
@pytest.mark.parametrize("limit", [0, 100, 10**6])
def test_arrays_come_back(
    tmp_path: Path, limit: int, with_accelerate: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In memory or on disk, through accelerate or without it: same dtype, same bits, same rows."""
    if not with_accelerate:
        monkeypatch.setattr(stores, "find_spec", lambda _name: None)
    with Store(limit, folder=tmp_path) as store:
        for name, array in ARRAYS.items():
            store.put(name, array)
        for name, array in ARRAYS.items():
            back = store.get(name)
            assert back.dtype == array.dtype
            assert np.array_equal(back, array)
            assert np.array_equal(store.rows(name, 1, 3), array[1:3])
        assert store.held_bytes <= limit
        assert bool(store.on_disk) == (limit < 10**6)
        assert all(p.is_relative_to(tmp_path) for p in tmp_path.rglob("*"))


def test_the_folder_is_removed_whatever_happens(tmp_path: Path) -> None:
    """An error inside leaves nothing behind."""

    def fail() -> None:
        with Store(0, folder=tmp_path) as store:
            store.put("x", np.ones(3))
            assert any(tmp_path.iterdir())
            message = "the work failed"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="the work failed"):
        fail()
    assert not any(tmp_path.iterdir())


def test_an_array_is_replaced(tmp_path: Path) -> None:
    """The last array of a name counts, wherever the first one lay."""
    with Store(100, folder=tmp_path) as store:
        store.put("x", np.zeros(100))
        store.put("x", np.ones(2))
        assert store.get("x").tolist() == [1, 1]
        store.put("x", np.full(100, 2.0))
        assert store.get("x")[0] == 2
        assert store.held_bytes == 0


def test_an_unknown_name_is_an_error() -> None:
    """Nothing is made up for a name that was never put, or after the store was closed."""
    store = Store(0)
    store.put("x", np.ones(3))
    store.close()
    for ask in (store.get, lambda name: store.rows(name, 0, 1)):
        with pytest.raises(KeyError):
            ask("x")
