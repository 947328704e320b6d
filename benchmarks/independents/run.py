"""How many false positives are there over all models trained apart, at every depth?

``python -m benchmarks.independents.run FOLDER... [--most N] [--depth sample deep full]`` holds every
model of a folder against every other model of it, as a declared base, through the whole check. A
folder holds models of which none was made from another and no two began with one seed: what other
benchmarks trained (``benchmarks.shapes.models``, ``benchmarks.width.models``, ``benchmarks.zoo.calibration``)
or fetched (``benchmarks.real``); names that begin with ``child`` or end with it are left out. One line a
check is kept; the table of docs/evidence.md is printed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path
from statistics import fmean, stdev
from time import process_time
from typing import Final

import numpy as np

from benchmarks.zoo.whole_nulls import drawn
from hubcheck.report.words import Depth, Verdict

FALSE: Final = frozenset({Verdict.IDENTICAL, Verdict.RELATED, Verdict.DISGUISED})
LEVEL: Final = 0.95
WEIGHTS: Final = ("*.safetensors", "*.gguf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One check of two models that were trained apart."""

    of: str
    """The folder that both are of."""
    depth: str
    base: str
    subject: str
    verdict: str
    whole: float
    """E of the account behind the bound on a card."""
    statements: float
    """E of all statements together, those about parts among them."""
    seconds: float


def models_of(folder: Path) -> list[Path]:
    """Return the models of a folder that are nobody's children."""
    found = sorted(p for p in folder.iterdir() if any(any(p.glob(w)) for w in WEIGHTS))
    return [p for p in found if not p.name.startswith("child") and not p.name.endswith("child")]


def pairs_of(folder: Path, most: int) -> list[tuple[Path, Path]]:
    """Return the ordered pairs of a folder, at most so many of them, drawn by one seed."""
    every = list(permutations(models_of(folder), 2))
    if len(every) <= most:
        return every
    chosen = np.random.default_rng(0).permutation(len(every))[:most]
    return [every[n] for n in sorted(chosen)]


def checked(of: str, base: Path, subject: Path, depth: Depth) -> Line:
    """Check one pair, the base declared."""
    began = process_time()
    seed = sum(base.name.encode()) + 1000 * sum(subject.name.encode())
    one = drawn(subject, base, depth, seed)
    return Line(
        of=of,
        depth=depth.value,
        base=base.name,
        subject=subject.name,
        verdict=one.verdict.value,
        whole=one.whole,
        statements=one.statements,
        seconds=process_time() - began,
    )


def at_most(found: int, of: int) -> float:
    """Return the upper end of the one-sided 95 % interval of a share (Clopper and Pearson).

    Pairs of one model overlap and are no independent draws: an interval of that many checks.
    """
    low, high = found / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _no_more(found, of, middle) > 1 - LEVEL:
            low = middle
        else:
            high = middle
    return high


def _no_more(found: int, of: int, share: float) -> float:
    """Return the chance of so many or fewer."""
    term = total = (1 - share) ** of
    for k in range(found):
        term *= (of - k) / (k + 1) * share / (1 - share)
        total += term
    return total


def table(lines: Sequence[Line]) -> str:
    """Return the counts by depth."""
    said = [
        "| depth | models | pairs | verdicts | false | at most (95 %) | E of the whole, mean | largest | E of all statements, mean |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for depth in Depth:
        own = [line for line in lines if line.depth == depth.value]
        if not own:
            continue
        verdicts = Counter(line.verdict for line in own)
        false = sum(verdicts[v.value] for v in FALSE)
        models = {(line.of, name) for line in own for name in (line.base, line.subject)}
        every = [line.statements for line in own]
        error = stdev(every) / len(every) ** 0.5 if len(every) > 1 else 0.0
        said.append(
            f"| {depth.value} | {len(models)} | {len(own)} | "
            f"{', '.join(f'{n} {v}' for v, n in sorted(verdicts.items()))} | {false} | "
            f"{at_most(false, len(own)):.2%} | {fmean(line.whole for line in own):.1g} | "
            f"{max(line.whole for line in own):.2g} | {fmean(every):.2f} ± {error:.2f} |"
        )
    return "\n".join(said)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what was not checked; print the table. 1 where a stranger was called anything else."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.independents.run")
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=10**6, help="pairs of a folder, at most")
    parser.add_argument("--depth", type=Depth, nargs="*", default=[Depth.SAMPLE, Depth.DEEP, Depth.FULL])  # fmt: skip
    parser.add_argument("--json", type=Path, required=True, help="one line a check; resumable")
    parser.add_argument("--print", action="store_true", help="check nothing more")
    given = parser.parse_args(arguments)
    lines: list[Line] = []
    if given.json.exists():
        lines = [Line(**json.loads(text)) for text in given.json.read_text().splitlines()]
    done = {(line.of, line.depth, line.base, line.subject) for line in lines}
    for depth in () if given.print else given.depth:
        for folder in given.folders:
            for base, subject in pairs_of(folder, given.most):
                if (folder.name, depth.value, base.name, subject.name) in done:
                    continue
                lines.append(checked(folder.name, base, subject, depth))
                with given.json.open("a") as out:
                    out.write(json.dumps(asdict(lines[-1])) + "\n")
    print(table(lines))
    return 1 if any(Verdict(line.verdict) in FALSE for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
