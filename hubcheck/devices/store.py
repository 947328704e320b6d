"""Where do arrays lie that do not fit into memory?

Up to a limit they stay; what comes after it goes to a temporary folder, in the layout of
accelerate's offloaded weights and through its functions where it is installed. The folder is
removed when the store is closed, whatever happened.
"""

from __future__ import annotations

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

_SIGNED = {"uint16": "<i2", "uint32": "<i4", "uint64": "<i8"}
"""torch has few functions for unsigned words; their bits pass as signed ones."""


class Store:
    """Arrays by name, in memory or on disk; a context manager."""

    def __init__(self, limit: int, *, folder: Path | None = None) -> None:
        """Open an empty store.

        Args:
            limit: Bytes kept in memory.
            folder: Where the temporary folder is made; the system's place by default.
        """
        self._limit = limit
        self._parent = folder
        self._held: dict[str, NDArray[Any]] = {}
        self._files: dict[str, str] = {}
        self._index: dict[str, dict[str, Any]] = {}
        self._dtypes: dict[str, np.dtype[Any]] = {}
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        """Return the store."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Forget every array and remove the folder."""
        self._held.clear()
        self._files.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    @property
    def held_bytes(self) -> int:
        """Bytes in memory."""
        return sum(array.nbytes for array in self._held.values())

    @property
    def on_disk(self) -> tuple[str, ...]:
        """Names of the arrays that lie on disk."""
        return tuple(self._files)

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Keep an array under a name; an array of that name is replaced."""
        self._held.pop(name, None)
        if self.held_bytes + array.nbytes <= self._limit:
            self._files.pop(name, None)
            self._held[name] = array
            return
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="hubcheck-", dir=self._parent))
        # A name of a model may be anything; a file of the store is numbered.
        file = self._files.setdefault(name, f"array{len(self._index)}")
        self._dtypes[file] = array.dtype
        signed = array.view(_SIGNED.get(array.dtype.name, array.dtype))
        if find_spec("accelerate") is not None:
            import torch
            from accelerate.utils import offload_weight

            offload_weight(torch.tensor(signed), file, str(self._folder), index=self._index)
            return
        self._index[file] = {"dtype": signed.dtype.name, "shape": list(signed.shape)}
        lying = np.memmap(
            self._folder / f"{file}.dat", dtype=signed.dtype, mode="w+", shape=signed.shape
        )
        lying[:] = signed
        lying.flush()

    def get(self, name: str) -> NDArray[Any]:
        """Return an array; one from the disk is read into memory.

        Raises:
            KeyError: nothing was kept under this name.
        """
        if name in self._held:
            return self._held[name]
        file = self._files[name]
        if find_spec("accelerate") is not None:
            from accelerate.utils import OffloadedWeightsLoader

            lying = OffloadedWeightsLoader(save_folder=str(self._folder), index=self._index)
            return np.asarray(lying[file].numpy()).view(self._dtypes[file])
        return np.array(self._map(file)).view(self._dtypes[file])

    def rows(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Return some rows of an array; of one on disk only they are read.

        Raises:
            KeyError: nothing was kept under this name.
        """
        if name in self._held:
            return self._held[name][start:stop]
        file = self._files[name]
        return np.array(self._map(file)[start:stop]).view(self._dtypes[file])

    def _map(self, file: str) -> NDArray[Any]:
        if self._folder is None:
            message = "the store is closed"
            raise KeyError(message)
        known = self._index[file]
        place = self._folder / f"{file}.dat"
        return np.memmap(place, dtype=known["dtype"], mode="r", shape=tuple(known["shape"]))
