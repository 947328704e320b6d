"""What is the mean of the final E of a whole check when nothing was copied?

    python -m benchmarks.zoo.whole_nulls [--draws N] [--depth sample deep full] [--json FILE]

The null is made, not assumed: the base is relabelled anew for every draw (residual channels, MLP
neurons and kv groups in a random order, which changes nothing that it computes), so its orders are
uniform given everything else about both models, and the subject is a model trained apart. The whole
check runs, every look of the depth that is due included, through the account of evidence. Every
draw is kept as a line of FILE, and the same command goes on where it stopped. Reported are the mean of the account of the whole, the mean of the sum of all statements (the whole and each
part, as they are paid for), which is at least the E behind any bound that a card prints, with
standard errors; how often anything but ``unrelated`` or ``inconclusive`` came out; and whether any
bound is better than one over the sum of what was spent, all statements together.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from math import exp, log10, sqrt
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from hubcheck.check.observe import examine, open_base
from hubcheck.check.tested import Tested
from hubcheck.demo.run import MODELS
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.towers import TOWERS
from hubcheck.model import Access, open_model
from hubcheck.report.words import Depth, Verdict
from hubcheck.request.interface import ESCALATION, BaseRequest, Request
from hubcheck.source.reference import parse_reference
from hubcheck.verdict.policy import parse_fail_on
from tests.material.zoo.disguises import relabel
from tests.material.zoo.folder import write_model
from tests.material.zoo.model import Shape

BUDGET = 2_000_000_000
ROUNDING = 1e-9
QUIET = frozenset({Verdict.UNRELATED, Verdict.INCONCLUSIVE, Verdict.NOT_TESTED})


@dataclass(frozen=True, slots=True)
class Draw:
    """One check under the null."""

    whole: float
    """E of the account of the whole."""
    statements: float
    """Sum of E over all statements: the whole and every part."""
    verdict: Verdict
    log10_bound: float
    """As the report prints it."""

    @property
    def is_paid_for(self) -> bool:
        """Whether the bound is no better than one over all that was spent."""
        return self.log10_bound >= min(0.0, -log10(self.statements)) - ROUNDING


def stored(name: str) -> dict[str, np.ndarray]:
    """Return a shipped model's weights as float32."""
    from safetensors.torch import load_file

    return {n: t.float().numpy() for n, t in load_file(MODELS / name / "model.safetensors").items()}


def request_of(subject: Path, depth: Depth, seed: int) -> Request:
    """Return the request of one check."""
    return Request(
        subject=parse_reference(str(subject)),
        bases=lambda _: (),
        depth=depth,
        seed=seed,
        policy=parse_fail_on("none"),
        access=Access(max_read=BUDGET, token=None, endpoint=None),
        replay="",
        escalate_to=ESCALATION,
    )


def drawn(subject: Path, base: Path, depth: Depth, seed: int) -> Draw:
    """Run one whole check of a declared base and sum up what every statement is worth."""
    return summed(examined(subject, base, depth, seed))


def examined(subject: Path, base: Path, depth: Depth, seed: int) -> Tested:
    """Return what every look of one check saw of a declared base."""
    request = request_of(subject, depth, seed)
    wanted = BaseRequest(reference=parse_reference(str(base)), declared=True, why=())
    one = open_base(wanted, lambda base: open_model(base.reference, request.access), _quiet)
    opened = open_model(request.subject, request.access, is_subject=True)
    examine(one, opened, request, 1, None, _quiet)
    return one


def summed(one: Tested) -> Draw:
    """Return what every statement about one base is worth."""
    judged = one.judgement
    combined = one.seen.seen(ORDERS).combined
    parts = one.seen.seen(TOWERS)
    of_parts = [combined.embeddings, combined.norms]
    of_parts += [t.comparison.combined.whole for t in parts.towers]
    of_parts += [s.comparison.combined.body for s in parts.sides]
    whole = exp(judged.account.log_e)
    return Draw(
        whole=whole,
        statements=whole + sum(exp(e) for e in of_parts),
        verdict=judged.verdict,
        log10_bound=judged.log10_p,
    )


def _quiet(_text: str) -> None:
    """Tell nobody."""


def draws_of(depth: Depth, n: int, folder: Path, *, first: int = 0) -> list[Draw]:
    """Return ``n`` draws of one depth, a relabelled base and a fresh seed for each."""
    weights, shape = stored("base"), Shape()
    files = {p.name: p.read_text() for p in (MODELS / "base").glob("token*.json")}
    found = []
    for seed in range(first, first + n):
        rng = np.random.default_rng([seed, 77])
        base = folder / f"base-{depth}-{seed}"
        write_model(
            base, relabel(weights, shape, rng), shape.config(), tokenizer_files=files, card=""
        )
        found.append(drawn(MODELS / "twin", base, depth, seed))
    return found


def line(depth: Depth, draws: list[Draw]) -> dict[str, object]:
    """Return the figures of one depth."""
    n = len(draws)
    verdicts = Counter(str(d.verdict) for d in draws)
    figures: dict[str, object] = {"depth": str(depth), "draws": n, "verdicts": dict(verdicts)}
    figures["paid for"] = sum(d.is_paid_for for d in draws)
    figures["smallest bound"] = 10.0 ** min(d.log10_bound for d in draws)
    for name in ("whole", "statements"):
        values = [getattr(d, name) for d in draws]
        figures[name] = {
            "mean": fmean(values),
            "error": stdev(values) / sqrt(n) if n > 1 else 0.0,
            "largest": max(values),
        }
    return figures


def row(figures: dict[str, object]) -> str:
    """Return the figures of one depth as a row of the table in docs/evidence.md."""
    verdicts = figures["verdicts"]
    assert isinstance(verdicts, dict)
    cells = [str(figures["depth"]), str(figures["draws"])]
    cells.append(", ".join(f"{n} {verdict}" for verdict, n in sorted(verdicts.items())))
    for name in ("whole", "statements"):
        one = figures[name]
        assert isinstance(one, dict)
        cells.append(f"{one['mean']:.2g} ± {one['error']:.1g}, largest {one['largest']:.2g}")
    cells.append(
        f"{figures['smallest bound']:.2g}, {figures['paid for']} of {figures['draws']} paid for"
    )
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> int:
    """Print one line a depth; return 1 where a mean is above 1 beyond three standard errors."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo.whole_nulls")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument(
        "--depth", type=Depth, nargs="*", default=[Depth.SAMPLE, Depth.DEEP, Depth.FULL]
    )
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args(arguments)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for depth in chosen.depth:
            draws = kept_draws(chosen.json, depth)
            for n in range(len(draws), chosen.draws):
                draws += draws_of(depth, 1, Path(folder), first=n)
                keep(chosen.json, depth, draws[-1])
            if not draws:
                continue
            values = [d.statements for d in draws]
            error = stdev(values) / sqrt(len(values)) if len(values) > 1 else 0.0
            bad += fmean(values) > 1 + 3 * error
            bad += any(d.verdict not in QUIET or not d.is_paid_for for d in draws)
            sys.stdout.write(f"{row(line(depth, draws))}\n")
            sys.stdout.flush()
    return 1 if bad else 0


def kept_draws(kept: Path | None, depth: Depth) -> list[Draw]:
    """Return the draws of one depth that an earlier run left."""
    if kept is None or not kept.exists():
        return []
    lines = [json.loads(text) for text in kept.read_text().splitlines()]
    return [
        Draw(**{**one["draw"], "verdict": Verdict(one["draw"]["verdict"])})
        for one in lines
        if one["depth"] == depth
    ]


def keep(kept: Path | None, depth: Depth, draw: Draw) -> None:
    """Leave one draw as a line."""
    if kept is not None:
        with kept.open("a") as out:
            out.write(json.dumps({"depth": depth, "draw": asdict(draw)}) + "\n")


if __name__ == "__main__":
    sys.exit(main())
