"""Do the table of the disguise test, the separate hits and the ceilings hold for wide models?

``python -m benchmarks.width.run --models DIR [--real DIR]`` holds models of one width against each other
(``benchmarks.width.models`` trains them), as they are and with one of them relabelled to look like the
other, and the trained-on model of every width against its parent, as it is and with every symmetry
randomised, each through the whole check with the base declared. ``--real`` adds published weights:
two models against each other, and the layers of one against its own other layers, relabelled. One line
a question is kept, so that an interrupted run goes on; the tables of docs/deep.md are printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path
from statistics import fmean, median
from time import process_time
from typing import Final

import numpy as np

from benchmarks.width.models import WIDTHS, Width, child_of, named
from benchmarks.width.real import REAL, Framed, framed_layers
from benchmarks.zoo.whole_nulls import examined
from hubcheck.evidence.family import Test
from hubcheck.evidence.looks.disguise.look import DISGUISE
from hubcheck.evidence.looks.disguise.run import Disguise
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.report.words import Depth
from hubcheck.statistics.hits import LOG10
from tests.evidence.laboratory import Weights, plain, weights_of, write
from tests.material.zoo.corpus import LEARNED_TOKENS
from tests.material.zoo.disguises import disguise_fully, match_to

NULL: Final = "independent"
FRAMED: Final = "relabelled to match"
CHILD: Final = "trained on"
HIDDEN: Final = "trained on, every symmetry randomised"
SEED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one whole check saw."""

    what: str
    width: int
    base: str
    subject: str
    verdict: str
    log10_e: float
    """Of the account of the whole."""
    score: float
    """Of the disguise test; -1 where it was not made."""
    agreement: float
    outstanding: float
    units: int
    """Neurons read of a layer."""
    hits: float
    """Mean over the layers."""
    kept: float
    ceiling: float
    separate: float
    """Hits in every single matrix that was read, mean over the layers that were looked at."""
    standing: int
    """Layers whose content stood."""
    layers: int
    seconds: float


def checked(what: str, width: int, base: Path, subject: Path, depth: Depth = Depth.SAMPLE) -> Line:
    """Check one pair, the base declared."""
    began = process_time()
    one = examined(subject, base, depth, SEED)
    neurons = [o for o in one.seen.seen(ORDERS).outcomes if o.test is Test.NEURONS]
    looked = [o for o in neurons if o.separate_hits >= 0]
    seen = one.seen.seen(DISGUISE)
    score = seen.score if isinstance(seen, Disguise) else None
    return Line(
        what=what,
        width=width,
        base=base.name,
        subject=subject.name,
        verdict=one.judgement.verdict.value,
        log10_e=one.judgement.account.log_e / LOG10,
        score=score.value if score else -1.0,
        agreement=score.agreement if score else -1.0,
        outstanding=score.outstanding if score else -1.0,
        units=neurons[0].best.units if neurons else 0,
        hits=fmean(o.best.hits for o in neurons) if neurons else 0.0,
        kept=median(o.kept for o in neurons) if neurons else 0.0,
        ceiling=median(o.ceiling for o in looked) if looked else -1.0,
        separate=fmean(o.separate_hits for o in looked) if looked else -1.0,
        standing=sum(o.stands for o in looked),
        layers=len(neurons),
        seconds=process_time() - began,
    )


Question = tuple[str, int, Path, str, Callable[[Path], Path]]
"""What, width, base, name of the subject, and what puts the subject into a folder."""


def questions(models: Path, room: Path) -> Iterator[Question]:
    """Yield what is asked of every width whose models are there."""
    for width in WIDTHS:
        there = [named(width, n) for n in range(width.models)]
        there = [name for name in there if (models / name / "config.json").exists()]
        for base, subject in permutations(there, 2):
            yield NULL, width.hidden, models / base, subject, _as_it_is(models / subject)
            yield FRAMED, width.hidden, models / base, subject, _framed(models, width, base, subject, room)  # fmt: skip
        child = child_of(width)
        if (models / child / "config.json").exists():
            parent = models / named(width, 0)
            yield CHILD, width.hidden, parent, child, _as_it_is(models / child)
            yield HIDDEN, width.hidden, parent, child, _hidden(models / child, width, room)


def _as_it_is(folder: Path) -> Callable[[Path], Path]:
    return lambda _room: folder


def _framed(
    models: Path, width: Width, base: str, subject: str, room: Path
) -> Callable[[Path], Path]:
    def make(_room: Path) -> Path:
        ours, theirs = (weights_of(models / name) for name in (subject, base))
        return _written(room, match_to(ours, theirs, width.shape), width)

    return make


def _hidden(child: Path, width: Width, room: Path) -> Callable[[Path], Path]:
    def make(_room: Path) -> Path:
        unused = np.arange(LEARNED_TOKENS, width.shape.vocab)
        rng = np.random.default_rng(SEED)
        return _written(
            room, disguise_fully(weights_of(child), width.shape, rng, unused=unused), width
        )

    return make


def _written(room: Path, weights: Weights, width: Width) -> Path:
    return write(room / "made", plain(weights, width.shape))


def table(lines: Sequence[Line]) -> str:
    """Return two tables: strangers and copies, by width."""
    said = [
        "| width | independent pairs | verdicts | score, mean | greatest | trained on, every symmetry randomised |",
        "|---|---|---|---|---|---|",
    ]
    for width in sorted({line.width for line in lines}):
        own = [line for line in lines if line.width == width]
        null = [line for line in own if line.what == NULL]
        scores = [line.score for line in null if line.score >= 0]
        hidden = [f"{line.verdict}, {line.score:.2f}" for line in own if line.what == HIDDEN]
        if scores:
            said.append(
                f"| {width} | {len(null)} | {_verdicts(null)} | {fmean(scores):.4f} | "
                f"{max(scores):.4f} | {', '.join(hidden)} |"
            )
    said += [
        "",
        "| width | what | pairs | verdicts | units a layer | hits | hit in each matrix | similarity | of the ceiling | layers that stand |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for width in sorted({line.width for line in lines}):
        for what in (FRAMED, CHILD):
            own = [line for line in lines if line.width == width and line.what == what]
            if own:
                said.append(
                    f"| {width} | {what} | {len(own)} | {_verdicts(own)} | {_content(own)} |"
                )
    return "\n".join(said)


def _verdicts(lines: Sequence[Line]) -> str:
    names = sorted({line.verdict for line in lines})
    return ", ".join(f"{sum(line.verdict == n for line in lines)} {n}" for n in names)


def _content(lines: Sequence[Line]) -> str:
    looked = [line for line in lines if line.ceiling > 0]
    ratios = [line.kept / line.ceiling for line in looked]
    least, most = (f"{f(ratios):.2f}" for f in (min, max)) if ratios else ("", "")
    separate = [line.separate for line in looked]
    return " | ".join(
        (
            str(lines[0].units),
            f"{fmean(line.hits for line in lines):.0f}",
            f"{fmean(separate):.0f}, at most {max(separate):.0f}" if separate else "",
            f"{min(line.kept for line in lines):.2f} to {max(line.kept for line in lines):.2f}",
            f"{least} to {most}",
            f"{sum(line.standing for line in lines)} of {sum(line.layers for line in lines)}",
        )
    )


def real_table(checks: Sequence[Line], framed: Sequence[Framed]) -> str:
    """Return what published weights say."""
    said = [
        "| base | subject | depth | verdict | log10 E | score |",
        "|---|---|---|---|---|---|",
        *(
            f"| {c.base} | {c.subject} | {c.what} | {c.verdict} | {c.log10_e:.1f} | {c.score:.4f} |"
            for c in checks
        ),
        "",
        "| layers of | pairs | matrices read | of the ceiling | hit in each matrix | must | stand |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(f.model for f in framed):
        for read in dict.fromkeys(f.read for f in framed):
            own = [f for f in framed if (f.model, f.read) == (name, read)]
            if own:
                ratios = [f.kept / f.ceiling for f in own]
                said.append(
                    f"| {name} | {len(own)} | {read} | {min(ratios):.2f} to {max(ratios):.2f} | "
                    f"at most {max(f.separate for f in own)} of {own[0].units} | "
                    f"{min(f.needed for f in own)} to {max(f.needed for f in own)} | "
                    f"{sum(f.stands for f in own)} |"
                )
    return "\n".join(said)


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask what was not asked; print the tables. 1 where a stranger was related or disguised."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.width.run", description=__doc__)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--real", type=Path, help="where benchmarks.real fetched models to")
    parser.add_argument("--only", type=int, nargs="*", default=(), help="widths")
    parser.add_argument("--print", action="store_true", help="ask nothing more")
    given = parser.parse_args(arguments)
    kept = given.models / "width.jsonl"
    lines = [Line(**json.loads(text)) for text in kept.read_text().splitlines()] if kept.exists() else []  # fmt: skip
    done = {(line.what, line.base, line.subject) for line in lines}

    def keep(line: Line) -> None:
        lines.append(line)
        with kept.open("a") as out:
            out.write(json.dumps(asdict(line)) + "\n")

    if not given.print:
        with tempfile.TemporaryDirectory() as room:
            for what, width, base, subject, make in questions(given.models, Path(room)):
                if (what, base.name, subject) in done or (given.only and width not in given.only):
                    continue
                found = checked(what, width, base, make(Path(room)))
                keep(Line(**{**asdict(found), "subject": subject}))
        if given.real is not None:
            for depth in (Depth.SAMPLE, Depth.DEEP):
                for one, other in permutations(REAL, 2):
                    if (depth.value, one, other) not in done:
                        keep(checked(depth.value, 0, given.real / one, given.real / other, depth))
    wide = [line for line in lines if line.width]
    print(table(wide))
    if given.real is not None:
        framed = framed_layers(given.real, given.models / "framed.json", ask=not given.print)
        print()
        print(real_table([line for line in lines if not line.width], framed))
    wrong = [line for line in lines if line.what not in (CHILD, HIDDEN)]
    return 1 if any(line.verdict in ("related", "disguised") for line in wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
