"""How does this operating system open, read and lock a file, and take memory back?

The one place that names what not every system has. Where a call or a flag is missing, its promise
is kept another way, slower or, as said there, with a gap. Descriptors are never inherited by
children: Python sees to that everywhere (PEP 446), so no flag is needed for it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import threading
from functools import cache
from pathlib import Path
from typing import Any, Final

_SEEKING: Final = threading.Lock()
"""Without ``pread`` reading moves the descriptor's place, which threads share."""
LOCKED_BYTE: Final = 1 << 30
"""Where Windows locks: a byte that no file has, so that whoever reads the file is not kept out."""


def open_for_reading(path: Path | str) -> int:
    """Open a file to be read; a link at its name is not followed, a pipe there does not block.

    The descriptor of anything else than a regular file is the caller's to refuse. Without the flags
    of POSIX the name is looked at before and after: what is no regular file is not opened, and a
    file that was exchanged in between is refused.

    Raises:
        OSError: it is not there, may not be read, or is a link.
    """
    flags = os.O_RDONLY | _flag("O_BINARY")
    if _flag("O_NOFOLLOW") and _flag("O_NONBLOCK"):
        return os.open(path, flags | _flag("O_NOFOLLOW") | _flag("O_NONBLOCK"))
    before = _regular(path)
    descriptor = os.open(path, flags)
    return _same(descriptor, before)


def open_for_appending(path: Path | str) -> int:
    """Open a file of this user's alone to be appended to, made if it is missing; follows no link.

    Raises:
        OSError: it cannot be written, or is a link.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | _flag("O_BINARY")
    if _flag("O_NOFOLLOW"):
        return os.open(path, flags | _flag("O_NOFOLLOW"), 0o600)
    before = _regular(path) if os.path.lexists(path) else None
    return _same(os.open(path, flags, 0o600), before)


def read_at(descriptor: int, size: int, start: int) -> bytes:
    """Return at most ``size`` bytes from a place in a file; a call may give fewer.

    Args:
        descriptor: Of an open file.
        size: Bytes, at least 0.
        start: Of the first byte, from the beginning.
    """
    pread = getattr(os, "pread", None)
    if pread is not None:
        data: bytes = pread(descriptor, size, start)
        return data
    with _SEEKING:
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, size)


def read_into(descriptor: int, place: memoryview, start: int) -> int:
    """Read from a place in a file into memory, and return how many bytes came; 0 past its end.

    Args:
        descriptor: Of an open file.
        place: Where the bytes go; a call may fill only its beginning.
        start: Of the first byte, from the beginning.
    """
    preadv = getattr(os, "preadv", None)
    if preadv is not None:
        return int(preadv(descriptor, [place], start))
    data = read_at(descriptor, len(place), start)
    place[: len(data)] = data
    return len(data)


def lock(descriptor: int, *, wait: bool) -> bool:
    """Hold an open file for this process until the descriptor is closed; return whether it is held.

    A system without locks of files answers that it is held.

    Args:
        descriptor: Of the file.
        wait: Whether to wait for whoever holds it; Windows waits ten seconds.
    """
    try:
        import fcntl
    except ImportError:
        return _lock_on_windows(descriptor, wait=wait)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _lock_on_windows(descriptor: int, *, wait: bool) -> bool:
    try:
        import msvcrt
    except ImportError:
        return True
    windows: Any = msvcrt
    os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
    try:
        windows.locking(descriptor, windows.LK_LOCK if wait else windows.LK_NBLCK, 1)
    except OSError:
        return False
    return True


def _flag(name: str) -> int:
    """Return a flag of ``os.open``, 0 where this system has none of that name."""
    return int(getattr(os, name, 0))


def _regular(path: Path | str) -> os.stat_result:
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode):
        code = errno.ELOOP if stat.S_ISLNK(status.st_mode) else errno.EINVAL
        raise OSError(code, "it is a link, or no regular file", str(path))
    return status


def _same(descriptor: int, before: os.stat_result | None) -> int:
    """Return a descriptor if it is that of the file that was looked at."""
    after = os.fstat(descriptor)
    if before is not None and (before.st_dev, before.st_ino) != (after.st_dev, after.st_ino):
        os.close(descriptor)
        raise OSError(errno.ESTALE, "it was exchanged while it was opened")
    return descriptor


def give_memory_back() -> None:
    """Return memory that was freed to the system, where its C library can be asked to.

    glibc keeps what arrays below some megabytes leave, and the next step's come on top of it.
    """
    trim = getattr(_c_library(), "malloc_trim", None)
    if trim is not None:
        trim(0)


@cache
def _c_library() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):  # Windows has no library of that name
        return None
