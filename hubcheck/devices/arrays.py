"""How does one kernel run on NumPy and on torch?

The functions that kernels use have one name and one meaning in both (``abs``, ``argmax(axis=)``,
``where``, ``stack``, ``@``); this module holds what differs: moving arrays there and back, and what
stored bits mean. torch is imported when arrays of a torch device are asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from enum import IntEnum
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
CHUNK: Final = 1 << 16
"""Values of a chunk on a CPU: two models as stored and in float32, and their difference, are 1.1 MB
and stay in its second cache from the first pass to the last."""
UPPER: Final = np.uint32(0xFFFF0000)
"""The second of two neighbouring bfloat16, and the half of a float32 that a bfloat16 is."""
LONGEST: Final = 1 << 24
"""Values of a chunk on an accelerator that has 1 GB to hold: where sums are cut must not depend on
how much of which device is free, else it matters which process did them."""


def chunk_on(memory: int) -> int:
    """Return the values of a chunk on an accelerator that may hold so many bytes."""
    return max(CHUNK, min(LONGEST, 1 << max(1, memory // 64).bit_length() - 1))


class Place(IntEnum):
    """Where the values of a chunk lie: memory that is used again chunk by chunk.

    Fresh memory for each costs more than the arithmetic: the system clears it, page by page.
    """

    BASE = 0
    SUBJECT = 1
    CHANGE = 2


class _Room(threading.local):
    """The places of one thread, made when it first works on a chunk."""

    def __init__(self) -> None:
        self.values: tuple[NDArray[np.float32], ...] = tuple(
            np.empty(CHUNK, dtype=np.float32) for _ in Place
        )
        self.same: NDArray[np.bool_] = np.empty(CHUNK, dtype=np.bool_)

    def of(self, place: Place, size: int) -> NDArray[np.float32]:
        """Return a place for so many values; fresh memory for more than a chunk."""
        return self.values[place][:size] if size <= CHUNK else np.empty(size, dtype=np.float32)


_ROOM: Final = _Room()
_VECDOT: Final = getattr(np, "vecdot", None)
"""Of NumPy 2; half as long as ``einsum``."""


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

    def equal(self, left: NDArray[Any], right: NDArray[Any]) -> int:
        """Return how many words of two flat arrays, a chunk at most, are the same, on the host."""
        ...

    def wide(
        self, words: NDArray[Any], dtype: str, place: Place, *, any_order: bool = False
    ) -> Any:
        """Return stored words (see ``WORDS``) as float32 on the device: each value exactly.

        Args:
            words: Flat, contiguous, a chunk at most.
            dtype: What they are.
            place: Where the values may lie; those that were there before are gone.
            any_order: The order of the values may be another one, the same for all words of one
                dtype and number.
        """
        ...

    def double(self, array: Any) -> Any:
        """Return an array as float64."""
        ...

    def square(self, a: Any) -> float:
        """Return the square of what ``wide`` gave, in float64 over the blocks."""
        ...

    def sums(self, a: Any, b: Any) -> list[float]:
        """Return squares of a, b and b - a, their product, the largest of b - a and of a - b.

        Of what ``wide`` gave; in float32 over blocks of ``BLOCK``, in float64 over the blocks.
        """
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

    def equal(self, left: NDArray[Any], right: NDArray[Any]) -> int:
        """Return how many words are the same."""
        if left.size > CHUNK:
            return int(np.count_nonzero(left == right))
        return int(np.count_nonzero(np.equal(left, right, out=_ROOM.same[: left.size])))

    def wide(
        self, words: NDArray[Any], dtype: str, place: Place, *, any_order: bool = False
    ) -> Any:
        """Return stored words as float32; of two neighbours at once where the order is free."""
        if dtype == "F32":
            return words.view("<f4")
        values = _ROOM.of(place, words.size)
        if dtype == "F16":
            np.copyto(values, words.view("<f2"))
            return values
        # The upper half of a float32 is a bfloat16.
        bits, half = values.view(np.uint32), words.size // 2
        if any_order and words.size % 2 == 0:
            twos = words.view("<u4")
            np.left_shift(twos, 16, out=bits[:half])
            np.bitwise_and(twos, UPPER, out=bits[half:])
        else:
            np.copyto(bits, words)
            np.left_shift(bits, 16, out=bits)
        return values

    def double(self, array: Any) -> Any:
        """Return an array as float64."""
        return array.astype(np.float64)

    def square(self, a: Any) -> float:
        """Return the square."""
        return _dots([(a, a)])[0]

    def sums(self, a: Any, b: Any) -> list[float]:
        """Return the squares, the product and the largest."""
        d = np.subtract(b, a, out=_ROOM.of(Place.CHANGE, len(a)))
        largest = [float(np.maximum.reduce(d)), -float(np.minimum.reduce(d))]
        return _dots([(a, a), (b, b), (d, d), (a, b)]) + largest

    def told(self, scalars: Sequence[Any]) -> list[float]:
        """Return the numbers themselves."""
        return [float(one) for one in scalars]

    def fetch(self, array: Any) -> NDArray[Any]:
        """Return the array itself."""
        return np.asarray(array)


def _dots(pairs: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> list[float]:
    """Return the sums of products of pairs of one length, block by block."""
    length = len(pairs[0][0])
    blocks = length // BLOCK
    whole = blocks * BLOCK
    sums = np.zeros((len(pairs), blocks + 1), dtype=np.float32)
    for (a, b), found in zip(pairs, sums, strict=True):
        rows = a[:whole].reshape(-1, BLOCK), b[:whole].reshape(-1, BLOCK)
        if _VECDOT is None:
            np.einsum("ij,ij->i", *rows, out=found[:-1])
        else:
            _VECDOT(*rows, out=found[:-1])
        if whole < length:
            found[-1] = np.dot(a[whole:], b[whole:])
    every: list[float] = np.add.reduce(sums, axis=1, dtype=np.float64).tolist()
    return every


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

    def equal(self, left: NDArray[Any], right: NDArray[Any]) -> int:
        """Return how many words are the same: cheap on the host, and exact everywhere."""
        return _NUMPY.equal(left, right)

    def wide(
        self, words: NDArray[Any], dtype: str, place: Place, *, any_order: bool = False
    ) -> Any:
        """Return stored words as float32, widened on the device: half the bytes are moved."""
        if self._host and dtype != "F32":  # in memory of ours, nothing is moved
            return self.xp.from_numpy(_NUMPY.wide(words, dtype, place, any_order=any_order))
        signed = words.view("<i4" if dtype == "F32" else "<i2")
        return self.hold(signed).view(self._words[dtype]).to(self.xp.float32)

    def double(self, array: Any) -> Any:
        """Return an array as float64."""
        return array.to(self.xp.float64)

    def square(self, a: Any) -> float:
        """Return the square."""
        return self.told([self._dot(a, a)])[0]

    def sums(self, a: Any, b: Any) -> list[float]:
        """Return the squares, the product and the largest, fetched together."""
        d, dot = b - a, self._dot
        least, most = d.aminmax()
        return self.told([dot(a, a), dot(b, b), dot(d, d), dot(a, b), most, -least])

    def _dot(self, a: Any, b: Any) -> Any:
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
