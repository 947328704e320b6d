"""Do arrays come back as they were, wherever they lay in between, and is nothing left behind?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hubcheck.devices import store as stores
from hubcheck.devices.choice import Device, Kind
from hubcheck.devices.store import Store
from hubcheck.statistics.profiles import FloatArray

LITTLE = Device(kind=Kind.NUMPY, memory=3000)
"""Holds two sheaves of those below."""


def sheaf(n: int) -> dict[str, FloatArray]:
    """Return two arrays, one of them under two names; 1200 bytes."""
    rng = np.random.default_rng(n)
    rows = rng.standard_normal((10, 20)).astype(np.float32)
    return {"rows": rows, "again": rows, "few": rng.standard_normal((100, 1)).astype(np.float32)}


@pytest.mark.parametrize("accelerate", [True, False])
def test_what_leaves_memory_comes_back_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, accelerate: bool
) -> None:
    """By accelerate's functions and without them: equal bits, each byte written once."""
    if not accelerate:
        monkeypatch.setattr(stores, "find_spec", lambda _name: None)
    with Store(LITTLE, folder=tmp_path) as store:
        for n in range(6):
            store.put(f"../{n}\n", sheaf(n))  # a name may be anything
        assert store.at_hand <= LITTLE.memory
        for _ in range(2):
            for n in (0, 5, 3, 0):
                found = store.get(f"../{n}\n")
                assert found.keys() == sheaf(n).keys()
                for key, array in sheaf(n).items():
                    np.testing.assert_array_equal(found[key], array)
                assert found["rows"] is found["again"]
        assert 0 < store.offloaded <= 6 * 1200
        assert len(list(tmp_path.iterdir())) == 1
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_while_everything_fits(tmp_path: Path) -> None:
    """No folder is made, and a name of nothing is an error."""
    with Store(folder=tmp_path) as store:
        store.put("a", sheaf(1))
        store.ahead(["a", "nothing"])
        assert store.near("a")["few"] is store.get("a")["few"]
        with pytest.raises(KeyError):
            store.get("nothing")
        assert not list(tmp_path.iterdir())


def test_a_small_device_gets_what_it_needs_when_it_needs_it(tmp_path: Path) -> None:
    """torch, with room for two sheaves near and two at hand: fetched ahead or not, equal values."""
    device = Device(kind=Kind.CPU, memory=3000, host=3000)
    with Store(device, folder=tmp_path) as store:
        for n in range(6):
            store.put(str(n), sheaf(n))
        for n in range(6):
            store.ahead([str((n + 1) % 6)])
            near = store.near(str(n))
            assert type(near["rows"]).__name__ == "Tensor"
            np.testing.assert_array_equal(near["rows"].numpy(), sheaf(n)["rows"])
        assert store.offloaded > 0


def test_a_sheaf_can_be_held_as_a_mapping() -> None:
    """It has the names at once, and its arrays whenever one is asked for."""
    with Store(LITTLE) as store:
        store.put("a", sheaf(1))
        lying = store.mapping("a")
        for n in range(5):
            store.put(str(n), sheaf(n))
        assert list(lying) == ["rows", "again", "few"]
        np.testing.assert_array_equal(lying["few"], sheaf(1)["few"])
