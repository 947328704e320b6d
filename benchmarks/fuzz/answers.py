"""Does a Hub whose answers have the right form and lie make a check end otherwise than documented?

    python -m benchmarks.fuzz.answers [--count 100] [--seed 1]

Every JSON answer of a Hub on this machine may be changed as ``structure`` changes documents: items
that come twice, in another order or not at all, numbers and texts of the right kind that are wrong.
A check that ends otherwise than with an exit code of 0 to 4, or calls it a fault of its own, is
printed and ends the run with status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from benchmarks.fuzz.structure import restructured
from benchmarks.fuzz.whole_check import run as run_check
from hubcheck.demo.run import MODELS
from tests.hubserver import LocalHub, routes, search
from tests.hubserver.reply import json_reply

LIES: Final = 0.2
"""Share of the answers that are changed."""
SLOW: Final = 60
"""Seconds after which a check is counted as slow."""


def lying(chance: random.Random) -> Any:
    """Return a stand-in for the Hub's ``json_reply``."""
    honest = json_reply

    def reply(payload: object, **given: Any) -> Any:
        if chance.random() < LIES:
            payload = restructured(json.loads(json.dumps(payload)), chance)
        return honest(payload, **given)

    return reply


def fuzz_answers(models: Path, count: int, seed: int) -> Counter[str]:
    """Check models of a lying Hub; return how the checks ended, faults by their last line."""
    ends: Counter[str] = Counter()
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as there, LocalHub() as hub:
        for folder in sorted(p for p in models.iterdir() if (p / "model.safetensors").is_file()):
            hub.add_repo(f"demo/{folder.name}", folder)
        names = [f"demo/{p.name}" for p in models.iterdir()]
        with (
            patch.object(routes, "json_reply", lying(chance)),
            patch.object(search, "json_reply", lying(chance)),
            patch.dict(os.environ, HF_ENDPOINT=hub.endpoint),
        ):
            for n in range(count):
                out = Path(there) / "out"
                shutil.rmtree(out, ignore_errors=True)
                asked = ["check", chance.choice(names), "--seed", "1"]
                asked += chance.choice(
                    ([], ["--suspect", "auto"], ["--base", chance.choice(names)])
                )
                end = run_check([*asked, "--out", str(out)])
                ends[f"exit {end.code}"] += 1
                ends["slow"] += end.seconds > SLOW
                if not end.documented:
                    print(f"{n}, seed {seed}: exit {end.code}\n{end.said[-3000:]}", file=sys.stderr)
                    ends["other"] += 1
    return ends


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz.answers")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    ends = fuzz_answers(MODELS, asked.count, asked.seed)
    print(", ".join(f"{name}: {n}" for name, n in sorted(ends.items())))
    return int(ends["other"] > 0)


if __name__ == "__main__":
    sys.exit(main())
