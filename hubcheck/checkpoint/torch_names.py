"""Does what a pickle wants to call run something, or is it merely of another kind?

Neither is ever called. A class of a training script makes a file one that is not read; a name that
only runs or loads code makes it hostile.
"""

from __future__ import annotations

from typing import Final

RUNNERS: Final = frozenset(
    {"os", "posix", "nt", "subprocess", "runpy", "pty", "commands", "socket", "shutil", "ctypes",
     "importlib", "webbrowser", "code", "pickle", "_pickle", "urllib", "asyncio", "multiprocessing"}
)  # fmt: skip
"""Modules that no description of weights has any business with."""
_RUNNING: Final = frozenset(
    (module, name)
    for module in ("builtins", "__builtin__")
    for name in ("eval", "exec", "compile", "open", "__import__", "getattr", "setattr", "globals")
)


def runs_something(module: str, name: str) -> bool:
    """Return whether a callable is there to run or load code, by its name alone."""
    return module.partition(".")[0] in RUNNERS or (module, name) in _RUNNING
