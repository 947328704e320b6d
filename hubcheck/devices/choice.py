"""Which device does the arithmetic, and how much memory may one block of it use?

An accelerator where torch and one are there; else NumPy, which is faster than torch on a CPU for
the reductions (``benchmarks/full``) and starts in a tenth of the time. torch is imported only on a
machine that shows signs of an accelerator.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from hubcheck.frozen import frozen


class Kind(StrEnum):
    """What does the arithmetic."""

    NUMPY = "numpy"
    CPU = "cpu"
    """torch on a CPU: never chosen, there for tests and benchmarks."""
    CUDA = "cuda"
    MPS = "mps"


@frozen
class Device:
    """One device of one process."""

    kind: Kind
    index: int = 0
    """Which of several CUDA devices."""
    memory: int = 1 << 30
    """Bytes that one kernel may hold at a time, and arrays that wait near it as many."""
    host: int = 1 << 30
    """Bytes of the machine's memory in which arrays may wait; the others lie on disk."""
    threads: int = 1
    """Blocks that NumPy works on side by side: array operations let other threads run."""

    def __str__(self) -> str:
        """Return it as torch writes it: ``cuda:0``; ``numpy`` and ``cpu`` are one of a kind."""
        return f"{self.kind}:{self.index}" if self.kind is Kind.CUDA else str(self.kind)


NUMPY: Final = Device(kind=Kind.NUMPY)
TORCH_CPU: Final = Device(kind=Kind.CPU)

SHARE: Final = 4
"""A kernel holds at most a quarter of what is free: inputs, results and others want memory, too."""
MOST_HOST: Final = 1 << 30
"""Bytes; larger blocks are not faster on a CPU, whose caches hold a hundredth of it."""
_SIGNS: Final = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""What the drivers of NVIDIA, AMD and Windows' Linux put there."""


def choose(*, allow_torch: bool = True, local_rank: int = 0, local_count: int = 1) -> Device:
    """Return the device of this process.

    Args:
        allow_torch: False: NumPy, whatever there is.
        local_rank: Number of this process on its machine; each takes a device of its own.
        local_count: Processes on this machine, among whom cores and memory are divided.
    """
    if allow_torch and signs_of_accelerator() and find_spec("torch") is not None:
        found = _accelerator(local_rank)
        if found is not None:
            return replace(found, host=host_memory() // SHARE // max(1, local_count))
    threads = max(1, cores() // max(1, local_count))
    memory = min(MOST_HOST, host_memory() // SHARE // max(1, local_count))
    return Device(kind=Kind.NUMPY, memory=memory, threads=threads)


def signs_of_accelerator() -> bool:
    """Return whether it is worth importing torch to ask for a device."""
    return sys.platform == "darwin" or any(Path(sign).exists() for sign in _SIGNS)


def _accelerator(local_rank: int) -> Device | None:
    import torch

    if torch.cuda.is_available():
        index = local_rank % torch.cuda.device_count()
        return Device(
            kind=Kind.CUDA, index=index, memory=device_memory(index) // SHARE, threads=cores()
        )
    if torch.backends.mps.is_available():
        return Device(kind=Kind.MPS, memory=host_memory() // SHARE, threads=cores())
    return None


def device_memory(index: int) -> int:
    """Return the free bytes of a CUDA device: accelerate's count, or the driver's."""
    import torch

    if find_spec("accelerate") is not None:
        from accelerate.utils import get_max_memory

        known = get_max_memory().get(index)
        if known is not None:
            return int(known)
    return int(torch.cuda.mem_get_info(index)[0])


def cores() -> int:
    """Return the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def host_memory() -> int:
    """Return the bytes of memory that are free, as far as the system tells; 4 GiB where not."""
    found = [_available(), _number(Path("/sys/fs/cgroup/memory.max"))]
    known = [n for n in found if n > 0]
    return min(known, default=4 << 30)


def _available() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return _physical() // 2
    words = next((line.split() for line in lines if line.startswith("MemAvailable:")), [])
    return int(words[1]) * 1024 if len(words) > 1 and words[1].isdecimal() else 0


def _physical() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0


def _number(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # absent, or "max"
        return 0
