"""What did one command cost: wall time, processor time, memory, bytes read?

The system's own count of a child's memory begins with what its parent held when it was started, so
the child's high-water mark is read while it runs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LONGEST: Final = 1200.0
"""Seconds after which a command is ended; the slowest measured takes a tenth of it."""
INHERITED: Final = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One run of one command, its own children included."""

    wall_s: float
    cpu_s: float
    """User and system time."""
    peak_mb: float
    """Largest resident memory of the command's own process, but for its last milliseconds."""
    read_mb: float
    """Bytes through read calls, interpreter and libraries included; mapped files are not seen."""
    disk_mb: float
    """Bytes fetched from the disk: 0 for files in memory; mapped files are seen."""
    exit_code: int
    stdout: str


def run(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command in an empty home folder and measure it.

    Args:
        command: The program and its arguments.
        environment: Variables beside the inherited ones.

    Raises:
        RuntimeError: it took longer than ``LONGEST``.
    """
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            cwd=home,
            env={**kept, "HOME": home, **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        late, peak_kb = _wait(process.pid, start + LONGEST)
        wall_s = time.perf_counter() - start
        # The ended process is still in the table: its counters can be read, then it is collected.
        counters = _counters(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if late:
            raise RuntimeError(f"{command[0]} did not end within {LONGEST:.0f} s")
        out.seek(0)
        return Cost(
            wall_s=wall_s,
            cpu_s=usage.ru_utime + usage.ru_stime,
            peak_mb=peak_kb * 1024 / 1e6,
            read_mb=counters["rchar"] / 1e6,
            disk_mb=counters["read_bytes"] / 1e6,
            exit_code=process.returncode,
            stdout=out.read().decode("utf-8", "replace"),
        )


def _wait(pid: int, until: float) -> tuple[bool, int]:
    """Wait for the end of a process without collecting it; end it when it is late.

    Returns:
        Whether it was late, and its high-water mark in KiB as it was last seen: it only grows.
    """
    late, peak_kb = False, 0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if not late and time.perf_counter() > until:
            os.killpg(pid, signal.SIGKILL)
            late = True
        peak_kb = _high_water(pid) or peak_kb
        time.sleep(0.002)
    return late, peak_kb


def _high_water(pid: int) -> int:
    """Return the largest resident memory of a process so far, in KiB; 0 once it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = next((line for line in text.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0")
    return int(found.split()[1])


def _counters(pid: int) -> dict[str, int]:
    text = Path(f"/proc/{pid}/io").read_text(encoding="ascii")
    return {name: int(value) for name, value in (line.split(": ") for line in text.splitlines())}


def warm(paths: Sequence[Path]) -> None:
    """Bring files into memory."""
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 24):
                pass


def cool(paths: Sequence[Path]) -> None:
    """Drop files from memory, so that the next reader fetches them from the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
