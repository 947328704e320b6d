"""Which tool gives which answer on every pair of the zoo?

``python -m benchmarks.lineage.run`` runs hubcheck and both rivals on the same files and adds each
answer, with its cost, to a file of results; started again, it goes on where it stopped. The rivals
are installed from PyPI into environments of their own. ``python -m benchmarks.lineage.table`` turns
the results into ``docs/benchmark.md``.
"""

from __future__ import annotations

import argparse
import sys
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.lineage import merges
from benchmarks.lineage.catalogue import same_configuration
from benchmarks.lineage.measure import measure, staged
from benchmarks.lineage.pairs import Pair, pairs, small
from benchmarks.lineage.results import append, load, missing, row, weights_digest
from benchmarks.lineage.tools import NAMES, Tool, available
from benchmarks.pair.rivals import install

MODELS: Final = Path(__file__).resolve().parents[1] / "zoo" / "models"
"""Where the zoo lies. Its own modules load torch, and a child counts what its parent held."""
RESULTS: Final = Path(__file__).resolve().parents[1] / "results" / "lineage.jsonl"
RIVALS: Final = RESULTS.parent / "rivals"
REFUSED: Final = 2
"""hubcheck's exit code for a depth that this version does not have."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lineage.run")
    parser.add_argument("--pairs", choices=("small", "all"), default="all")
    parser.add_argument("--tools", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--models", type=Path, default=MODELS, help="the folder of the zoo")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file of results")
    parser.add_argument("--rivals", type=Path, default=RIVALS, help="their environments, made here")
    given = parser.parse_args(arguments)
    if not (given.models / "base" / "config.json").exists():
        parser.error(f"no zoo in {given.models}: python -m benchmarks.zoo.train makes it")
    rivals = None
    if any(not name.startswith("hubcheck") for name in given.tools):
        rivals = install(given.rivals.resolve())
    tools = {n: t for n, t in available(rivals).items() if n in given.tools}
    every = pairs(given.models)
    asked = small(every) if given.pairs == "small" else every
    measure_pairs(asked, list(tools.values()), given.models, given.results)
    merges.run(list(tools.values()), given.models, given.results.with_suffix(".merges.jsonl"))
    return 0


def measure_pairs(
    asked: Sequence[Pair], tools: Sequence[Tool], models: Path, results: Path
) -> None:
    """Run every tool on every pair that has no result yet, pair by pair.

    The order mixes the kinds of pairs, so that what a stopped run leaves is a fair sample.
    """
    wanted = []
    for pair in sorted(asked, key=lambda p: zlib.crc32(f"{p.subject} {p.base}".encode())):
        weights = weights_digest(models / pair.subject, models / pair.base)
        wanted += [(pair, tool.name, tool.version, weights) for tool in tools]
    todo = missing(wanted, load(results))
    by_name = {tool.name: tool for tool in tools}
    began, done, refused = time.monotonic(), 0, set[str]()
    for pair in dict.fromkeys(item[0] for item in todo):
        with staged(models / pair.subject, models / pair.base) as copies:
            for _, name, version, weights in [item for item in todo if item[0] is pair]:
                if name in refused:
                    continue
                measured = measure(by_name[name], copies)
                if measured.answer is None and measured.exit_code == REFUSED:
                    refused.add(name)
                    print(f"{name} left out: {measured.failure}", file=sys.stderr, flush=True)
                    continue
                new = row(
                    pair,
                    name,
                    version,
                    weights,
                    measured,
                    same_configuration=same_configuration(*copies.models),
                )
                append(results, new)
                done += 1
                print(
                    f"{done} of {len(todo)}, {time.monotonic() - began:.0f} s: {name}: "
                    f"{pair.subject} from {pair.base}: {new.verdict or new.failure}",
                    file=sys.stderr,
                    flush=True,
                )


if __name__ == "__main__":
    sys.exit(main())
