"""What do the names in a pickle of PyTorch mean, and which of them run something?

Neither is ever called. A class of a training script makes a file one that is not read; a name that
only runs or loads code makes it hostile.
"""

from __future__ import annotations

from typing import Final

STORAGE_DTYPES: Final = {
    "DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16",
    "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8",
    "ByteStorage": "U8", "BoolStorage": "BOOL", "Float8_e4m3fnStorage": "F8_E4M3",
    "Float8_e5m2Storage": "F8_E5M2", "UntypedStorage": "U8",
}  # fmt: skip
"""Classes of ``torch`` that a file may name as the type of a storage."""
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
