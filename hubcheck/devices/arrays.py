"""How does one kernel run on NumPy and on torch?

The functions that kernels use have one name and one meaning in both (``abs``, ``argmax(axis=)``,
``where``, ``stack``, ``@``); this module holds what differs: moving arrays there and back, and what
stored bits mean. torch is imported when arrays of a torch device are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.choice import Device, Kind

WORDS: Final[Mapping[str, str]] = MappingProxyType({"BF16": "<u2", "F16": "<u2", "F32": "<u4"})
"""Dtypes whose stored words a device can widen, by the names of the safetensors format."""
BLOCK: Final = 512
"""Products that are summed in float32 before float64 goes on (``reduction``): shorter blocks cost
time, longer ones digits."""
CHUNK: Final = 1 << 17
"""Values of a chunk on a CPU. Measured: two models and their difference in float32 fit a cache of
2 MB."""
LONGEST: Final = 1 << 24
"""Values of a chunk on an accelerator that has 1 GB to hold: where sums are cut must not depend on
how much of which device is free, else it matters which process did them."""


def chunk_on(memory: int) -> int:
    """Return the values of a chunk on an accelerator that may hold so many bytes."""
    return max(CHUNK, min(LONGEST, 1 << max(1, memory // 64).bit_length() - 1))


class Arrays(Protocol):
    """Arrays of one device. ``Any`` stands for ``numpy.ndarray`` or ``torch.Tensor``."""

    @property
    def xp(self) -> Any:
        """The module whose functions work on these arrays."""
        ...

    @property
    def chunk(self) -> int:
        """Values of a flat array to work on at once."""
        ...

    def hold(self, array: Any) -> Any:
        """Return an array of NumPy's on the device; one that lies there stays."""
        ...

    def wide(self, words: NDArray[Any], dtype: str) -> Any:
        """Return stored words (see ``WORDS``) as float32 on the device: each value exactly."""
        ...

    def double(self, array: Any) -> Any:
        """Return an array as float64."""
        ...

    def dot(self, a: Any, b: Any) -> Any:
        """Return the sum of products of two flat float32 arrays, in float64 over the blocks."""
        ...

    def told(self, scalars: Sequence[Any]) -> list[float]:
        """Return some numbers of the device, fetched together."""
        ...

    def fetch(self, array: Any) -> NDArray[Any]:
        """Return an array of the device as NumPy's."""
        ...


class NumpyArrays:
    """Arrays of NumPy: nothing is moved."""

    xp: Any = np
    chunk: int = CHUNK

    def hold(self, array: Any) -> Any:
        """Return the array itself."""
        return array

    def wide(self, words: NDArray[Any], dtype: str) -> Any:
        """Return stored words as float32."""
        if dtype == "BF16":
            # The upper half of a float32 is a bfloat16.
            upper = words.astype(np.uint32)
            return np.left_shift(upper, 16, out=upper).view(np.float32)
        if dtype == "F16":
            return words.view("<f2").astype(np.float32)
        return words.view("<f4")

    def double(self, array: Any) -> Any:
        """Return an array as float64."""
        return array.astype(np.float64)

    def dot(self, a: Any, b: Any) -> Any:
        """Return the sum of products."""
        whole = len(a) // BLOCK * BLOCK
        sums = _row_dots(a[:whole].reshape(-1, BLOCK), b[:whole].reshape(-1, BLOCK))
        return float(sums.sum(dtype=np.float64)) + float(np.dot(a[whole:], b[whole:]))

    def told(self, scalars: Sequence[Any]) -> list[float]:
        """Return the numbers themselves."""
        return [float(one) for one in scalars]

    def fetch(self, array: Any) -> NDArray[Any]:
        """Return the array itself."""
        return np.asarray(array)


def _row_dots(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the dot product of each row of [n, m] with its counterpart."""
    vecdot = getattr(np, "vecdot", None)  # of NumPy 2; half as long as einsum
    products = vecdot(a, b) if vecdot is not None else np.einsum("ij,ij->i", a, b)
    return np.asarray(products)


class TorchArrays:
    """Tensors of torch, on a CPU or an accelerator."""

    def __init__(self, device: Device) -> None:
        """Import torch and name the device."""
        import torch

        self.xp: Any = torch
        self._host = device.kind is Kind.CPU
        self.chunk = CHUNK if self._host else chunk_on(device.memory)
        self._device = torch.device(str(device))
        self._words = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}

    def hold(self, array: Any) -> Any:
        """Return a tensor of its own: bytes that were read must not be written to."""
        if isinstance(array, self.xp.Tensor):
            return array.to(self._device)
        return self.xp.tensor(array, device=self._device)

    def wide(self, words: NDArray[Any], dtype: str) -> Any:
        """Return stored words as float32, widened on the device: half the bytes are moved."""
        if self._host and dtype != "F32":  # in memory that is new already, nothing is moved
            return self.xp.from_numpy(_NUMPY.wide(words, dtype))
        signed = words.view("<i4" if dtype == "F32" else "<i2")
        return self.hold(signed).view(self._words[dtype]).to(self.xp.float32)

    def double(self, array: Any) -> Any:
        """Return an array as float64."""
        return array.to(self.xp.float64)

    def dot(self, a: Any, b: Any) -> Any:
        """Return the sum of products."""
        whole = len(a) // BLOCK * BLOCK
        sums = self.xp.linalg.vecdot(
            a[:whole].reshape(-1, BLOCK), b[:whole].reshape(-1, BLOCK)
        ).sum(dtype=self.xp.float64)
        return sums + self.double(self.xp.dot(a[whole:], b[whole:]))

    def told(self, scalars: Sequence[Any]) -> list[float]:
        """Return the numbers, moved together."""
        found: list[float] = self.xp.stack([self.double(one) for one in scalars]).cpu().tolist()
        return found

    def fetch(self, array: Any) -> NDArray[Any]:
        """Return a copy on the host."""
        return np.asarray(array.cpu())


@cache
def _torch(device: Device) -> Arrays:
    return TorchArrays(device)


_NUMPY: Final = NumpyArrays()


def arrays_of(device: Device, *, float64: bool = False) -> Arrays:
    """Return the arrays of a device.

    Args:
        device: The device.
        float64: The kernel sums in float64, which MPS does not have: NumPy does it there, on the
            same memory.
    """
    if device.kind is Kind.NUMPY or (float64 and device.kind is Kind.MPS):
        return _NUMPY
    return _torch(device)
