"""Where do arrays lie that do not fit, and how are they near when they are needed?

Three places. *Near*: on the device that works on them, up to its memory. *At hand*: in the
machine's memory, up to a limit. *Offloaded*: on disk, in the layout of accelerate's offloaded
weights and through its functions where it is installed. What was used longest ago leaves first;
arrays do not change, so each is written once. ``ahead`` brings arrays near while something else is
worked on: by a thread, and where there is CUDA from pinned memory on a second stream.

On NumPy near and at hand are one place. The folder is removed when the store is closed.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.arrays import arrays_of
from hubcheck.devices.choice import NUMPY, Device, Kind

Sheaf = dict[str, Any]
"""Arrays that belong together, by name: of NumPy at hand, of the device near."""


class Store:
    """Sheaves of arrays by name; a context manager, safe to use from several threads."""

    def __init__(self, device: Device = NUMPY, *, folder: Path | None = None) -> None:
        """Open an empty store.

        Args:
            device: What works on the arrays; says how much of them may lie near and at hand.
            folder: Where the temporary folder is made; the system's place by default.
        """
        self._device = device
        self._parent = folder
        self._near = _Places(device.memory)
        self._at_hand = _Places(device.memory if device.kind is Kind.NUMPY else device.host)
        self._disk: _Disk | None = None
        self._lock = threading.RLock()
        self._loader: ThreadPoolExecutor | None = None
        self._coming: dict[str, Future[Sheaf]] = {}
        self._stream: Any = None

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
        if self._loader is not None:
            self._loader.shutdown(cancel_futures=True)
        self._near.clear()
        self._at_hand.clear()
        self._coming.clear()
        if self._disk is not None:
            self._disk.close()
            self._disk = None

    @property
    def offloaded(self) -> int:
        """Bytes that were written to disk."""
        return 0 if self._disk is None else self._disk.n_bytes

    @property
    def at_hand(self) -> int:
        """Bytes that lie in memory."""
        return self._at_hand.n_bytes

    def __contains__(self, name: object) -> bool:
        """Return whether something lies under a name."""
        with self._lock:
            return name in self._at_hand or (self._disk is not None and name in self._disk)

    def put(self, name: str, sheaf: Mapping[str, NDArray[Any]]) -> None:
        """Keep a sheaf under a name that is new."""
        with self._lock:
            self._keep(name, dict(sheaf))

    def get(self, name: str) -> Sheaf:
        """Return a sheaf of NumPy's arrays; one from the disk is read into memory.

        Raises:
            KeyError: nothing lies under this name.
        """
        with self._lock:
            found = self._at_hand.get(name)
            disk = self._disk
        if found is not None:
            return found
        if disk is None:
            raise KeyError(name)
        read = disk.read(name)  # nobody waits for it: what is written stays as it is
        with self._lock:
            self._keep(name, read)
        return read

    def near(self, name: str) -> Sheaf:
        """Return a sheaf of the device's arrays.

        Raises:
            KeyError: nothing lies under this name.
        """
        with self._lock:
            coming = self._coming.pop(name, None)
        if coming is not None:
            return self._arrived(coming.result())
        return self._arrived(self._brought(name))

    def mapping(self, *names: str) -> Mapping[str, NDArray[Any]]:
        """Return sheaves as one, each fetched whenever one of its arrays is asked for."""
        return _Lying(self, {key: name for name in names for key in self.get(name)})

    def ahead(self, names: Sequence[str]) -> None:
        """Bring sheaves near while the caller goes on; names of nothing are passed over."""
        with self._lock:
            if self._loader is None:
                self._loader = ThreadPoolExecutor(1, thread_name_prefix="hubcheck-ahead")
            for name in names:
                there = name in self and name not in self._near
                if there and name not in self._coming:
                    self._coming[name] = self._loader.submit(self._brought, name)

    # -- moving --------------------------------------------------------------------------------

    def _keep(self, name: str, sheaf: Sheaf) -> None:
        """Keep a sheaf at hand; what must leave for it goes to the disk."""
        for gone, arrays in self._at_hand.put(name, sheaf):
            if self._disk is None:
                self._disk = _Disk(self._parent)
            self._disk.write(gone, arrays)

    def _brought(self, name: str) -> Sheaf:
        with self._lock:
            found = self._near.get(name)
        if found is not None:
            return found
        sheaf = self.get(name)
        if self._device.kind is Kind.NUMPY:
            return sheaf
        moved = self._moved(sheaf)
        with self._lock:
            self._near.put(name, moved)
        return moved

    def _moved(self, sheaf: Sheaf) -> Sheaf:
        """Return a copy on the device; on CUDA by a stream of its own, from pinned memory."""
        if self._device.kind is not Kind.CUDA:
            arrays = arrays_of(self._device)
            return {key: arrays.hold(array) for key, array in sheaf.items()}
        import torch

        with self._lock:
            if self._stream is None:
                stream: Any = torch.cuda.Stream  # torch does not type it
                self._stream = stream(device=str(self._device))
        with torch.cuda.stream(self._stream):
            return {
                key: torch.tensor(array).pin_memory().to(str(self._device), non_blocking=True)
                for key, array in sheaf.items()
            }

    def _arrived(self, sheaf: Sheaf) -> Sheaf:
        """Return a sheaf once its copy is there."""
        if self._stream is not None:
            import torch

            current = torch.cuda.current_stream(str(self._device))
            current.wait_stream(self._stream)
            for array in sheaf.values():
                array.record_stream(current)
        return sheaf


class _Places:
    """Sheaves up to a number of bytes; the one used longest ago leaves first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[str, tuple[Sheaf, int]] = OrderedDict()
        self.n_bytes = 0

    def __contains__(self, name: object) -> bool:
        return name in self._held

    def clear(self) -> None:
        self._held.clear()
        self.n_bytes = 0

    def get(self, name: str) -> Sheaf | None:
        if name not in self._held:
            return None
        self._held.move_to_end(name)
        return self._held[name][0]

    def put(self, name: str, sheaf: Sheaf) -> list[tuple[str, Sheaf]]:
        """Keep a sheaf, whatever its size; return what had to leave."""
        if name in self._held:
            return []
        size = sum({id(array): int(array.nbytes) for array in sheaf.values()}.values())
        gone = []
        while self._held and self.n_bytes + size > self._limit:
            oldest, (left, freed) = self._held.popitem(last=False)
            self.n_bytes -= freed
            gone.append((oldest, left))
        self._held[name] = (sheaf, size)
        self.n_bytes += size
        return gone


class _Disk:
    """Sheaves in a temporary folder, as accelerate lays out offloaded weights."""

    def __init__(self, parent: Path | None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="hubcheck-", dir=parent))
        self._files: dict[str, dict[str, str]] = {}
        self._index: dict[str, dict[str, Any]] = {}
        self.n_bytes = 0

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def write(self, name: str, sheaf: Sheaf) -> None:
        """Write a sheaf, unless it lies there."""
        if name in self._files:
            return
        known: dict[int, str] = {}
        files = {}
        for key, array in sheaf.items():
            if id(array) not in known:
                # A name may be anything; a file is numbered.
                known[id(array)] = f"array{len(self._index)}"
                self._write(known[id(array)], np.ascontiguousarray(array))
            files[key] = known[id(array)]
        self._files[name] = files

    def read(self, name: str) -> Sheaf:
        """Return a sheaf, read into memory."""
        files = self._files[name]
        arrays = {file: self._read(file) for file in dict.fromkeys(files.values())}
        return {key: arrays[file] for key, file in files.items()}

    def _write(self, file: str, array: NDArray[Any]) -> None:
        self.n_bytes += array.nbytes
        if find_spec("accelerate") is not None and array.size:
            import torch
            from accelerate.utils import offload_weight

            offload_weight(torch.tensor(array), file, str(self._folder), index=self._index)
            return
        self._index[file] = {"dtype": array.dtype.name, "shape": list(array.shape)}
        array.tofile(self._folder / f"{file}.dat")

    def _read(self, file: str) -> NDArray[Any]:
        known = self._index[file]
        if find_spec("accelerate") is not None and 0 not in known["shape"]:
            from accelerate.utils import OffloadedWeightsLoader

            lying = OffloadedWeightsLoader(save_folder=str(self._folder), index=self._index)
            return np.asarray(lying[file].numpy())
        place = self._folder / f"{file}.dat"
        return np.fromfile(place, dtype=known["dtype"]).reshape(known["shape"])


class _Lying(Mapping[str, NDArray[Any]]):
    """Sheaves of a store that look like one in memory."""

    def __init__(self, store: Store, names: dict[str, str]) -> None:
        self._store, self._names = store, names

    def __getitem__(self, key: str) -> NDArray[Any]:
        found: NDArray[Any] = self._store.get(self._names[key])[key]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[Sheaf]]:
        """Another process has no such store: it is given the arrays."""
        return dict, (dict(self),)
