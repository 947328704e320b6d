"""Are children of another shape found, and strangers left alone?

``python -m benchmarks.shapes.run --models DIR [--real DIR]`` holds every independent model against
every other as a base, every child against its parent and against every other independent model, and
(with ``--real``) two published models against each other, both ways, through the whole check; it
prints the tables of the documentation. ``benchmarks.shapes.models`` trains what it needs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path
from time import process_time
from typing import Final

import numpy as np

from benchmarks.shapes.models import CHILDREN, PARENTS, SHAPES, child, independent
from hubcheck.report.schema import Finding
from hubcheck.report.words import Verdict
from tests.evidence.laboratory import finding_of

REAL: Final = ("smollm2", "gemma")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One base and one subject."""

    base: str
    subject: str
    seed: int
    related: bool
    """Whether the subject was made from the base."""
    verdict: str
    code: str
    log10_e: float
    """Of the look across shapes alone, nothing paid for."""
    log10_p: float
    kept: float
    detectable: float
    megabytes: float
    """Of the base; the subject's are as many."""
    seconds: float
    """Of the processor, for the whole check."""


def checked(base: Path, subject: Path, seed: int, *, related: bool) -> Line:
    """Check one pair at ``sample``, the base as a suspect."""
    before = process_time()
    finding = finding_of(subject, base, seed=seed, declared=False)
    return Line(
        base=base.name,
        subject=subject.name,
        seed=seed,
        related=related,
        verdict=finding.verdict.value,
        code=finding.code.value,
        log10_e=_across(finding),
        log10_p=finding.log10_p,
        kept=finding.kept,
        detectable=finding.detectable_kept,
        megabytes=finding.bytes_read / 1e6,
        seconds=process_time() - before,
    )


def _across(finding: Finding) -> float:
    return next((a.log10_e for a in finding.account if a.look == "other-shapes"), float("nan"))


def pairs(models: Path, real: Path | None) -> Iterator[tuple[Path, Path, bool]]:
    """Yield (base, subject, whether one was made from the other)."""
    names = [independent(n) for n in range(len(SHAPES)) if (models / independent(n)).exists()]
    for base, subject in permutations(names, 2):
        yield models / base, models / subject, False
    for parent in PARENTS:
        for kind in CHILDREN:
            if (models / child(parent, kind)).exists():
                made = models / child(parent, kind)
                yield models / independent(parent), made, True
                yield made, models / independent(parent), True
                for other in names:
                    if other != independent(parent):
                        yield models / other, made, False
                        yield made, models / other, False
    if real is not None:
        for base, subject in permutations(REAL, 2):
            yield real / base, real / subject, False


def summary(lines: Sequence[Line]) -> str:
    """Return the tables: independent pairs as a whole, children one by one."""
    apart = [line for line in lines if not line.related]
    tested = [line.log10_e for line in apart if line.log10_e == line.log10_e]
    verdicts = {v.value: sum(line.verdict == v.value for line in apart) for v in Verdict}
    counts = ", ".join(f"{n} {v}" for v, n in verdicts.items() if n)
    mean = float(np.mean(10.0 ** np.minimum(tested, 300.0))) if tested else 0.0
    greatest = f"{max(tested):.1f}" if tested else "none"
    said = [
        f"{len(apart)} independent pairs: {counts}",
        f"look across shapes taken in {len(tested)}: log10 E <= {greatest}, mean E {mean:.2g}",
        "",
        "| base | subject | verdict | log10 E across shapes | log10 bound | similarity |",
        "|---|---|---|---|---|---|",
    ]
    said += [
        f"| {line.base} | {line.subject} | {line.verdict} {line.code} | {line.log10_e:.1f} | "
        f"{line.log10_p:.1f} | {line.kept:.2f} |"
        for line in lines
        if line.related or line.base in REAL
    ]
    return "\n".join(said)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shapes.run")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--real", type=Path, help="where benchmarks.real fetched models to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="one line a pair; what is there is not run again")
    parser.add_argument(
        "--share", default="1/1", help="I/N: every N-th pair, for several processes"
    )
    given = parser.parse_args(arguments)
    known: dict[tuple[str, str, int], Line] = {}
    if given.json is not None and given.json.exists():
        for text in given.json.read_text().splitlines():
            line = Line(**json.loads(text))
            known[line.base, line.subject, line.seed] = line
    which, of = (int(n) for n in given.share.split("/"))
    every = [*pairs(given.models, given.real)][which - 1 :: of]
    for base, subject, related in every:
        key = (base.name, subject.name, given.seed)
        if key in known:
            continue
        known[key] = checked(base, subject, given.seed, related=related)
        if given.json is not None:
            with given.json.open("a") as out:
                out.write(json.dumps(asdict(known[key])) + "\n")
    print(summary(list(known.values())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
