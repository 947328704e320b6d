"""How is one command of hubcheck run so that it never outlives the server?

A process of its own: a crash, a leak or a model that makes it grow ends with it. Its standard input
is a pipe of the server's; when that closes, however the server ended, this process ends too. A lock
on its folder keeps a second run of the same job waiting until the first is gone.

    python -m hubcheck.serve.child FOLDER WORD...
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
from pathlib import Path
from typing import Final

from hubcheck.system import lock

LOCK: Final = "lock"
ORPHANED: Final = 70
"""Exit code when the server went away; nobody is left to read it."""


def run(folder: Path, words: list[str]) -> None:
    """Run ``hubcheck WORD...`` in this process; never returns."""
    descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    lock(descriptor, wait=True)
    threading.Thread(target=_watch, daemon=True).start()
    sys.argv = ["hubcheck", *words]
    runpy.run_module("hubcheck", run_name="__main__", alter_sys=True)


def _watch() -> None:
    while os.read(0, 1):
        pass
    os._exit(ORPHANED)


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2:])
