"""How does one kernel run on NumPy and on torch?

The functions that kernels use have one name and one meaning in both (``abs``, ``argmax(axis=)``,
``where``, ``stack``, ``@``); this module holds what differs: moving arrays there and back, and what
stored bits mean. torch is imported when arrays of a torch device are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.choice import Device, Kind

WORDS: Final[Mapping[str, str]] = MappingProxyType({"BF16": "<u2", "F16": "<u2", "F32": "<u4"})
"""Dtypes whose stored words a device can widen, by the names of the safetensors format."""


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
        """Return stored words (see ``WORDS``) as float64 on the device."""
        ...

    def fetch(self, array: Any) -> NDArray[Any]:
        """Return an array of the device as NumPy's."""
        ...


class NumpyArrays:
    """Arrays of NumPy: nothing is moved."""

    xp: Any = np
    chunk: int = 1 << 17
    """Measured: 64 K values in float64, two models and their difference, fit a cache of 2 MB."""

    def hold(self, array: Any) -> Any:
        """Return the array itself."""
        return array

    def wide(self, words: NDArray[Any], dtype: str) -> Any:
        """Return stored words as float64."""
        if dtype == "BF16":
            # The upper half of a float32 is a bfloat16.
            upper = np.left_shift(words, 16, dtype=np.uint32, casting="unsafe")
            return upper.view(np.float32).astype(np.float64)
        return words.view("<f2" if dtype == "F16" else "<f4").astype(np.float64)

    def fetch(self, array: Any) -> NDArray[Any]:
        """Return the array itself."""
        return np.asarray(array)


class TorchArrays:
    """Tensors of torch, on a CPU or an accelerator."""

    def __init__(self, device: Device) -> None:
        """Import torch and name the device."""
        import torch

        self.xp: Any = torch
        self.chunk = 1 << 16 if device.kind is Kind.CPU else max(1 << 16, device.memory // 64)
        self._device = torch.device(str(device))
        self._words = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}

    def hold(self, array: Any) -> Any:
        """Return a tensor of its own: bytes that were read must not be written to."""
        if isinstance(array, self.xp.Tensor):
            return array.to(self._device)
        return self.xp.tensor(array, device=self._device)

    def wide(self, words: NDArray[Any], dtype: str) -> Any:
        """Return stored words as float64, widened on the device: half the bytes are moved."""
        signed = words.view("<i4" if dtype == "F32" else "<i2")
        return self.hold(signed).view(self._words[dtype]).to(self.xp.float64)

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
