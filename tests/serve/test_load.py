"""Is a push that was accepted checked once, whatever comes in beside it and whenever it is killed?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.serve.load import run

WORKERS: Final = 4


def test_killed_in_the_middle_of_a_crowd(tmp_path: Path) -> None:
    """Hundreds of deliveries, a kill in the middle: none lost, none ended twice, none let in."""
    figures = run(tmp_path, total=400, unique=120, connections=20, workers=WORKERS, patience=60)
    assert (figures.lost, figures.run_twice, figures.let_in) == (0, 0, 0)
    assert figures.started_again <= WORKERS  # what ran at the moment of the kill, nothing else
    assert figures.dispatched_twice <= figures.started_again
    refused = {kind: {k for k in figures.answers if k.startswith(kind)} for kind in
               ("wrong-secret", "oversized", "malformed", "unlisted")}  # fmt: skip
    assert refused["wrong-secret"] <= {"wrong-secret 401", "wrong-secret 429",
                                       "wrong-secret cut off"}  # fmt: skip
    assert refused["oversized"] <= {"oversized 413", "oversized cut off"}
    assert refused["malformed"] == {"malformed 400"}
    assert refused["unlisted"] == {"unlisted 200"}
    assert figures.answers["good 202"] + figures.answers["repeat 202"] >= 120 - 20
