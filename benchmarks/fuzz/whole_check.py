"""How does a whole check in this process end, and is that documented?"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hubcheck.cli import main as hubcheck

DOCUMENTED: Final = frozenset({0, 1, 2, 3, 4})


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What became of one command."""

    code: int
    said: str
    """On stderr."""
    seconds: float

    @property
    def documented(self) -> bool:
        """Whether the exit code is one of the documented, and no fault of hubcheck was told."""
        return self.code in DOCUMENTED and "a fault of hubcheck" not in self.said


def run(arguments: Sequence[str]) -> End:
    """Run a command line and return how it ended."""
    began = time.perf_counter()
    log = io.StringIO()
    with contextlib.redirect_stderr(log), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = int(hubcheck(list(arguments)))
        except SystemExit as error:
            code = int(error.code or 0)
    return End(code=code, said=log.getvalue(), seconds=time.perf_counter() - began)
