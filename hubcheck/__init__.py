"""Settle whether model weights come from where the card says: exact evidence from few bytes.

In a program: ``hubcheck.check``, ``hubcheck.compare``, ``hubcheck.suspects`` and
``hubcheck.load_report`` (docs/api.md). Nothing is loaded before one of them is used.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import inspect

    from hubcheck.api.calls import check, compare, load_report, suspects

__all__ = ["__version__", "check", "compare", "load_report", "suspects"]
__version__ = "0.1.0"

_CALLS: Final = frozenset({"compare", "load_report", "suspects"})


def __getattr__(name: str) -> Any:
    """Load what is asked for, once it is asked for."""
    if name == "check":
        return importlib.import_module("hubcheck.check")
    if name in _CALLS:
        from hubcheck.api import calls

        return getattr(calls, name)
    message = f"module 'hubcheck' has no attribute '{name}'"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class CheckPackage(ModuleType):
    """``hubcheck.check``, which is a package to who imports from it and a function to who calls it.

    The import of any module of the package sets the name ``check`` of ``hubcheck`` to the package,
    whatever function stood there before.
    """

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Check a model; see ``hubcheck.api.calls.check``."""
        from hubcheck.api import calls

        return calls.check(*arguments, **named)

    @property
    def __signature__(self) -> inspect.Signature:
        """What ``help`` and notebooks show."""
        import inspect

        from hubcheck.api import calls

        return inspect.signature(calls.check)
