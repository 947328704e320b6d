"""What did a long run of the tests find? Kept as a file, so that the claim can be looked up."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "results"
VARIABLE: Final = "HUBCHECK_RESULTS"
"""Names the run that is kept, such as ``long`` or ``fuzz``; without it nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the tests."""

    passed: Iterable[str]
    """The ids of the tests."""
    failed: Iterable[str]
    seed: int | str
    """Of what was drawn: a number, or ``fixed`` where every row has its own."""
    day: str
    seconds: float

    def summary(self) -> dict[str, object]:
        """Return what is kept: counts by file, so that a table that lost its rows shows."""
        return {
            "day": self.day,
            "python": platform.python_version(),
            "seconds": round(self.seconds),
            "failed": sorted(self.failed),
            "passed": dict(sorted(Counter(name.split("::")[0] for name in self.passed).items())),
        }


def kept(name: str) -> dict[str, dict[str, object]]:
    """Return the kept runs of a name, by seed."""
    path = FOLDER / f"{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def keep(name: str, run: Run) -> None:
    """Write a run beside those with other seeds; one with the same seed is replaced."""
    FOLDER.mkdir(exist_ok=True)
    runs = kept(name) | {f"seed {run.seed}": run.summary()}
    text = json.dumps(runs, indent=2, sort_keys=True)
    (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
